"""Gate: each limit lets through what it allows, refuses the next with a code, a hint and a trace, and costs nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import KeyReused, NotAccepted, NotAllowed, StillSending, Unavailable
from herald.journal.tally import Full
from herald.keys.grant import Grant
from herald.message import Message
from herald.message.ids import message_id
from herald.message.status import Status
from herald.pipeline.guard.budget import tallies
from herald.pipeline.guard.gate import LIMITS, Gate
from herald.settings.values import Limits, Settings
from herald.testing.fakes import Notes
from herald.testing.memory import MemoryCounters, MemoryOptOuts
from herald.testing.outbox import Outbox
from tests.builders import FIELDS, NUMBER, TEXT, a_box, a_message, fails, steps
from tests.failing import Down, FailingJournal

ABROAD, NEIGHBOUR = "+6591234567", "+919741552553"
OPEN = Grant("shop")


def a_gated_box(**changes: Any) -> Outbox:
    """An outbox with these settings beside its own."""
    box = a_box()
    fields = {"limits": Limits(), "channels": box.settings.channels, "routes": box.settings.routes}
    box.settings = Settings(**{**fields, **changes})
    return box


def limited(**limits: int) -> Outbox:
    """An outbox with these limits; a segment costs a cent."""
    return a_gated_box(limits=Limits(**limits), prices={"*": 10_000})


def ask(box: Outbox, grant: Grant | None = None, *, key: str | None = None, **fields: object) -> Message:
    """The message that is let in."""
    caller = grant.name if grant else "shop"
    return box.herald().send({**FIELDS, **fields}, caller=caller, entrypoint="https", key=key, grant=grant).message


def refused(box: Outbox, grant: Grant | None = None, **fields: Any) -> NotAllowed:
    """How the next message is refused; nobody is texted."""
    texts = len(box.texts)
    with pytest.raises(NotAllowed) as caught:
        ask(box, grant, **fields)
    assert len(box.texts) == texts
    return caught.value


# ---- limits, one by one


@pytest.mark.parametrize(
    ("limits", "sends", "code"),
    [
        ({"number_10_minutes": 2}, [NUMBER] * 2, "number_10_minutes"),
        ({"number_day": 2}, [NUMBER] * 2, "number_day"),
        ({"block_day": 2}, [NEIGHBOUR, NUMBER], "block_day"),
        ({"day": 2}, [NUMBER, ABROAD], "day"),
        ({"spend_day": 20_000}, [NUMBER, ABROAD], "spend_day"),
        ({"spend_month": 20_000}, [NUMBER, ABROAD], "spend_month"),
        ({"caller_spend_day": 20_000}, [NUMBER, ABROAD], "caller_spend_day"),
        ({"caller_spend_month": 20_000}, [NUMBER, ABROAD], "caller_spend_month"),
    ],
)
def test_the_message_after_the_last_that_may_be_is_refused(limits: dict[str, int], sends: list[str], code: str) -> None:
    box = limited(**limits)
    for number in sends:
        assert ask(box, to=number).status is Status.SENT
    no = refused(box)
    assert (no.code, no.status, no.retryable) == (f"limit_{code}", 429, True)
    assert no.retry_after > 0
    assert no.hint and "settings" in no.hint and f"limits.{code}" in no.hint
    (problem,) = no.problems
    assert problem.detail == LIMITS[code][0]
    assert problem.field == ("to" if code.startswith(("number", "block")) else "")


@pytest.mark.parametrize(
    ("grant", "code"),
    [
        (Grant("shop", per_minute=2), "caller_minute"),
        (Grant("shop", per_day=2), "caller_day"),
        (Grant("shop", spend_day=0.02), "caller_spend_day"),
        (Grant("shop", spend_month=0.02), "caller_spend_month"),
    ],
)
def test_a_key_has_limits_of_its_own_and_others_have_not(grant: Grant, code: str) -> None:
    box = limited()
    for _ in range(2):
        ask(box, grant)
    assert refused(box, grant).code == f"limit_{code}"
    assert ask(box, Grant("bank")).status is Status.SENT


def test_of_two_limits_on_money_the_tighter_counts() -> None:
    assert refused(limited(caller_spend_day=5_000), Grant("shop", spend_day=1)).code == "limit_caller_spend_day"
    assert refused(limited(caller_spend_day=10**9), Grant("shop", spend_day=0.001)).code == "limit_caller_spend_day"


def test_another_country_may_grow_to_thrice_its_best_day_of_the_last_week() -> None:
    box = limited(country_day=2)
    box.clock.now = datetime(2026, 11, 1, 12, tzinfo=UTC)
    passed = []
    for _ in range(4):
        count = 0
        while count < 100:
            try:
                ask(box, to=f"+659123{count:04}")
            except NotAllowed as no:
                assert no.code == "limit_country_day"
                break
            count += 1
        passed.append(count)
        box.clock.pass_(days=1)
    assert passed == [2, 6, 18, 54]


def test_at_home_no_country_grows_too_fast() -> None:
    box = limited(country_day=1)
    for _ in range(3):
        assert ask(box).status is Status.SENT


def test_a_limit_is_over_when_its_time_is() -> None:
    box = limited(number_10_minutes=1)
    ask(box)
    box.clock.pass_(seconds=refused(box).retry_after)
    assert ask(box).status is Status.SENT


def test_a_day_begins_anew_at_midnight_utc_and_a_month_on_its_first_day() -> None:
    box = limited(day=1, spend_month=20_000)
    box.clock.now = datetime(2026, 11, 29, 23, 59, 30, tzinfo=UTC)
    ask(box)
    assert refused(box).retry_after == 30
    box.clock.pass_(seconds=30)
    ask(box)
    box.clock.now = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)
    assert refused(box).code in ("limit_day", "limit_spend_month")
    box.clock.pass_(seconds=1)
    assert ask(box).status is Status.SENT


def test_what_is_scheduled_counts_on_its_own_day() -> None:
    box = limited(day=1)
    tomorrow = (box.clock() + timedelta(days=1)).isoformat()
    assert ask(box, send_at=tomorrow).status is Status.SCHEDULED
    assert ask(box).status is Status.SENT
    assert refused(box, send_at=tomorrow).code == "limit_day"


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


def test_every_limit_says_what_is_reached_and_what_to_do() -> None:
    everything = Settings(channels={}, limits=Limits(*[1] * 9), prices={"*": 1})
    grant, now = Grant("shop", per_minute=1, per_day=1), datetime(2026, 11, 26, tzinfo=UTC)
    codes = {"number_10_minutes", "number_day"}
    for tally in tallies(a_message(country="SG", reserved=1, created_at=now), everything, grant, b""):
        codes |= {cap.code for cap in tally.caps}
    assert codes == LIMITS.keys()
    for detail, hint in LIMITS.values():
        assert detail.endswith(".") and hint.endswith(".")


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


def test_one_full_counter_leaves_all_others_as_they_were() -> None:
    box = limited(day=1, number_day=5, caller_spend_day=10**6)

    def counted() -> dict[str, dict[str, Any]]:
        return {key: {name: n for name, n in item.items() if n} for key, item in box.counters.items.items()}

    ask(box)
    before = counted()
    for _ in range(3):
        refused(box)
    assert counted() == before


# ---- repetitions


def test_a_repetition_counts_once() -> None:
    box = limited(day=2)
    for _ in range(5):
        assert ask(box, key="order-1").status is Status.SENT
    assert ask(box).status is Status.SENT
    assert len(box.texts) == 2


def test_what_was_let_in_before_is_answered_though_the_limit_is_reached_meanwhile() -> None:
    box = limited(day=1)
    first = ask(box, key="order-1")
    assert ask(box, key="order-1").id == first.id
    with pytest.raises(KeyReused):
        ask(box, key="order-1", body="another text")


def test_another_content_for_a_key_is_refused_and_counted_back() -> None:
    box = limited(day=2)
    ask(box, key="order-1")
    with pytest.raises(KeyReused):
        ask(box, key="order-1", body="another text")
    assert ask(box).status is Status.SENT


def test_who_is_told_that_it_is_still_sending_is_not_counted_twice() -> None:
    box = limited(day=2)

    def while_it_sends() -> None:
        with pytest.raises(StillSending):
            ask(box, key="order-1")

    provider = box.providers["amazonsns"]
    real = provider.send

    def send(message: Message, callback: str | None = None) -> Any:
        if not provider.texts:
            while_it_sends()
        return real(message, callback)

    provider.send = send
    ask(box, key="order-1")
    assert ask(box).status is Status.SENT


# ---- counters that cannot be reached


class NoCounters(MemoryCounters):
    """Counters that nobody can reach."""

    def take(self, tally: object, now: object) -> Full | None:
        raise Down


def test_what_cannot_be_counted_is_not_sent() -> None:
    box = limited(day=5)
    box.counters = NoCounters()
    with pytest.raises(NotAccepted) as caught:
        ask(box)
    assert (caught.value.code, caught.value.retryable, box.texts) == ("not_counted", True, [])
    assert caught.value.detail == "The limits could not be read."
    assert ("message not counted", "Down") in box.observer.told


def test_kinds_that_the_settings_name_are_sent_uncounted() -> None:
    box = a_gated_box(limits=Limits(day=1), uncounted=frozenset({"otp"}))
    box.counters = NoCounters()
    for _ in range(3):
        assert ask(box, kind="otp").status is Status.SENT
    with pytest.raises(NotAccepted):
        ask(box, kind="promotional")


class NoOptOuts(MemoryOptOuts):
    """A list that nobody can read."""

    def has(self, recipient: str) -> bool:
        raise Down


class KeepsCounting(MemoryCounters):
    """Counters from which nothing can be taken back."""

    def give(self, tally: object) -> None:
        raise Down


def test_what_cannot_be_taken_back_stays_counted_and_is_told() -> None:
    box = limited(day=1, number_day=5)
    box.counters = KeepsCounting()
    ask(box, key="order-1")
    assert ask(box, key="order-1").status is Status.SENT
    assert refused(box).code == "limit_day"
    assert ("count not taken back", "Down") in box.observer.told


@pytest.mark.parametrize(
    ("price", "said"), [(10_000, "0.01"), (1, "0.000001"), (1_000_000, "1"), (20_000_000, "20"), (1_250_000, "1.25")]
)
def test_the_trace_says_what_is_reserved(price: int, said: str) -> None:
    box = a_gated_box(prices={"*": price})
    assert ask(box).trace[0].detail == f"by https, at most {said} reserved"


def test_a_repetition_is_given_back_to_the_callers_own_counters() -> None:
    box, grant = limited(number_day=5), Grant("shop", per_minute=9, per_day=9)
    ask(box, grant, key="order-1")
    counted = {key: dict(item) for key, item in box.counters.items.items()}
    ask(box, grant, key="order-1")
    assert box.counters.items == counted


def test_another_content_under_a_callers_key_is_given_back_to_its_own_counters() -> None:
    box, grant = limited(number_day=5), Grant("shop", per_minute=9, per_day=9)
    ask(box, grant, key="order-1")
    counted = {key: dict(item) for key, item in box.counters.items.items()}
    with pytest.raises(KeyReused):
        ask(box, grant, key="order-1", body="another text")
    assert box.counters.items == counted


def test_a_message_remembers_which_channels_its_key_may_use() -> None:
    box = a_box("exotel", "amazonsns")
    assert ask(box, Grant("shop", channels=frozenset({"exotel", "amazonsns"}))).allowed == {"amazonsns", "exotel"}
    assert ask(box, OPEN).allowed is None


def test_where_opt_outs_cannot_be_read_nothing_is_sent() -> None:
    box = a_box()
    box.optouts = NoOptOuts()
    with pytest.raises(NotAccepted) as caught:
        ask(box, kind="otp")
    assert (caught.value.code, box.texts) == ("not_counted", [])
    assert caught.value.detail == "Whether the recipient opted out could not be read."
    assert ("opt-outs not read", "Down") in box.observer.told


class Troubles(Notes):
    """Notes of what went wrong, and with which message."""

    def trouble(self, phrase: str, error: BaseException, **extra: object) -> None:
        self.told.append((phrase, f"{type(error).__name__} {extra['message_id']}"))


@pytest.mark.parametrize(
    ("down", "phrase"),
    [({"counters": NoCounters()}, "message not counted"), ({"optouts": NoOptOuts()}, "opt-outs not read")],
    ids=["counters", "opt-outs"],
)
def test_an_operator_is_told_with_which_message_it_went_wrong(down: dict[str, Any], phrase: str) -> None:
    box = limited(day=1)
    box.observer = Troubles()
    for part, broken in down.items():
        setattr(box, part, broken)
    with pytest.raises(NotAccepted):
        ask(box, key="order-1")
    assert box.observer.told == [(phrase, f"Down {message_id('shop', 'order-1', box.clock.now)}")]


def test_a_message_is_reserved_at_the_price_of_its_country() -> None:
    box = a_gated_box(prices={"IN": 2_500, "*": 80_000})
    assert ask(box).reserved == 2_500
    assert ask(box, to=ABROAD).reserved == 80_000


def test_without_limits_nothing_is_counted() -> None:
    box = a_gated_box()
    ask(box)
    assert box.counters.items == {}


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


# ---- whatever comes


@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["a", "b"]), st.booleans()), max_size=25),
    st.integers(1, 6),
    st.integers(10_000, 60_000),
)
def test_no_mix_of_callers_and_repetitions_spends_more_than_the_limit(
    asked: list[tuple[int, str, bool]], most: int, spend: int
) -> None:
    box = limited(day=most, spend_day=spend)
    for number, caller, repeated in asked:
        for _ in range(2 if repeated else 1):
            try:
                key = f"order-{number}" if repeated else None
                ask(box, Grant(caller), to=f"+91974155255{number}", key=key)
            except NotAllowed:
                continue
    assert len(box.texts) <= min(most, spend // 10_000)
