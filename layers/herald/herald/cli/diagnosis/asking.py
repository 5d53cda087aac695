"""Asking: questions to AWS, each asked once however many checks have it, and what it means that one is not answered."""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from threading import Lock
from typing import Any

from botocore.exceptions import ClientError

Access = Mapping[str, str]
Clients = Callable[[str, Access], Any]
"""A client of a service of AWS, as whom a channel's fields say (keys, region, endpoint); empty: as whoever asks."""

DENIED = {
    "AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException",
    "NotAuthorizedException", "UnauthorizedOperation",
}  # fmt: skip
# What a region, or the laptop's engine, says to an operation that it does not have.
UNKNOWN = {
    "InvalidAction", "NotImplemented", "NotImplementedException", "OptInRequired", "UnknownOperation",
    "UnknownOperationException", "UnsupportedOperation", "UNKNOWN_OPERATION",
}  # fmt: skip
# Services whose actions IAM calls by another name.
PREFIXES = {"pinpoint-sms-voice-v2": "sms-voice"}
ACTIONS = {"lambda:Invoke": "lambda:InvokeFunction"}


class NotAnswered(Exception):
    """AWS answered with an error. ``action`` is what was asked, ``code`` AWS's word, ``reason`` a second one."""

    def __init__(self, action: str, code: str, reason: str = "") -> None:
        self.action, self.code, self.reason = action, code, reason
        super().__init__(f"{action}: {code}")


class NotAllowed(NotAnswered):
    """Whoever asks may not ask that."""


class NotThere(NotAnswered):
    """What is asked does not know the question."""


class Asked:
    """What AWS was asked, and what it answered."""

    def __init__(self, clients: Clients) -> None:
        self._clients, self._lock = clients, Lock()
        self._kept: dict[str, Future[Any]] = {}

    def client(self, service: str, access: Access) -> Any:
        """The client, made once. Raises botocore's own errors."""
        return self._once(f"client {service} {json.dumps(access)}", lambda: self._clients(service, access))

    def answer(self, service: str, access: Access, operation: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """AWS's answer. Raises ``NotAnswered``, or botocore's errors of the way there."""
        client = self.client(service, access)
        key = f"{service} {json.dumps(access)} {operation} {json.dumps(asked, sort_keys=True, default=str)}"

        def ask() -> dict[str, Any]:
            try:
                found: dict[str, Any] = getattr(client, operation)(**asked)
            except ClientError as error:
                raise _not_answered(action(client, service, operation), error.response) from None
            return found

        found: dict[str, Any] = self._once(key, ask)
        return found

    def _once(self, key: str, make: Callable[[], Any]) -> Any:
        with self._lock:
            mine = key not in self._kept
            kept = self._kept.setdefault(key, Future())
        if mine:
            try:
                kept.set_result(make())
            except BaseException as error:
                kept.set_exception(error)
        return kept.result()


def action(client: Any, service: str, operation: str) -> str:
    """What IAM calls an operation: ``sns:GetSMSAttributes``."""
    name = f"{PREFIXES.get(service, service)}:{client.meta.method_to_api_mapping[operation]}"
    return ACTIONS.get(name, name)


def _not_answered(asked: str, response: Mapping[str, Any]) -> NotAnswered:
    """AWS's texts may name a key or a number: only its words in one piece are kept."""
    code, reason = str(response.get("Error", {}).get("Code", "")), str(response.get("Reason", ""))
    if code in UNKNOWN or reason in UNKNOWN:
        return NotThere(asked, code, reason)
    return (NotAllowed if code in DENIED and not reason else NotAnswered)(asked, code, reason)
