"""Promise 7: whoever pumps gets no more than the caps, and honest callers are not refused for it."""

import random
from collections.abc import Callable

import pytest

from herald.keys.grant import Grant
from tests.promises.figures import Figures
from tests.promises.traffic import ATTACKS, HONEST, Attack, Trace, a_stage, bank, named, run, sequential_block

SEED = 20261126
# The README's own: what a day and a month may cost, and two countries.
CAPS = {"day": 25.0, "month": 200.0}
MOST = 10_000  # Texts a day in all, by default.
SETTINGS = f"""
countries: [IN, ID]
prices: {{IN: 0.0025, ID: 0.35}}
limits: {{spend_day: {CAPS["day"]}, spend_month: {CAPS["month"]}}}
"""


@pytest.mark.parametrize("attack", ATTACKS, ids=named)
def test_an_attack_costs_no_more_than_the_caps(
    attack: Attack, size: Callable[[int, int], int], figures: Figures
) -> None:
    days = size(6, 240) / 24
    cap, most = min(max(1, days) * CAPS["day"], CAPS["month"]), max(1, days) * MOST
    passed = run(a_stage(SETTINGS), attack(days, random.Random(SEED)))
    figures(
        f"Attack by {named(attack)} for {days:g} days",
        promise="7",
        asked=passed.asked,
        sent=passed.sent.total(),
        spent=passed.spent,
        cap=cap,
    )
    assert passed.spent <= cap
    assert passed.sent.total() <= most
    assert passed.sent.total() + passed.refused.total() == passed.asked


def test_numbers_side_by_side_are_refused_long_before_the_money_is_spent() -> None:
    passed = run(a_stage(SETTINGS), sequential_block(0.25, random.Random(SEED)))
    assert passed.refused.keys() == {"limit_block_day"}
    assert passed.sent.total() <= 0.11 * passed.asked


@pytest.mark.parametrize("trace", HONEST, ids=named)
def test_an_honest_caller_is_hardly_ever_refused(
    trace: Trace, size: Callable[[int, int], int], figures: Figures
) -> None:
    days = size(1, 7)
    passed = run(a_stage(SETTINGS), trace(days, random.Random(SEED)))
    figures(
        f"An honest caller, the {named(trace)}, for {days} days",
        promise="7",
        asked=passed.asked,
        refused=passed.refused.total(),
        refused_percent=passed.refused_percent(),
    )
    assert passed.refused_percent() < 0.1


def test_a_key_with_a_cap_of_its_own_leaves_the_others_alone(size: Callable[[int, int], int], figures: Figures) -> None:
    dice, days = random.Random(SEED), size(1, 7)
    pumped = sequential_block(days / size(4, 1), dice)
    honest = bank(days, dice)
    passed = run(a_stage(SETTINGS), [*pumped, *honest], {"shop": Grant("shop", spend_day=2.0)})
    refused = len(honest) - passed.sent["bank"]
    figures(
        f"A bank's codes for {days} days while another key, which may spend 2 a day, is pumped",
        promise="7",
        codes=len(honest),
        refused=refused,
        spent_by_the_other=passed.sent["shop"] * 0.0025,
        its_cap=2.0 * days,
    )
    assert refused / len(honest) < 0.001
    assert passed.sent["shop"] * 0.0025 <= 2.0 * days
