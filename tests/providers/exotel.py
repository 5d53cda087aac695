"""Exotel as the tests know it: a message, recorded callbacks, errors, and a provider without a server."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from herald.providers.exotel import Exotel
from tests.providers.contract import NUMBER, TEXT, transport

SID = "6dc7b0a9e2f14d7b"
MESSAGE: dict[str, Any] = {
    "Sid": SID,
    "AccountSid": "jungle1",
    "From": "JUNGLE",
    "To": "09741552552",
    "DateCreated": "2026-11-25 09:00:00",
    "DateUpdated": "2026-11-25 09:00:00",
    "DateSent": None,
    "Body": TEXT,
    "Direction": "outbound-api",
    "Uri": f"/v1/Accounts/jungle1/SMS/Messages/{SID}.json",
    "ApiVersion": None,
    "Price": None,
    "Status": "queued",
    "DetailedStatusCode": "21010",
    "DetailedStatus": "PENDING_TO_OPERATOR",
    "SmsUnits": None,
}
EVENTS = Path(__file__).resolve().parents[2] / "events"


def recorded(name: str) -> dict[str, str]:
    """The form of a recorded callback."""
    event = json.loads((EVENTS / f"receipt-exotel-{name}.json").read_text())
    return dict(parse_qsl(event["body"], keep_blank_values=True, strict_parsing=True))


DELIVERED, DND, UNEXPLAINED = recorded("delivered"), recorded("dnd"), recorded("unexplained")


def rest(status: int, code: object = None, message: str = f"It was {TEXT} to {NUMBER} [t0ken-of-jungle]") -> object:
    return {"RestException": {"Status": status, "Message": message, "Code": code}}


def exotel(**changes: str) -> Exotel:
    values = {"sid": "jungle1", "token": "t0ken-of-jungle", **changes}
    return Exotel(transport("http", ""), **values)
