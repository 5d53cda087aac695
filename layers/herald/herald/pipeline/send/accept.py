"""Accept: a request becomes a message, once: validated, guarded, claimed, and sent or put where it waits."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from herald.errors import InvalidMessage, NotAccepted, NotAllowed
from herald.journal import MayStand
from herald.keys.grant import Grant
from herald.message import Message
from herald.message.ids import message_id
from herald.message.reasons import REASONS
from herald.message.secret import fingerprint, recipient, referred, same
from herald.message.status import Status, Step
from herald.message.text import advice
from herald.pipeline.guard.gate import Gate
from herald.pipeline.ports import Ports
from herald.pipeline.route.rules import Route, route
from herald.pipeline.send import transitions
from herald.pipeline.send.delivery import Delivery, TooLate
from herald.pipeline.send.find import kept
from herald.pipeline.send.second import asked_for
from herald.pipeline.send.waiting import put
from herald.pipeline.trouble import needed, told
from herald.pipeline.validate.validate import Asked, Mode, content, validate, wants_smart, words

_TOO_LATE = TooLate(REASONS["throttled"], "no channel is free in time")


class Accepted(NamedTuple):
    """A message, and whether it is the stored answer to a request that was made before."""

    message: Message
    replayed: bool = False


class Prepared(NamedTuple):
    """A valid message before any guard has seen it, whether its caller waits for it, and its route."""

    message: Message
    mode: Mode
    way: Route


class _Known(Exception):
    """There is a message with this id already."""

    def __init__(self, before: Message) -> None:
        self.before = before


class Accept:
    """Takes in one request, which the settings as they are now judge."""

    def __init__(self, ports: Ports) -> None:
        self._ports, self._settings, self._now = ports, ports.settings, ports.clock()
        self._gate, self._delivery = Gate(ports, self._settings), Delivery(ports, self._settings)

    def send(
        self, request: Mapping[str, object], *, caller: str, entrypoint: str, key: str | None, grant: Grant | None
    ) -> Accepted:
        """Validate, guard, claim, and send (or queue, or schedule) one message. ``Herald.send`` says the rest."""
        own_id = message_id(caller, key, self._now)
        try:
            message, mode, way = self.prepared(request, own_id, caller=caller, entrypoint=entrypoint, grant=grant)
        except InvalidMessage as wrong:
            return self._not_valid(request, own_id, wrong, known=bool(key))
        try:
            let_in = self._gate.let_in(message, way.channels, grant, barred=way.barred, queued=mode == "async")
        except NotAllowed as refused:
            return self._not_let_in(message, refused, known=bool(key))
        try:
            return Accepted(self._admitted(let_in, mode, way))
        except _Known as known:
            self._gate.give_back()
            return self._replay(known.before, let_in.fingerprint)
        except NotAccepted:  # Nothing was sent, and what was not claimed never will be.
            self._gate.give_back()
            raise

    def prepared(
        self, request: Mapping[str, object], own_id: str, *, caller: str, entrypoint: str, grant: Grant | None
    ) -> Prepared:
        """The message that is asked for, and its way. Raises ``InvalidMessage``."""
        asked, mode = self._asked(request, self._now)
        said = ", ".join(filter(None, (f"by {entrypoint}", advice(asked.body or "", asked=wants_smart(request)))))
        reference = asked.reference
        message = asked.with_(
            id=own_id,
            reference_hash=referred(self._ports.secret, caller, reference) if reference else "",
            caller=caller,
            entrypoint=entrypoint,
            allowed=grant.channels if grant else None,
            trace=(Step(self._now, "accepted", said),),
        )
        way = route(message, self._settings)
        return Prepared(asked_for(message, way, self._settings.deliver_by), mode, way)

    def _asked(self, request: Mapping[str, object], now: datetime) -> Asked:
        settings = self._settings
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
        secret = self._ports.secret
        stands_for = fingerprint(secret, words(request), content(asked, mode))
        return Asked(asked.with_(fingerprint=stands_for, recipient=recipient(secret, asked.to)), mode)

    def _not_valid(self, request: Mapping[str, object], own_id: str, wrong: InvalidMessage, *, known: bool) -> Accepted:
        """What is no message may repeat what was one: then the time, or what the settings say, was another."""
        before = kept(self._ports, own_id) if known and isinstance(request, Mapping) else None
        if before is None:
            raise wrong
        try:
            asked = self._asked(request, before.created_at).message.fingerprint
        except InvalidMessage:
            asked = fingerprint(self._ports.secret, words(request), None)
            if not same(before.fingerprint, asked):
                raise wrong from None
        return self._replay(before, asked)

    def _not_let_in(self, message: Message, refused: NotAllowed, *, known: bool) -> Accepted:
        """What a guard does not let in is sent nowhere; but it may repeat what was let in before."""
        before = kept(self._ports, message.id) if known else None
        if before:
            return self._replay(before, message.fingerprint)
        refused.trace = (*message.trace, Step(message.created_at, "refused", refused.code))
        self._ports.observer.refused(message, refused.code)
        raise refused

    def _admitted(self, message: Message, mode: Mode, way: Route) -> Message:
        """A message that the guards let in goes its way. If it cannot be handed over the sweep finds it."""
        if message.send_at:
            scheduled = self._claim(transitions.scheduled(message, message.send_at, message.created_at))
            with told(self._ports.observer, "message not scheduled", message_id=message.id):
                self._ports.schedule.put(message.id, message.send_at)
            return scheduled
        if mode == "async":
            queued = self._claim(transitions.queued(message, message.created_at))
            put(self._ports, queued)
            return queued
        return self._delivery.begin(message, way, self._claim, _TOO_LATE)

    def _claim(self, message: Message) -> Message:
        """The message, ours from now on. Raises ``_Known``, ``NotAccepted``."""
        cannot = NotAccepted("The journal could not be written.")
        with needed(self._ports.observer, "message not claimed", cannot, message_id=message.id):
            before = self._written(message)
        if before:
            raise _Known(before)
        if message.counted and message.counted.state == "back":  # No channel is free in time.
            self._gate.give_back()
        self._ports.observer.accepted(message)
        if message.status not in (Status.ACCEPTED, Status.SENDING):
            self._ports.observer.ended(message)
        return message

    def _written(self, message: Message) -> Message | None:
        try:
            return self._ports.journal.claim(message)
        except MayStand as error:
            self._gate.keep()
            raise error.__cause__ or error from None

    def _replay(self, before: Message, asked: str) -> Accepted:
        from herald.pipeline.send.repeat import replay

        return Accepted(replay(self._ports, before, asked), replayed=True)
