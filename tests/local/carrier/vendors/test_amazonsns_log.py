"""SNS's delivery log, as the carrier writes it into the engine's CloudWatch Logs."""

import json
import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from local.carrier.fates import FATES, NUMBERS
from local.carrier.handset import Text
from local.carrier.vendors._amazonsns_log import said
from local.carrier.vendors._base import Shared
from local.carrier.vendors.amazonsns import BY_CARRIER, WORDS, AmazonSNS
from local.engine import asking_once
from tests.local.carrier.caller import Caller, running
from tests.local.waiting import threads, until

GROUP = "sns/us-east-1/000000000000/DirectPublishToPhoneNumber"
FAILURES = f"{GROUP}/Failure"
NOW = datetime(2026, 11, 25, 3, 30, 0, 123_456, tzinfo=UTC)
THREADS = {"sns", "delivery-log", "callbacks"}


class Sns:
    """The engine's SNS and its logs, as anybody with boto3 sees them."""

    def __init__(self, engine: str) -> None:
        self._sns, self._logs = asking_once("sns", engine), asking_once("logs", engine)

    def publish(self, to: str, body: str = "Hello") -> str:
        """Returns the message's id."""
        return str(self._sns.publish(PhoneNumber=to, Message=body)["MessageId"])

    def told(self, message: str) -> list[tuple[str, dict[str, Any]]]:
        """The entries about a message: (log group, entry), in order."""
        found = []
        for group in (GROUP, FAILURES):
            with suppress(self._logs.exceptions.ResourceNotFoundException):
                events = self._logs.filter_log_events(logGroupName=group)["events"]
                found += [(event["timestamp"], group, json.loads(event["message"])) for event in events]
        ours = [each for each in found if each[2]["notification"]["messageId"] == message]
        return [(group, entry) for _, group, entry in sorted(ours, key=lambda each: each[0])]

    def close(self) -> None:
        self._sns.close()
        self._logs.close()


@pytest.fixture
def sns(engine: str) -> Iterator[Sns]:
    sns = Sns(engine)
    yield sns
    sns.close()


@pytest.fixture
def caller(engine: str) -> Iterator[Caller]:
    """A carrier that knows all texts of the engine so far, so that manners are for those that follow."""
    with running(engine) as (_, caller):
        caller.texts()
        yield caller


def test_a_text_of_sns_is_told_of_by_itself_though_nobody_looks_at_the_phones(caller: Caller, sns: Sns) -> None:
    message = sns.publish("+919741552552")
    until(lambda: bool(sns.told(message)))
    ((group, entry),) = sns.told(message)
    assert group == GROUP
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}", entry["notification"].pop("timestamp"))
    assert entry == {
        "notification": {"messageId": message},
        "delivery": {
            "phoneCarrier": "Herald Mobile",
            "mnc": 0,
            "mcc": 404,
            "numberOfMessageParts": 1,
            "destination": "+919741552552",
            "priceInUSD": 0.00278,
            "smsType": "Promotional",
            "providerResponse": "Message has been accepted by phone",
            "dwellTimeMs": 1000,
            "dwellTimeMsUntilDeviceAck": 1000,
        },
        "status": "SUCCESS",
    }
    assert next(text for text in caller.texts() if text["id"] == message)["receipt"] == "delivered"


def test_a_failure_is_told_in_its_own_group(caller: Caller, sns: Sns) -> None:
    caller.json("POST", "/receipts", {"delay": 0})
    message = sns.publish(NUMBERS + "06")
    until(lambda: bool(sns.told(message)))
    ((group, entry),) = sns.told(message)
    assert (group, entry["status"]) == (FAILURES, "FAILURE")
    assert entry["delivery"]["providerResponse"] == "Phone is currently unreachable/unavailable"
    assert next(text for text in caller.texts() if text["id"] == message)["receipt"] == "failed"


def test_copies_and_disorder_come_as_they_were_asked_for(caller: Caller, sns: Sns) -> None:
    caller.json("POST", "/receipts", {"delay": 0, "copies": 2, "disorder": True})
    message = sns.publish("+919741552552")
    until(lambda: len(sns.told(message)) == 3)
    answers = [entry["delivery"]["providerResponse"] for _, entry in sns.told(message)]
    assert answers == [WORDS["delivered"].text] * 2 + [BY_CARRIER.text]


def test_a_silent_text_is_never_told_of(caller: Caller, sns: Sns) -> None:
    caller.json("POST", "/receipts", {"delay": 0, "count": 2})
    silent = sns.publish(NUMBERS + "90")
    until(lambda: silent in {text["id"] for text in caller.texts()})
    after = sns.publish("+919741552552")
    until(lambda: bool(sns.told(after)))
    assert sns.told(silent) == []


def test_each_text_is_told_of_once_however_many_look_at_the_phones(caller: Caller, sns: Sns) -> None:
    caller.json("POST", "/receipts", {"delay": 0, "count": 20})
    messages = [sns.publish("+919741552552", str(number)) for number in range(20)]
    looking = [threading.Thread(target=caller.another().texts_and_leave) for _ in range(8)]
    for thread in looking:
        thread.start()
    for thread in looking:
        thread.join()
    until(lambda: all(sns.told(message) for message in messages))
    assert [len(sns.told(message)) for message in messages] == [1] * 20


def test_no_thread_survives_the_carrier(engine: str) -> None:
    others = threads(*THREADS)
    with running(engine):
        assert {thread.name for thread in threads(*THREADS) - others} == THREADS
    assert threads(*THREADS) <= others


def test_without_an_engine_the_carrier_starts_and_stops_all_the_same() -> None:
    others = threads(*THREADS)
    nobody = AmazonSNS(Shared(engine_url="http://127.0.0.1:9"))
    with pytest.raises(ConnectionRefusedError):
        nobody.look()
    nobody.start()
    nobody.stop()
    assert threads(*THREADS) <= others


@pytest.mark.parametrize("told", [told for told in FATES.values() if told.receipt], ids=lambda told: told.what)
def test_an_entry_is_json_with_the_words_of_its_fate(told: Any) -> None:
    text = Text(
        "amazonsns", "+919741552552", None, "x" * 161, str(uuid.uuid4()), NOW, {"AWS.SNS.SMS.SMSType": "Transactional"}
    )
    entry = json.loads(json.dumps(said(text, WORDS[told.word], told.delay)))
    assert entry["notification"] == {"messageId": text.id, "timestamp": "2026-11-25 03:30:00.123"}
    delivery = entry["delivery"]
    assert (entry["status"], delivery["providerResponse"]) == WORDS[told.word]
    assert (delivery["destination"], delivery["numberOfMessageParts"]) == ("+919741552552", 2)
    assert (delivery["smsType"], delivery["dwellTimeMs"]) == ("Transactional", told.delay * 1000)
    assert ("priceInUSD" in delivery) == ("phoneCarrier" in delivery) == (entry["status"] != "FAILURE")
    assert "x" * 161 not in json.dumps(entry)
