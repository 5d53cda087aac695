"""The contract of a provider that lists what it took: its list is read to its end, or it says nothing."""

import re
from abc import abstractmethod
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from herald.errors import Refused, Unavailable
from herald.message.receipt import Listed
from herald.message.status import Status
from herald.providers import load
from tests.providers.contract import (
    JSON,
    NOW,
    NUMBER,
    READ_TIMEOUT,
    TEXT,
    ProviderContract,
    a_message,
    alike,
    ends_in_time,
    said_in,
)
from tests.providers.endless import endless
from tests.providers.server import Call, Reply, Vendor

SINCE, UNTIL = NOW - timedelta(seconds=5), NOW + timedelta(seconds=20)
MOST_REQUESTS = 10


class ListingContract(ProviderContract):
    """What holds for a provider whose ``lists`` is True."""

    @abstractmethod
    def an_entry(self, number: int, **changes: Any) -> dict[str, Any]:
        """An entry of the vendor's list for ``a_message()``, taken at ``NOW``, with an id of its own."""

    @abstractmethod
    def a_page(self, *entries: object, following: object = None) -> Reply:
        """A page of the list. ``following`` is what the vendor writes where the next page is."""

    @property
    @abstractmethod
    def next_page(self) -> str:
        """What the vendor writes where there is another page."""

    def listed(self, vendor: Vendor, *replies: Reply) -> list[Listed]:
        vendor.answers(*replies)
        return list(self.provider(vendor.url).listed(a_message(), SINCE, UNTIL))

    def refuses_to_say(self, vendor: Vendor, *replies: Reply) -> list[Call]:
        """What was asked before it was plain that the list cannot be had whole."""
        vendor.calls.clear()
        with pytest.raises(Unavailable) as caught:
            self.listed(vendor, *replies)
        self.assert_silent(caught.value)
        return vendor.calls

    def test_it_says_that_it_lists(self) -> None:
        assert load(self.name).lists

    def test_a_text_in_the_list_has_its_id_its_text_and_when_it_was_taken(self, vendor: Vendor) -> None:
        (found,) = self.listed(vendor, self.a_page(self.an_entry(1)))
        assert (found.body, found.at) == (TEXT, NOW)
        assert found.sent.provider_id
        assert not said_in(str(found.sent.kept) + repr(found), NUMBER, NUMBER[1:], TEXT)

    def test_what_is_listed_reads_as_a_receipt(self, vendor: Vendor) -> None:
        (found,) = self.listed(vendor, self.a_page(self.an_entry(1)))
        receipt = load(self.name).receipt(found.sent.response)
        assert (receipt.provider_id, receipt.status) == (found.sent.provider_id, Status.SENT)

    def test_it_asks_for_the_number_and_never_tells_a_text_or_a_secret_in_the_url(self, vendor: Vendor) -> None:
        self.listed(vendor, self.a_page())
        secrets = [secret for secret in self.hidden() if secret not in (NUMBER, NUMBER[1:])]
        assert [call.method for call in vendor.calls] == ["GET"]
        assert not said_in(vendor.calls[0].path, *secrets)

    def test_all_pages_are_read(self, vendor: Vendor) -> None:
        first = self.a_page(self.an_entry(1), self.an_entry(2), following=self.next_page)
        found = self.listed(vendor, first, self.a_page(self.an_entry(3)))
        assert len({text.sent.provider_id for text in found}) == len(found) == 3
        assert len(vendor.calls) == 2

    def test_a_text_that_two_pages_show_is_one(self, vendor: Vendor) -> None:
        first = self.a_page(self.an_entry(1), following=self.next_page)
        assert len(self.listed(vendor, first, self.a_page(self.an_entry(1), self.an_entry(2)))) == 2

    def test_a_list_without_end_is_left_alone(self, vendor: Vendor) -> None:
        calls = self.refuses_to_say(vendor, self.a_page(self.an_entry(1), following=self.next_page))
        assert 1 < len(calls) <= MOST_REQUESTS

    @pytest.mark.parametrize(
        "elsewhere",
        [
            "https://vendor.invalid/x",
            "//vendor.invalid/x",
            "@vendor.invalid/",
            "/elsewhere",
            "",
            7,
            True,
            ["x"],
            {"a": 1},
        ],
    )
    def test_another_page_that_is_not_of_this_list_is_not_asked_for(self, vendor: Vendor, elsewhere: object) -> None:
        assert len(self.refuses_to_say(vendor, self.a_page(self.an_entry(1), following=elsewhere))) == 1

    def test_a_page_that_cannot_be_had_leaves_nothing_of_the_others(self, vendor: Vendor) -> None:
        first = self.a_page(self.an_entry(1), following=self.next_page)
        for reply in (Reply(500), Reply(503), Reply(429), Reply(200), Reply.json([]), Reply(302), *self.lost_pages()):
            assert len(self.refuses_to_say(vendor, first, reply)) == 2, reply

    def test_an_account_that_is_refused_is_told_so(self, vendor: Vendor) -> None:
        with pytest.raises(Refused) as caught:
            self.listed(vendor, Reply(401))
        assert caught.value.code == "credentials_refused"

    @pytest.mark.parametrize("kind", endless(0))
    def test_a_page_without_end_is_not_awaited(self, vendor: Vendor, kind: str) -> None:
        ends_in_time(lambda: self.refuses_to_say(vendor, endless(READ_TIMEOUT / 5)[kind]))

    def test_an_entry_whose_id_or_time_cannot_be_read_leaves_nothing(self, vendor: Vendor) -> None:
        for wrong in self.unreadable():
            assert self.refuses_to_say(vendor, self.a_page(self.an_entry(1), wrong)), wrong

    @abstractmethod
    def unreadable(self) -> tuple[object, ...]:
        """Entries that are none, or say neither what nor when they are."""

    def test_what_is_for_another_number_sender_or_time_is_left_out(self, vendor: Vendor) -> None:
        for other in self.of_others():
            found = self.listed(vendor, self.a_page(other, self.an_entry(2)))
            assert len(found) == 1, other

    @abstractmethod
    def of_others(self) -> tuple[dict[str, Any], ...]:
        """Entries that cannot be of ``a_message()``."""

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60)
    @given(data=st.data())
    def test_whatever_a_list_says_it_is_read_or_left_alone_and_each_of_it_may_be_ours(
        self, vendor: Vendor, data: st.DataObject
    ) -> None:
        entry = self.an_entry(1)
        page = data.draw(st.lists(alike(entry) | JSON, max_size=3))
        following = data.draw(st.none() | st.just(self.next_page) | JSON)
        vendor.answers(self.a_page(*page, following=following))
        try:
            found = self.provider(vendor.url).listed(a_message(), SINCE, UNTIL)
        except Unavailable:
            return
        assert all(SINCE <= text.at <= UNTIL and isinstance(text.body, str) for text in found)
        assert all(re.fullmatch(r"[0-9A-Za-z-]{16,64}", text.sent.provider_id) for text in found)

    def lost_pages(self) -> tuple[Reply, ...]:
        return tuple(replace(self.a_page(self.an_entry(1)), fault=fault) for fault in self.lost)
