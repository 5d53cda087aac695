"""How the next texts are told of: what may be asked for, and in which order it is used up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.carrier.fates import FATES, Fate
from local.carrier.manners import Manner, Manners, NotAManner, read
from tests.local.carrier.caller import Caller, wish

NAMES = st.sampled_from(["delay", "copies", "disorder", "count", "x"])


WISHES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner),
)


class TestManners:
    def test_a_manner_is_listed_used_up_and_cleared(self, caller: Caller) -> None:
        wish(caller, delay=0.2, copies=2, disorder=True, count=2)
        caller.send()
        left = {"delay": 0.2, "copies": 2, "disorder": True, "count": 1}
        assert caller.json("GET", "/receipts") == (200, [left])
        wish(caller)
        assert len(caller.json("GET", "/receipts")[1]) == 2
        assert caller.json("DELETE", "/receipts") == (204, None)
        assert caller.json("GET", "/receipts") == (200, [])

    def test_it_says_which_methods_it_knows(self, caller: Caller) -> None:
        answer, _ = caller.ask("PUT", "/receipts", "{}")
        assert (answer.status, answer.getheader("Allow")) == (405, "GET, POST, DELETE")

    @pytest.mark.parametrize(
        ("asked", "word"),
        [
            (None, "JSON object"),
            ([], "JSON object"),
            ({"delay": -1}, "delay"),
            ({"delay": 3601}, "delay"),
            ({"delay": True}, "delay"),
            ({"delay": "1"}, "delay"),
            ({"delay": None}, "delay"),
            ({"copies": 0}, "copies"),
            ({"copies": 21}, "copies"),
            ({"copies": 1.0}, "copies"),
            ({"disorder": 1}, "disorder"),
            ({"count": 0}, "count"),
            ({"count": 1001}, "count"),
            ({"provider": "exotel"}, "provider"),
        ],
    )
    def test_a_wrong_manner_is_400_with_a_sentence_that_names_what_is_right(
        self, caller: Caller, asked: object, word: str
    ) -> None:
        status, answer = caller.json("POST", "/receipts", asked)
        assert status == 400
        assert word in answer["detail"]
        assert caller.json("GET", "/receipts") == (200, [])

    def test_what_it_does_not_say_is_left_to_the_fate(self) -> None:
        late, twice = FATES["91"], FATES["92"]
        assert Manner(copies=3).on(late) == late._replace(copies=3)
        assert Manner(delay=0).on(late).delay == 0
        assert Manner(disorder=True).on(twice) == twice._replace(disorder=True)
        assert Manner().on(twice) == twice

    def test_manners_are_used_up_in_the_order_in_which_they_were_asked_for(self) -> None:
        manners = Manners()
        manners.add(Manner(delay=5, count=2))
        manners.add(Manner(delay=7))
        assert [manners.fate("+919741552552").delay for _ in range(4)] == [5, 5, 7, 1]

    @given(asked=WISHES)
    def test_whatever_is_asked_for_is_read_or_refused_with_a_sentence(self, asked: object) -> None:
        try:
            told: Fate = read(asked).on(FATES["00"])
        except NotAManner as problem:
            assert str(problem).endswith(".")
        else:
            assert 0 <= told.delay <= 3600
            assert 1 <= told.copies <= 20
