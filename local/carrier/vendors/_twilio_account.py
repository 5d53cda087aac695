"""Twilio's account: its state, balance, numbers, services and geo permissions, each at its own path."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qs

from local.carrier.vendors._twilio_forms import OWN_SENDER, refusal
from local.server import Reply

# Of the products Messaging and Accounts, which have hosts of their own at Twilio.
PATH = re.compile(r"/v1/(?:Services/(?P<service>MG[0-9a-fA-F]{32})(?:/(?P<pool>\w+))?|Messaging/GeoPermissions)")
POOLS = {"PhoneNumbers": "phone_numbers", "AlphaSenders": "alpha_senders", "ShortCodes": "short_codes"}


class Account:
    """What an account has, which can be changed. ``off`` are countries that it may not text.

    ``services`` are messaging services: sid -> its numbers; ``numbers`` the account's: number -> its URL for inbound
    texts.
    """

    def __init__(self) -> None:
        self.status, self.type, self.balance = "active", "Full", "100.00"
        self.numbers: dict[str, str] = {OWN_SENDER: ""}
        self.services: dict[str, list[str]] = {}
        self.off: set[str] = set()

    def answer(self, rest: str, query: str, sid: str) -> Reply | None:
        """What stands behind the account's sid; None for what it does not know."""
        if not rest:
            said = {"sid": sid, "friendly_name": "Laptop", "status": self.status, "type": self.type}
            return Reply(200, said)
        if rest == "/Balance":
            return Reply(200, {"account_sid": sid, "balance": self.balance, "currency": "USD"})
        if rest == "/IncomingPhoneNumbers":
            return Reply(200, {"incoming_phone_numbers": self._numbers(parse_qs(query).get("PhoneNumber", [""])[0])})
        return None

    def products(self, asked: re.Match[str]) -> Reply:
        """What a path of another product answers."""
        if not (sid := asked["service"]):
            known = [("IN", "country"), ("US", "country"), ("SG", "country"), ("GB", "country")]
            listed = [{"country_code": name, "type": kind, "enabled": name not in self.off} for name, kind in known]
            return Reply(200, {"permissions": listed})
        if sid not in self.services or (asked["pool"] and asked["pool"] not in POOLS):
            return refusal(404, 20404, "The requested resource was not found")
        if not asked["pool"]:
            return Reply(200, {"sid": sid, "friendly_name": "Laptop"})
        numbers = self.services[sid] if asked["pool"] == "PhoneNumbers" else []
        return Reply(200, {POOLS[asked["pool"]]: [{"phone_number": each} for each in numbers], "meta": {}})

    def _numbers(self, wanted: str) -> list[Mapping[str, object]]:
        return [
            {"phone_number": number, "sms_url": url, "capabilities": {"sms": True, "voice": False, "mms": False}}
            for number, url in self.numbers.items()
            if not wanted or number == wanted
        ]
