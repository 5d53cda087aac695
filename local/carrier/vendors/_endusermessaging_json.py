"""AWS End User Messaging's JSON: what it takes, how it refuses, and what its events say."""

import re
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from herald.message.text import measure
from local.carrier.handset import Text
from local.engine import REGION
from local.server import Reply

TYPE = "application/x-amz-json-1.0"
NUMBER = re.compile(r"\+?[1-9][0-9]{1,18}")
IDENTITY = re.compile(r"[A-Za-z0-9_:/+-]{1,256}")
MOST_PRICE = re.compile(r"[0-9]{0,2}\.[0-9]{1,5}")
LONGEST_BODY, SHORTEST_WAIT, LONGEST_WAIT, MOST_CONTEXT = 1600, 5, 259_200, 5
PRICE = 0.00278  # of one part, in USD
ACCOUNT = "000000000000"


class State(NamedTuple):
    """How a text fares: the type of an event, and its description."""

    type: str
    text: str


def refusal(kind: str, reason: str = "", *fields: str, status: int = 400) -> Reply:
    """AWS's answer to what it does not do. ``fields`` are those that are wrong."""
    content: dict[str, object] = {"__type": kind, "Message": "The request was refused."}
    if reason:
        content["Reason"] = reason
    if fields:
        content["Fields"] = [{"Name": name, "Message": "The value is not valid."} for name in fields]
    return Reply(status, content, TYPE, {"x-amzn-RequestId": str(uuid.uuid4())})


def done(**content: object) -> Reply:
    """AWS's answer to what it did."""
    return Reply(200, content, TYPE, {"x-amzn-RequestId": str(uuid.uuid4())})


def problem(asked: Mapping[str, Any]) -> Reply | None:
    """What AWS refuses of the parameters of SendTextMessage; None if they are right."""
    body, identity, price = asked.get("MessageBody"), asked.get("OriginationIdentity"), asked.get("MaxPrice")
    wait = asked.get("TimeToLive", LONGEST_WAIT)
    found = (
        ("DestinationPhoneNumber", not _like(NUMBER, asked.get("DestinationPhoneNumber"))),
        ("OriginationIdentity", identity is not None and not _like(IDENTITY, identity)),
        ("MessageBody", not isinstance(body, str) or not body.strip() or len(body) > LONGEST_BODY),
        ("MessageType", asked.get("MessageType", "PROMOTIONAL") not in ("TRANSACTIONAL", "PROMOTIONAL")),
        ("MaxPrice", price is not None and not _like(MOST_PRICE, price)),
        ("TimeToLive", type(wait) is not int or not SHORTEST_WAIT <= wait <= LONGEST_WAIT),
        ("Context", len(asked.get("Context", {})) > MOST_CONTEXT),
    )
    wrong = [name for name, is_wrong in found if is_wrong]
    if wrong:
        return refusal("ValidationException", "FIELD_VALIDATION_FAILED", *wrong)
    if price is not None and cost(str(body)) > float(price):
        return refusal("ValidationException", "PRICE_OVER_THRESHOLD")
    return None


def cost(body: str) -> float:
    """What a text costs, in USD."""
    return round(PRICE * measure(body).segments, 5)


def flat(asked: Mapping[str, Any]) -> dict[str, str]:
    """The parameters as texts: what is within an object by both names."""
    fields: dict[str, str] = {}
    for name, value in asked.items():
        inner = {f"{name}.{key}": each for key, each in value.items()} if isinstance(value, dict) else {name: value}
        fields |= {key: str(each) for key, each in inner.items()}
    return fields


def event(text: Text, asked: Mapping[str, Any], state: State, delay: float, *, final: bool) -> dict[str, object]:
    """The event that tells of a text's state after ``delay`` seconds, as EventBridge has it: without the number."""
    at = text.at + timedelta(seconds=delay)
    failed = state.type not in ("TEXT_DELIVERED", "TEXT_SUCCESSFUL", "TEXT_PENDING")
    way = {} if failed else {"mcc": "404", "mnc": "00", "carrierName": "Herald Mobile"}
    body = text.body
    return {
        "version": "0", "id": str(uuid.uuid4()), "detail-type": "Text Message Delivery Status Updated",
        "source": "aws.sms-voice", "account": ACCOUNT, "time": f"{at:%Y-%m-%dT%H:%M:%SZ}", "region": REGION,
        "resources": [],
        "detail": {
            "eventType": state.type, "eventVersion": "1.0", "eventTimestamp": _milliseconds(at), "isFinal": final,
            "originationPhoneNumber": text.sender or "HERALD", "isoCountryCode": "IN", "isInternationalSend": False,
            **way, "messageId": text.id, "messageRequestTimestamp": _milliseconds(text.at),
            "messageEncoding": "GSM" if measure(body).encoding == "GSM-7" else "Unicode",
            "messageType": asked.get("MessageType", "PROMOTIONAL"), "messageStatus": state.type.removeprefix("TEXT_"),
            "messageStatusDescription": state.text, "context": asked.get("Context", {}),
            "totalMessageParts": measure(body).segments, "totalMessagePrice": 0.0 if failed else cost(body),
            "totalCarrierFee": 0.0,
        },
    }  # fmt: skip


def _like(shape: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and bool(shape.fullmatch(value))


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
