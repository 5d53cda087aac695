"""Search: the messages to a person, found by the keyed hash of the number: in pages, newest first."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from herald.errors import InvalidRequest, NotAccepted
from herald.journal.item import Mark
from herald.message import Message
from herald.message.status import Status
from herald.message.times import moment
from herald.pipeline.ports import LITTLE, Ports
from herald.pipeline.recipients import cursor
from herald.pipeline.recipients.person import named
from herald.pipeline.send.repeat import may_be_told
from herald.pipeline.trouble import needed
from herald.pipeline.validate.fields import Fields, choice, string, whole

FIELDS = ("to", "status", "since", "after", "limit")
PAGE, LONGEST_PAGE = 20, 100
# A page ends here, full or not: so it takes little time even where nothing fits.
MOST_LOOKED_AT = 500


class Page(NamedTuple):
    """Some of the messages that were asked for. ``next`` is what ``after`` has to say to get those that follow."""

    messages: list[Message]
    next: str | None

    def public(self) -> dict[str, object]:
        """The page as callers see it."""
        return {"messages": [message.public() for message in self.messages], "next": self.next}


class _Wanted(NamedTuple):
    """What is looked for. ``whose`` stands for the person and for who asks, and is no number."""

    recipient: str
    whose: str
    status: Status | None
    since: datetime | None
    after: Mark | None
    limit: int


class Search:
    """Finds messages. Without the stage's secret no number finds anything."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def page(self, asked: Mapping[str, object], caller: str | None) -> Page:
        """The page that ``asked``, untrusted, describes by ``FIELDS``; with a ``caller``, of that caller's own.

        Raises ``InvalidRequest``, which lists every problem and repeats no value; ``NotAccepted``.
        """
        wanted = self._wanted(asked, caller)
        if wanted.since and wanted.after and wanted.after.created_at < wanted.since:
            return Page([], None)
        cannot = NotAccepted("The journal could not be read.", hint="Ask again in a few seconds.")
        with needed(self._ports.observer, "messages not read", cannot):
            return self._page(wanted, caller)

    def _page(self, wanted: _Wanted, caller: str | None) -> Page:
        messages: list[Message] = []
        last: Message | None = None
        own: Message | None = None
        there = self._ports.journal.sent_to(wanted.recipient, since=wanted.since, before=wanted.after)
        for looked_at, message in enumerate(there):
            if last and (looked_at == MOST_LOOKED_AT or self._ports.left() < LITTLE):
                return self._unfinished(messages, last, wanted)
            theirs = caller in (None, message.caller)
            fits = theirs and wanted.status in (None, message.status)
            if own and fits and len(messages) == wanted.limit:
                return self._unfinished(messages, own, wanted)
            last, own = message, message if theirs else own
            if fits and may_be_told(self._ports, message):
                messages.append(message)
        return Page(messages, None)

    def _unfinished(self, messages: list[Message], last: Message, wanted: _Wanted) -> Page:
        """A page that others follow: where it is full, after the last of the caller's own, so that it tells nothing of
        others' messages in between; where enough was looked at, after the last one, whoever's it is.
        """
        mark = Mark(last.created_at, last.id)
        return Page(messages, cursor.write(self._ports.secret, mark, wanted.whose))

    def _wanted(self, asked: Mapping[str, object], caller: str | None) -> _Wanted:
        fields = Fields(asked)
        person = named(self._ports, fields, "to") or ""
        whose = f"{person} {caller or ''}"
        status = fields.optional("status", lambda value: Status(choice(value, list(Status))), None)
        since = fields.optional("since", _since, None)
        limit = fields.optional("limit", lambda value: whole(value, 1, LONGEST_PAGE), PAGE)

        def read_after(value: object) -> Mark:
            return cursor.read(self._ports.secret, string(value), whose)

        after = fields.optional("after", read_after, None) if person else None
        fields.unknown(FIELDS, lambda name: f" The fields are {', '.join(FIELDS)}.")
        if fields.problems:
            raise InvalidRequest(fields.problems)
        return _Wanted(person, whose, status, since, after, limit)


def every(page: Callable[[Mapping[str, object]], Page], asked: Mapping[str, object]) -> Iterator[Message]:
    """All messages that are asked for, page after page. The first is read at once, so that mistakes are told here."""
    asked = {**asked, "limit": LONGEST_PAGE}
    return _from(page(asked), page, asked)


def _from(found: Page, page: Callable[[Mapping[str, object]], Page], asked: Mapping[str, object]) -> Iterator[Message]:
    yield from found.messages
    while found.next:
        found = page({**asked, "after": found.next})
        yield from found.messages


def _since(value: object) -> datetime:
    """A time, to the millisecond, as the journal keeps them."""
    since = moment(string(value))
    return since.replace(microsecond=since.microsecond // 1000 * 1000)
