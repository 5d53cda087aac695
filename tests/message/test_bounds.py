"""Whatever a vendor says is cut to what can be kept, and what is small and sound stays as it is."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from herald.message.bounds import LONGEST_ID, LONGEST_TEXT, MOST_BYTES, bounded, price, usable
from herald.message.receipt import Sent

TEXTS = st.text(st.characters(), max_size=30) | st.builds(
    lambda text, n: text * n, st.text(max_size=9), st.integers(0, 900)
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(-(10**99), 10**99) | st.floats() | TEXTS | st.dates(),
    lambda inner: st.lists(inner, max_size=9) | st.dictionaries(TEXTS, inner, max_size=9),
    max_leaves=25,
)  # fmt: skip


def nested(depth: int) -> Any:
    value: Any = "deep"
    for _ in range(depth):
        value = {"in": [value]}
    return value


@settings(max_examples=50)
@given(st.dictionaries(TEXTS, VALUES, max_size=5))
@example({"half a pair": "\ud83d", "\udc00": 1})
@example({"deep": nested(400), "many": list(range(999)), "Sid": "a1"})
@example({str(n): "x" * 200 for n in range(99)})
@example({"not a number": float("nan"), "too large": 10**400, "infinite": [float("inf")], "float": 1e300})
def test_whatever_is_said_what_is_kept_is_json_of_4_kb_in_utf_8(said: dict[str, Any]) -> None:
    kept = bounded(said)
    written = json.dumps(kept, allow_nan=False)
    assert json.loads(written) == kept
    assert len(written) <= MOST_BYTES + 2
    json.dumps(kept, ensure_ascii=False).encode()
    assert bounded(kept).keys() == kept.keys()


SOUND = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(-1e9, 1e9) | st.text(max_size=40)


@given(st.dictionaries(st.text(max_size=12), SOUND | st.lists(SOUND, max_size=3), max_size=4))
def test_what_is_small_and_sound_stays_as_it_is(said: dict[str, Any]) -> None:
    assert bounded(said) == said
    assert list(bounded(said)) == list(said)


def test_where_there_is_too_much_the_short_fields_stay() -> None:
    said = {f"note {n}": "x" * 900 for n in range(9)} | {"Sid": "a1", "Status": "queued"}
    kept = bounded(said)
    assert (kept["Sid"], kept["Status"]) == ("a1", "queued")
    assert len(kept) < len(said)
    assert bounded({"Message": "x" * 9000}) == {"Message": "x" * LONGEST_TEXT + "…"}


@pytest.mark.parametrize("provider_id", ["a", "é", "x" * LONGEST_ID, "f187a3c1-376f-11df-8963-01868b7c937a"])
def test_an_id_is_up_to_64_printable_characters(provider_id: str) -> None:
    assert usable(provider_id)


@pytest.mark.parametrize("provider_id", ["", " ", "x" * (LONGEST_ID + 1), "a\0", "a\nb", "\ud83d", None, 7, ["a"]])
def test_anything_else_is_no_id(provider_id: object) -> None:
    assert not usable(provider_id)


@pytest.mark.parametrize(
    ("amount", "kept"), [("0.05", "0.05"), (None, None), ("9" * 33, None), ("1\0", None), ("", None)]
)
def test_a_price_is_never_longer_than_a_price(amount: str | None, kept: str | None) -> None:
    assert price(amount) == kept


def test_what_repeats_the_message_takes_no_place_of_the_rest() -> None:
    texts = frozenset({"Body", "To"})
    said = {"Sid": "a1", "Body": "ம" * 2000, "To": "+919741552552", "Status": "queued"}
    sent = Sent("a1", said, "0.05", texts).bounded()
    assert sent == Sent("a1", said, "0.05", texts)
    assert sent.kept == {"Sid": "a1", "Status": "queued"}
