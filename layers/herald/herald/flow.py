"""Flow: the order of the rooms, nothing else. Each door calls one of the ``Herald``'s methods."""

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from herald import outcome
from herald.ask import Ask, Refreshed
from herald.consent import Consent
from herald.counters import Tallies
from herald.deliver import Delivery, Later, Sender
from herald.errors import InvalidMessage, KeyReused, NotAccepted, NotAllowed, NotCancelable, NotFound, StillSending
from herald.forget import Erased, Forget
from herald.gate import Gate
from herald.grant import Grant
from herald.ids import ID, message_id
from herald.journal import Moved, Records
from herald.look import Look, Page
from herald.message import Message, Status, Step
from herald.observe import Observer
from herald.optouts import OptOuts
from herald.phone import recipient
from herald.reasons import REASONS
from herald.resume import Resume
from herald.route import route
from herald.settings import Settings
from herald.simulate import Simulated
from herald.text import advice
from herald.turn import Pace, Place, Turn
from herald.validate import Request, content, validate

CANCELABLE = (Status.ACCEPTED, Status.SCHEDULED)


class Calendar(Protocol):
    """Where a message's id waits for its time: ``schedule.Schedule``."""

    def put(self, message_id: str, at: datetime) -> None:
        """Hand the id over; ``resume`` is called with it at that time."""

    def remove(self, message_id: str) -> None:
        """Forget the id."""


class Answer(NamedTuple):
    """A message, and whether it is the stored answer to a request that was made before."""

    message: Message
    replayed: bool = False


class Herald:
    """The journey of a message. Its parts are handed in by ``wiring``, or by ``testing``."""

    def __init__(
        self,
        *,
        settings: Callable[[], Settings],
        refresh: Callable[[], object],
        hash_key: Callable[[], bytes],
        channel: Callable[[str], Sender],
        journal: Callable[[], Records],
        queue: Callable[[], Later],
        schedule: Callable[[], Calendar],
        pace: Callable[[], Pace],
        tallies: Callable[[], Tallies],
        optouts: Callable[[], OptOuts],
        observer: Observer,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
        callback: Callable[[Message], str | None] = lambda message: None,
    ) -> None:
        self.settings, self.channel, self.queue, self.observer = settings, channel, queue, observer
        self.hash_key, self.journal, self._schedule = hash_key, journal, schedule
        self.clock = clock
        self.delivery = Delivery(
            settings=settings,
            refresh=refresh,
            channel=channel,
            journal=journal,
            queue=queue,
            pace=pace,
            observer=observer,
            clock=clock,
            sleep=sleep,
            simulated=Simulated(queue, observer),
            callback=callback,
        )
        self._gate = Gate(
            settings=settings, hash_key=hash_key, tallies=tallies, optouts=optouts, observer=observer, clock=clock
        )
        self._resume = Resume(
            settings=settings, journal=journal, delivery=self.delivery, let_on=self._gate.let_on, clock=clock
        )
        self.consent = Consent(settings=settings, hash_key=hash_key, optouts=optouts, observer=observer, clock=clock)
        self._ask = Ask(settings=settings, channel=channel, journal=journal, pace=pace, observer=observer, clock=clock)
        self._look = Look(settings=settings, hash_key=hash_key, journal=journal, observer=observer)
        self._forget = Forget(
            settings=settings,
            hash_key=hash_key,
            journal=journal,
            settled=self._settled,
            canceled=self._canceled,
            observer=observer,
        )

    def send(
        self,
        request: Mapping[str, object],
        *,
        caller: str,
        door: str,
        key: str | None = None,
        grant: Grant | None = None,
    ) -> Answer:
        """Validate, guard, claim, and send (or queue, or schedule) one message.

        ``request`` is what a door received, untrusted; ``key`` the idempotency key, scoped by ``caller``; ``grant``
        what the caller may do (None: as much as the settings allow).
        The answer's status tells what happened: ``failed``, with the reason, if the provider refused it.
        Raises ``InvalidMessage``, ``InvalidSettings``, ``NotAllowed``, ``KeyReused``, ``StillSending``,
        ``NotAccepted``.
        """
        settings, now = self.settings(), self.clock()
        try:
            asked, mode = self._asked(request, settings, now)
        except InvalidMessage as wrong:
            if key and [problem.code for problem in wrong.problems] == ["in_the_past"]:
                return self._past(request, settings, message_id(caller, key, now), wrong)
            raise
        message = asked.with_(
            id=message_id(caller, key, now),
            caller=caller,
            door=door,
            allowed=",".join(sorted(grant.channels)) if grant and grant.channels is not None else None,
            trace=(Step(now, "accepted", ", ".join(filter(None, (f"by {door}", advice(asked.body or ""))))),),
        )
        try:
            let_in = self._gate.let_in(message, route(message, settings).channels, grant)
        except NotAllowed as refused:
            return self._not_let_in(message, refused, known=bool(key))
        try:
            answer = self._admitted(let_in, mode, settings)
        except (KeyReused, StillSending):
            self._gate.give_back(let_in, grant)
            raise
        if answer.replayed:
            self._gate.give_back(let_in, grant)
        return answer

    def _not_let_in(self, message: Message, refused: NotAllowed, *, known: bool) -> Answer:
        """What a guard does not let in is sent nowhere; but it may repeat what was let in before."""
        before = self._kept(message.id) if known else None
        if before:
            return self._replay(before, message)
        refused.trace = (*message.trace, Step(message.created_at, "refused", refused.code))
        self.observer.refused(message, refused.code)
        raise refused

    def _admitted(self, message: Message, mode: str, settings: Settings) -> Answer:
        """A message that the guards let in goes its way."""
        if message.send_at:
            return self._scheduled(message, message.send_at)
        if mode == "async":
            return self._queued(message)
        turn = self.delivery.turn(message, *route(message, settings))
        if not isinstance(turn, Turn):
            return self._put_off(message, turn)
        claimed = self.delivery.sending(message, turn)
        before = self._claim(claimed)
        return self._replay(before, claimed) if before else Answer(self.delivery.attempt(claimed, turn))

    def resume(self, message_id: str) -> Message | None:
        """Send a message whose time has come. Safe to call any number of times; None if there is no such message."""
        return self._resume.message(message_id)

    def bury(self, message_id: str) -> Message | None:
        """Write that a message which waits could not be handled: it failed, but its text is kept for a redrive."""
        return self._resume.never(message_id)

    def find(self, message_id: str, *, caller: str | None = None) -> Message:
        """The message as it stands; with a ``caller``, only that caller's own. Raises ``NotFound``."""
        message = self._kept(message_id) if ID.fullmatch(message_id) else None
        if message is None or caller not in (None, message.caller):
            raise NotFound
        return self._settled(message)

    def refreshed(self, message_id: str, *, caller: str | None = None) -> Refreshed:
        """The message after its provider was asked about it, where that can be. Raises ``NotFound``."""
        return self._ask.about(self.find(message_id, caller=caller))

    def search(self, asked: Mapping[str, object], *, caller: str | None = None) -> Page:
        """The messages to a person, newest first: the fields of ``asked``, untrusted, are ``look.FIELDS``.

        With a ``caller``, only that caller's own. Raises ``InvalidRequest``.
        """
        return self._look.page(asked, caller)

    def erase(self, number: object, *, field: str = "to") -> Erased:
        """Erase every caller's messages to a number, so that those which wait are never sent. Safe to repeat.

        ``number`` is untrusted; ``field`` is how the door calls it. Raises ``InvalidRequest``.
        """
        return self._forget.person(number, field)

    def cancel(self, message_id: str, *, caller: str | None = None) -> Message:
        """Cancel a message that still waits. Raises ``NotFound``, or ``NotCancelable`` if it no longer waits."""
        message: Message | None = self.find(message_id, caller=caller)
        if message and message.status is Status.CANCELED:
            return message
        if message and message.status in CANCELABLE:
            try:
                return self._canceled(message)
            except Moved as moved:
                message = moved.current
            except Exception as error:
                self.observer.trouble("message not canceled", error, message_id=message_id)
                raise NotAccepted("The journal could not be written.") from None
        status = message.status if message else "gone"
        raise NotCancelable(f"The message is {status}: only one that still waits can be canceled.")

    def _asked(self, request: Mapping[str, object], settings: Settings, now: datetime) -> Request:
        asked, mode = validate(
            request,
            now=now,
            region=settings.default_region,
            mobile_prefixes=settings.mobile_prefixes,
            channels=settings.channels,
            valid_for=settings.valid_for,
            callback_hosts=settings.callback_hosts,
            signed=bool(settings.webhook_secrets),
        )
        fingerprint = hmac.new(self.hash_key(), content(asked, mode), hashlib.sha256).hexdigest()[:32]
        person = recipient(self.hash_key(), asked.to)
        return Request(asked.with_(fingerprint=fingerprint, recipient=person), mode)

    def _past(
        self, request: Mapping[str, object], settings: Settings, message_id: str, wrong: InvalidMessage
    ) -> Answer:
        """A request for a time that has passed may be the repetition of one that came in time."""
        before = self._kept(message_id)
        if before is None:
            raise wrong
        return self._replay(before, self._asked(request, settings, before.created_at).message)

    def _scheduled(self, message: Message, at: datetime) -> Answer:
        return self._wait(outcome.scheduled(message, at, message.created_at), self._plan)

    def _queued(self, message: Message) -> Answer:
        return self._wait(outcome.queued(message, message.created_at), self.delivery.put)

    def _put_off(self, message: Message, place: Place | None) -> Answer:
        """No channel is free: the message waits for its turn, unless that comes too late."""
        if place:
            return self._wait(self.delivery.in_line(message, place), self.delivery.put)
        now, detail = message.created_at, "no channel is free in time"
        return self._wait(outcome.unsent(message, Status.EXPIRED, REASONS["throttled"], now, detail))

    def _wait(self, message: Message, hand_over: Callable[[Message], object] = lambda message: None) -> Answer:
        """Claim a message that waits. If it cannot be handed over the sweep finds it, once it is overdue."""
        before = self._claim(message)
        if before:
            return self._replay(before, message)
        hand_over(message)
        if message.status is not Status.ACCEPTED:
            self.observer.ended(message)
        return Answer(message)

    def _plan(self, message: Message) -> None:
        try:
            self._schedule().put(message.id, message.send_at or message.created_at)
        except Exception as error:
            self.observer.trouble("message not scheduled", error, message_id=message.id)

    def _kept(self, message_id: str) -> Message | None:
        try:
            return self.journal().get(message_id)
        except Exception as error:
            self.observer.trouble("message not read", error, message_id=message_id)
            raise NotAccepted("The journal could not be read.") from None

    def _claim(self, message: Message) -> Message | None:
        try:
            before = self.journal().claim(message)
        except Exception as error:
            self.observer.trouble("message not claimed", error, message_id=message.id)
            raise NotAccepted("The journal could not be written.") from None
        if before is None:
            self.observer.accepted(message)
        return before

    def _replay(self, before: Message, asked: Message) -> Answer:
        """The stored answer to the same request; never a second send."""
        if not hmac.compare_digest(before.fingerprint, asked.fingerprint):
            raise KeyReused
        settled = self._settled(before)
        if settled.status is Status.SENDING:
            raise StillSending
        self.observer.step("message replayed", settled)
        return Answer(settled, replayed=True)

    def _settled(self, message: Message) -> Message:
        """A message whose sender is gone (its lease ran out) is unknown, from the moment that somebody looks."""
        if message.status is not Status.SENDING or not message.due_at or self.clock() < message.due_at:
            return message
        try:
            return self.delivery.interrupted(message)
        except Moved as moved:
            return moved.current or message
        except Exception as error:
            self.observer.trouble("result not recorded", error, message_id=message.id)
            return message.with_(status=Status.UNKNOWN, reason=REASONS["interrupted"])

    def _canceled(self, message: Message) -> Message:
        """A message that waits, canceled. Raises ``Moved``."""
        canceled = self.delivery.unsent(message, Status.CANCELED, REASONS["canceled"])
        if message.status is Status.SCHEDULED:
            try:
                self._schedule().remove(message.id)
            except Exception as error:  # It will fire for a canceled message, and do nothing.
                self.observer.trouble("schedule not removed", error, message_id=message.id)
        return canceled
