"""Promise 8: a key that is not quite right opens nothing, and a number that costs or cannot be texted is none."""

import random
import string
from collections import Counter
from collections.abc import Callable

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType, shortnumberinfo

from herald.keys.grant import Grant
from herald.keys.key import create, digest, granted
from herald.message.phone import read
from herald.message.wrong import Wrong
from tests.promises.figures import Figures

SEED, OWNERS = 20261126, 5
ALPHABET = string.ascii_letters + string.digits
STRANGE = "\u0430\u0435\u043e\u0456\u2010\x00\u200b._-/+=%"
MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
COSTLY = (PhoneNumberType.PREMIUM_RATE, PhoneNumberType.TOLL_FREE, PhoneNumberType.SHARED_COST)
REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)


def mutated(key: str, others: list[str], dice: random.Random) -> str:
    """Almost the key: changed, cut, made longer, turned round, mixed with another, or something that looks like it."""
    at, other = dice.randrange(len(key)), dice.choice(others)
    letter = dice.choice(ALPHABET + STRANGE)
    ways: tuple[Callable[[], str], ...] = (
        lambda: key[:at] + letter + key[at + 1 :],
        lambda: key[:at] + letter + key[at:],
        lambda: key[:at] + key[at + 1 :],
        lambda: key[:at] + key[at].swapcase() + key[at + 1 :],
        lambda: key[:at] + key[at:][::-1],
        lambda: key[: max(9, at)] + other[max(9, at) :],
        lambda: key.replace("live", "test"),
        lambda: f"hk_live_{''.join(dice.choice(ALPHABET) for _ in range(40))}",
        lambda: digest(key),
        lambda: f"{key}{other}",
        lambda: key[:at],
    )
    return dice.choice(ways)()


def test_no_key_but_the_right_one_opens(size: Callable[[int, int], int], figures: Figures) -> None:
    dice, count, made = random.Random(SEED), size(10_000, 100_000), [create() for _ in range(OWNERS)]
    records = {f"owner {number}": each.record for number, each in enumerate(made)}
    right = {each.key for each in made}
    tried, accepted = Counter[bool](), 0
    while tried[False] < count:
        key = mutated(dice.choice(made).key, [each.key for each in made], dice)
        tried[key in right] += 1
        accepted += key not in right and granted(f"Bearer {key}", records) is not None
    figures("API keys, each of which is almost right", promise="8", tried=tried[False], accepted=accepted)
    assert accepted == 0
    assert [granted(f"Bearer {each.key}", records) for each in made] == [Grant(owner) for owner in records]


def examples(region: str) -> list[tuple[int, str]]:
    """The library's example of each type of number of a region, with the type that it has."""
    found = (phonenumbers.example_number_for_type(region, kind) for kind in PhoneNumberType.values())
    numbers = [each for each in found if each is not None]
    return [
        (phonenumbers.number_type(each), phonenumbers.format_number(each, PhoneNumberFormat.E164)) for each in numbers
    ]


def accepted(number: str, region: str) -> str | None:
    try:
        return read(number, region).e164
    except Wrong:
        return None


def test_of_all_regions_examples_only_phones_that_get_texts_are_numbers(figures: Figures) -> None:
    counted = Counter[str]({"costly_accepted": 0, "short_accepted": 0, "accepted": 0})
    for region in REGIONS:
        for kind, number in examples(region):
            counted["examples"] += 1
            e164 = accepted(number, region)
            assert bool(e164) == (kind in MOBILE), (region, kind)
            counted["accepted"] += bool(e164)
            counted["costly_accepted"] += bool(e164) and kind in COSTLY
            if e164:
                again = phonenumbers.parse(e164)
                assert {accepted(phonenumbers.format_number(again, form), region) for form in range(2)} == {number}
        short = shortnumberinfo._example_short_number(region)
        if short:
            counted["examples"] += 1
            counted["short_accepted"] += bool(accepted(short, region))
    figures(f"Example numbers of {len(REGIONS)} regions, of every type", promise="8", **counted)
    assert (counted["costly_accepted"], counted["short_accepted"]) == (0, 0)
    assert counted["accepted"] > len(REGIONS)


@pytest.mark.parametrize("region", ["IN", "US", "GB", "SG"])
def test_short_codes_that_people_know_are_none(region: str) -> None:
    for code in ("112", "911", "1909", "56767", "100", "999"):
        assert accepted(code, region) is None
