"""Breaker: when a channel is no longer used, when one message tries it, and when it is used again. Pure.

::

    closed --(5 sure failures in a row, or half of at least 10 attempts in a minute)--> open
    open --(its time is over: one message)--> half_open --(sent)--> closed
                                              half_open --(failed, uncertain)--> open, for twice as long
                                              half_open --(nothing heard for a minute)--> half_open, by another message
"""

from collections.abc import Sequence

from herald.errors import AttemptError, Refused, Unavailable
from herald.journal.observed import ATTEMPTS, ATTEMPTS_KEPT, BAD, Breaker, Ended, Observed, Outcome, slot

# What opens a breaker: sure failures in a row, or that part of so many attempts within so many seconds.
ROW, PART, ATLEAST, WITHIN = 5, 0.5, 10, 60.0
# How long it stays open: at first, and at most, in seconds. A channel that was closed for so long begins anew.
SHORT, LONG, FORGOTTEN = 30.0, 600.0, 900.0
# An attempt to try a channel counts as lost after so many seconds. And if nobody tries it for so long, anybody may.
LEASE = PATIENT = 60.0
# For so many seconds after it opened, messages prefer other channels: traffic does not go to and fro.
AWAY = 300.0
# What others wrote is judged when it is so old: who counts what was sent is so far behind.
BEHIND = 10.0
# Refusals that each message would meet. What a number, a text or a sender brought on itself says nothing of a channel:
# nobody stops one for all by what they ask for. Nor does `not_permitted`: Exotel answers so for a country that is not
# enabled (403), and Twilio on a trial for a number that is not verified (21608).
OWN = frozenset({"credentials_refused", "no_balance", "spend_limit", "channel_missing", "channel_invalid"})


def outcome(error: BaseException | None) -> Outcome | None:
    """What the end of an attempt says of its channel; None if it says nothing."""
    if error is None:
        return "taken"
    if isinstance(error, Unavailable):
        return "failed"
    if isinstance(error, Refused):
        return "failed" if error.code in OWN else None
    return "uncertain" if isinstance(error, AttemptError) else None


def judged(recent: Sequence[Ended], now: float) -> str:
    """Why a process that saw these ends, the oldest first, no longer uses the channel; empty if it does."""
    row = 0
    for ended in reversed(recent):
        if ended.outcome == "taken":
            break
        row += ended.outcome == "failed"
    bad = [ended.outcome != "taken" for ended in recent if ended.at > now - WITHIN]
    return _why(row, sum(bad), len(bad))


def failing(seen: Observed, channel: str, now: float) -> str:
    """The same by what all processes counted since the breaker closed."""
    if not any(count.what in BAD and count.channel == channel for count in seen.counts):
        return ""
    last = slot("sent", now - BEHIND) - 1
    first = max(last + 1 - ATTEMPTS_KEPT // ATTEMPTS, slot("sent", seen.breaker(channel).at) + 1)
    row = 0
    for each in range(last, first - 1, -1):
        failed, _, taken = seen.attempts(channel, [each])
        if taken:
            break
        row += failed
    minute = range(max(first, last + 1 - int(WITHIN) // ATTEMPTS), last + 1)
    failed, uncertain, taken = seen.attempts(channel, minute)
    return _why(row, failed + uncertain, failed + uncertain + taken)


def opened(before: Breaker, why: str, now: float) -> Breaker:
    """The breaker as it opens, or stays open: the longer, the oftener it did so one after the other."""
    fresh = before.state == "closed" and (not before.trips or now >= before.at + FORGOTTEN)
    trips = 1 if fresh else before.trips + 1
    seconds = min(LONG, SHORT * 2 ** min(trips - 1, 10))
    away = now + AWAY if before.state == "closed" else max(before.away, now)
    return Breaker("open", now, now + seconds, away, trips, why)


def tried(before: Breaker, now: float) -> Breaker:
    """The breaker while one message tries the channel."""
    return before._replace(state="half_open", at=now, until=now + LEASE)


def ended(before: Breaker, how: Outcome | None, now: float) -> Breaker:
    """The breaker after one message tried the channel. One that says nothing of it leaves that to the next."""
    if how is None:
        return before._replace(state="open", at=now, until=now)
    if how == "taken":
        return before._replace(state="closed", at=now, until=now)
    return opened(before, f"it {'failed' if how == 'failed' else 'was uncertain'} when it was tried again", now)


def due(breaker: Breaker, now: float, *, expires: float, alone: bool) -> float:
    """After how many seconds a message may try the channel: 0 at once; endless if it is not one that should.

    ``alone``: no other channel is there for it, so it waits; and one that would not live to see the channel tried
    may try it earlier. Else it must have the time to go elsewhere after that.
    """
    if breaker.state == "closed":
        return 0.0
    until = breaker.until
    if alone and breaker.state == "open" and expires <= until:
        until = min(until, breaker.at + SHORT)
    brave = expires - now > LEASE or now >= until + PATIENT
    return max(0.0, until - now) if brave or alone else float("inf")


def _why(row: int, bad: int, of: int) -> str:
    if row >= ROW:
        return f"{row} failures in a row"
    return f"{bad} of {of} attempts within a minute went wrong" if of >= ATLEAST and bad >= PART * of else ""
