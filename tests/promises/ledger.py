"""A provider on loopback that keeps a ledger, a line to it that goes wrong, and the audit of ledger against journal."""

import random
import socket
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from threading import Thread
from typing import Any, NamedTuple

import requests

from herald.message import Message
from herald.message.receipt import Sent
from herald.message.status import Status
from herald.providers import load
from herald.providers._http import Http
from local.carrier.handset import Handset, Text
from local.carrier.vendors._base import Shared
from local.carrier.vendors.exotel import Exotel
from local.server import Reply, Request, Server

ACCOUNT = {"sid": "jungle1", "key": "k3y-of-jungle", "token": "t0ken-of-jungle"}
# A reply that is slow takes three times as long as we wait for it.
PATIENCE = 0.1
# Where an attempt goes wrong: before the provider took the text, or after. `refused` finds nobody at the port.
BEFORE = ("refused", "429", "503", "500", "drop_reply", "cut_reply", "slow")
AFTER = ("500", "drop_reply", "cut_reply", "slow")
FAULTS = tuple([(fault, False) for fault in BEFORE] + [(fault, True) for fault in AFTER])


class Ledger:
    """Exotel on loopback: what it accepted is in ``texts``, what it answered in ``statuses``.

    ``fault`` is how the next request ends, if it is set.
    """

    def __init__(self) -> None:
        self.fault: tuple[str, bool] | None = None
        self.statuses: Counter[int] = Counter()
        self._handset, self._accounts = Handset(), {ACCOUNT["sid"]: (ACCOUNT["key"], ACCOUNT["token"])}
        self._vendor = Exotel(Shared(self._handset), self._accounts)
        self._server = Server(0, self._answer, slow=3 * PATIENCE)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def texts(self) -> list[Text]:
        """All that was accepted."""
        return self._handset.texts()

    def rotate(self, token: str) -> None:
        """From now on only this token is good."""
        self._accounts[ACCOUNT["sid"]] = (ACCOUNT["key"], token)

    def stop(self) -> None:
        self._server.stop()

    def _answer(self, request: Request) -> Reply:
        (fault, accepts), self.fault = self.fault or ("", True), None
        reply = self._vendor.answer(request) if accepts else Reply(502, {"detail": "Nobody took it."})
        assert reply
        given = Exotel.refusals.get(fault) or reply._replace(fault=fault)
        self.statuses[given.status] += 1
        return given


@contextmanager
def ledger() -> Iterator[Ledger]:
    """A ledger that is stopped at the end."""
    made = Ledger()
    try:
        yield made
    finally:
        made.stop()


class Line:
    """A channel to the ledger through the real provider and real HTTP, of whose calls a ``share`` goes wrong."""

    calls_back = False

    def __init__(self, to: Ledger, *, seed: int, share: float) -> None:
        self.met: Counter[tuple[str, bool]] = Counter()
        self._ledger, self._dice, self._share = to, random.Random(seed), share
        self._session, self._nobody = requests.Session(), socket.socket()
        self._nobody.bind(("127.0.0.1", 0))  # Bound but not listening: whoever comes is refused.
        http = Http(self._session, timeout=(1, PATIENCE))
        unused = f"http://127.0.0.1:{self._nobody.getsockname()[1]}"
        self._up, self._down = (load("exotel")(http, **ACCOUNT, endpoint_url=url) for url in (to.url, unused))

    def send(self, message: Message, callback: str | None = None) -> Sent:
        if self._dice.random() >= self._share:
            return self._up.send(message)
        fault = self._dice.choice(FAULTS)
        self.met[fault] += 1
        if fault[0] == "refused":
            return self._down.send(message)
        self._ledger.fault = fault
        return self._up.send(message)

    def status(self, response: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._up.status(response)

    def close(self) -> None:
        self._session.close()
        self._nobody.close()


class Audit(NamedTuple):
    """What ledger and journal say together, in messages. Each is found by its reference, which is also its text.

    ``lost``: said to be sent and not in the ledger, or left where nothing more will happen. ``untrue``: in the ledger,
    although it is said never to have been sent. ``doubled``: more than once in the ledger; ``unmarked``: that, although
    nobody was told of a possible duplicate.
    """

    sent: int
    unsent: int
    unknown: int
    lost: int
    untrue: int
    doubled: int
    unmarked: int


def audit(messages: Iterable[Message], texts: Iterable[Text]) -> Audit:
    """Compare what the journal says with what the provider took."""
    taken = Counter(text.body for text in texts)
    ids = {text.id: text.body for text in texts}
    named = {str(message.reference): message for message in messages}
    sent = {name for name, message in named.items() if message.status is Status.SENT}
    unsent = {name for name, message in named.items() if message.status.unsent}
    unknown = {name for name, message in named.items() if message.status is Status.UNKNOWN}
    doubled = {name for name, times in taken.items() if times > 1}
    false = {name for name in sent if ids.get(str(named[name].provider_id)) != name}
    return Audit(
        sent=len(sent),
        unsent=len(unsent),
        unknown=len(unknown),
        lost=len(named.keys() - sent - unsent - unknown) + len(false) + len(taken.keys() - named.keys()),
        untrue=len(unsent & taken.keys()),
        doubled=len(doubled),
        unmarked=sum(not named[name].possible_duplicate for name in doubled),
    )
