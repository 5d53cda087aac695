"""Lists: a world of one person, many texts and a Twilio whose answers get lost, but which lists what it took."""

import json
import random
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.message import Message as Headers
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import requests.auth

from herald.errors import Unavailable, Uncertain
from herald.message import Message
from herald.message.receipt import Receipt, Report, Sent
from herald.message.status import Status
from herald.pipeline.receive.receipts import Receipts
from herald.pipeline.send.lookup import SKEW
from herald.pipeline.send.sweep import Sweep
from herald.providers._http import Answer
from herald.providers.twilio import Twilio
from herald.settings.values import Channel, Settings
from herald.testing.fakes import Clock
from herald.testing.memory import MemoryQueue
from herald.testing.outbox import Outbox
from local.carrier.vendors._base import Shared
from local.carrier.vendors.twilio import Twilio as Twin
from local.server import Request
from tests.promises.test_flow_model import Killed

ACCOUNT, TOKEN, SENDER, NUMBER = "AC" + "0a" * 16, "t0kenOfTheJungle", "+15005550006", "+919741552552"
MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
FOUND = "found in the provider's list"
# How a send ends, and whether the text was taken.
ENDS = {"answered": True, "lost": True, "killed": True, "never came": False, "killed before": False, "throttled": False}


class Text(NamedTuple):
    """A text that Twilio took: whose it was, what it said, and when, by Twilio's clock."""

    owner: str
    body: str
    at: datetime


class Wire:
    """Stands for ``Http``: the twin answers, or its answers get lost as the world says."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.twin = Twin(Shared(clock=lambda: world.clock() + world.skew), {ACCOUNT: TOKEN})

    def post(self, url: str, data: Mapping[str, str], auth: tuple[str, str]) -> Answer:
        end = self._world.next_end()
        if end == "throttled":
            raise Unavailable("throttled")
        if ENDS[end]:
            answer = self.asked("POST", url, auth, urlencode(data).encode())
            self._world.took(answer, data["Body"])
        self._world.clock.pass_(seconds=self._world.dice.uniform(0, 4))
        if end.startswith("killed"):
            raise Killed
        if end != "answered":
            raise Uncertain("answer_lost")
        return answer

    def get(self, url: str, auth: tuple[str, str], *, seconds: float = 0) -> Answer:
        if self._world.deaf():
            raise Unavailable
        return self.asked("GET", url, auth)

    def asked(self, method: str, url: str, auth: tuple[str, str], body: bytes = b"") -> Answer:
        headers = Headers()
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        headers["Authorization"] = requests.auth._basic_auth_str(*auth)  # type: ignore[no-untyped-call]
        place = urlsplit(url)
        reply = self.twin.answer(Request(method, place.path, headers, body, place.query))
        assert reply
        return Answer(reply.status, {}, json.dumps(reply.content).encode())


class Line(MemoryQueue):
    """A queue with a clock: what it holds, by when it comes out."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock, self.records = clock, list[tuple[datetime, str, str]]()

    def put(self, message_id: str, delay: float = 0) -> None:
        self.records.append((self.clock() + timedelta(seconds=delay), "resume", message_id))

    def post(self, what: Mapping[str, Any], delay: float = 0) -> None:
        self.records.append((self.clock() + timedelta(seconds=delay), "look_up", what["lookup"]["id"]))


class Channeled(Twilio):
    """Twilio's adapter, which says whose text is on its way."""

    world: "World"

    def send(self, message: Message, callback: str | None = None) -> Sent:
        self.world.sending = message.id
        return super().send(message, None)


class World:
    """One person's texts: ours, and those of another program with the same account.

    In a ``clear`` world each text is another one and the list can be had; else texts are alike, the list fails, a
    receipt comes now and then, and clocks differ.
    """

    def __init__(self, seed: int, *, clear: bool) -> None:
        self.dice, self.clear, self.clock = random.Random(seed), clear, Clock()
        self.skew = timedelta(seconds=self.dice.uniform(-3, 3))
        self.owners: dict[str, Text] = {}
        self.sending = ""
        self.deafness = 0.0 if clear else self.dice.choice([0, 0, 0.3, 1])
        wire = Wire(self)
        self.wire = wire
        account = Channeled(wire, account_sid=ACCOUNT, auth_token=TOKEN, sender=SENDER, endpoint_url="http://127.0.0.1")
        account.world = self
        settings = Settings(channels={"twilio": Channel("twilio", "twilio")})
        self.line = Line(self.clock)
        self.box = Outbox(providers={"twilio": account}, settings=settings, clock=self.clock, queue=self.line)
        self.herald = self.box.herald()

    # ---- what happens

    def live(self) -> "World":
        """All that happens, until nobody need look after anything."""
        for _ in range(self.dice.randint(2, 7)):
            self.dice.choice([self.ask, self.ask, self.another_program, self.wait, self.look])()
        for _ in range(12):
            self.wait(60)
            if not self.clear and self.dice.random() < 0.2:
                self.another_program()
            self.look()
        return self

    def ask(self) -> None:
        """Somebody asks us for a text."""
        body = self.words()
        asked = {"to": NUMBER, "body": body, "reference": body, "on_unknown": self.dice.choice(["hold", "resend"])}
        mode = self.dice.choice(["sync", "sync", "async"])
        try:
            self.herald.send({**asked, "mode": mode}, caller="shop", entrypoint="https")
        except Killed:
            return

    def another_program(self) -> None:
        """Another program sends by the same account, now and then the very text; or fifty at once."""
        auth = (ACCOUNT, TOKEN)
        for _ in range(1 if self.clear or self.dice.random() < 0.95 else 60):
            body = f"Another {self.dice.random()}" if self.clear else self.words()
            to = NUMBER if self.dice.random() < 0.9 else "+919741552553"
            sender = SENDER if self.dice.random() < 0.9 else "+15005550007"
            self.sending = "another program"
            form = urlencode({"To": to, "From": sender, "Body": body}).encode()
            self.took(self.wire.asked("POST", f"http://127.0.0.1{MESSAGES}", auth, form), body)

    def wait(self, seconds: float | None = None) -> None:
        """Time passes: the queue hands out what is due, and each minute the sweep runs."""
        until = self.clock() + timedelta(seconds=self.dice.uniform(0, 40) if seconds is None else seconds)
        while due := sorted(record for record in self.line.records if record[0] <= until):
            self.line.records.remove(due[0])
            self.clock.now = max(self.clock.now, due[0][0])
            try:
                getattr(self.herald, due[0][1])(due[0][2])
            except Killed:
                continue
        self.clock.now = max(self.clock.now, until)
        if any(each.due_at and each.due_at <= self.clock() for each in self.box.journal.messages.values()):
            Sweep(self.box).run()
        if not self.clear and self.owners and self.dice.random() < 0.05:
            self.receipt()

    def receipt(self) -> None:
        """Twilio calls back about one of our texts."""
        sid, text = self.dice.choice(list(self.owners.items()))
        if message := self.box.journal.messages.get(text.owner):
            receipt = Receipt(sid, Status.DELIVERED, raw={"MessageStatus": "delivered"})
            attempts = [other for other, each in self.owners.items() if each.owner == text.owner]
            if len(attempts) == 1 and message.attempts == 1:
                Receipts(self.box).waited(Report(receipt, text.owner, 1))

    def look(self) -> None:
        """Somebody looks at a message, and has its provider asked."""
        if self.box.journal.messages:
            self.herald.refreshed(self.dice.choice(list(self.box.journal.messages)))

    # ---- what it is drawn from

    def words(self) -> str:
        return (
            f"Text {len(self.owners)} {self.dice.random()}" if self.clear else self.dice.choice(["Now.", "Now.", "No."])
        )

    def next_end(self) -> str:
        return self.dice.choice([*ENDS, "answered", "lost"])

    def deaf(self) -> bool:
        return self.dice.random() < self.deafness

    def took(self, answer: Answer, body: str) -> None:
        sid = json.loads(answer.body)["sid"]
        self.owners[sid] = Text(self.sending, body, (self.clock() + self.skew).replace(microsecond=0))

    # ---- what came of it

    def audit(self) -> Counter[str]:
        """What became of the messages that were unknown at some time. Raises ``AssertionError`` if one is untrue."""
        count: Counter[str] = Counter()
        for message in self.box.journal.messages.values():
            count["messages"] += 1
            mine = [sid for sid, text in self.owners.items() if text.owner == message.id]
            assert len(mine) <= (2 if message.possible_duplicate else 1), "twice, and nobody says so"
            assert not (message.possible_duplicate and message.on_unknown == "hold")
            assert not (message.status.unsent and mine), "said not to be sent, and it was"
            count["doubled"] += len(mine) == 2
            if any(step.step == "unknown" for step in message.trace):
                count["once unknown"] += 1
                count[self._end(message, mine)] += 1
        return count

    def _end(self, message: Message, mine: list[str]) -> str:
        """How a message ended of which nobody knew."""
        if not any(step.detail == FOUND for step in message.trace):
            return "not settled by the list"
        if message.provider_id in mine:
            return "settled"
        text = self.owners[message.provider_id or ""]
        assert text.owner == "another program", "settled by the text of another message"
        begun = [step.at for step in message.trace if step.step == "sending"]
        near = any(at - SKEW <= text.at <= at + timedelta(minutes=3) for at in begun)
        assert near and text.body == message.reference, "settled by a text that is not alike"
        return "settled by another program's very text in those seconds"
