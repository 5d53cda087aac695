"""End User Messaging's twin on the laptop: what boto3 and Herald's adapter send, ask and are told, on real sockets."""

import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from herald.errors import AttemptError, Refused, Unavailable, Uncertain
from herald.message.status import Status
from herald.providers.endusermessaging import EndUserMessaging
from local.carrier.fates import FATES, NUMBERS
from local.carrier.faults import Fault
from local.carrier.manners import Manner
from local.carrier.vendors import endusermessaging as twin
from local.carrier.vendors._base import LATE_FAULTS, Shared
from local.carrier.vendors._eventbridge import DefaultBus
from local.server import Server
from tests.builders import a_message
from tests.local.carrier.caller import Clock
from tests.local.carrier.vendors.patient import SLOWER, client
from tests.local.waiting import until

TO, TEXT = "+919741552552", "Your code is 1234"
CALLBACK = "https://sms.example.com/receipts/eum/AAGaw54pgL9kdhuHbQLywPoAAWsKSrgap9d3_IV0hfff5BRbAQ7x"


class Bus(DefaultBus):
    """Keeps what is put on it; the first ``failing`` events are not taken."""

    def __init__(self, failing: int = 0) -> None:
        super().__init__("")
        self.events: list[Mapping[str, Any]] = []
        self.failing = failing

    def put(self, event: Mapping[str, Any]) -> None:
        if self.failing:
            self.failing -= 1
            raise OSError
        self.events.append(event)


class Phones:
    """The twin behind a server of its own, a client of boto3 and Herald's channel there."""

    def __init__(self, engine_url: str = "http://127.0.0.1:9") -> None:
        self.clock, self.bus = Clock(), Bus()
        self.shared = Shared(clock=self.clock, engine_url=engine_url)
        self.vendor = twin.EndUserMessaging(self.shared, self.bus)
        self.vendor.start()
        self.server = Server(0, lambda request: self.vendor.answer(request) or twin.UNSIGNED, slow=SLOWER)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.client = client("pinpoint-sms-voice-v2", self.url)
        self.account = EndUserMessaging(self.client, **self.vendor.channel(self.url))

    def send(self, to: str = TO, callback: str | None = CALLBACK, **fields: Any) -> str:
        return self.account.send(a_message(to=to, body=TEXT, **fields), callback).provider_id

    def fails(self, fault: str) -> None:
        self.shared.faults.add(Fault("endusermessaging", fault, 1))

    def texts(self) -> list[Any]:
        return self.shared.handset.texts()

    def stop(self) -> None:
        self.server.stop()
        self.vendor.stop()


@pytest.fixture
def phones() -> Iterator[Phones]:
    made = Phones()
    yield made
    made.stop()


def refused(call: Any, **asked: Any) -> tuple[str, str | None]:
    """How AWS refuses: the error, and its Reason."""
    with pytest.raises(ClientError) as caught:
        call(**asked)
    response: Any = caught.value.response
    return response["Error"]["Code"], response.get("Reason")


def test_a_text_is_on_the_phone(phones: Phones) -> None:
    identity = phones.send()
    (text,) = phones.texts()
    assert (text.provider, text.to, text.sender, text.body, text.id) == (
        "endusermessaging", TO, "HERALD", TEXT, identity,
    )  # fmt: skip
    assert text.fields["Context.herald_receipts"] == CALLBACK.partition("/receipts/")[2]
    assert text.fields["TimeToLive"] == "86400"


def test_boto3_sends_as_it_does_to_aws(phones: Phones) -> None:
    assert phones.client.send_text_message(DestinationPhoneNumber="919741552552", MessageBody="Hi")["MessageId"]
    assert [(text.to, text.sender) for text in phones.texts()] == [(TO, None)]


def test_a_dry_run_sends_nothing(phones: Phones) -> None:
    assert phones.client.send_text_message(DestinationPhoneNumber=TO, MessageBody="Hi", DryRun=True)["MessageId"]
    assert phones.texts() == []


@pytest.mark.parametrize("ending", [ending for ending, told in FATES.items() if told.word not in ("", *twin.REFUSED)])
def test_each_fate_is_told_by_an_event_that_herald_reads(phones: Phones, ending: str) -> None:
    told = FATES[ending]
    phones.shared.manners.add(Manner(delay=0.0))
    identity = phones.send(NUMBERS + ending)
    until(lambda: len(phones.bus.events) == told.copies + told.disorder)
    first = phones.bus.events[0]
    (entry,) = EndUserMessaging.entries(first)
    receipt = EndUserMessaging.parse_receipt(entry)
    ends = {"failed": Status.UNDELIVERED, "unknown": Status.UNKNOWN, "sent": Status.SENT}
    assert (receipt.provider_id, receipt.status) == (identity, ends.get(told.receipt or "", Status.DELIVERED))
    if receipt.reason and twin.WORDS[told.word] is not twin.NO_CAUSE:
        assert receipt.reason.code == told.what
    assert EndUserMessaging.proof(entry) == CALLBACK.partition("/receipts/")[2]
    assert "destinationPhoneNumber" not in entry and TO[3:] not in str(first)
    assert [text.receipt for text in phones.texts()] == [told.receipt]


def test_with_disorder_what_comes_last_is_older_and_says_that_more_is_to_come(phones: Phones) -> None:
    phones.shared.manners.add(Manner(delay=0.0, disorder=True, copies=2))
    phones.send()
    until(lambda: len(phones.bus.events) == 3)
    told = [(each["detail"]["eventType"], each["detail"]["isFinal"]) for each in phones.bus.events]
    assert sorted(told) == [("TEXT_DELIVERED", True), ("TEXT_DELIVERED", True), ("TEXT_PENDING", False)]


def test_an_event_that_is_not_taken_comes_again_and_is_given_up_in_the_end(
    phones: Phones, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twin, "AGAIN", 0.0)
    phones.bus.failing = 2
    phones.shared.manners.add(Manner(delay=0.0, count=2))
    phones.send()
    until(lambda: len(phones.bus.events) == 1)
    phones.bus.failing = twin.TRIES
    phones.send()
    until(lambda: not phones.bus.failing)
    assert len(phones.bus.events) == 1


def test_a_silent_number_is_never_told_of_and_without_an_engine_nobody_is() -> None:
    phones = Phones(engine_url="")
    phones.shared.manners.add(Manner(delay=0.0))
    phones.send()
    phones.stop()
    assert phones.bus.events == []


@pytest.mark.parametrize(
    ("ending", "reason"), [(end, told.what) for end, told in FATES.items() if told.word in twin.REFUSED]
)
def test_what_aws_would_not_take_it_refuses_at_once_with_its_reason(phones: Phones, ending: str, reason: str) -> None:
    with pytest.raises(Refused) as caught:
        phones.send(NUMBERS + ending)
    assert (caught.value.code, phones.texts()) == (reason, [])


FAULTS: Mapping[str, tuple[type[AttemptError], str]] = {
    "refuse": (Refused, "request_refused"),
    "429": (Unavailable, "throttled"),
    "500": (Uncertain, "answer_unclear"),
    "503": (Unavailable, "provider_unavailable"),
    "slow": (Uncertain, "answer_lost"),
    "drop_reply": (Uncertain, "answer_lost"),
    "cut_reply": (Uncertain, "answer_lost"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_ends_as_it_does_at_aws_and_only_a_late_one_was_a_text(phones: Phones, fault: str) -> None:
    phones.fails(fault)
    with pytest.raises(AttemptError) as caught:
        phones.send()
    assert (type(caught.value), caught.value.code) == FAULTS[fault]
    assert len(phones.texts()) == (fault in LATE_FAULTS)
    phones.send()


def test_every_fault_that_is_offered_is_tried_here(phones: Phones) -> None:
    assert set(phones.vendor.offered) == set(FAULTS)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"DestinationPhoneNumber": "12 34"}, "DestinationPhoneNumber"), ({"MessageBody": " "}, "MessageBody"),
        ({"MessageBody": "x" * 1601}, "MessageBody"), ({"OriginationIdentity": "a b"}, "OriginationIdentity"),
        ({"MessageType": "OTP"}, "MessageType"), ({"TimeToLive": 4}, "TimeToLive"),
        ({"TimeToLive": 259_201}, "TimeToLive"), ({"MaxPrice": "1"}, "MaxPrice"),
        ({"Context": {str(n): "1" for n in range(6)}}, "Context"),
    ],
)  # fmt: skip
def test_a_parameter_that_aws_would_not_take_is_named(phones: Phones, wrong: dict[str, Any], field: str) -> None:
    phones.fails("500")  # It is used up by no text that is wrong in itself.
    asked = {"DestinationPhoneNumber": TO, "MessageBody": "Hi", **wrong}
    with pytest.raises(ClientError) as caught:
        phones.client.send_text_message(**asked)
    response: Any = caught.value.response
    assert (response["Error"]["Code"], response["Reason"]) == ("ValidationException", "FIELD_VALIDATION_FAILED")
    assert [each["Name"] for each in response["Fields"]] == [field]
    assert [fault.fault for fault in phones.shared.faults.pending()] == ["500"]


@pytest.mark.parametrize(
    ("most", "parts", "taken"), [("0.00278", 1, True), ("0.00277", 1, False), ("0.00555", 2, False)]
)
def test_a_text_above_its_maximum_price_is_refused(phones: Phones, most: str, parts: int, taken: bool) -> None:
    asked = {"DestinationPhoneNumber": TO, "MessageBody": "x" * (161 if parts == 2 else 1), "MaxPrice": most}
    if taken:
        phones.client.send_text_message(**asked)
    else:
        assert refused(phones.client.send_text_message, **asked) == ("ValidationException", "PRICE_OVER_THRESHOLD")


def test_who_is_on_a_list_gets_nothing_until_taken_off(phones: Phones) -> None:
    listed = {"OptOutListName": "Default", "OptedOutNumber": TO}
    for _ in range(2):
        phones.client.put_opted_out_number(**listed)
    with pytest.raises(Refused) as caught:
        phones.send()
    assert caught.value.code == "opted_out"
    pages = phones.client.describe_opted_out_numbers(OptOutListName="Default")
    assert [each["OptedOutNumber"] for each in pages["OptedOutNumbers"]] == [TO]
    phones.client.delete_opted_out_number(**listed)
    assert phones.send()


def test_a_list_is_told_in_pages(phones: Phones) -> None:
    phones.vendor.opted_out["Default"] = dict.fromkeys(f"+9197415{number:05}" for number in range(250))
    pages = list(phones.client.get_paginator("describe_opted_out_numbers").paginate(OptOutListName="Default"))
    assert [len(page["OptedOutNumbers"]) for page in pages] == [100, 100, 50]
    told = [each["OptedOutNumber"] for page in pages for each in page["OptedOutNumbers"]]
    assert told == list(phones.vendor.opted_out["Default"])


@pytest.mark.parametrize("operation", ["describe_opted_out_numbers", "put_opted_out_number", "delete_opted_out_number"])
def test_a_list_that_is_not_there_is_said(phones: Phones, operation: str) -> None:
    number = {} if operation.startswith("describe") else {"OptedOutNumber": TO}
    assert (
        refused(getattr(phones.client, operation), OptOutListName="Nowhere", **number)[0] == "ResourceNotFoundException"
    )


def test_another_operation_is_not_known(phones: Phones) -> None:
    assert refused(phones.client.describe_keywords) == ("ValidationException", "UNKNOWN_OPERATION")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
def test_what_is_not_signed_or_is_no_object_is_refused(phones: Phones, body: bytes) -> None:
    target = {"X-Amz-Target": "PinpointSMSVoiceV2.SendTextMessage"}
    scope = {"Authorization": "AWS4-HMAC-SHA256 Credential=a/20261128/us-east-1/sms-voice/aws4_request, Signature=0"}
    for headers, status in ((target, 403), (target | scope, 400)):
        assert requests.post(phones.url, body, headers=headers, timeout=5).status_code == status
    assert phones.texts() == []
