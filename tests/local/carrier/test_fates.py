"""The magic numbers: each is a number that somebody could have, and means what the docs and the providers say."""

import re
from datetime import UTC, datetime
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.message.reasons import REASONS
from herald.message.status import Status
from herald.pipeline.send import simulate
from herald.providers import amazonsns, exotel, load
from local.carrier import fates
from local.carrier.fates import FATES, Fate, fate
from local.carrier.handset import Text
from local.carrier.vendors import endusermessaging
from local.carrier.vendors._amazonsns_log import said
from local.carrier.vendors._exotel_forms import callback
from local.carrier.vendors.amazonsns import NO_CAUSE
from local.carrier.vendors.amazonsns import WORDS as SNS
from local.carrier.vendors.exotel import UNEXPLAINED
from local.carrier.vendors.exotel import WORDS as EXOTEL
from local.carrier.vendors.twilio import UNEXPLAINED as UNEXPLAINED_BY_TWILIO
from local.carrier.vendors.twilio import WORDS as TWILIO

PAGE = Path(__file__).resolve().parents[3] / "docs" / "laptop.md"
NOW = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)
FAILING = {ending: told for ending, told in FATES.items() if told.receipt == "failed"}
# What Herald makes of Exotel's words, and of SNS's.
NO_FAILURE = {
    "delivered": (Status.DELIVERED, Status.DELIVERED),
    "sent": (Status.DELIVERED, Status.SENT),  # Where Exotel gets no word of the phone, the carrier's is its last one.
    "unknown": (Status.UNKNOWN, Status.UNKNOWN),
}


def text(to: str) -> Text:
    return Text("amazonsns", to, "ACME", "Hello", "m-1", NOW, {"PhoneNumber": to})


@pytest.mark.parametrize("ending", FATES)
def test_a_magic_number_is_a_mobile_number_of_india(ending: str) -> None:
    number = phonenumbers.parse(fates.NUMBERS + ending)
    assert phonenumbers.is_valid_number(number)
    assert phonenumbers.region_code_for_number(number) == "IN"
    assert phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE


@pytest.mark.parametrize("written", ["+919876500003", "+91 98765 00003", "09876500003", "9876-500-003", "919876500003"])
def test_a_magic_number_works_in_every_way_of_writing_it(written: str) -> None:
    assert fate(written) is FATES["03"]


@given(number=st.integers(10**7, 10**15 - 1).map(lambda digits: f"+{digits}"))
def test_every_other_number_gets_its_texts(number: str) -> None:
    expected = FATES.get(number[-2:], FATES["00"]) if number[1:-2] == "9198765000" else FATES["00"]
    assert fate(number) is expected


def test_a_magic_number_that_is_not_in_the_table_gets_its_texts() -> None:
    assert "77" not in FATES
    assert fate(fates.NUMBERS + "77") is FATES["00"]


def test_texts_fail_for_the_reasons_for_which_those_of_a_key_for_tests_do() -> None:
    assert {ending: told.what for ending, told in FAILING.items()} == simulate.FATES
    assert [ending for ending, told in FATES.items() if not told.receipt] == [simulate.SILENT]
    assert all(simulate.MAGIC.fullmatch(fates.NUMBERS + ending) for ending in FATES)


@pytest.mark.parametrize("told", FAILING.values(), ids=lambda told: told.what)
def test_each_way_to_fail_is_named_by_its_reason_and_herald_understands_it(told: Fate) -> None:
    assert told.what in REASONS
    form = load("exotel").parse_receipt(
        callback("a" * 32, {"To": "+919876500001", "Body": "Hi"}, EXOTEL[told.word], NOW)
    )
    entry = load("amazonsns").parse_receipt(said(text("+919876500001"), SNS[told.word], 1.0))
    assert (form.status, entry.status) == (Status.UNDELIVERED, Status.UNDELIVERED)
    assert form.reason and entry.reason
    assert form.reason.code == ("unexplained" if EXOTEL[told.word] == UNEXPLAINED else told.what)
    assert entry.reason.code == ("unexplained" if SNS[told.word] == NO_CAUSE else told.what)


@pytest.mark.parametrize("told", FAILING.values(), ids=lambda told: told.what)
def test_at_least_one_vendor_has_words_for_each_way_to_fail(told: Fate) -> None:
    assert told.what == "unexplained" or (EXOTEL[told.word], SNS[told.word]) != (UNEXPLAINED, NO_CAUSE)


@pytest.mark.parametrize("told", [f for f in FATES.values() if f.receipt in NO_FAILURE], ids=lambda told: told.what)
def test_what_does_not_fail_is_understood_too(told: Fate) -> None:
    form = load("exotel").parse_receipt(
        callback("a" * 32, {"To": "+919876500001", "Body": "Hi"}, EXOTEL[told.word], NOW)
    )
    entry = load("amazonsns").parse_receipt(said(text("+919876500001"), SNS[told.word], 1.0))
    assert (form.status, entry.status) == NO_FAILURE[str(told.receipt)]


def test_there_is_a_number_for_every_reason_in_the_tables_of_the_vendors() -> None:
    reasons = {*exotel.FAILURES.values(), *amazonsns.FAILURES.values()}
    assert reasons == {told.what for told in FAILING.values()}


def test_the_docs_have_the_table_of_the_code() -> None:
    rows = re.findall(
        r"^\| `(\d\d)` \| (.+?) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$",
        PAGE.read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert rows == [(ending, *shown(told)) for ending, told in FATES.items()]


def test_the_page_is_told_of_each_number() -> None:
    listed = fates.listed()
    assert [entry["to"][-2:] for entry in listed] == list(FATES)
    assert listed[3] == {"to": "+919876500003", "what": "spam"}


def shown(told: Fate) -> tuple[str, str, str, str, str]:
    """A row of the page's table: what becomes of the text, Exotel's words, Twilio's, SNS's, End User Messaging's."""
    what = f"`{told.what}`" if told.receipt == "failed" else told.what
    if not told.receipt:
        return what, "-", "-", "-", "-"
    exotel, twilio, sns, explained = EXOTEL[told.word], TWILIO[told.word], SNS[told.word], told.what != "unexplained"
    of_exotel = "-" if explained and exotel == UNEXPLAINED else f"`{exotel.status}` {exotel.code}"
    of_twilio = f"`{twilio.status}`" + (f" {twilio.error}" if twilio.error else "")
    of_twilio = "-" if explained and twilio == UNEXPLAINED_BY_TWILIO else of_twilio
    return what, of_exotel, of_twilio, "-" if explained and sns == NO_CAUSE else sns.text, of_end_user_messaging(told)


def of_end_user_messaging(told: Fate) -> str:
    """What it says of such a text: an event, or at once why not."""
    if refused := endusermessaging.REFUSED.get(told.word):
        assert isinstance(refused.content, dict)
        return f"refused: `{refused.content['Reason']}`"
    state, explained = endusermessaging.WORDS[told.word], told.what != "unexplained"
    return "-" if explained and state == endusermessaging.NO_CAUSE else f"`{state.type}`"
