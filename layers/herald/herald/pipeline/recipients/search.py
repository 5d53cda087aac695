"""Search: the messages to a person, found by the keyed hash of the number: in pages, newest first."""

import base64
import hmac
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from herald.errors import InvalidRequest, NotAccepted
from herald.journal.item import Mark
from herald.message import Message
from herald.message.ids import ID
from herald.message.secret import keyed
from herald.message.status import Status
from herald.message.times import moment
from herald.message.wrong import Wrong
from herald.pipeline.ports import Ports
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
        there = self._ports.journal.sent_to(wanted.recipient, since=wanted.since, before=wanted.after)
        for looked_at, message in enumerate(there):
            fits = caller in (None, message.caller) and wanted.status in (None, message.status)
            if last and (looked_at == MOST_LOOKED_AT or (fits and len(messages) == wanted.limit)):
                return Page(messages, self._cursor(Mark(last.created_at, last.id), wanted.whose))
            last = message
            if fits and may_be_told(self._ports, message):
                messages.append(message)
        return Page(messages, None)

    def _wanted(self, asked: Mapping[str, object], caller: str | None) -> _Wanted:
        fields = Fields(asked)
        person = named(self._ports, fields, "to") or ""
        whose = f"{person} {caller or ''}"
        status = fields.optional("status", lambda value: Status(choice(value, list(Status))), None)
        since = fields.optional("since", _since, None)
        limit = fields.optional("limit", lambda value: whole(value, 1, LONGEST_PAGE), PAGE)
        after = fields.optional("after", lambda value: self._mark(value, whose), None) if person else None
        fields.unknown(FIELDS, lambda name: f" The fields are {', '.join(FIELDS)}.")
        if fields.problems:
            raise InvalidRequest(fields.problems)
        return _Wanted(person, whose, status, since, after, limit)

    def _cursor(self, mark: Mark, whose: str) -> str:
        """A place in the list of one person's messages, for one caller: nobody else can make or use it."""
        place = f"{mark.created_at.isoformat()} {mark.id}"
        proof = keyed(self._ports.secret, "page", f" {whose} {place}".encode()).hex()[:16]
        return base64.urlsafe_b64encode(f"{place} {proof}".encode()).decode().rstrip("=")

    def _mark(self, value: object, whose: str) -> Mark:
        """The place that a cursor stands for. Raises ``Wrong`` for one that was not made here for the same list."""
        cursor = string(value)
        try:
            at, message_id, _ = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split(" ")
            mark = Mark(datetime.fromisoformat(at), message_id)
            right = hmac.compare_digest(self._cursor(mark, whose).encode(), cursor.encode())
        except ValueError:
            right = False
        if not right or not ID.fullmatch(mark.id):
            raise Wrong("not_a_cursor", "This is not the next of a page of this list: leave it out to begin anew.")
        return mark


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
