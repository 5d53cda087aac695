"""Drift: how many of a channel's messages to a country go by others while texts come late or not, or fail. Pure.

As GOV.UK Notify does it (its repository, November 2026): ten points of a hundred at a time, at most one move in five
minutes, and back to rest by ten points in a quarter of an hour. The way back is computed and never written.
"""

from collections.abc import Iterable, Iterator, Mapping

from herald.journal.observed import ATTEMPTS, ATTEMPTS_KEPT, OF_TEXTS, TEXTS, Drift, Observed, Pair, slot
from herald.pipeline.health.breaker import BEHIND

STEP, ALL = 10, 100
# A text is late, or silent, after so many seconds; texts are judged that were sent within so many before that.
LATE, WINDOW, USUAL = 300, 900, 3_600
# So much more of them than in the hour before, of at least so many, or so much of as many attempts, moves messages.
SHARE, ATLEAST = 0.15, 20
# Not sooner after the last move, and one step back for each of these, in seconds.
HOLD, BACK = 300.0, 900.0
# The errors of a channel are those of no country.
EVERYWHERE = ""


def away(seen: Observed, channel: str, country: str, now: float) -> int:
    """How many of a hundred of a channel's messages to a country are to go by others now."""
    return max(points(seen.drifts.get((channel, place)), now) for place in (country, EVERYWHERE))


def points(drift: Drift | None, now: float) -> int:
    """How many points of a move are left."""
    if drift is None:
        return 0
    return max(0, drift.points - STEP * int(max(0.0, now - drift.at) // BACK))


def moves(seen: Observed, now: float) -> dict[Pair, Drift]:
    """The moves that are to be made now, of pairs of channel and country."""
    return {pair: drift for pair, drift in _moves(seen, now) if _may_move(seen.drifts.get(pair), now)}


def late(seen: Observed, channel: str, country: str, now: float) -> tuple[int, int]:
    """How many of the texts that are judged now are late or silent, and how many there are."""
    last = slot("texts", now - LATE) - 1
    return _late(seen, channel, country, range(last + 1 - WINDOW // TEXTS, last + 1))


def lost_of(seen: Observed, channel: str, country: str, now: float) -> int:
    """How many of the texts that are judged now were not delivered, by a fault of others than the recipient."""
    last = slot("texts", now - LATE) - 1
    return seen.number("lost", channel, range(last + 1 - WINDOW // TEXTS, last + 1), country)


def _moves(seen: Observed, now: float) -> Iterator[tuple[Pair, Drift]]:
    pairs = {(count.channel, count.country) for count in seen.counts if count.what in OF_TEXTS}
    for country in {country for _, country in pairs}:
        why = {channel: _slow(seen, channel, country, now) for channel, place in pairs if place == country}
        yield from _some(seen, why, country, now)
    channels = {count.channel for count in seen.counts if count.what not in OF_TEXTS}
    yield from _some(seen, {channel: _erring(seen, channel, now) for channel in channels}, EVERYWHERE, now)


def _some(seen: Observed, why: Mapping[str, str | None], country: str, now: float) -> Iterator[tuple[Pair, Drift]]:
    """Those of these channels that are worse than another: where all are bad nothing is gained. None: too few texts."""
    bad = {channel: said for channel, said in why.items() if said}
    known = [said for said in why.values() if said is not None]
    if len(known) > 1 and len(bad) == len(known):
        return
    for channel, said in bad.items():
        left = points(seen.drifts.get((channel, country)), now)
        yield (channel, country), Drift(min(ALL, left + STEP), now, said)


def _may_move(before: Drift | None, now: float) -> bool:
    return before is None or now >= before.at + HOLD


def _slow(seen: Observed, channel: str, country: str, now: float) -> str | None:
    """Why a channel is slow there; empty if it is not; None if too few texts say so.

    What is usual there counts: of a channel that never tells what became of its texts all are silent, as ever.
    """
    last = slot("texts", now - LATE) - 1
    first = last + 1 - WINDOW // TEXTS
    bad, of = _late(seen, channel, country, range(first, last + 1))
    lost = lost_of(seen, channel, country, now)
    usual, before = _late(seen, channel, country, range(first - USUAL // TEXTS, first))
    if of < ATLEAST or before < ATLEAST:
        return None
    if bad / of - usual / before < SHARE:
        return ""
    return f"{lost} of {of} texts not delivered" if 2 * lost >= bad else f"{bad} of {of} texts late or silent"


def _late(seen: Observed, channel: str, country: str, slots: Iterable[int]) -> tuple[int, int]:
    slots = list(slots)
    texts = seen.number("texts", channel, slots, country)
    return max(0, texts - seen.number("timely", channel, slots, country)), texts


def _erring(seen: Observed, channel: str, now: float) -> str | None:
    """The same by how attempts end."""
    last = slot("sent", now - BEHIND) - 1
    failed, uncertain, taken = seen.attempts(channel, range(last + 1 - ATTEMPTS_KEPT // ATTEMPTS, last + 1))
    bad, of = failed + uncertain, failed + uncertain + taken
    if of < ATLEAST:
        return None
    return f"{bad} of {of} attempts failed" if bad / of >= SHARE else ""
