"""Amazon SNS: what is sent goes on to the local engine, is read from there, and told of in the engine's logs."""

import json
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from threading import Event, Thread
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from local.carrier.fates import Fate
from local.carrier.handset import Text
from local.carrier.post import Post
from local.carrier.vendors._amazonsns_account import Account
from local.carrier.vendors._amazonsns_log import DeliveryLog, State, said
from local.carrier.vendors._aws import passed_on, service
from local.carrier.vendors._base import LATE_FAULTS, Shared, Vendor
from local.server import Reply, Request

# Where ministack 1.5.33 shows what was published to phones: {"sms_messages": {number: [record]}}, in order for each
# number, without times, and for reading only.
PATH = "/_ministack/sns/sms-messages"
SENDER = "AWS.SNS.SMS.SenderID"
PAUSE = 0.5
SHARE = 20  # The engine shows every text each time: it is asked for less than a twentieth of the time.
NEXT = 0.2
TRIES = 4
# The engine starts a function for each writing into the log, and drops what is too much for it: AWS tries again.
BREATH = 2.0

BY_CARRIER = State("SUCCESS", "Message has been accepted by phone carrier")
NO_CAUSE = State("FAILURE", "Unknown error attempting to reach phone")
WORDS = {
    "delivered": State("SUCCESS", "Message has been accepted by phone"),
    "sent": BY_CARRIER,
    "unknown": State("DIVERTED", "Message has been diverted"),
    "invalid_number": State("FAILURE", "Invalid phone number"),
    "spam": State("FAILURE", "Blocked as spam by phone carrier"),
    "opted_out": State("FAILURE", "Phone number is opted out"),
    "recipient_unavailable": State("FAILURE", "Phone is currently unreachable/unavailable"),
    "carrier_blocked": State("FAILURE", "Phone carrier has blocked this message"),
    "carrier_unavailable": State("FAILURE", "Phone carrier is currently unreachable/unavailable"),
    "invalid_text": State("FAILURE", "Message body is invalid"),
    "number_blocked": State("FAILURE", "Phone is on a blocked list"),
    "texts_blocked": State("FAILURE", "Phone has blocked SMS"),
    "spend_limit": State("FAILURE", "No quota left for account"),
    "price_too_high": State("FAILURE", "This delivery would exceed max price"),
    # SNS has no words of their own for these.
    **dict.fromkeys(("do_not_disturb", "no_consent", "invalid_sender", "not_registered"), NO_CAUSE),
    **dict.fromkeys(("template_mismatch", "no_route", "provider_failed", "unexplained"), NO_CAUSE),
}


def _refusal(status: int, code: str) -> Reply:
    """SNS's answer to what it does not do."""
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>Refused.</Message></Error>"
    space = "http://sns.amazonaws.com/doc/2010-03-31/"
    return Reply(status, f'<ErrorResponse xmlns="{space}">{error}</ErrorResponse>'.encode(), "text/xml")


REFUSALS = {
    "refuse": _refusal(400, "InvalidParameter"),
    "429": _refusal(429, "Throttled"),
    "500": _refusal(500, "InternalError"),
    "503": _refusal(503, "ServiceUnavailable"),
}


class _Entry(NamedTuple):
    text: Text
    receipt: str
    said: Mapping[str, object]
    tries: int = 1


class AmazonSNS(Vendor):
    """The SNS of one engine."""

    name = "amazonsns"
    words = WORDS
    needs_engine = True

    def __init__(self, shared: Shared) -> None:
        super().__init__(shared)
        self.account = Account()
        self._log = DeliveryLog(shared.engine_url)
        self._post: Post[_Entry] = Post("delivery-log", self._write, most=1000)
        self._stopping = Event()
        self._thread = Thread(target=self._watch, name="sns", daemon=True)

    @property
    def offered(self) -> tuple[str, ...]:
        """SNS refuses, and the engine gets nothing; or the engine accepts, and the answer goes astray."""
        return (*REFUSALS, *LATE_FAULTS)

    def channel(self, url: str) -> Mapping[str, str]:
        return {"smstype": "Transactional", "endpoint_url": url}

    def answer(self, request: Request) -> Reply | None:
        if service(request) != "sns":
            return None
        if told := self.account.answer(request):
            return told
        fault = self.shared.faults.take(self.name) if "PhoneNumber" in request.form() else ""
        if fault in REFUSALS:
            return REFUSALS[fault]
        reply = passed_on(self.shared.engine_url, request)
        return reply._replace(fault=reply.fault or fault)

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
        for text in texts(self.shared.engine_url):
            if self.shared.handset.take(text):
                self._tell(text, self.shared.manners.fate(text.to))

    def _tell(self, text: Text, fate: Fate) -> None:
        if fate.receipt:
            states = [WORDS[fate.word]] * fate.copies + [BY_CARRIER] * fate.disorder
            for place, state in enumerate(states):
                entry = _Entry(text, fate.receipt, said(text, state, fate.delay))
                self._post.put(entry, fate.delay + place * NEXT)

    def _write(self, entries: list[_Entry]) -> None:
        for entry in entries:
            self.shared.handset.mark(entry.text.id, entry.receipt)
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


def _text(record: Mapping[str, Any], at: datetime) -> Text:
    attributes = {name: str(value.get("StringValue", "")) for name, value in record["MessageAttributes"].items()}
    fields = {"PhoneNumber": record["PhoneNumber"], "Message": record["Message"], **attributes}
    return Text(
        "amazonsns", record["PhoneNumber"], attributes.get(SENDER), record["Message"], record["MessageId"], at, fields
    )


VENDOR = AmazonSNS
