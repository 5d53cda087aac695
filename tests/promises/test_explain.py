"""Explain against send: what explain says of a message is what a send then does; and it leaves no trace of itself.

Each world has random settings, keys, limits, opt-outs and broken channels, and a past of messages. Then a request is
explained, nothing may have changed, and the same request is sent.
"""

import copy
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

from herald.errors import HeraldError, Refused, Unavailable, Uncertain
from herald.journal.observed import Breaker, Count, Drift, slot
from herald.keys.grant import Grant
from herald.message import Message
from herald.message.receipt import Sent
from herald.message.status import Status
from herald.message.times import rfc3339
from herald.pipeline.guard.ahead import CountsAhead
from herald.settings.values import Channel, Limits, Rate, Rule, Settings, Shares
from herald.testing.fakes import FakeProvider
from herald.testing.memory import MemoryCounters
from herald.testing.outbox import Outbox
from tests.promises.figures import Figures

CHANNELS = ("amazonsns", "exotel", "twilio")
NUMBERS = ("+919741552552", "+919741552553", "09876543210", "+12025550143", "+447400123456", "+9197415", "nobody", "")
BODIES = ("Your table is ready.", "It’s ready", "आपका कोड", "x" * 161, "é" * 400, "😀" * 300, "", "\u200b")
SENDERS = (None, None, "FOODCO", "OTHER", "a sender id that is too long")
REASON = "5 failures in a row"


class Ledger(FakeProvider):
    """A provider that notes, in the order in which all are called, who was called when, and with which sender id."""

    def __init__(self, name: str, box: Outbox) -> None:
        super().__init__(name)
        self.box, self.calls_of_all = box, list[tuple[str, str, str | None]]()

    def send(self, message: Message, callback: str | None = None) -> Sent:
        self.calls_of_all.append((self.name, rfc3339(self.box.clock()), message.sender))
        return super().send(message, callback)


class World:
    """All that a message meets, drawn by ``dice``."""

    def __init__(self, dice: Random) -> None:
        self.dice, self.box, self.ahead = dice, Outbox(), dice.random() < 0.3
        self.memory = MemoryCounters()
        self.box.counters = CountsAhead(self.memory) if self.ahead else self.memory  # type: ignore[assignment]
        named = dice.sample(CHANNELS, dice.randint(1, 3))
        self.calls: list[tuple[str, str, str | None]] = []
        self.box.providers = {name: Ledger(name, self.box) for name in named if dice.random() > 0.05}
        for provider in self.box.providers.values():
            provider.calls_of_all = self.calls
        self.box.settings = self._settings(named)
        self.grants = [None, *(self._grant(name) for name in ("shop", "bar"))]
        self._health(named)
        for _ in range(dice.randint(0, 8)):
            self.fail()
            self.send(self.request(), self.whose(), None)
            self.box.clock.pass_(seconds=dice.choice([0, 0, 0.05, 1, 70, 700]))
        for name, provider in self.box.providers.items():
            assert name and provider
            provider.answers = []

    def request(self) -> dict[str, object]:
        """What somebody asks for: mostly a message."""
        dice, now = self.dice, self.box.clock()
        to, body = dice.choice(NUMBERS[:2] * 6 + NUMBERS), dice.choice(BODIES[:2] * 4 + BODIES)
        asked: dict[str, object] = {"to": to, "body": body}
        for name, values in {
            "sender": SENDERS, "channel": (*CHANNELS, "nowhere"), "kind": ("otp", "promotional", "odd"),
            "valid_for": (1, 30, 3600, 0), "smart": (True,), "mode": ("async", "sync"), "deliver_by": (5, 60, 4000),
            "send_at": [rfc3339(now + timedelta(seconds=s)) for s in (-5, 20, 90_000, 40 * 86_400)],
            "on_unknown": ("resend",), "surprise": (1,),
        }.items():  # fmt: skip
            if dice.random() < (0.02 if name == "surprise" else 0.15):
                asked[name] = dice.choice(values)
        return asked

    def whose(self) -> Grant | None:
        """The grant of who asks."""
        return self.dice.choice(self.grants)

    def fail(self) -> None:
        """Let the next calls of some providers end badly."""
        ends = (None, Unavailable(), Refused("no_balance"), Refused("invalid_number"), Uncertain("answer_lost"))
        for provider in self.box.providers.values():
            if self.dice.random() < 0.4:
                provider.answers = self.dice.choices(ends, k=2)

    def send(self, asked: dict[str, object], grant: Grant | None, key: str | None) -> Any:
        """What a caller is told of a send: the answer, or the error."""
        caller = f"key:{grant.name}" if grant else "invoke"
        try:
            return self.box.herald().send(asked, caller=caller, entrypoint="https", key=key, grant=grant)
        except HeraldError as error:
            return error

    def explain(self, asked: dict[str, object], grant: Grant | None, key: str | None) -> dict[str, Any]:
        """What is explained of it."""
        caller = f"key:{grant.name}" if grant else "invoke"
        found = self.box.herald().explain(asked, caller=caller, entrypoint="https", key=key, grant=grant)
        return dict(found.public())

    def state(self) -> object:
        """All that a send could have changed."""
        box, health = self.box, self.box.health
        stocks = box.counters._stocks if isinstance(box.counters, CountsAhead) else {}
        return copy.deepcopy([
            box.journal.messages, box.queue.waiting, box.queue.posted, box.schedule.at, box.turns.next, box.turns.taken,
            self.memory.items, {tally: vars(stock) for tally, stock in stocks.items()}, box.optouts.sources,
            box.optouts.since, box.health_item.shared, box.health_item.writes, health._own, health._recent,
            health._trials, health._unwritten, box.clock.now, box.observer.told, box.refreshed, self.calls,
        ])  # fmt: skip

    def _settings(self, named: list[str]) -> Settings:
        dice = self.dice
        some: Callable[..., Any] = lambda *values: dice.choice((None, *values))  # noqa: E731
        channels = {name: Channel(name, "fake", rate=some(Rate(1, 1.0), Rate(20, 1.0))) for name in named}
        allowed = {"IN": dice.choice([("FOODCO",), ("OTHER", "FOODCO"), ()]), "*": ("FOODCO",)}
        limits = Limits(
            number_10_minutes=some(1, 3), number_day=some(2, 5), block_day=some(3), country_day=some(0, 2),
            day=some(2, 9), spend_day=some(500_000, 5_000_000), spend_month=some(2_000_000),
            caller_spend_day=some(800_000), caller_spend_month=some(3_000_000),
        )  # fmt: skip
        return Settings(
            channels=channels,
            routes=tuple(self._rule(named) for _ in range(dice.randint(0, 2))),
            countries=some(frozenset({"IN"}), frozenset({"IN", "US", "GB"})),
            valid_for=dice.choice([20, 86_400]),
            guests=some(frozenset(NUMBERS[:1])) if dice.random() < 0.3 else None,
            max_segments=some(1, 4),
            prices=dice.choice([{}, {"IN": 250_000}, {"IN": 250_000, "*": 400_000}]),
            max_price=some(300_000, 2_000_000) if dice.random() < 0.5 else None,
            limits=limits if dice.random() < 0.7 else Limits(),
            senders=dice.choice([{}, {}, allowed]),
            deliver_by=dice.choice([{}, {"otp": 30}]),
        )

    def _rule(self, named: list[str]) -> Rule:
        dice, order = self.dice, self.dice.sample(named, len(self.box.providers) or 1)
        shares: Shares = {name: dice.choice([0, 1, 3]) for name in order}
        ranks: tuple[str | Shares, ...] = (shares,) if any(shares.values()) and dice.random() < 0.4 else tuple(order)
        return Rule(ranks, kinds=dice.choice([(), ("otp",)]), countries=dice.choice([(), ("IN",)]))

    def _grant(self, name: str) -> Grant:
        dice = self.dice
        return Grant(
            name,
            test=dice.random() < 0.1,
            countries=dice.choice([None, None, frozenset({"IN"})]),
            kinds=dice.choice([None, None, frozenset({"otp"})]),
            channels=dice.choice([None, None, frozenset(dice.sample(CHANNELS, 2))]),
            per_minute=dice.choice([None, 2]),
            per_day=dice.choice([None, 3]),
            spend_day=dice.choice([None, 0.6]),
        )

    def _health(self, named: list[str]) -> None:
        """Broken channels, and some that give messages away; also what others counted and nobody judged yet."""
        dice, at, item = self.dice, self.box.clock().timestamp(), self.box.health_item
        for name in named:
            if dice.random() < 0.25:
                since, state = at - dice.choice([5, 40, 100]), dice.choice(["open", "open", "half_open", "closed"])
                item.shared = item.shared.turned(name, Breaker(state, since, since + 30, since + 300, 1, REASON))
            if dice.random() < 0.1:
                drifts = {(name, "IN"): Drift(dice.choice([30, 90]), at - 60, "late")}
                item.shared = item.shared._replace(drifts={**item.shared.drifts, **drifts})
            if dice.random() < 0.1:
                item.shared = item.shared.added({Count("failed", name, "", slot("failed", at - 25)): 7}, at)
        for recipient in NUMBERS[:2]:
            if dice.random() < 0.05:
                self.box.herald().opt(recipient, out=True, source="test")


def test_what_explain_says_is_what_a_send_then_does(size: Callable[[int, int], int], figures: Figures) -> None:
    worlds, seen, limits = size(600, 10_000), Counter[str](), 0
    for number in range(worlds):
        world = World(Random(number))
        asked, grant, key = world.request(), world.whose(), "key"
        for turn in range(2):
            if turn and world.dice.random() < 0.7:  # Else it is the same once more.
                asked, key = world.request(), world.dice.choice(["key", "another"])
            before = world.state()
            said = world.explain(asked, grant, key)
            assert world.state() == before, f"world {number}: explain changed something"
            world.fail()
            called = len(world.calls)
            answer = world.send(asked, grant, key)
            busy = {name for name, channel in world.box.settings.channels.items() if channel.rate}
            limits += _agree(said, answer, world.calls[called:], busy, f"world {number}: {said}")
            seen[said["would"]] += 1
    assert set(seen) == {"send", "schedule", "wait", "refuse", "replay"}
    figures(
        "random requests explained, then sent: all as it was explained, and nothing written by it",
        promise="4", requests=2 * worlds, **{f"would_{would}": number for would, number in sorted(seen.items())},
        at_a_limit=limits, otherwise=0,
    )  # fmt: skip


def _agree(
    said: dict[str, Any], answer: Any, calls: list[tuple[str, str, str | None]], busy: set[str], world: str
) -> int:
    """See that all of it came so. ``busy`` channels may be left out. How often a limit was the reason."""
    problem = said["problem"] or {}
    if isinstance(answer, HeraldError):
        assert (said["would"], problem.get("code"), problem.get("status")) == ("refuse", answer.code, answer.status), (
            world
        )
        assert not calls, world
        _names_it(said, answer, world)
        return int(answer.code.startswith("limit_"))
    message = answer.message
    if answer.replayed:
        assert (said["would"], said["id"]) == ("replay", message.id), world
        return 0
    told = (said["to"], said["country"], said["encoding"], said["segments"], said["expires_at"])
    assert told == (
        message.to, message.country, message.encoding, message.segments, rfc3339(message.expires_at)
    ), world  # fmt: skip
    if message.test and message.status is Status.SENT:
        assert said["would"] == "send" and not calls, world
    elif calls:
        assert (said["would"], said["channel"], said["at"], said["sender"]) == ("send", *calls[0]), world
        tried = [name for name, *_ in calls]
        follow = iter(name for name in said["then"] if name in tried or name not in busy)
        assert all(name == next(follow, None) for name in tried[1:]), world
    elif message.status is Status.SCHEDULED:
        assert (said["would"], said["at"]) == ("schedule", rfc3339(message.send_at)), world
    elif message.status.unsent:
        assert (said["would"], problem["code"]) == ("refuse", message.reason.code), world
    else:
        assert message.status is Status.ACCEPTED, world
        assert said["would"] == "wait", world
        assert message.turn_at is None or said["at"] == rfc3339(message.turn_at), world
    return 0


def _names_it(said: dict[str, Any], refused: HeraldError, world: str) -> None:
    """Each guard that refuses is told in a step that is not passed."""
    if "to" in said:
        assert any(not step["ok"] and refused.detail in step["detail"] for step in said["steps"]), world
    if refused.code.startswith("limit_"):
        code = refused.code.removeprefix("limit_")
        assert any(each["limit"] == code for each in said["limits"]), world
