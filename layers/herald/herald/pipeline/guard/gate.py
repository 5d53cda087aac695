"""Gate: a message is let in, or it is said which guard does not let it: before any money is spent."""

from collections.abc import Collection

from herald.errors import NotAccepted, NotAllowed
from herald.journal.tally import MILLIONTHS, Full, Tally
from herald.keys.grant import Grant
from herald.message import Message
from herald.message.status import Step
from herald.pipeline.guard.budget import tallies
from herald.pipeline.guard.policy import guard
from herald.pipeline.ports import Ports
from herald.pipeline.trouble import needed, told
from herald.settings.values import Settings

_SETTINGS = "If this is meant, raise {name} in the settings of the stage."
_KEYS = "If this is meant, give the caller a key with a higher limit."
# Each limit: what is told of it, and what can be done.
LIMITS = {
    "number_10_minutes": ("This number had as many messages within 10 minutes as it may have.", _SETTINGS),
    "number_day": ("This number had as many messages today as it may have.", _SETTINGS),
    "block_day": ("Numbers right beside this one had as many messages today as they may have.", _SETTINGS),
    "country_day": ("This country has many more messages today than on any day of the week before.", _SETTINGS),
    "day": ("As many messages were sent today as may be sent in all.", _SETTINGS),
    "spend_day": ("What may be spent today is spent.", _SETTINGS),
    "spend_month": ("What may be spent this month is spent.", _SETTINGS),
    "caller_minute": ("This API key sent as many messages this minute as it may send.", _KEYS),
    "caller_day": ("This API key sent as many messages today as it may send.", _KEYS),
    "caller_spend_day": ("What this caller may spend today is spent.", _SETTINGS),
    "caller_spend_month": ("What this caller may spend this month is spent.", _SETTINGS),
}
OF_THE_NUMBER = ("number_10_minutes", "number_day", "block_day", "country_day")


class Gate:
    """Asks the guards, in order, by these settings."""

    def __init__(self, ports: Ports, settings: Settings) -> None:
        self._ports, self._settings = ports, settings

    def let_in(self, message: Message, channels: Collection[str], grant: Grant | None) -> Message:
        """The message as it may be sent, counted and paid for; ``channels`` are those that it may go through.

        Raises ``NotAllowed``, or ``NotAccepted`` where it cannot be counted.
        """
        guard(message, self._settings, grant)
        if not channels:
            detail = "No channel that the settings choose for this message is one that this API key may use."
            raise NotAllowed("channel_not_allowed", detail, status=403, hint="Name a channel that the key may use.")
        self._wants_texts(message)
        return self._counted(self._known(message, grant), grant)

    def let_on(self, message: Message) -> None:
        """Whether a message that waited may still be sent. Raises ``NotAllowed`` if not, or ``NotAccepted``."""
        guard(message, self._settings)
        self._wants_texts(message)
        if not message.test and not self._is_guest(message):
            detail = "The number is not on the list of guests, who alone are reached here."
            raise NotAllowed("not_a_guest", detail, field="to", hint="Add it to the setting guests.")

    def give_back(self, message: Message, grant: Grant | None) -> None:
        """Take back what a message was counted for that is not sent after all: it was there already."""
        self._give([*tallies(message, self._settings, grant, self._ports.secret)])

    def _known(self, message: Message, grant: Grant | None) -> Message:
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

    def _counted(self, message: Message, grant: Grant | None) -> Message:
        """The message once it is counted everywhere; where one limit is reached, it is counted nowhere."""
        counted: list[Tally] = []
        now = self._ports.clock()
        try:
            for tally in tallies(message, self._settings, grant, self._ports.secret):
                reached = self._ports.counters.take(tally, now)
                if reached:
                    self._give(counted)
                    raise _refused(reached)
                counted.append(tally)
        except NotAllowed:
            raise
        except Exception as error:
            self._ports.observer.trouble("message not counted", error, message_id=message.id)
            if message.kind not in self._settings.uncounted:
                raise NotAccepted("The limits could not be read.", code="not_counted") from None
            return message.with_(reserved=None)
        return message

    def _give(self, counted: list[Tally]) -> None:
        """What cannot be taken back stays counted: a little less is let through then, never more."""
        for tally in counted:
            with told(self._ports.observer, "count not taken back"):
                self._ports.counters.give(tally)


def _reserved(cost: int) -> str:
    return f"at most {cost / MILLIONTHS:.6f}".rstrip("0").rstrip(".") + " reserved"


def _refused(reached: Full) -> NotAllowed:
    detail, hint = LIMITS[reached.code]
    return NotAllowed(
        f"limit_{reached.code}",
        detail,
        status=429,
        field="to" if reached.code in OF_THE_NUMBER else "",
        hint=hint.format(name=f"limits.{reached.code}"),
        retry_after=reached.retry_after,
    )
