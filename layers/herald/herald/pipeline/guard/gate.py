"""Gate: a message is let in, or it is said which guard does not let it: before any money is spent."""

from collections.abc import Collection
from datetime import datetime
from types import MappingProxyType

from herald.errors import NotAccepted, NotAllowed
from herald.journal.tally import MILLIONTHS, Full, Tally
from herald.keys.grant import Grant
from herald.message import Message
from herald.message.counted import Counted
from herald.message.status import Step
from herald.pipeline.guard.budget import When, tallies, when
from herald.pipeline.guard.ledger import Amounts, Place, held
from herald.pipeline.guard.policy import guard, sender_refused
from herald.pipeline.ports import Ports
from herald.pipeline.trouble import needed, told
from herald.settings.values import Settings

_SETTINGS = "If this is meant, raise {name} in the settings of the stage."
_KEYS = "If this is meant, give the caller a key with a higher limit."
# Each limit: what is told of it, and what can be done.
LIMITS = {
    "number_10_minutes": ("This number had as many messages within 10 minutes as it may have.", _SETTINGS),
    "number_day": ("This number has as many messages {today} as it may have.", _SETTINGS),
    "block_day": ("Numbers right beside this one have as many messages {today} as they may have.", _SETTINGS),
    "country_day": ("This country has many more messages {today} than on any day of the week before.", _SETTINGS),
    "day": ("There are as many messages {today} as may be sent in all.", _SETTINGS),
    "spend_day": ("What may be spent {today} is spent.", _SETTINGS),
    "spend_month": ("What may be spent {month} is spent.", _SETTINGS),
    "caller_minute": ("This API key has as many messages {minute} as it may send.", _KEYS),
    "caller_day": ("This API key has as many messages {today} as it may send.", _KEYS),
    "caller_spend_day": ("What this caller may spend {today} is spent.", _SETTINGS),
    "caller_spend_month": ("What this caller may spend {month} is spent.", _SETTINGS),
}
NOW = {"today": "today", "minute": "this minute", "month": "this month"}
THEN = {"today": "on the day of send_at", "minute": "in the minute of send_at", "month": "in the month of send_at"}
OF_THE_NUMBER = ("number_10_minutes", "number_day", "block_day", "country_day")


class Gate:
    """Asks the guards, in order, by these settings."""

    def __init__(self, ports: Ports, settings: Settings) -> None:
        self._ports, self._settings = ports, settings
        self._taken: list[Tally] = []

    def let_in(
        self,
        message: Message,
        channels: Collection[str],
        grant: Grant | None,
        *,
        barred: Collection[str] = (),
        queued: bool = False,
    ) -> Message:
        """The message as it may be sent, counted and paid for; ``channels`` are those that it may go through.

        ``barred``: those that its sender id keeps it from, if there are no others. ``queued``: it is to come out of the
        queue soon. Raises ``NotAllowed``, or ``NotAccepted`` where it cannot be counted.
        """
        self._judge(message, grant, barred)
        if not channels:
            detail = "No channel that the settings choose for this message is one that this API key may use."
            raise NotAllowed("channel_not_allowed", detail, status=403, hint="Name a channel that the key may use.")
        self._wants_texts(message)
        return self._counted(self.known(message, grant), grant, when(message, self._ports.clock(), queued=queued))

    def let_on(self, message: Message, grant: Grant | None = None, *, barred: Collection[str] = ()) -> Message:
        """A message that waited, counted for now, if it may still be sent. Raises as ``let_in`` does."""
        self._judge(message, grant, barred)
        self._wants_texts(message)
        if not message.test and not self._is_guest(message):
            detail = "The number is not on the list of guests, who alone are reached here."
            raise NotAllowed("not_a_guest", detail, field="to", hint="Add it to the setting guests.")

        return self._counted_anew(message, grant)

    def give_back(self) -> None:
        """Take back what the message was counted for just now: it is not sent after all.

        What cannot be taken back stays counted: a little less is let through then, never more.
        """
        for tally in self._taken:
            with told(self._ports.observer, "count not taken back"):
                self._ports.counters.give(tally)
        self._taken = []

    def keep(self) -> None:
        """What the message was counted for just now stays counted: it may be sent after all."""
        self._taken = []

    def _judge(self, message: Message, grant: Grant | None, barred: Collection[str]) -> None:
        guard(message, self._settings, grant)
        if barred:
            raise sender_refused(message, self._settings, barred)

    def known(self, message: Message, grant: Grant | None) -> Message:
        """The message with what it may cost, and whether it really goes."""
        cost = self._settings.cost(message.country, message.segments)
        why = "a test key" if grant and grant.test else "" if self._is_guest(message) else "not a guest"
        accepted = message.trace[0]
        said = [accepted.detail, *([f"simulated: {why}"] if why else []), *([] if cost is None else [_reserved(cost)])]
        return message.with_(
            test=bool(why),
            reserved=cost,
            trace=(Step(accepted.at, accepted.step, ", ".join(said)), *message.trace[1:]),
        )

    def _is_guest(self, message: Message) -> bool:
        guests = self._settings.guests
        return guests is None or message.to in guests

    def _wants_texts(self, message: Message) -> None:
        cannot = NotAccepted("Whether the recipient opted out could not be read.", code="not_counted")
        with needed(self._ports.observer, "opt-outs not read", cannot, message_id=message.id):
            opted_out = self._ports.optouts.has(message.recipient)
        if opted_out:
            hint = "Send nothing more until the person opts in again."
            raise NotAllowed("opted_out", "The recipient opted out of messages.", field="to", hint=hint)

    def _counted_anew(self, message: Message, grant: Grant | None) -> Message:
        """Where it is counted for another time already, only what is new of this one is counted.

        A text that may have left stays counted: then this is another one.
        """
        before, asked = message.counted, when(message, self._ports.clock())
        if before is None or before.state != "kept":  # It left, or all was given back, its money too.
            fresh = message.with_(reserved=self._settings.cost(message.country, message.segments))
            return self._counted(fresh, grant, asked if before is None else asked.after(before.at))
        if asked.moment and before.moment and asked.moment <= before.moment:
            asked = asked._replace(moment=before.moment)
        counted = self._counted(message, grant, asked, held(message, self._ports.secret))
        return counted if self._taken else message

    def _counted(
        self, message: Message, grant: Grant | None, asked: When, there: Amounts = MappingProxyType({})
    ) -> Message:
        """The message once it is counted everywhere; where one limit is reached, it is counted nowhere.

        What is ``there`` already is not counted again.
        """
        counted = Counted(asked.at, cost=message.reserved)
        try:
            for tally in tallies(message, self._settings, grant, self._ports.secret, asked):
                more = _without(tally, there, asked.now)
                if more.caps or more.burst:
                    self._take(more, asked)
                counted = counted._replace(names=(*counted.names, tally.name))
                counted = counted._replace(moment=tally.burst.moment) if tally.burst else counted
        except NotAllowed:
            raise
        except Exception as error:
            self._ports.observer.trouble("message not counted", error, message_id=message.id)
            if message.kind not in self._settings.uncounted:
                self.give_back()
                raise NotAccepted("The limits could not be read.", code="not_counted") from None
        return message.with_(counted=counted)

    def _take(self, tally: Tally, asked: When) -> None:
        reached = self._ports.counters.take(tally, asked.now)
        if reached:
            self.give_back()
            raise _refused(reached, self._settings, scheduled=asked.moment is None)
        self._taken.append(tally)


def _without(tally: Tally, there: Amounts, now: datetime) -> Tally:
    """The tally without what is there already. An own moment that is over counts not against the one to come."""
    caps, burst = tuple(cap for cap in tally.caps if Place(tally.key, cap.counter) not in there), tally.burst
    if burst and Place(tally.key, burst.counter, burst.moment) in there:
        burst = None
    elif burst:
        ago = now.timestamp() - burst.seconds
        own = sum(place.moment is not None and place.moment > ago for place in there)
        burst = burst._replace(soon=burst.soon + own)
    return tally._replace(caps=caps, burst=burst)


def _reserved(cost: int) -> str:
    return f"at most {cost / MILLIONTHS:.6f}".rstrip("0").rstrip(".") + " reserved"


def _refused(reached: Full, settings: Settings, *, scheduled: bool) -> NotAllowed:
    """One that is ``scheduled`` gains nothing by waiting: what is full stays full for then."""
    detail, hint = LIMITS[reached.code]
    most = settings.limits._asdict().get(reached.code)
    shown = most / MILLIONTHS if most and "spend" in reached.code else most
    name = f"limits.{reached.code}" + (f" (now {shown:g})" if shown else "")
    return NotAllowed(
        f"limit_{reached.code}",
        detail.format(**(THEN if scheduled else NOW)),
        status=429,
        field="to" if reached.code in OF_THE_NUMBER else "send_at" if scheduled else "",
        hint=f"{'Choose another send_at. ' if scheduled else ''}{hint.format(name=name)}",
        retry_after=None if scheduled else reached.retry_after,
    )
