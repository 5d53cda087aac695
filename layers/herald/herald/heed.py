"""Heed: the journal, with what follows from an end: money that was reserved is settled, and an opt-out is noted."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from herald.budget import purses
from herald.counters import Tallies
from herald.journal import Mark, Records
from herald.message import Message
from herald.observe import Observer
from herald.optouts import OptOuts
from herald.reasons import REASONS
from herald.settings import Settings, millionths

# What somebody spent has no end that is too far: a price beyond it is a vendor's mistake.
_MOST_SPENT = 10**15


class Heeding:
    """A journal around ``records``. What a move settles is written with the move itself, so it is settled once."""

    def __init__(
        self,
        records: Records,
        *,
        settings: Callable[[], Settings],
        tallies: Callable[[], Tallies],
        optouts: Callable[[], OptOuts],
        observer: Observer,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._records, self._settings, self._tallies, self._optouts = records, settings, tallies, optouts
        self._observer, self._clock = observer, clock

    def claim(self, message: Message) -> Message | None:
        return self._records.claim(message)

    def get(self, message_id: str) -> Message | None:
        return self._records.get(message_id)

    def due(self, now: datetime) -> Iterator[str]:
        return self._records.due(now)

    def sent_to(
        self, recipient: str, *, since: datetime | None = None, before: Mark | None = None
    ) -> Iterator[Message]:
        return self._records.sent_to(recipient, since=since, before=before)

    def erase(self, message: Message) -> bool:
        return self._records.erase(message)

    def move(self, old: Message, new: Message) -> Message:
        """Write the move, then what follows from it. What fails of that is told, and left: the move stands."""
        settled = new.with_(reserved=self._settled(new))
        moved = self._records.move(old, settled)
        try:
            self._settle(old, settled)
            if moved.reason is REASONS["opted_out"] and moved.recipient and not moved.test:
                self._optouts().put(moved.recipient, "provider", self._clock())
        except Exception as error:
            self._observer.trouble("end not heeded", error, message_id=new.id)
        return moved

    def _settled(self, message: Message) -> int | None:
        """What a message has cost, as far as that is known by now."""
        if message.reserved is None:
            return None
        if message.status.unsent and not message.waiting and not message.possible_duplicate:
            return 0
        price = _price(message.price)
        return message.reserved if price is None else millionths(price * self._exchange_rate(message))

    def _exchange_rate(self, message: Message) -> float:
        try:
            channel = self._settings().channels.get(message.channel or "")
        except Exception:  # They may have become wrong meanwhile.
            channel = None
        return channel.exchange_rate if channel else 1.0

    def _settle(self, old: Message, new: Message) -> None:
        more = (new.reserved or 0) - (old.reserved or 0)
        if not more or old.reserved is None:
            return
        for key, counters in purses(new):
            self._tallies().add(key, dict.fromkeys(counters, more))


def _price(price: str | None) -> float | None:
    try:
        told = float(price or "nan")
    except ValueError:
        return None
    return told if 0 <= told < _MOST_SPENT else None
