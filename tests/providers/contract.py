"""The contract that every provider keeps. A provider's test class inherits it and says how its vendor speaks."""

import base64
import contextlib
import json
import socket
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from threading import Event
from typing import Any, ClassVar, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import AttemptError, Refused, Unavailable, Uncertain, Unsupported
from herald.message import Message
from herald.message.reasons import REASONS
from herald.message.receipt import Receipt
from herald.message.status import Status
from herald.providers import load
from herald.providers._base import Provider
from tests.providers.endless import endless, with_id
from tests.providers.server import Fault, Reply, Vendor, closed_port, vendor

NOW = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)
NUMBER = "+919741552552"
TEXT = "OTP requested by Mowgli: 271828."
CALLBACK = "https://sms.example.com/receipts/otp-india/AAGaw54pgL9kdhuHbQLywPoAAWsKSrgap9d3_IV0hfff5BRbAQ7x"
READ_TIMEOUT = 0.25
END = 0.6  # Of a call in all.


def a_message(**changes: Any) -> Message:
    """A message that is ready to be sent."""
    values: dict[str, Any] = {
        "id": "msg_00000000000000000000000001",
        "caller": "tests",
        "to": NUMBER,
        "country": "IN",
        "body": TEXT,
        "encoding": "GSM-7",
        "segments": 1,
        "length": len(TEXT),
        "created_at": NOW,
        "updated_at": NOW,
        "expires_at": NOW + timedelta(days=1),
    }
    return Message(**{**values, **changes})


def transport(kind: str, url: str) -> Any:
    """What wiring builds, with a short patience: an ``Http``, or a boto3 client with one attempt."""
    if kind == "http":
        import requests

        from herald.providers._http import Http

        return Http(requests.Session(), timeout=(1, READ_TIMEOUT), seconds=END)
    from botocore.config import Config

    config = Config(connect_timeout=1, read_timeout=READ_TIMEOUT, retries={"total_max_attempts": 1})
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test-secret-key", "region_name": "ap-south-1"}
    return aws().client(kind, endpoint_url=url, config=config, **keys)


@cache
def aws() -> Any:
    """One boto3 session: it keeps the service descriptions, which take most of a client's time."""
    import boto3

    return boto3.session.Session()


class ProviderContract(ABC):
    """What holds for every provider. ``values`` is a channel's block: all its fields, and secrets that stand out."""

    name: ClassVar[str]
    values: ClassVar[Mapping[str, str]]
    accepted: ClassVar[Reply]
    provider_id: ClassVar[str]
    refused: ClassVar[Reply]
    refused_reason: ClassVar[str]
    throttled: ClassVar[Reply]
    retry_after: ClassVar[float | None] = None
    unclear: ClassVar[tuple[Reply, ...]] = (
        Reply(200),
        Reply(200, b"<html>Welcome to our hotspot</html>"),
        Reply(200, b"\xff\xfe\x00"),
        Reply(200, b"[" * 100_000),
        Reply.json([]),
        Reply.json({"status": "ok"}),
        Reply(204),
        Reply(302, b"", {"Location": "http://127.0.0.1:9/"}),
        Reply(307, b"", {"Location": "/elsewhere"}),
        Reply(500),
        Reply(500, b"<html>Internal Server Error</html>"),
        Reply(502),
        Reply(504),
    )
    lost: ClassVar[tuple[Fault, ...]] = ("slow", "drop", "reset", "cut")
    delivered: ClassVar[Mapping[str, Any]]
    """A receipt about a text that is on the phone, with every field that the vendor has, the number too."""
    undelivered: ClassVar[Mapping[str, Any]]
    called_back: ClassVar[Mapping[str, str]] = {}
    """The field in which the vendor gets ``CALLBACK``, or its end as the proof; none if it tells nobody by itself."""

    @abstractmethod
    def sent_fields(self) -> Mapping[str, str]:
        """The exact fields that the vendor gets for ``a_message()`` through ``values``."""

    @pytest.fixture
    def vendor(self) -> Iterator[Vendor]:
        with vendor() as server:
            yield server

    def provider(self, url: str, **changes: str) -> Provider:
        made = load(self.name)
        values = {name: value for name, value in {**self.values, **changes}.items() if value}
        end: Any = {} if made.transport == "http" else {"seconds": END}
        return made(transport(made.transport, url), **{**values, "endpoint_url": url}, **end)

    def failure(self, url: str, message: Message | None = None) -> AttemptError:
        with pytest.raises(AttemptError) as caught:
            self.provider(url).send(message or a_message())
        return caught.value

    def test_it_is_the_type_of_its_file(self) -> None:
        assert load(self.name).name == self.name

    def test_its_values_use_every_field_that_it_declares(self) -> None:
        assert {field.name for field in load(self.name).fields} <= self.values.keys()

    def test_exactly_these_fields_are_sent(self, vendor: Vendor) -> None:
        self.provider(vendor.answers(self.accepted).url).send(a_message())
        assert [call.form for call in vendor.calls] == [self.sent_fields()]

    def test_it_is_told_where_its_receipts_are_awaited_in_the_vendors_own_way_and_in_no_other(
        self, vendor: Vendor
    ) -> None:
        self.provider(vendor.answers(self.accepted).url).send(a_message(), CALLBACK)
        assert [call.form for call in vendor.calls] == [{**self.sent_fields(), **self.called_back}]
        for url in self.called_back.values():
            told = url.partition("#")[0]  # What follows is not called.
            assert CALLBACK.endswith(told) and told.endswith(CALLBACK.partition("/receipts/")[2])

    def test_an_accepted_message_has_the_vendors_id_and_its_whole_answer(self, vendor: Vendor) -> None:
        sent = self.provider(vendor.answers(self.accepted).url).send(a_message())
        assert sent.provider_id == self.provider_id
        assert json.loads(json.dumps(sent.response)) == sent.response

    def test_what_is_kept_of_an_answer_holds_neither_number_nor_text(self, vendor: Vendor) -> None:
        sent = self.provider(vendor.answers(self.accepted).url).send(a_message())
        assert not said_in(json.dumps(sent.kept), NUMBER, NUMBER[1:], TEXT)

    def test_a_text_in_any_script_arrives_as_it_was_written(self, vendor: Vendor) -> None:
        text = "கடவுச்சொல் 271828 🔑 & = + % \n <b>"
        self.provider(vendor.answers(self.accepted).url).send(a_message(body=text, encoding="UCS-2"))
        assert text in vendor.calls[0].form.values()

    @pytest.mark.parametrize("body", [None, "", "half a key \ud83d"])
    def test_without_a_text_nothing_is_sent(self, vendor: Vendor, body: str | None) -> None:
        failure = self.failure(vendor.url, a_message(body=body))
        assert isinstance(failure, Refused)
        assert failure.code == "invalid_text"
        assert vendor.calls == []

    def test_a_refusal_is_final_and_has_its_reason(self, vendor: Vendor) -> None:
        failure = self.failure(vendor.answers(self.refused).url)
        assert isinstance(failure, Refused)
        assert failure.code == self.refused_reason

    def test_a_throttled_message_was_surely_not_sent(self, vendor: Vendor) -> None:
        failure = self.failure(vendor.answers(self.throttled).url)
        assert isinstance(failure, Unavailable)
        assert (failure.code, failure.retry_after) == ("throttled", self.retry_after)

    def test_a_vendor_that_is_out_of_service_did_not_take_the_message(self, vendor: Vendor) -> None:
        assert isinstance(self.failure(vendor.answers(Reply(503)).url), Unavailable)

    def test_an_answer_that_never_comes_or_breaks_off_leaves_it_uncertain(self, vendor: Vendor) -> None:
        for fault in self.lost:
            failure = self.failure(vendor.answers(replace(self.accepted, fault=fault)).url)
            assert isinstance(failure, Uncertain), fault
            assert failure.code == "answer_lost", fault

    def test_an_answer_that_says_neither_yes_nor_no_leaves_it_uncertain(self, vendor: Vendor) -> None:
        for reply in self.unclear:
            assert isinstance(self.failure(vendor.answers(reply).url), Uncertain), reply

    @pytest.mark.parametrize("kind", endless(0))
    def test_an_answer_without_end_leaves_it_uncertain_and_does_not_harm_the_next(
        self, vendor: Vendor, kind: str
    ) -> None:
        provider = self.provider(vendor.answers(endless(READ_TIMEOUT / 5)[kind]).url)
        with pytest.raises(Uncertain) as caught:
            ends_in_time(lambda: provider.send(a_message()))
        self.assert_silent(caught.value)
        assert len(vendor.calls) == 1
        vendor.answers(self.accepted)
        assert provider.send(a_message()).provider_id == self.provider_id

    @pytest.mark.parametrize("length", [65, 400_000])
    def test_an_id_that_the_journal_does_not_keep_leaves_it_uncertain(self, vendor: Vendor, length: int) -> None:
        reply = with_id(self.accepted, self.provider_id, "x" * length)
        assert isinstance(self.failure(vendor.answers(reply).url), Uncertain)

    def test_the_longest_id_is_kept(self, vendor: Vendor) -> None:
        reply = with_id(self.accepted, self.provider_id, "x" * 64)
        assert self.provider(vendor.answers(reply).url).send(a_message()).provider_id == "x" * 64

    @pytest.mark.parametrize("kind", endless(0))
    def test_what_became_of_a_message_is_not_awaited_without_end(self, vendor: Vendor, kind: str) -> None:
        provider = self.provider(vendor.answers(self.accepted).url)
        if load(self.name).keeps_status:
            sent = provider.send(a_message())
            vendor.answers(endless(READ_TIMEOUT / 5)[kind])
            with pytest.raises(Unavailable):
                ends_in_time(lambda: provider.status(sent.response))

    def test_who_keeps_no_list_says_so_and_asks_nobody(self, vendor: Vendor) -> None:
        if not load(self.name).lists:
            with pytest.raises(Unsupported):
                self.provider(vendor.url).listed(a_message(), NOW, NOW)
            assert vendor.calls == []

    def test_a_look_up_of_the_name_that_hangs_sent_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        over = Event()
        monkeypatch.setattr(socket, "getaddrinfo", lambda *name, **options: over.wait(60))
        failure = ends_in_time(lambda: self.failure("https://vendor.invalid"))
        over.set()
        assert isinstance(failure, Unavailable)

    def test_a_connection_that_never_stood_sent_nothing(self) -> None:
        assert isinstance(self.failure(f"http://127.0.0.1:{closed_port()}"), Unavailable)

    def test_a_name_that_does_not_resolve_sent_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(socket, "getaddrinfo", no_such_name)
        assert isinstance(self.failure("https://vendor.invalid"), Unavailable)

    def test_a_handshake_that_fails_sent_nothing(self, vendor: Vendor) -> None:
        assert isinstance(self.failure(vendor.url.replace("http:", "https:")), Unavailable)
        assert vendor.calls == []

    def test_one_send_is_one_request_whatever_goes_wrong(self, vendor: Vendor) -> None:
        for reply in self.everything():
            vendor.calls.clear()
            provider = self.provider(vendor.answers(reply).url)
            with contextlib.suppress(AttemptError):
                provider.send(a_message())
            assert len(vendor.calls) == 1, reply

    def test_no_error_tells_number_text_or_secret(self, vendor: Vendor) -> None:
        for reply in self.everything():
            if reply is not self.accepted:
                self.assert_silent(self.failure(vendor.answers(reply).url))
        self.assert_silent(self.failure(f"http://127.0.0.1:{closed_port()}"))
        self.assert_silent(self.failure(vendor.url.replace("http:", "https:")))

    def test_no_url_tells_number_text_or_secret(self, vendor: Vendor) -> None:
        self.provider(vendor.answers(self.accepted).url).send(a_message())
        assert not [call.path for call in vendor.calls if said_in(call.path, *self.hidden())]

    def test_its_repr_tells_no_secret(self, vendor: Vendor) -> None:
        provider = self.provider(vendor.url)
        assert not said_in(repr(provider) + str(provider), *self.hidden())

    def test_one_account_sends_again_after_every_failure(self, vendor: Vendor) -> None:
        provider = self.provider(vendor.url)
        for reply in self.everything():
            vendor.answers(reply, self.accepted)
            with contextlib.suppress(AttemptError):
                provider.send(a_message())
            vendor.answers(self.accepted)
            assert provider.send(a_message()).provider_id == self.provider_id, reply

    def test_its_words_for_what_does_not_arrive_are_all_reasons(self) -> None:
        words = load(self.name).words
        assert words
        assert set(words.values()) <= REASONS.keys()
        assert all(words)

    def test_a_receipt_says_that_the_text_is_on_the_phone_and_when(self) -> None:
        receipt = load(self.name).parse_receipt(self.delivered)
        assert (receipt.status, receipt.reason) == (Status.DELIVERED, None)
        assert receipt.provider_id
        assert receipt.at is not None and receipt.at.tzinfo is UTC

    def test_a_receipt_says_that_the_text_did_not_arrive_and_why(self) -> None:
        receipt = load(self.name).parse_receipt(self.undelivered)
        assert receipt.status is Status.UNDELIVERED
        assert receipt.reason is not None and receipt.reason.code != "unexplained"
        assert receipt.provider_id

    @pytest.mark.parametrize("said", [{}, {"": ""}, {"a word of next year": NUMBER}])
    def test_what_says_nothing_is_unknown_and_tells_nothing(self, said: Mapping[str, Any]) -> None:
        assert load(self.name).parse_receipt(said) == Receipt("", Status.UNKNOWN)

    def test_no_receipt_crashes_it_and_each_has_a_status_that_a_receipt_may_have(self) -> None:
        provider = load(self.name)

        @given(alike(self.delivered) | alike(self.undelivered) | st.dictionaries(st.text(), JSON))
        def holds(said: Mapping[str, Any]) -> None:
            receipt = provider.parse_receipt(said)
            assert receipt.status in (Status.SENT, Status.DELIVERED, Status.UNDELIVERED, Status.UNKNOWN)
            assert (receipt.reason is not None) == (receipt.status is Status.UNDELIVERED)
            assert receipt.at is None or receipt.at.tzinfo is UTC
            assert receipt.price is None or float(receipt.price) >= 0
            assert json.loads(json.dumps(receipt.raw, allow_nan=False)) == receipt.raw
            json.dumps(receipt.raw, ensure_ascii=False).encode()
            assert provider.addressed_to(said, NUMBER) in (True, False)

        holds()

    def test_what_is_kept_of_a_receipt_holds_neither_number_nor_text(self) -> None:
        for said in (self.delivered, self.undelivered):
            assert said_in(json.dumps(said), NUMBER[3:])
            repeated = dict.fromkeys(("Body", "CustomField", "From", "body", "message", "text"), TEXT)
            receipt = load(self.name).parse_receipt({**repeated, **said})
            assert receipt.raw
            assert not said_in(json.dumps(receipt.raw) + repr(receipt), NUMBER[3:], TEXT)

    def test_no_field_of_a_receipt_can_carry_a_number_or_a_code_into_what_is_kept(self) -> None:
        for place in leaves(self.delivered):
            for gossip in (NUMBER, NUMBER[1:], int(NUMBER), f"to {NUMBER[:8]} {NUMBER[8:]}", TEXT, TEXT * 99):
                receipt = load(self.name).parse_receipt(changed(self.delivered, place, gossip))
                assert not said_in(json.dumps(receipt.raw), NUMBER[3:], NUMBER[3:8], NUMBER[8:], "271828"), place
                assert len(json.dumps(receipt.raw)) < 2000

    def test_a_callback_that_names_no_number_may_be_about_any(self) -> None:
        assert load(self.name).addressed_to({}, NUMBER)

    def everything(self) -> tuple[Reply, ...]:
        """Every answer there is, each failing one repeating what must not be told."""
        gossip = " ".join(self.hidden())
        html = tuple(Reply(status, f"<html>{gossip}</html>".encode()) for status in (200, 400, 401, 403, 404, 418, 500))
        lost = tuple(replace(self.accepted, fault=fault) for fault in self.lost)
        return (self.accepted, self.refused, self.throttled, *lost, *self.unclear, *html)

    def hidden(self) -> tuple[str, ...]:
        """What may stand in no error, repr or URL, also as Base64 and without the plus."""
        secrets = [self.values[field.name] for field in load(self.name).fields if field.secret]
        encoded = [base64.b64encode(secret.encode()).decode().rstrip("=")[:-1] for secret in secrets]
        return (NUMBER, NUMBER[1:], TEXT, *secrets, *encoded)

    def assert_silent(self, error: AttemptError) -> None:
        told = "".join(traceback.format_exception(error)) + repr(error) + str(error) + repr(error.response)
        assert not said_in(told, *self.hidden())
        assert error.__cause__ is None
        assert error.__context__ is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def alike(said: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Receipts with the fields of ``said``, each as it is there, or missing, or with any value."""
    return st.fixed_dictionaries(
        {},
        optional={
            name: st.just(value) | JSON | (alike(value) if isinstance(value, Mapping) else st.nothing())
            for name, value in said.items()
        },
    )


def leaves(said: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """The way to every value in ``said`` that holds no others."""
    for name, value in said.items():
        if isinstance(value, Mapping):
            yield from ((name, *inner) for inner in leaves(value))
        else:
            yield (name,)


def changed(said: Mapping[str, Any], place: tuple[str, ...], value: object) -> dict[str, Any]:
    """``said`` with another value at ``place``."""
    name, *inner = place
    return {**said, name: changed(said[name], tuple(inner), value) if inner else value}


def no_such_name(*name: object, **options: object) -> NoReturn:
    """Stands for the resolver: a question about a name would leave this machine."""
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def ends_in_time(call: Callable[[], Any]) -> Any:
    """What a call returns or raises, which is over long before anything here would end by itself."""
    begun = time.monotonic()
    try:
        return call()
    finally:
        assert time.monotonic() - begun < 15


def said_in(told: str, *hidden: str) -> list[str]:
    """Those of ``hidden`` that ``told`` holds."""
    return [word for word in hidden if word in told]
