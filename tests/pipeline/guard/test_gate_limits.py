"""Gate: each limit lets through what it allows, refuses the next with a code and a hint, and costs nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import KeyReused, NotAllowed, StillSending
from herald.keys.grant import Grant
from herald.message import Message
from herald.message.status import Status
from herald.pipeline.guard.budget import tallies, when
from herald.pipeline.guard.gate import LIMITS, NOW
from herald.settings.values import Limits, Settings
from tests.builders import NUMBER, a_message
from tests.pipeline.guard.asking import ABROAD, NEIGHBOUR, a_gated_box, ask, limited, refused

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
    assert no.hint and "settings" in no.hint and f"limits.{code} (now " in no.hint
    (problem,) = no.problems
    assert problem.detail == LIMITS[code][0].format(**NOW)
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


# ---- what a refusal says, and leaves as it was


def test_every_limit_says_what_is_reached_and_what_to_do() -> None:
    everything = Settings(channels={}, limits=Limits(*[1] * 9), prices={"*": 1})
    grant, now = Grant("shop", per_minute=1, per_day=1), datetime(2026, 11, 26, tzinfo=UTC)
    message, codes = a_message(country="SG", reserved=1), {"number_10_minutes"}
    for tally in tallies(message, everything, grant, b"", when(message, now)):
        codes |= {cap.code for cap in tally.caps}
    assert codes == LIMITS.keys()
    for detail, hint in LIMITS.values():
        assert detail.endswith(".") and hint.endswith(".")


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


# ---- what is reserved, and given back


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


def test_a_message_is_reserved_at_the_price_of_its_country() -> None:
    box = a_gated_box(prices={"IN": 2_500, "*": 80_000})
    assert ask(box).reserved == 2_500
    assert ask(box, to=ABROAD).reserved == 80_000


def test_without_limits_nothing_is_counted() -> None:
    box = a_gated_box()
    ask(box)
    assert box.counters.items == {}


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
