"""Channel: type, fields and rates of a channel's block, and what is said where one of them is wrong."""

import pytest

from herald.providers import load, types
from herald.settings.channel import COMMON_FIELDS, OWN_FIELDS
from herald.settings.read import read_settings
from herald.settings.values import DEFAULT_CHANNELS, Rate
from herald.wiring import provider_fields
from tests.settings.reading import EXOTEL, SECRET, mistake, mistakes, read


@pytest.mark.parametrize("empty", ["", "~", "null", "''", '""', " # Optional", "' '", "!!null x", "|\n  "])
@pytest.mark.parametrize("name", ["domain", "rate", "exchange_rate", "sender", "key", "priority", "endpoint_url"])
def test_a_field_with_nothing_behind_it_is_a_mistake_on_its_line(name: str, empty: str) -> None:
    found = mistake(exotel=f"{EXOTEL}{name}: {empty}")
    detail = f"{name} has nothing behind it: write a value, or remove the name (line 4)"
    assert found == ("channels/exotel", "empty", detail)


@pytest.mark.parametrize("kind", types())
def test_no_field_of_any_channel_may_be_empty(kind: str) -> None:
    fields = [
        *(field.name for field in (*COMMON_FIELDS, *OWN_FIELDS)),
        *(field.name for field in provider_fields(kind)),
    ]
    for name in fields:
        said = {
            "type": kind,
            **{field.name: field.example or "x" for field in provider_fields(kind) if field.required},
            name: "''",
        }
        found = mistakes(x="\n".join(f"{key}: {value}" for key, value in said.items()))
        assert [(problem.code, problem.detail.partition(" ")[0]) for problem in found] in (
            [("empty", name)],
            [("missing", "type")],
        )


def test_a_name_that_is_no_field_is_not_told_where_it_is_empty() -> None:
    found = mistake(exotel=f"{EXOTEL}{SECRET}:")
    assert (found.code, SECRET in found.detail) == ("empty", False)


@pytest.mark.parametrize("region", ["ap-south-1", "us-gov-west-1", "eusc-de-east-1", "mx-central-1"])
def test_an_aws_region_is_written_as_aws_does(region: str) -> None:
    assert read(sns=f"type: amazonsns\nregion_name: {region}").channels["sns"].values["region_name"] == region


@pytest.mark.parametrize("region", ["mumbai", "ap-south1", "AP-SOUTH-1", "ap-south-1a", "IN", "ap south 1", "-south-1"])
def test_what_cannot_be_an_aws_region_is_a_mistake(region: str) -> None:
    found = mistake(sns=f"type: amazonsns\nregion_name: {region}")
    assert (found.code, "ap-south-1 (line 2)" in found.detail) == ("invalid_value", True)


def test_a_choice_is_read_in_any_case() -> None:
    assert read(sns="type: amazonsns\nsmstype: promotional").channels["sns"].values == {"smstype": "promotional"}


@pytest.mark.parametrize("type_", ["exotel", "amazonsns"])
def test_every_channel_may_have_a_sender_and_an_endpoint(type_: str) -> None:
    account = EXOTEL.removeprefix("type: exotel\n") if type_ == "exotel" else ""
    text = f"type: {type_}\nsender: GRAMEX\nendpoint_url: http://127.0.0.1:1\n{account}"
    values = read(x=text).channels["x"].values
    assert (values["sender"], values["endpoint_url"]) == ("GRAMEX", "http://127.0.0.1:1")


def test_a_channels_repr_does_not_hold_its_values() -> None:
    assert "t0k3n" not in repr(read(exotel=EXOTEL))


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("1/s", Rate(1, 1.0)),
        ("20/s", Rate(20, 1.0)),
        ("200/min", Rate(200, 60.0)),
        ("'1000/h'", Rate(1000, 3600.0)),
        ("999999/s", Rate(999_999, 1.0)),
        ("unlimited", None),
        ("Unlimited", None),
    ],
)
def test_a_rate_is_so_many_messages_in_a_time(text: str, rate: Rate | None) -> None:
    assert read(sns=f"type: amazonsns\nrate: {text}").channels["sns"].rate == rate


def test_a_channel_that_says_no_rate_has_the_one_of_its_provider() -> None:
    assert read(exotel=EXOTEL).channels["exotel"].rate == Rate(200, 60.0)


def test_a_provider_that_says_no_rate_is_unlimited() -> None:
    assert read_settings({"channels/x": EXOTEL}, provider_fields).channels["x"].rate is None
    assert read_settings({"channels/x": f"{EXOTEL}rate: 2/s"}, provider_fields).channels["x"].rate == Rate(2, 1.0)


@pytest.mark.parametrize(("name", "rate"), [("amazonsns", Rate(20, 1.0)), ("exotel", Rate(200, 60.0))])
def test_a_provider_knows_its_own_rate(name: str, rate: Rate) -> None:
    assert Rate.read(load(name).rate) == rate


def test_the_channel_of_a_fresh_stack_has_the_rate_of_amazon_sns() -> None:
    assert DEFAULT_CHANNELS["amazonsns"].rate == Rate.read(load("amazonsns").rate)


def test_the_rate_is_not_among_the_values_for_the_vendor() -> None:
    assert read(exotel=f"{EXOTEL}rate: 5/s").channels["exotel"].values == {"sid": "gramener", "token": "t0k3n"}


@pytest.mark.parametrize(
    "rate",
    [
        "0/s",
        "-1/s",
        "1.5/s",
        "20",
        "20/",
        "/s",
        "20/d",
        "20 / s",
        "20/S",
        "1000000/s",
        "020/s",
        "٢٠/s",
        "20/s/s",
        SECRET,
    ],
)
def test_a_rate_that_cannot_be_meant_is_a_mistake_on_its_line(rate: str) -> None:
    found = mistake(exotel=f"{EXOTEL}rate: '{rate}'")
    assert (found.field, found.code) == ("channels/exotel", "invalid_rate")
    assert found.detail == "rate must be such as 20/s, 200/min, 1000/h, or unlimited (line 4)"


@pytest.mark.parametrize("rate", ["[20/s]", "{count: 20}"])
def test_a_rate_is_a_plain_value(rate: str) -> None:
    assert mistake(sns=f"type: amazonsns\nrate: {rate}").code == "wrong_type"


def test_an_unknown_type_is_told_which_there_are() -> None:
    found = mistake(pigeon="type: pigeon\nsid: x")
    assert (found.field, found.code) == ("channels/pigeon", "unknown_type")
    assert found.detail == f"type must be one of {', '.join(types())} (line 1)"


def test_a_missing_type_is_missed() -> None:
    assert mistake(exotel="sid: x").detail == "type is missing"


def test_a_misspelt_field_is_told_what_was_meant() -> None:
    assert "did you mean token?" in mistake(exotel=f"{EXOTEL}tokn: x").detail
    assert "did you mean default_region?" in mistake("default_regoin: IN").detail


def test_a_field_that_resembles_none_is_told_which_there_are() -> None:
    detail = mistake(exotel=f"{EXOTEL}zzz: x").detail
    assert "zzz" not in detail
    assert all(field.name in detail for field in provider_fields("exotel"))


def test_the_exchange_rate_of_a_channel_is_read_and_is_none_of_its_providers_fields() -> None:
    channel = read(exotel=f"{EXOTEL}exchange_rate: 0.0119").channels["exotel"]
    assert channel.exchange_rate == 0.0119
    assert "exchange_rate" not in channel.values


@pytest.mark.parametrize("value", ["0", "-1", "1e3", "INR"])
def test_an_exchange_rate_is_an_amount_above_nothing(value: str) -> None:
    assert mistake(exotel=f"{EXOTEL}exchange_rate: '{value}'").code == "invalid_amount"
