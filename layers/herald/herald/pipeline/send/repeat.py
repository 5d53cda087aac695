"""Repeat: a request that was accepted before gets the stored answer: it is judged by what was said then.

The same words are the same request, whatever today's settings, channels or libraries make of them; and the same message
is, however it is written.
"""

from collections.abc import Mapping
from datetime import timedelta

from herald.errors import HeraldError, KeyReused, NotAccepted, StillSending
from herald.message import Message
from herald.message.ids import message_id
from herald.message.secret import fingerprint, same
from herald.message.status import Status
from herald.pipeline.ports import Ports
from herald.pipeline.send.find import as_it_stands, kept
from herald.pipeline.trouble import needed
from herald.pipeline.validate.validate import words

# No request lasts so long: after that nobody takes its claim back.
LONGEST_REQUEST = timedelta(minutes=5)


def replay(ports: Ports, before: Message, now: str) -> Message:
    """The stored answer to the request whose fingerprint is ``now``; never a second send.

    Raises ``KeyReused``, ``StillSending``, ``NotAccepted``.
    """
    if not same(before.fingerprint, now):
        raise KeyReused
    standing = as_it_stands(ports, before)
    if standing.status is Status.SENDING and not standing.earlier:
        raise StillSending
    if not may_be_told(ports, standing):
        raise NotAccepted("The request that this one repeats was not accepted.")
    ports.observer.step("message replayed", standing)
    return standing


def may_be_told(ports: Ports, message: Message) -> bool:
    """Whether a message stays, so that a caller may be told of it: not if the request that claimed it had no answer,
    and took it back. Raises ``NotAccepted`` if that cannot be made sure of.
    """
    fresh = ports.clock() - message.created_at < LONGEST_REQUEST
    if not fresh or message.status not in (Status.ACCEPTED, Status.SCHEDULED):
        return True
    cannot = NotAccepted("The journal could not be written.")
    with needed(ports.observer, "message not kept", cannot, message_id=message.id):
        return ports.journal.keep(message)


def repeated(
    ports: Ports, request: Mapping[str, object], caller: str, key: str | None, refused: HeraldError
) -> Message:
    """The stored answer, where today's settings cannot even be read; ``refused`` is raised where there is none."""
    before = kept(ports, message_id(caller, key, ports.clock())) if key and isinstance(request, Mapping) else None
    if before is None:
        raise refused
    return replay(ports, before, fingerprint(ports.secret, words(request), None))
