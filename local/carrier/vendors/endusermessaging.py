"""AWS End User Messaging: its JSON API as far as texts and opt-out lists go, and its events on the engine's bus."""

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple

from local.carrier.fates import fate
from local.carrier.handset import Text
from local.carrier.post import Post
from local.carrier.vendors._aws import service
from local.carrier.vendors._base import HttpVendor, Shared
from local.carrier.vendors._endusermessaging_account import Account
from local.carrier.vendors._endusermessaging_json import NUMBER, State, done, event, flat, problem, refusal
from local.carrier.vendors._eventbridge import DefaultBus
from local.server import Reply, Request

TARGET = "PinpointSMSVoiceV2."
DEFAULT_LIST, PAGE = "Default", 100
ON_THE_WAY = State("TEXT_PENDING", "Message is being delivered")
NO_CAUSE = State("TEXT_UNKNOWN", "Unknown error attempting to reach phone")
WORDS = {
    "delivered": State("TEXT_DELIVERED", "Message has been accepted by phone"),
    "sent": State("TEXT_SUCCESSFUL", "Message has been accepted by phone carrier"),
    "unknown": State("TEXT_DIVERTED", "Message has been diverted"),
    "invalid_number": State("TEXT_INVALID", "Invalid phone number"),
    "spam": State("TEXT_SPAM", "Blocked as spam by phone carrier"),
    "recipient_unavailable": State("TEXT_UNREACHABLE", "Phone is currently unreachable/unavailable"),
    "carrier_blocked": State("TEXT_CARRIER_BLOCKED", "Phone carrier has blocked this message"),
    "carrier_unavailable": State("TEXT_CARRIER_UNREACHABLE", "Phone carrier is currently unreachable/unavailable"),
    "invalid_text": State("TEXT_INVALID_MESSAGE", "Message body is invalid"),
    "number_blocked": State("TEXT_BLOCKED", "Phone is on a blocked list"),
    "texts_blocked": State("TEXT_BLOCKED", "Phone has blocked SMS"),
    # End User Messaging has no words of their own for these, or refuses such a text at once: see REFUSED.
    **dict.fromkeys(("do_not_disturb", "no_consent", "template_mismatch", "no_route", "provider_failed"), NO_CAUSE),
    **dict.fromkeys(("opted_out", "invalid_sender", "not_registered", "spend_limit", "price_too_high"), NO_CAUSE),
    "unexplained": NO_CAUSE,
}
# What other vendors find out later, this one says at once.
REFUSED = {
    "opted_out": refusal("ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT"),
    "invalid_sender": refusal("ValidationException", "SENDER_ID_NOT_SUPPORTED"),
    "not_registered": refusal("ValidationException", "SENDER_ID_NOT_REGISTERED"),
    "spend_limit": refusal("ServiceQuotaExceededException", "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT"),
    "price_too_high": refusal("ValidationException", "PRICE_OVER_THRESHOLD"),
}
UNSIGNED = refusal("MissingAuthenticationTokenException", status=403)
NEXT, TRIES, AGAIN = 0.2, 4, 1.0
WORKERS = 2  # As for callbacks: each may start a function of the engine.


class _Event(NamedTuple):
    id: str
    receipt: str
    said: Mapping[str, object]
    tries: int = 1


class EndUserMessaging(HttpVendor):
    """One account: its texts, and who is on its opt-out lists. ``bus`` takes its events (None: the engine's)."""

    name = "endusermessaging"
    words = WORDS
    refusals: ClassVar = {
        "refuse": refusal("ValidationException", "INVALID_PARAMETER"),
        "429": refusal("ThrottlingException"),
        "500": refusal("InternalServerException", status=500),
        "503": refusal("ServiceUnavailableException", status=503),
    }

    def __init__(self, shared: Shared, bus: DefaultBus | None = None) -> None:
        super().__init__(shared)
        self.opted_out: dict[str, dict[str, None]] = {DEFAULT_LIST: {}}  # In the order in which they came.
        self.account = Account()
        self._bus = bus or DefaultBus(shared.engine_url)
        self._post: Post[_Event] = Post("events", self._put, workers=WORKERS)
        self._operations: Mapping[str, Callable[[Mapping[str, Any]], Reply]] = {
            **self.account.operations(),
            "SendTextMessage": self._send,
            "DescribeOptedOutNumbers": self._listed,
            "PutOptedOutNumber": self._opt_out,
            "DeleteOptedOutNumber": self._opt_in,
        }

    def channel(self, url: str) -> Mapping[str, str]:
        return {"origination_identity": "HERALD", "endpoint_url": url}

    def start(self) -> None:
        """Hand events over from now on."""
        self._post.start()

    def stop(self) -> None:
        """Hand nothing more over."""
        self._post.close()
        self._post.join()
        self._bus.close()

    def answer(self, request: Request) -> Reply | None:
        target = request.headers.get("X-Amz-Target", "")
        if not target.startswith(TARGET):
            return None
        if service(request) != "sms-voice":
            return UNSIGNED
        operation = self._operations.get(target.removeprefix(TARGET))
        try:
            asked = json.loads(request.body)
        except ValueError:
            return refusal("SerializationException")
        if operation is None or not isinstance(asked, dict):
            return refusal("ValidationException", "UNKNOWN_OPERATION")
        return operation(asked)

    def _send(self, asked: Mapping[str, Any]) -> Reply:
        if wrong := problem(asked):
            return wrong
        to = "+" + asked["DestinationPhoneNumber"].removeprefix("+")
        refused = REFUSED.get(fate(to).word)
        if any(to in numbers for numbers in self.opted_out.values()):
            refused = REFUSED["opted_out"]
        identity, at = str(uuid.uuid4()), self.shared.clock()
        if refused or asked.get("DryRun"):
            return refused or done(MessageId=identity)
        text = Text(self.name, to, asked.get("OriginationIdentity"), asked["MessageBody"], identity, at, flat(asked))
        reply = self.accept(text, done(MessageId=identity))
        if reply.status == 200:
            self._tell(text, asked)
        return reply

    def _tell(self, text: Text, asked: Mapping[str, Any]) -> None:
        told = self.shared.manners.fate(text.to)
        if told.receipt and self.shared.engine_url:
            states = [WORDS[told.word]] * told.copies + [ON_THE_WAY] * told.disorder
            for place, state in enumerate(states):
                said = event(text, asked, state, told.delay, final=state is not ON_THE_WAY)
                self._post.put(_Event(text.id, told.receipt, said), told.delay + place * NEXT)

    def _put(self, events: list[_Event]) -> None:
        for each in events:
            self.shared.handset.mark(each.id, each.receipt)
            try:
                self._bus.put(each.said)
            except OSError:
                if each.tries < TRIES:
                    self._post.put(each._replace(tries=each.tries + 1), AGAIN)

    def _listed(self, asked: Mapping[str, Any]) -> Reply:
        numbers = self._list(asked)
        if numbers is None:
            return _no_list()
        start, size = int(asked.get("NextToken", 0)), min(int(asked.get("MaxResults", PAGE)), PAGE)
        rest = {"NextToken": str(start + size)} if start + size < len(numbers) else {}
        shown = [
            {"OptedOutNumber": number, "OptedOutTimestamp": 1.0, "EndUserOptedOut": True}
            for number in list(numbers)[start : start + size]
        ]
        return done(OptOutListName=asked["OptOutListName"], OptedOutNumbers=shown, **rest)

    def _opt_out(self, asked: Mapping[str, Any]) -> Reply:
        return self._change(asked, lambda numbers, number: numbers.setdefault(number))

    def _opt_in(self, asked: Mapping[str, Any]) -> Reply:
        return self._change(asked, lambda numbers, number: numbers.pop(number, None))

    def _change(self, asked: Mapping[str, Any], change: Callable[[dict[str, None], str], object]) -> Reply:
        numbers, number = self._list(asked), str(asked.get("OptedOutNumber"))
        if numbers is None:
            return _no_list()
        if not NUMBER.fullmatch(number):
            return refusal("ValidationException", "FIELD_VALIDATION_FAILED", "OptedOutNumber")
        change(numbers, "+" + number.removeprefix("+"))
        return done(OptOutListName=asked["OptOutListName"], OptedOutNumber=number)

    def _list(self, asked: Mapping[str, Any]) -> dict[str, None] | None:
        return self.opted_out.get(str(asked.get("OptOutListName")))


def _no_list() -> Reply:
    missing = refusal("ResourceNotFoundException")
    content = missing.content if isinstance(missing.content, dict) else {}
    return missing._replace(content={**content, "ResourceType": "opt-out-list"})


VENDOR = EndUserMessaging
