"""What a vendor says later is read whatever it holds, and no number of a phone gets into what is kept."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.providers._receipts import AMOUNT, ID, NUMBER, TIME, WORDS, amount, kept, moment, word

IST = timezone(timedelta(hours=5, minutes=30))
ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text(), max_size=2)
SHAPES = {"id": ID, "number": NUMBER, "amount": AMOUNT, "time": TIME, "words": WORDS}
FIELDS = st.dictionaries(st.sampled_from([*SHAPES, "another"]), ANYTHING)


class TestWord:
    @pytest.mark.parametrize(
        ("value", "text"),
        [("sent", "sent"), (" sent\n", "sent"), ("", ""), (20005, "20005"), (-1, "-1"), (0.5, "0.5"), ("४", "४")],
    )
    def test_texts_and_numbers_are_words(self, value: object, text: str) -> None:
        assert word(value) == text

    @pytest.mark.parametrize("value", [None, True, False, [], ["sent"], {}, {"a": 1}, b"sent"])
    def test_nothing_else_is(self, value: object) -> None:
        assert word(value) == ""

    def test_a_whole_number_that_python_does_not_write_is_none(self) -> None:
        assert word(10**5000) == ""

    def test_half_a_character_has_no_way_into_what_is_written_down(self) -> None:
        assert word("half \ud83d") == "half ?"

    @given(ANYTHING)
    def test_whatever_it_is_there_is_a_word_that_can_be_written(self, value: object) -> None:
        assert word(value).encode().decode().strip() == word(value)


class TestAmount:
    @pytest.mark.parametrize(
        ("value", "text"),
        [("0.12", "0.12"), ("12", "12"), (" 1.50 ", "1.50"), (0, "0"), (0.0, "0"), (100.0, "100"), (10, "10"),
         (0.00645, "0.00645"), (0.00001, "0.00001"), (999_999.5, "999999.5"), ("0.123456789012", "0.123456789012"),
         (0.00000001, "0.00000001")],
    )  # fmt: skip
    def test_an_amount_is_a_decimal_text(self, value: object, text: str) -> None:
        assert amount(value) == text

    @pytest.mark.parametrize(
        "value",
        [None, "", "-1", -1, -0.5, "1e5", 1e20, "NaN", float("nan"), float("inf"), "1,5", "$1", ".5", "5.", "०", True,
         1_000_000, "0.1234567890123", "1\n2"],
    )  # fmt: skip
    def test_nothing_else_is_one(self, value: object) -> None:
        assert amount(value) is None


class TestMoment:
    @pytest.mark.parametrize(
        ("value", "at"),
        [
            ("2026-11-25 09:00:04", datetime(2026, 11, 25, 3, 30, 4, tzinfo=UTC)),
            ("2026-11-25 09:00:04.5", datetime(2026, 11, 25, 3, 30, 4, 500_000, tzinfo=UTC)),
            ("2026-11-25T09:00:04", datetime(2026, 11, 25, 3, 30, 4, tzinfo=UTC)),
            ("2026-11-25T03:30:04Z", datetime(2026, 11, 25, 3, 30, 4, tzinfo=UTC)),
            ("2026-11-25T04:30:04+01:00", datetime(2026, 11, 25, 3, 30, 4, tzinfo=UTC)),
            ("1971-01-01 05:30:00", datetime(1971, 1, 1, tzinfo=UTC)),
            ("9998-12-31 23:59:59", datetime(9998, 12, 31, 18, 29, 59, tzinfo=UTC)),
        ],
    )
    def test_a_time_is_in_utc_and_without_a_zone_in_the_vendors(self, value: str, at: datetime) -> None:
        found = moment(value, IST)
        assert found == at
        assert found is not None and found.tzinfo is UTC

    @pytest.mark.parametrize(
        "value",
        [None, "", "1970-01-01 05:30:00", "1970-12-31 23:59:59", "0000-00-00 00:00:00", "0001-01-01 00:00:00",
         "9999-12-31 23:59:59", "2026-02-30 09:00:00", "2026-11-25", "20261125", "25/11/2026 09:00:00", "now",
         "2026-11-25 09:00:04 IST", "2026-11-25 25:00:00", "2026-11-25T09:00:00+99:00", 1795577402, 20261125.0],
    )  # fmt: skip
    def test_what_is_not_set_or_no_time_is_none(self, value: object) -> None:
        assert moment(value, IST) is None

    @given(st.integers(365 * 86_400_000, 250_000_000_000_000))
    def test_every_time_that_is_written_is_read(self, milliseconds: int) -> None:
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
        assert moment(at.replace(tzinfo=None).isoformat(" ", "milliseconds"), UTC) == at


class TestKept:
    def test_fields_that_look_as_they_should_stay_as_they_are(self) -> None:
        said = {
            "id": "94f20ce6-13c5-43a0-9a9e-ca52d816e90b", "number": 259_200_000, "amount": 0.00645,
            "time": "2026-11-25 09:00:04", "words": "DELIVERED_TO_HANDSET",
        }  # fmt: skip
        assert kept(said, SHAPES) == said

    def test_spaces_around_them_go(self) -> None:
        said = {"number": " 7 ", "words": "\tDELIVERED\n"}
        assert kept(said, SHAPES) == {"number": "7", "words": "DELIVERED"}

    @pytest.mark.parametrize(("length", "stays"), [(15, False), (16, True), (64, True), (65, False)])
    def test_an_id_is_longer_than_any_number_of_a_phone(self, length: int, stays: bool) -> None:
        assert ("id" in kept({"id": "a" * length}, SHAPES)) is stays

    def test_others_go(self) -> None:
        said = {"id": "+919741552552", "number": "1234567890", "amount": "-", "time": "now", "words": "", "new": "x"}
        assert kept(said, SHAPES) == {}

    @pytest.mark.parametrize("value", [None, True, [], {}, "", " ", ["words"]])
    def test_what_is_no_word_is_not_kept(self, value: object) -> None:
        assert kept(dict.fromkeys(SHAPES, value), SHAPES) == {}

    @pytest.mark.parametrize(
        ("words", "shown"),
        [
            ("for +919741552552.", "for +*."),
            ("for +91 9741-552-552 at 3", "for +* at 3"),
            ("for (0974) 155.2552", "for (*) *"),
            ("271828 is your code", "* is your code"),
            ("error 123 of 45", "error 123 of 45"),
            ("९१९७४१५५२५५२", "*"),
            ("two\nlines 1", "two\nlines 1"),
        ],
    )
    def test_in_words_four_digits_and_more_are_hidden(self, words: str, shown: str) -> None:
        assert kept({"words": words}, SHAPES) == {"words": shown}

    def test_words_end_after_200_characters(self) -> None:
        assert kept({"words": "a" * 201}, SHAPES) == {"words": "a" * 200}

    def test_no_number_shows_where_words_are_cut(self) -> None:
        assert kept({"words": "a" * 196 + "+919741552552"}, SHAPES) == {"words": "a" * 196 + "+*"}

    @given(FIELDS)
    def test_what_is_kept_is_json_of_these_fields_only(self, said: dict[str, object]) -> None:
        found = kept(said, SHAPES)
        assert found.keys() <= SHAPES.keys() & said.keys()
        assert json.loads(json.dumps(found, allow_nan=False)) == found

    @given(FIELDS, st.sampled_from([*SHAPES]), st.from_regex(r"[1-9][0-9]{9,14}", fullmatch=True))
    def test_no_field_carries_a_number_of_a_phone(self, said: dict[str, object], name: str, number: str) -> None:
        for value in (number, f"+{number}", int(number), f"to {number[:5]} {number[5:]}!"):
            shown = json.dumps(kept({**said, name: value}, {name: SHAPES[name]}))
            assert number not in shown
            assert number[:5] not in shown
