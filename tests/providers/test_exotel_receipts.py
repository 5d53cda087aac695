"""Exotel: what it says later of a text is understood, in callbacks and in details."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from herald.message.receipt import Receipt
from herald.message.status import Status
from herald.providers.exotel import FAILURES, Exotel
from tests.providers.contract import NUMBER
from tests.providers.exotel import DELIVERED, DND, MESSAGE, UNEXPLAINED

# Written down from Exotel's pages of codes, apart from the table of the code: code, what it means, status, reason.
CODES = [
    (20005, "delivered to the handset", "delivered", None),
    (20006, "delivered to the operator", "delivered", None),
    (21010, "queued", "sent", None),
    (21015, "being sent", "sent", None),
    (21020, "submitted", "sent", None),
    (23005, "do not disturb", "undelivered", "do_not_disturb"),
    (23010, "invalid number", "undelivered", "invalid_number"),
    (23015, "spam", "undelivered", "spam"),
    (23020, "blacklisted by STOP", "undelivered", "opted_out"),
    (23030, "no route", "undelivered", "no_route"),
    (23035, "subscriber unavailable", "undelivered", "recipient_unavailable"),
    (23040, "unknown subscriber", "undelivered", "invalid_number"),
    (23050, "expired", "undelivered", "recipient_unavailable"),
    (23060, "rejected", "undelivered", "carrier_blocked"),
    (23070, "invalid message", "undelivered", "invalid_text"),
    (23072, "invalid sender", "undelivered", "invalid_sender"),
    (23080, "sender blocked by DLT", "undelivered", "not_registered"),
    (23081, "entity blocked", "undelivered", "not_registered"),
    (23082, "template blocked", "undelivered", "template_mismatch"),
    (23083, "scrubbing", "undelivered", "template_mismatch"),
    (23084, "consent", "undelivered", "no_consent"),
    (23181, "template invalid", "undelivered", "template_mismatch"),
    (23182, "template not found", "undelivered", "template_mismatch"),
    (23183, "template inactive", "undelivered", "template_mismatch"),
    (23184, "template blacklisted", "undelivered", "template_mismatch"),
    (23185, "template does not match", "undelivered", "template_mismatch"),
    (23186, "template's length", "undelivered", "template_mismatch"),
    (23281, "entity not found", "undelivered", "not_registered"),
    (24010, "system", "undelivered", "provider_failed"),
    (24105, "handset", "undelivered", "recipient_unavailable"),
    (24110, "operator", "undelivered", "carrier_unavailable"),
    (24120, "subscriber", "undelivered", "recipient_unavailable"),
    (24990, "unknown", "undelivered", "unexplained"),
]
# Of a second page, whose table is another one; and no codes at all.
UNKNOWN = [20000, 20001, 30001, 30007, 99999, 0, -23005, "", None, "2300", "23005x", "ABC", 23005.0, True, [23005], {}]


def fate(receipt: Receipt) -> tuple[str, str | None]:
    return str(receipt.status), receipt.reason and receipt.reason.code


def told(said: Mapping[str, Any], **changes: Any) -> tuple[str, str | None]:
    """Status and reason of a receipt with these changes; a field that is changed to ... is missing."""
    changed = {name: value for name, value in {**said, **changes}.items() if value is not ...}
    return fate(Exotel.parse_receipt(changed))


class TestReceipt:
    @pytest.mark.parametrize(("code", "meaning", "status", "reason"), CODES)
    def test_each_code_has_its_status_and_reason_in_a_callback_and_in_details(
        self, code: int, meaning: str, status: str, reason: str | None
    ) -> None:
        words = {"sent": ["queued", "sending", "submitted"], "delivered": ["sent"], "undelivered": ["failed"]}[status]
        for word in [*words, ..., None, "", "a word of next year"]:
            for written in (code, str(code), f" {code} "):
                for said in (DELIVERED, MESSAGE):
                    assert told(said, Status=word, DetailedStatusCode=written) == (status, reason), (word, meaning)

    def test_every_code_of_the_table_is_tested(self) -> None:
        assert {str(code) for code, _, status, _ in CODES if status == "undelivered"} == FAILURES.keys()

    @pytest.mark.parametrize("code", UNKNOWN)
    def test_a_code_that_is_in_no_table_adds_nothing_to_the_status(self, code: object) -> None:
        assert told(DELIVERED, DetailedStatusCode=code) == ("delivered", None)
        assert told(DELIVERED, DetailedStatusCode=code, Status="submitted") == ("sent", None)
        assert told(DELIVERED, DetailedStatusCode=code, Status="failed") == ("undelivered", "unexplained")
        assert told(DELIVERED, DetailedStatusCode=code, Status="failed_dnd") == ("undelivered", "do_not_disturb")
        assert told(DELIVERED, DetailedStatusCode=code, Status="a word of next year") == ("unknown", None)
        assert told(DELIVERED, DetailedStatusCode=code, Status=...) == ("unknown", None)

    @pytest.mark.parametrize(
        ("word", "status", "reason"),
        [
            ("queued", "sent", None),
            ("sending", "sent", None),
            ("submitted", "sent", None),
            ("sent", "delivered", None),
            (" SENT ", "delivered", None),
            ("delivered", "delivered", None),
            ("failed", "undelivered", "unexplained"),
            ("Failed", "undelivered", "unexplained"),
            ("failed_dnd", "undelivered", "do_not_disturb"),
            ("failed-dnd", "undelivered", "do_not_disturb"),
            ("FAILED-DND", "undelivered", "do_not_disturb"),
            ("failed_for_a_new_reason", "undelivered", "unexplained"),
            ("undelivered", "undelivered", "unexplained"),
            ("expired", "undelivered", "recipient_unavailable"),
            ("resent", "unknown", None),
            ("not sent", "unknown", None),
            ("", "unknown", None),
            (7, "unknown", None),
        ],
    )
    def test_each_word_has_its_status_where_there_is_no_code(
        self, word: object, status: str, reason: str | None
    ) -> None:
        assert told(DELIVERED, Status=word, DetailedStatusCode=...) == (status, reason)

    def test_the_word_decides_where_word_and_code_contradict(self) -> None:
        assert told(DELIVERED, DetailedStatusCode="21020") == ("delivered", None)
        assert told(DELIVERED, Status="submitted", DetailedStatusCode="20005") == ("sent", None)
        assert told(DELIVERED, Status="failed", DetailedStatusCode="20005") == ("undelivered", "unexplained")

    def test_the_code_says_more_exactly_why_than_the_word(self) -> None:
        assert told(DND, DetailedStatusCode="23020") == ("undelivered", "opted_out")

    def test_a_recorded_callback_is_read_whole(self) -> None:
        assert Exotel.parse_receipt(DELIVERED) == Receipt(
            provider_id="6dc7b0a9e2f14d7b9c3a5e8f1b2d4c60",
            status=Status.DELIVERED,
            at=datetime(2026, 11, 25, 3, 30, 4, tzinfo=UTC),
            raw={name: value for name, value in DELIVERED.items() if name != "To"},
        )
        assert fate(Exotel.parse_receipt(DND)) == ("undelivered", "do_not_disturb")
        assert fate(Exotel.parse_receipt(UNEXPLAINED)) == ("undelivered", "unexplained")

    @pytest.mark.parametrize(
        ("written", "moment"),
        [
            ("2026-11-25 09:00:04", datetime(2026, 11, 25, 3, 30, 4, tzinfo=UTC)),
            ("2026-11-25 02:00:00", datetime(2026, 11, 24, 20, 30, tzinfo=UTC)),
            ("1970-01-01 05:30:00", None),
            ("0000-00-00 00:00:00", None),
            ("", None),
            (None, None),
            (..., None),
        ],
    )
    def test_its_times_are_those_of_india_and_1970_is_none(self, written: Any, moment: datetime | None) -> None:
        said = {name: value for name, value in {**DELIVERED, "DateSent": written}.items() if value is not ...}
        assert Exotel.parse_receipt(said).at == moment

    @pytest.mark.parametrize(("price", "amount"), [("0.1375", "0.1375"), (0.1375, "0.1375"), (None, None), ("-", None)])
    def test_a_price_that_is_an_amount_is_told(self, price: object, amount: str | None) -> None:
        assert Exotel.parse_receipt({**MESSAGE, "Price": price}).price == amount

    @pytest.mark.parametrize(
        ("said", "sid"),
        [
            ({"SmsSid": "a1"}, "a1"),
            ({"Sid": "a1"}, "a1"),
            ({"SmsSid": "a1", "Sid": "b2"}, "a1"),
            ({"SmsSid": "", "Sid": "b2"}, "b2"),
            ({"SmsSid": ["a1"], "Sid": None}, ""),
        ],
    )
    def test_a_text_is_named_by_its_sid(self, said: Mapping[str, Any], sid: str) -> None:
        assert Exotel.parse_receipt(said).provider_id == sid

    def test_who_got_it_is_not_read_from_a_number_without_its_country(self) -> None:
        assert Exotel.parse_receipt(DELIVERED).to is None


class TestAddressedTo:
    @pytest.mark.parametrize(
        "to",
        ["09741552552", "009741552552", "00919741552552", "0919741552552", "919741552552", "+919741552552",
         "9741552552", "09741 552-552", 919741552552, " 09741552552 "],
    )  # fmt: skip
    def test_a_number_is_the_same_with_zeros_before_it_and_without_its_country(self, to: object) -> None:
        assert Exotel.addressed_to({"To": to}, NUMBER)

    @pytest.mark.parametrize(
        "to", ["09741552553", "00919741552553", "+919741552553", "0919841552552", "00449741552552", "29741552552"]
    )
    def test_another_number_is_foreign(self, to: str) -> None:
        assert not Exotel.addressed_to({"To": to}, NUMBER)

    @pytest.mark.parametrize(
        "to", [..., None, "", "0XXXXXX2552", "0974155XXXX", "2552", "552553", ["09741552553"], "a"]
    )
    def test_what_is_not_plainly_a_number_proves_nothing(self, to: object) -> None:
        assert Exotel.addressed_to({} if to is ... else {"To": to}, NUMBER)

    def test_zeros_within_a_number_count(self) -> None:
        assert Exotel.addressed_to({"To": "0390612345678"}, "+390612345678")
        assert Exotel.addressed_to({"To": "00612345678"}, "+390612345678")
        assert not Exotel.addressed_to({"To": "039612345678"}, "+390612345678")
