"""Simulate: the sender of what is only tried out: it takes every text, sends none, and tells later how it ended."""

import re
from collections.abc import Mapping
from typing import Any

from herald.errors import Unsupported
from herald.message import Message
from herald.message.reasons import REASONS
from herald.message.receipt import Receipt, Report, Sent
from herald.message.status import Status
from herald.pipeline.ports import Ports
from herald.pipeline.trouble import told

RECEIPT_SECONDS = 2
# Texts to these numbers, by their last two digits, are not delivered, for this reason; of SILENT nothing is ever told.
MAGIC, SILENT = re.compile(r"\+9198765000(\d\d)", re.ASCII), "90"
FATES = {
    "01": "do_not_disturb", "02": "invalid_number", "03": "spam", "04": "opted_out", "05": "no_consent",
    "06": "recipient_unavailable", "07": "carrier_blocked", "08": "carrier_unavailable", "09": "invalid_text",
    "10": "invalid_sender", "11": "not_registered", "12": "template_mismatch", "13": "no_route",
    "14": "provider_failed", "15": "number_blocked", "16": "texts_blocked", "17": "spend_limit",
    "18": "price_too_high", "19": "unexplained",
}  # fmt: skip


class Simulated:
    """Stands for every channel of a message that reaches nobody. Its receipts come through the queue."""

    calls_back = False

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def send(self, message: Message, callback: str | None = None) -> Sent:
        """Take the text."""
        provider_id = f"test_{message.id.removeprefix('msg_')}_{message.attempts}"
        found = MAGIC.fullmatch(message.to)
        if not found or found[1] != SILENT:
            receipt = _receipt(provider_id, FATES.get(found[1]) if found else None)
            # If it is not queued the message stays sent, as where a provider tells nothing.
            with told(self._ports.observer, "receipt not queued", message_id=message.id):
                report = Report(receipt, message.id, message.attempts)
                self._ports.queue.post({"receipt": report.kept()}, RECEIPT_SECONDS)
        return Sent(provider_id, {"id": provider_id, "simulated": True})

    def status(self, response: Mapping[str, Any]) -> Mapping[str, Any]:
        """Nobody can be asked."""
        raise Unsupported("a message that is only tried out has no provider to ask")


def _receipt(provider_id: str, reason: str | None) -> Receipt:
    status = Status.UNDELIVERED if reason else Status.DELIVERED
    return Receipt(provider_id, status, REASONS[reason] if reason else None, raw={"simulated": reason or "delivered"})
