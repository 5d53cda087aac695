"""Amazon SNS: its texts are accepted by the local engine, read from there, and told of in the engine's logs."""

import json
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from threading import Event, Thread
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from herald.message.text import measure
from local.carrier.fates import BY_CARRIER, Fate, Sns
from local.carrier.handset import Handset, Text
from local.carrier.manners import Manners
from local.carrier.post import Post
from local.carrier.vendors._amazonsns_log import DeliveryLog

# Where ministack 1.5.33 shows what was published to phones: {"sms_messages": {number: [record]}}, in order for each
# number, without times, and for reading only.
PATH = "/_ministack/sns/sms-messages"
SENDER, TYPE = "AWS.SNS.SMS.SenderID", "AWS.SNS.SMS.SMSType"
PRICE = 0.00278  # of one part, in USD
PAUSE = 0.5
SHARE = 20  # The engine shows every text each time: it is asked for less than a twentieth of the time.
NEXT = 0.2
TRIES = 4
# The engine starts a function for each writing into the log, and drops what is too much for it: AWS tries again.
BREATH = 2.0


class _Entry(NamedTuple):
    text: Text
    receipt: str
    said: Mapping[str, object]
    tries: int = 1


class AmazonSNS:
    """The SNS of one engine. ``manners`` says how receipts come."""

    def __init__(self, engine_url: str, handset: Handset, manners: Manners) -> None:
        self._url, self._handset, self._manners = engine_url, handset, manners
        self._log = DeliveryLog(engine_url)
        self._post: Post[_Entry] = Post("delivery-log", self._write, most=1000)
        self._stopping = Event()
        self._thread = Thread(target=self._watch, name="sns", daemon=True)

    def start(self) -> None:
        """Look for new texts from now on."""
        self._post.start()
        self._thread.start()

    def stop(self) -> None:
        """Look no more, and write nothing more."""
        self._stopping.set()
        self._post.close()
        if self._thread.ident:
            self._thread.join()
        self._post.join()
        self._log.close()

    def look(self) -> None:
        """Put new texts on their phones, and see to it that they are told of. Raises ``OSError`` without an engine."""
        for text in texts(self._url):
            if self._handset.take(text):
                self._tell(text, self._manners.fate(text.to))

    def _tell(self, text: Text, fate: Fate) -> None:
        if fate.receipt:
            states = [fate.sns] * fate.copies + [BY_CARRIER] * fate.disorder
            for place, state in enumerate(states):
                entry = _Entry(text, fate.receipt, said(text, state, fate.delay))
                self._post.put(entry, fate.delay + place * NEXT)

    def _write(self, entries: list[_Entry]) -> None:
        for entry in entries:
            self._handset.mark(entry.text.id, entry.receipt)
        try:
            self._log.write([entry.said for entry in entries])
        except OSError:
            for entry in entries:
                if entry.tries < TRIES:
                    self._post.put(entry._replace(tries=entry.tries + 1), 0)
        self._stopping.wait(BREATH)

    def _watch(self) -> None:
        pause = 0.0
        while not self._stopping.wait(pause):
            began = time.monotonic()
            with suppress(OSError):
                self.look()
            pause = max(PAUSE, SHARE * (time.monotonic() - began))


def texts(engine_url: str) -> Iterable[Text]:
    """All texts that the engine's SNS ever took, dated now. Raises ``OSError`` if the engine cannot be read."""
    connection = HTTPConnection(urlsplit(engine_url).netloc, timeout=2)
    try:
        connection.request("GET", PATH)
        phones = json.load(connection.getresponse())["sms_messages"]
    except (HTTPException, ValueError, KeyError) as error:
        raise OSError("The engine does not show the texts of its SNS.") from error
    finally:
        connection.close()
    now = datetime.now(UTC)
    return [_text(record, now) for records in phones.values() for record in records]


def said(text: Text, state: Sns, delay: float) -> dict[str, object]:
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


def _text(record: Mapping[str, Any], at: datetime) -> Text:
    attributes = {name: str(value.get("StringValue", "")) for name, value in record["MessageAttributes"].items()}
    fields = {"PhoneNumber": record["PhoneNumber"], "Message": record["Message"], **attributes}
    return Text(
        "amazonsns", record["PhoneNumber"], attributes.get(SENDER), record["Message"], record["MessageId"], at, fields
    )
