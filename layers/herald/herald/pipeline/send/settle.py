"""Settle: write a message's next state, and what follows from it: reserved money is settled, an opt-out is noted.

No step writes a state in another way.
"""

from herald.message import Message
from herald.message.reasons import REASONS
from herald.pipeline.guard.budget import spent_in
from herald.pipeline.ports import Ports
from herald.pipeline.trouble import told
from herald.settings.values import Settings, millionths

# What somebody spent has no end that is too far: a price beyond it is a vendor's mistake.
_MOST_SPENT = 10**15


def write(
    ports: Ports, old: Message, new: Message, latency_ms: float | None = None, *, settings: Settings | None = None
) -> Message:
    """Move a message and tell what became of it. Raises as ``move`` does."""
    moved = move(ports, old, new, settings=settings)
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
        if moved.reason is REASONS["opted_out"] and moved.recipient and not moved.test:
            ports.optouts.put(moved.recipient, "provider", ports.clock())
    return moved


def _settled(ports: Ports, message: Message, settings: Settings | None) -> int | None:
    """What a message has cost, as far as that is known by now."""
    if message.reserved is None:
        return None
    if message.status.unsent and not message.waiting and not message.possible_duplicate:
        return 0
    price = _price(message.price)
    if price is None:
        return message.reserved
    return millionths(price * _exchange_rate(ports, message.channel or "", settings))


def _exchange_rate(ports: Ports, channel: str, settings: Settings | None) -> float:
    try:
        known = (settings or ports.settings).channels.get(channel)
    except Exception:  # They may have become wrong meanwhile.
        known = None
    return known.exchange_rate if known else 1.0


def _settle(ports: Ports, old: Message, new: Message) -> None:
    more = (new.reserved or 0) - (old.reserved or 0)
    if not more or old.reserved is None:
        return
    for key, counters in spent_in(new):
        ports.counters.add(key, dict.fromkeys(counters, more))


def _price(price: str | None) -> float | None:
    try:
        told_price = float(price or "nan")
    except ValueError:
        return None
    return told_price if 0 <= told_price < _MOST_SPENT else None
