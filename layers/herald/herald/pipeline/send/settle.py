"""Settle: write a message's next state, and what follows from it: reserved money is settled, an opt-out is noted.

No step writes a state in another way.
"""

from datetime import timedelta

from herald.journal import Moved
from herald.message import Message
from herald.message.price import amount
from herald.message.reasons import REASONS
from herald.message.status import Status
from herald.pipeline.guard.ledger import by_item, owed
from herald.pipeline.ports import Ports
from herald.pipeline.send import transitions
from herald.pipeline.trouble import told
from herald.settings.values import Settings, millionths

# How long a counter is kept that is made only now, for a text of which it was learnt late that it left.
_KEPT = timedelta(days=62)


def write(
    ports: Ports, old: Message, new: Message, latency_ms: float | None = None, *, settings: Settings | None = None
) -> Message:
    """Move a message and tell what became of it. Raises as ``move`` does."""
    moved = move(ports, old, new, settings=settings)
    if moved.status is Status.SENT and new.trace[-1].step != Status.SENT:  # Only its first text was.
        ports.observer.step("second channel not used", moved)
    else:
        ports.observer.ended(moved, latency_ms)
    return moved


def move(ports: Ports, old: Message, new: Message, *, settings: Settings | None = None) -> Message:
    """Write how ``new`` differs from ``old``, then what follows from it. The message as it stands then.

    What the move settles is written with the move itself, so it is settled once. What fails after it is told, and left:
    the move stands. ``settings`` are those of the request; without them the stage's are read where they are needed.
    Raises ``Moved`` if it is not where it may come from, and the journal's own errors.
    """
    settled = new.with_(reserved=_settled(ports, new, settings))
    moved = ports.journal.move(old, settled)
    with told(ports.observer, "end not settled", message_id=new.id):
        _settle(ports, old, settled)
        if new.reason is REASONS["opted_out"] is not old.reason and moved.recipient and not moved.test:
            ports.optouts.learn(moved.recipient, "provider", moved.attempted_at)
    return moved


def join(ports: Ports, current: Message, new: Message, latency_ms: float | None, *, settings: Settings) -> Message:
    """Where a receipt was faster than our own write, the record gets what that would have said."""
    ours = new.status is Status.SENT and current.attempts == new.attempts and current.response is None
    if not ours or current.status not in (Status.SENT, Status.DELIVERED, Status.UNDELIVERED):
        return current
    try:
        joined = move(ports, current, transitions.joined(current, new), settings=settings)
    except Moved as moved:  # Another receipt came; there are not many.
        return join(ports, moved.current or new, new, latency_ms, settings=settings)
    except Exception as failure:
        ports.observer.trouble("result not recorded", failure, message_id=new.id, status=str(new.status))
        return current
    spent = None if current.price else new.price
    if transitions.said_sent(current):  # And it was counted then.
        ports.observer.step("answer noted", joined, spent=spent)
    else:
        ports.observer.ended(new.with_(price=spent), latency_ms)
    return joined


def _settled(ports: Ports, message: Message, settings: Settings | None) -> int | None:
    """What a message has cost, as far as that is known by now: less than was reserved only where a receipt for its end
    says so.
    """
    counted = message.counted
    if counted is None or counted.cost is None or message.reserved is None:
        return message.reserved
    if counted.state == "back":
        return 0
    price = amount(message.price)
    cost = None if price is None else millionths(price * _exchange_rate(ports, message.channel or "", settings))
    if cost is not None and counted.state == "priced":
        return cost
    return max(message.reserved, counted.cost, cost or 0)


def _exchange_rate(ports: Ports, channel: str, settings: Settings | None) -> float:
    try:
        known = (settings or ports.settings).channels.get(channel)
    except Exception:  # They may have become wrong meanwhile.
        known = None
    return known.exchange_rate if known else 1.0


def _settle(ports: Ports, before: Message, after: Message) -> None:
    """Change the counters by what has changed of the message."""
    if not (before.counted or after.counted):
        return
    until = ports.clock() + _KEPT
    for item, counters, moments in by_item(owed(before, after, ports.secret)):
        if counters:
            ports.counters.add(item, counters, until)
        for place in moments:
            ports.counters.forget(place.key, place.counter, place.moment or 0)
