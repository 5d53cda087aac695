"""Hooks: what became of a message is told to the URL that it names, signed, again and again until it is heard."""

import json
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

from herald.hooks.call import SECONDS, PrivateAddress, Resolve, addresses, call
from herald.hooks.signature import HEADER, sign, verify
from herald.hosts import NotAllowed, target
from herald.observe import Observer
from herald.settings import Settings

__all__ = ["Hooks", "verify"]

LONGEST_DELAY = 900.0
GIVEN_UP_AFTER = timedelta(days=1)
# So that one host that hangs does not keep the worker from sending.
LEFT_ALONE_SECONDS = 20.0
GONE = 410


class Waiting(Protocol):
    """Where a webhook waits: ``queue.Queue``."""

    def post(self, what: Mapping[str, Any], delay: float = 0) -> None:
        """Hand it over; the worker gets it after ``delay`` seconds."""


class Answered(Exception):
    """The receiver answered, but not that all is well."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(f"HTTP {status}")


class NoSecret(Exception):
    """There is nothing to sign with."""


class LeftAlone(Exception):
    """The host did not answer in time a moment ago."""


class Hooks:
    """Calls webhooks. What fails waits in ``queue`` for ``wait`` seconds, twice as much, and so on; ``dead`` takes what
    was given up. ``agent`` is what we call ourselves.
    """

    def __init__(
        self,
        *,
        settings: Callable[[], Settings],
        queue: Callable[[], Waiting],
        dead: Callable[[], Waiting],
        observer: Observer,
        agent: str,
        wait: float = 10.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        resolve: Resolve = socket.getaddrinfo,
        context: ssl.SSLContext | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self._settings, self._queue, self._dead, self._observer = settings, queue, dead, observer
        self._agent, self._wait, self._clock = agent, wait, clock
        self._resolve, self._context, self._seconds = resolve, context, seconds
        self._left_alone: dict[str, float] = {}

    def deliver(self, hook: Mapping[str, Any]) -> None:
        """Call once: ``{"url", "event", "tries", "since"}``. If it fails the hook waits again, or is given up.

        Raises only if it can neither wait nor be given up.
        """
        try:
            self._call(hook["url"], hook["event"])
        except Exception as error:
            self._failed(hook, error)

    def _call(self, url: str, event: Mapping[str, Any]) -> None:
        settings = self._settings()
        aim = target(url, settings.callback_hosts)
        if not settings.webhook_secrets:
            raise NoSecret
        if time.monotonic() < self._left_alone.get(aim.host, 0):
            raise LeftAlone
        body = json.dumps(event).encode()
        headers = {
            "User-Agent": self._agent,
            "Herald-Event-Id": event["event_id"],
            HEADER: sign(body, settings.webhook_secrets, int(self._clock().timestamp())),
        }
        judged = addresses(aim, self._resolve)
        try:
            status = call(aim, judged, body, headers, context=self._context, seconds=self._seconds)
        except TimeoutError:
            self._left_alone[aim.host] = time.monotonic() + LEFT_ALONE_SECONDS
            raise
        if not 200 <= status < 300:
            raise Answered(status)

    def _failed(self, hook: Mapping[str, Any], error: Exception) -> None:
        tries = hook["tries"] + 1
        again, late = {"hook": {**hook, "tries": tries}}, self._clock() - datetime.fromisoformat(hook["since"])
        if late >= GIVEN_UP_AFTER or _hopeless(error):
            self._dead().post(again)
            self._tell("webhook given up", hook, error)
            return
        self._queue().post(again, min(LONGEST_DELAY, self._wait * 2 ** min(tries - 1, 20)))
        if tries == 1:
            self._tell("webhook not delivered", hook, error)

    def _tell(self, phrase: str, hook: Mapping[str, Any], error: Exception) -> None:
        """Of a URL, only the host is told: the rest may hold a secret."""
        extra = {"http_status": error.status} if isinstance(error, Answered) else {}
        host, message_id = urlsplit(hook["url"]).hostname, hook["event"]["id"]
        self._observer.trouble(phrase, error, host=host, message_id=message_id, tries=hook["tries"] + 1, **extra)


def _hopeless(error: Exception) -> bool:
    """Whether it would be the same tomorrow: the settings or the address forbid it, or the receiver is gone."""
    return isinstance(error, NotAllowed | PrivateAddress) or (isinstance(error, Answered) and error.status == GONE)
