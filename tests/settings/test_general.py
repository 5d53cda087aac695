"""General: countries, routes, times, hosts and events are read, and a mistake in them is named with its line."""

import pytest

from herald.errors import InvalidSettings
from herald.settings.read import read_settings
from herald.wiring import provider_fields
from tests.settings.reading import EXOTEL, mistake, read


def test_norway_is_a_country_without_quotes() -> None:
    settings = read("default_region: NO\ncountries:\n  - NO\nroutes: [{country: NO, channels: [amazonsns]}]")
    assert (settings.default_region, settings.countries, settings.routes[0].countries) == (
        "NO",
        frozenset({"NO"}),
        ("NO",),
    )


def test_messages_go_home_only_unless_the_settings_say_where_else() -> None:
    assert read("valid_for: 60").countries == {"IN"}
    assert read("default_region: SG").countries == {"SG"}
    assert read("countries: []").countries == frozenset()
    assert read("countries: all").countries is None


def test_an_empty_list_of_events_tells_nobody_and_no_list_tells_how_each_message_ended() -> None:
    assert read("events: []").events == ()
    assert read("valid_for: 60").events == ("delivered", "undelivered", "failed", "unknown", "expired", "canceled")


@pytest.mark.parametrize(
    ("said", "sent"),
    [("valid_for: 60", False), ("send_revoked: false", False), ("send_revoked: true", True)],
)
def test_what_a_revoked_key_has_waiting_is_sent_only_if_the_settings_say_so(said: str, sent: bool) -> None:
    assert read(said).send_revoked is sent


@pytest.mark.parametrize("said", ["yes", "1", "[true]", "True"])
def test_yes_or_no_is_true_or_false_and_nothing_else(said: str) -> None:
    assert mistake(f"send_revoked: {said}").detail.startswith("send_revoked must be true or false")


@pytest.mark.parametrize("said", ["valid_for: 60", "callback_hosts: []"])
def test_without_a_url_and_hosts_there_are_none(said: str) -> None:
    assert (read(said).url, read(said).callback_hosts) == (None, ())


def test_the_laptop_may_call_itself_back_and_no_other_stage_may() -> None:
    text = {"settings": "callback_hosts: [127.0.0.1, 'localhost:8443']"}
    assert read_settings(text, provider_fields, local=True).callback_hosts == ("127.0.0.1", "localhost:8443")
    with pytest.raises(InvalidSettings):
        read_settings(text, provider_fields)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("default_region: IND", "invalid_country"),
        ("default_region: [IN]", "invalid_country"),
        ("default_region: 91", "invalid_country"),
        ("default_region: ÄÖ", "invalid_country"),
        ("default_region: ß", "invalid_country"),
        ("default_region: XX", "invalid_country"),
        ("default_region: UK", "invalid_country"),
        ("default_region: ZZ", "invalid_country"),
        ("default_region: '001'", "invalid_country"),
        ("default_region: []", "invalid_country"),
        ("default_region: {}", "invalid_country"),
        ("countries: [IN, UK]", "invalid_country"),
        ("countries: [EU]", "invalid_country"),
        ("countries: IN", "wrong_type"),
        ("countries: {IN: SG}", "wrong_type"),
        ("countries: ''", "empty"),
        ("countries: {}", "wrong_type"),
        ("countries: [IN, India]", "invalid_country"),
        ("countries: [IN, '']", "invalid_country"),
        ("countries: [IN, ~]", "invalid_country"),
        ("countries: [[IN]]", "invalid_country"),
        ("default_channel: nowhere", "unknown_channel"),
        ("default_channel: [amazonsns]", "unknown_channel"),
        ("default_channel: []", "unknown_channel"),
        ("default_channel: {}", "unknown_channel"),
        ("valid_for: 0", "out_of_range"),
        ("valid_for: 259201", "out_of_range"),
        ("valid_for: -5", "out_of_range"),
        ("valid_for: 1.5", "out_of_range"),
        ("valid_for: 1_000", "out_of_range"),
        ("valid_for: ٣", "out_of_range"),
        ("valid_for: [60]", "out_of_range"),
        ("valid_for: " + "9" * 5000, "out_of_range"),
        ("valid_for: 0000000000300", "out_of_range"),
        ("keep_days: 0", "out_of_range"),
        ("keep_days: 367", "out_of_range"),
        ("url: sms.example.com", "invalid_url"),
        ("url: http://sms.example.com", "invalid_url"),
        ("url: https://sms.example.com/?a=b", "invalid_url"),
        ("url: [https://sms.example.com]", "invalid_url"),
        ("url: []", "invalid_url"),
        ("callback_hosts: {}", "wrong_type"),
        ("callback_hosts: hooks.example.com", "wrong_type"),
        ("callback_hosts: [https://hooks.example.com]", "invalid_host"),
        ("callback_hosts: [hooks.example.com, 127.0.0.1]", "invalid_host"),
        ("callback_hosts: [[hooks.example.com]]", "invalid_host"),
        ("callback_hosts: [~]", "invalid_host"),
        ("events: delivered", "wrong_type"),
        ("events: ''", "empty"),
        ("events: [delivered, accepted]", "unknown_choice"),
        ("events: [[delivered]]", "unknown_choice"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_a_mistake_on_its_line(text: str, code: str) -> None:
    found = mistake(f"# a comment\n{text}")
    assert (found.field, found.code) == ("settings", code)
    assert found.detail.endswith("(line 2)")


@pytest.mark.parametrize(("name", "low", "high"), [("valid_for", 1, 259_200), ("keep_days", 1, 366)])
def test_a_number_may_be_at_either_end_of_its_range(name: str, low: int, high: int) -> None:
    assert [getattr(read(f"{name}: {value}"), name) for value in (low, high)] == [low, high]


def test_a_channel_that_is_not_there_is_told_which_are() -> None:
    assert "exotel" in mistake("default_channel: nowhere", exotel=EXOTEL).detail


def test_a_channel_that_does_not_exist_is_told_with_those_that_do() -> None:
    found = mistake("default_channel: exotell", exotel=EXOTEL)
    assert found.detail == "default_channel names a channel that is not there; there are: exotel (line 1)"
