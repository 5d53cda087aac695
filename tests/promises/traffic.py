"""Traffic: what callers ask for over days of a virtual clock, honest ones and attackers, and what gets through."""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from herald.errors import NotAllowed
from herald.keys.grant import Grant
from herald.message import Message
from herald.message.phone import read
from herald.message.receipt import Sent
from herald.message.status import Status
from herald.message.wrong import Wrong
from herald.settings.read import read_settings
from herald.testing.outbox import Outbox
from herald.wiring import provider_fields

START = datetime(2026, 11, 2, 0, 0, tzinfo=UTC)
HOUR, DAY = 3_600, 86_400
# Indian mobile numbers begin with one of some thousand series of five digits; a city has some hundred of them.
SERIES = 600


class Ask(NamedTuple):
    """Somebody asks for a text: seconds after the start, who, and to whom."""

    at: float
    caller: str
    to: str
    kind: str = "otp"


class Passed(NamedTuple):
    """How many were asked for and sent, how many each guard refused, and what was spent."""

    asked: int
    sent: Counter[str]
    refused: Counter[str]
    spent: float

    def refused_percent(self) -> float:
        """How many of a hundred were refused."""
        return 100 * self.refused.total() / max(1, self.asked)


class Taken:
    """A provider that takes every text and keeps none, so that a month of them fits into memory."""

    calls_back = False

    def send(self, message: Message, callback: str | None = None) -> Sent:
        return Sent("taken", {})

    def status(self, response: Mapping[str, Any]) -> Mapping[str, Any]:
        return response


def a_stage(settings: str) -> Outbox:
    """A stage with the defaults of a deployed one, and these settings."""
    box = Outbox(settings=read_settings({"settings": f"default_region: IN\n{settings}"}, provider_fields))
    box.providers = {"amazonsns": Taken()}
    return box


def run(box: Outbox, asks: Sequence[Ask], grants: Mapping[str, Grant] | None = None) -> Passed:
    """Let them ask, in the order of time. Each text costs what the settings say for its country."""
    herald, spent, sent, refused = box.herald(), 0, Counter[str](), Counter[str]()
    for ask in sorted(asks):
        box.clock.now = START + timedelta(seconds=ask.at)
        fields = {"to": ask.to, "body": "Your code is 4711.", "kind": ask.kind}
        grant = (grants or {}).get(ask.caller)
        try:
            message = herald.send(fields, caller=ask.caller, entrypoint="https", grant=grant).message
        except NotAllowed as no:
            refused[no.code] += 1
            continue
        assert message.status in (Status.SENT, Status.ACCEPTED)  # Sent, or in line for its channel's next turn.
        sent[ask.caller] += 1
        spent += box.settings.cost(message.country, message.segments) or 0
        box.journal.messages.clear()
    return Passed(len(asks), sent, refused, spent / 1_000_000)


def phones(dice: random.Random, count: int) -> list[str]:
    """People of a city: numbers of its series, at random."""
    return [f"+91{98_000 + dice.randrange(SERIES)}{dice.randrange(100_000):05}" for _ in range(count)]


# ---- honest callers, of a number of days


def shop(days: int, dice: random.Random) -> list[Ask]:
    """300 orders a day between 9 and 23 h: confirmed at once, half of them delivered within the day."""
    asks = []
    for day in range(days):
        for customer in phones(dice, 300):
            at = day * DAY + dice.uniform(9, 22) * HOUR
            asks.append(Ask(at, "shop", customer, "transactional"))
            if dice.random() < 0.5:
                asks.append(Ask(min(at + dice.uniform(0.5, 8) * HOUR, (day + 1) * DAY - 1), "shop", customer))
    return asks


def bank(days: int, dice: random.Random) -> list[Ask]:
    """7 000 codes a day; a tenth of the customers asks a second time after a minute, a hundredth a third time."""
    asks = []
    for day in range(days):
        for customer in phones(dice, 6_300):
            at = day * DAY + dice.triangular(0, DAY - 400, 12 * HOUR)
            tries = 1 + (dice.random() < 0.1) + (dice.random() < 0.01)
            asks += [Ask(at + 60 * n, "bank", customer) for n in range(tries)]
    return asks


def school(days: int, dice: random.Random) -> list[Ask]:
    """1 800 families, all at once: an alert at 6 in the morning, and a second one an hour later."""
    families = phones(dice, 1_800)
    times = (day * DAY + 6 * HOUR + later for day in range(days) for later in (0, HOUR))
    return [Ask(at + n * 0.03, "school", family) for at in times for n, family in enumerate(families)]


# ---- attackers, for a number of days


def sequential_block(days: float, dice: random.Random) -> list[Ask]:
    """A bot goes through numbers one by one, one in two seconds, as pumping is usually done."""
    return [Ask(2.0 * n, "shop", f"+91{9_812_000_000 + n}") for n in range(int(days * DAY / 2))]


def new_country(days: float, dice: random.Random) -> list[Ask]:
    """All at once thousands of texts go to a country that is allowed, but hardly ever gets any."""
    return [Ask(5.0 * n, "shop", f"+628123{dice.randrange(10**7):07}") for n in range(int(days * DAY / 5))]


def slow_drip(days: float, dice: random.Random) -> list[Ask]:
    """Never two texts to one number within an hour, never many at once: it would go on for months."""
    return [Ask(40.0 * n, "shop", to) for n, to in enumerate(phones(dice, int(days * DAY / 40)))]


def many_keys(days: float, dice: random.Random) -> list[Ask]:
    """Fifty stolen keys, each of which stays far below what one caller may send."""
    return [Ask(3.0 * n, f"key {n % 50}", to) for n, to in enumerate(phones(dice, int(days * DAY / 3)))]


def many_addresses(days: float, dice: random.Random) -> list[Ask]:
    """A form on a page, filled in from thousands of addresses, each for a number of its own all over the country."""
    series = [each for each in range(70_000, 100_000, 11) if _is_mobile(f"+91{each}00000")]
    numbers = (f"+91{dice.choice(series)}{dice.randrange(100_000):05}" for _ in range(int(days * DAY / 2)))
    return [Ask(2.0 * n, "page", to) for n, to in enumerate(numbers)]


Trace = Callable[[int, random.Random], list[Ask]]
Attack = Callable[[float, random.Random], list[Ask]]
HONEST: tuple[Trace, ...] = (shop, bank, school)
ATTACKS: tuple[Attack, ...] = (sequential_block, new_country, slow_drip, many_keys, many_addresses)


def named(trace: Trace | Attack) -> str:
    """``a sequential block``"""
    return trace.__name__.replace("_", " ")


def _is_mobile(number: str) -> bool:
    try:
        return bool(read(number, "IN"))
    except Wrong:
        return False
