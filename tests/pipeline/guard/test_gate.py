"""Gate: who may be texted, by whom and through which channel; a refusal has a code, a hint and a trace."""

from typing import Any

import pytest

from herald.errors import NotAccepted, NotAllowed, Unavailable
from herald.keys.grant import Grant
from herald.message import Message
from herald.message.status import Status
from herald.pipeline.guard.gate import Gate
from herald.settings.values import Limits, Settings
from herald.testing.fakes import Notes
from tests.builders import NUMBER, TEXT, a_box, a_message, fails, steps
from tests.failing import FailingJournal
from tests.pipeline.guard.asking import ABROAD, NEIGHBOUR, OPEN, a_gated_box, ask, limited, refused

# ---- what a refusal is


def test_a_refusal_carries_its_trace_and_tells_no_number_and_no_text() -> None:
    box = limited(day=1)
    ask(box)
    no = refused(box)
    assert [step.step for step in no.trace] == ["accepted", "refused"]
    assert no.trace[-1].detail == "limit_day"
    assert ("message refused", "limit_day") in box.observer.told
    for told in (str(no), no.detail, str(no.hint), repr(no.trace)):
        assert NUMBER not in told and TEXT not in told


def test_a_refusal_is_dated_and_told_of_the_message_that_it_refused() -> None:
    class Refusals(Notes):
        def refused(self, message: Message, guard: str) -> None:
            told.append((message.to, message.caller, guard))

    told: list[tuple[str, str, str]] = []
    box = limited(day=1)
    box.observer = Refusals()
    ask(box)
    assert refused(box).trace[-1].at == box.clock.now
    assert told == [(NUMBER, "shop", "limit_day")]


def test_a_refusal_without_a_key_asks_the_journal_nothing() -> None:
    box = limited(day=1)
    ask(box)
    journal = FailingJournal()
    box.journal, journal.failing["get"] = journal, 1
    assert refused(box).code == "limit_day"
    with pytest.raises(NotAccepted):
        ask(box, key="order-1")


def test_who_is_no_guest_any_more_is_told_what_to_do() -> None:
    box = a_gated_box(guests=frozenset({ABROAD}))
    with pytest.raises(NotAllowed) as caught:
        Gate(box, box.settings).let_on(a_message())
    (problem,) = caught.value.problems
    assert (problem.field, problem.code) == ("to", "not_a_guest")
    assert problem.detail == "The number is not on the list of guests, who alone are reached here."
    assert caught.value.hint == "Add it to the setting guests."


def test_a_refusal_uses_no_key_up() -> None:
    box = limited(number_10_minutes=1)
    ask(box)
    refused(box, key="order-1")
    box.clock.pass_(minutes=11)
    assert ask(box, key="order-1").status is Status.SENT
    assert len(box.journal.messages) == 2


# ---- opt-outs, guests, channels


def test_who_opted_out_gets_nothing_until_they_opt_in() -> None:
    box = a_box()
    herald = box.herald()
    herald.opt(NUMBER, out=True, source="test")
    no = refused(box)
    assert (no.code, no.status, no.problems[0].field) == ("opted_out", 422, "to")
    assert no.problems[0].detail == "The recipient opted out of messages."
    assert no.hint == "Send nothing more until the person opts in again."
    herald.opt(NUMBER, out=False, source="test")
    assert ask(box).status is Status.SENT


def test_only_guests_are_really_reached() -> None:
    box = a_gated_box(guests=frozenset({NUMBER}))
    assert ask(box).test is False
    stranger = ask(box, to=NEIGHBOUR)
    assert (stranger.test, stranger.status) == (True, Status.SENT)
    assert stranger.trace[0].detail == "by https, simulated: not a guest"
    assert [text.to for text in box.texts] == [NUMBER]


def test_a_test_key_reaches_nobody_and_counts_apart() -> None:
    box = limited(day=1)
    for _ in range(1):
        assert ask(box, Grant("ci", test=True)).test
    assert refused(box, Grant("ci", test=True)).code == "limit_day"
    assert not ask(box).test
    assert len(box.texts) == 1


def test_what_a_key_may_not_do_is_refused_at_the_gate() -> None:
    box = a_box()
    assert refused(box, Grant("shop", countries=frozenset({"SG"}))).code == "country_not_allowed"
    assert ask(box, Grant("shop", countries=frozenset({"IN"}))).status is Status.SENT


def test_a_key_is_routed_to_its_own_channels_alone() -> None:
    box = a_box("exotel", "amazonsns")
    message = ask(box, Grant("shop", channels=frozenset({"amazonsns"})))
    assert message.channel == "amazonsns"
    no = refused(box, Grant("shop", channels=frozenset({"other"})))
    assert (no.code, no.status, no.hint) == ("channel_not_allowed", 403, "Name a channel that the key may use.")
    assert no.detail == "No channel that the settings choose for this message is one that this API key may use."


def test_a_key_is_never_failed_over_to_a_channel_that_it_may_not_use() -> None:
    box = a_box("exotel", "amazonsns")
    fails(box, *[Unavailable("provider_unavailable")] * 9, channel="exotel")
    assert ask(box).channel == "amazonsns"
    message = ask(box, Grant("shop", channels=frozenset({"exotel"})))
    assert (message.status, box.providers["amazonsns"].calls) == (Status.ACCEPTED, 1)


def test_a_message_remembers_which_channels_its_key_may_use() -> None:
    box = a_box("exotel", "amazonsns")
    assert ask(box, Grant("shop", channels=frozenset({"exotel", "amazonsns"}))).allowed == {"amazonsns", "exotel"}
    assert ask(box, OPEN).allowed is None


# ---- while a message waits


@pytest.mark.parametrize(
    ("change", "guard"),
    [
        ({"countries": frozenset({"SG"})}, "country_not_allowed"),
        ({"guests": frozenset({ABROAD})}, "not_a_guest"),
        ({"max_segments": 0}, "too_many_segments"),
    ],
)
def test_what_waits_is_held_against_the_settings_of_its_time(change: dict[str, Any], guard: str) -> None:
    box = a_gated_box(prices={"*": 10_000}, limits=Limits(spend_day=10**6))
    waits = ask(box, mode="async")
    box.settings = Settings(channels=box.settings.channels, routes=box.settings.routes, prices={"*": 10_000}, **change)
    ended = box.herald().resume(waits.id)
    assert ended and ended.reason
    assert (ended.status, ended.reason.code, box.texts) == (Status.FAILED, "not_allowed", [])
    assert ended.trace[-1].detail == f"refused by the guard {guard}"
    assert ended.reserved == 0


def test_what_waits_without_a_channel_that_its_key_may_use_has_failed() -> None:
    box = a_box("exotel", "amazonsns")
    waits = ask(box, Grant("shop", channels=frozenset({"exotel"})), mode="async")
    box.settings = a_box("amazonsns").settings
    ended = box.herald().resume(waits.id)
    assert ended and ended.reason
    assert (ended.status, ended.reason.code, box.texts) == (Status.FAILED, "channel_missing", [])
    assert steps(ended)[-1] == "failed"


def test_who_opts_out_while_it_waits_gets_nothing() -> None:
    box = a_box()
    waits = ask(box, mode="async")
    box.herald().opt(NUMBER, out=True, source="test")
    ended = box.herald().resume(waits.id)
    assert ended and ended.reason
    assert (ended.status, ended.reason.code, steps(ended)[-1]) == (Status.FAILED, "opted_out", "failed")
