"""Webhook: what became of a message is posted to the URL that it names, signed, again and again until it is taken."""

import json
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from herald.message.wrong import Wrong
from herald.pipeline.announce.call import SECONDS, PrivateAddress, addresses, call
from herald.pipeline.announce.signature import HEADER, sign
from herald.pipeline.ports import Ports, Queue
from herald.providers._reach import Resolve, left
from herald.settings.hosts import target

LONGEST_DELAY = 900.0
GIVEN_UP_AFTER = timedelta(days=1)
# So that one host that hangs does not keep the worker from sending.
LEFT_ALONE_SECONDS = 20.0
GONE = 410


class Answered(Exception):
    """The receiver answered, but not that all is well."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(f"HTTP {status}")


class NoSecret(Exception):
    """There is nothing to sign with."""


class LeftAlone(Exception):
    """The host did not answer in time a moment ago, or its name could not be resolved."""


class Way(NamedTuple):
    """How a host is found, whom to trust (None: as browsers do), and how many seconds a call may take in all."""

    resolve: Resolve = socket.getaddrinfo
    context: ssl.SSLContext | None = None
    seconds: float = SECONDS


OVER_THE_NET = Way()


class Webhooks:
    """Calls webhooks. What fails waits in the queue for ``wait`` seconds, twice as much, and so on; ``dead`` takes what
    was given up. ``agent`` is what we call ourselves.
    """

    def __init__(
        self, ports: Ports, dead: Callable[[], Queue], *, agent: str, wait: float = 10.0, way: Way = OVER_THE_NET
    ) -> None:
        self._ports, self._dead, self._agent, self._wait, self._way = ports, dead, agent, wait, way
        self._left_alone: dict[str, float] = {}

    def deliver(self, hook: Mapping[str, Any]) -> None:
        """Call once: ``{"url", "event", "tries", "since"}``. If it fails the hook waits again, or is given up.

        One whose message was erased meanwhile is dropped. Raises only if it can neither wait nor be given up.
        """
        try:
            if not self._ports.journal.is_erased(hook["event"]["id"]):
                self._call(hook["url"], hook["event"])
        except Exception as error:
            self._failed(hook, error)

    def _call(self, url: str, event: Mapping[str, Any]) -> None:
        settings = self._ports.settings
        aim = target(url, settings.callback_hosts)
        if not settings.webhook_secrets:
            raise NoSecret
        if time.monotonic() < self._left_alone.get(aim.host, 0):
            raise LeftAlone
        body = json.dumps(event).encode()
        headers = {
            "User-Agent": self._agent,
            "Herald-Event-Id": event["event_id"],
            HEADER: sign(body, settings.webhook_secrets, int(self._ports.clock().timestamp())),
        }
        end = time.monotonic() + self._way.seconds
        try:
            judged = addresses(aim, self._way.resolve, seconds=self._way.seconds)
            status = call(aim, judged, body, headers, context=self._way.context, seconds=left(end))
        except (TimeoutError, socket.gaierror):
            self._left_alone[aim.host] = time.monotonic() + LEFT_ALONE_SECONDS
            raise
        if not 200 <= status < 300:
            raise Answered(status)

    def _failed(self, hook: Mapping[str, Any], error: Exception) -> None:
        tries = hook["tries"] + 1
        again, late = {"hook": {**hook, "tries": tries}}, self._ports.clock() - datetime.fromisoformat(hook["since"])
        if late >= GIVEN_UP_AFTER or _hopeless(error):
            self._dead().post(again)
            self._tell("webhook given up", hook, error)
            return
        self._ports.queue.post(again, min(LONGEST_DELAY, self._wait * 2 ** min(tries - 1, 20)))
        if tries == 1:
            self._tell("webhook not delivered", hook, error)

    def _tell(self, phrase: str, hook: Mapping[str, Any], error: Exception) -> None:
        """Of a URL, only the host is told: the rest may hold a secret."""
        extra = {"http_status": error.status} if isinstance(error, Answered) else {}
        host, message_id = urlsplit(hook["url"]).hostname, hook["event"]["id"]
        self._ports.observer.trouble(phrase, error, host=host, message_id=message_id, tries=hook["tries"] + 1, **extra)


def _hopeless(error: Exception) -> bool:
    """Whether it would be the same tomorrow: the settings or the address forbid it, or the receiver is gone."""
    return isinstance(error, Wrong | PrivateAddress) or (isinstance(error, Answered) and error.status == GONE)
