"""Amazon SNS's delivery log: what it writes into CloudWatch Logs about each text, written into the engine's."""

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NamedTuple

from herald.message.text import measure
from local.carrier.handset import Text
from local.engine import REGION, asking_once

Entry = Mapping[str, Any]
TYPE = "AWS.SNS.SMS.SMSType"
PRICE = 0.00278  # of one part, in USD


class State(NamedTuple):
    """How a text fares: the ``status`` and ``providerResponse`` of an entry."""

    status: str
    text: str


class DeliveryLog:
    """The two log groups of one engine, with a stream of its own in each."""

    def __init__(self, engine_url: str) -> None:
        self._url, self._stream = engine_url, str(uuid.uuid4())
        self._ready: set[str] = set()

    def write(self, entries: Sequence[Entry]) -> None:
        """Write entries, failures into their own group. Raises ``OSError`` if the engine does not take them."""
        from botocore.exceptions import BotoCoreError, ClientError

        failures = [entry for entry in entries if entry["status"] == "FAILURE"]
        others = [entry for entry in entries if entry["status"] != "FAILURE"]
        try:
            for ending, some in (("", others), ("/Failure", failures)):
                if some:
                    self._append(self._group + ending, some)
        except (BotoCoreError, ClientError) as error:
            raise OSError("The engine does not take SNS's delivery log.") from error

    def close(self) -> None:
        """Close the connections to the engine."""
        if "_logs" in self.__dict__:
            self._logs.close()

    @cached_property
    def _logs(self) -> Any:
        return asking_once("logs", self._url)

    @cached_property
    def _group(self) -> str:
        sts = asking_once("sts", self._url)
        try:
            return f"sns/{REGION}/{sts.get_caller_identity()['Account']}/DirectPublishToPhoneNumber"
        finally:
            sts.close()

    def _append(self, group: str, entries: Sequence[Entry]) -> None:
        if group not in self._ready:
            exists = self._logs.exceptions.ResourceAlreadyExistsException
            with suppress(exists):
                self._logs.create_log_group(logGroupName=group)
            with suppress(exists):
                self._logs.create_log_stream(logGroupName=group, logStreamName=self._stream)
            self._ready.add(group)
        now = time.time_ns() // 1_000_000
        events = [{"timestamp": now, "message": json.dumps(entry)} for entry in entries]
        self._logs.put_log_events(logGroupName=group, logStreamName=self._stream, logEvents=events)


def said(text: Text, state: State, delay: float) -> dict[str, object]:
    """An entry of SNS's delivery log, ``delay`` seconds after the text. A failure has neither carrier nor price."""
    way = {} if state.status == "FAILURE" else {"phoneCarrier": "Herald Mobile", "mnc": 0, "mcc": 404}
    parts, dwelt = measure(text.body).segments, round(delay * 1000)
    price = {} if state.status == "FAILURE" else {"priceInUSD": round(PRICE * parts, 5)}
    return {
        "notification": {"messageId": text.id, "timestamp": _written(text.at)},
        "delivery": {
            **way, "numberOfMessageParts": parts, "destination": text.to, **price,
            "smsType": text.fields.get(TYPE, "Promotional"), "providerResponse": state.text,
            "dwellTimeMs": dwelt, "dwellTimeMsUntilDeviceAck": dwelt,
        },
        "status": state.status,
    }  # fmt: skip


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
