"""Ids: the same key is the same message, and no two others are."""

import re
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from herald.message.ids import message_id
from tests.builders import NOW
from tests.strategies import moments

ID = re.compile(r"msg_[0-7][0-9A-HJKMNP-TV-Z]{25}")


@given(moments, st.text(), st.none() | st.text())
def test_an_id_is_msg_and_26_characters(now: datetime, caller: str, key: str | None) -> None:
    assert ID.fullmatch(message_id(caller, key, now))


@given(st.text(), st.text(min_size=1), moments, moments)
def test_with_a_key_the_id_is_always_the_same(caller: str, key: str, first: datetime, second: datetime) -> None:
    assert message_id(caller, key, first) == message_id(caller, key, second)


@given(st.tuples(st.text(), st.text(min_size=1)), st.tuples(st.text(), st.text(min_size=1)))
def test_another_caller_or_another_key_is_another_id(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert (message_id(*one, NOW) == message_id(*other, NOW)) == (one == other)


def test_callers_cannot_reach_each_others_ids_by_their_names() -> None:
    assert message_id("a", "bc", NOW) != message_id("ab", "c", NOW)
    assert message_id("1:a", "b", NOW) != message_id("1", ":ab", NOW)


def test_half_a_character_in_a_key_is_a_key_like_any_other() -> None:
    assert message_id("shop", "\ud800", NOW) != message_id("shop", "\ud801", NOW)


@given(moments, moments)
def test_without_a_key_ids_sort_by_time(one: datetime, other: datetime) -> None:
    first, second = sorted([one, other])
    if first != second:
        assert message_id("shop", None, first) < message_id("shop", None, second)


def test_without_a_key_no_two_ids_are_the_same() -> None:
    assert len({message_id("shop", None, NOW) for _ in range(1000)}) == 1000
