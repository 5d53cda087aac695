"""Search: a person's messages, a reference's, and what ended badly last: by keyed hashes, in pages, newest first."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from herald.errors import InvalidRequest, NotAccepted
from herald.journal.item import Mark
from herald.journal.lists import MOST_TROUBLED
from herald.message import Message
from herald.message.secret import referred
from herald.message.status import TROUBLED, Status
from herald.message.times import moment
from herald.pipeline.ports import LITTLE, Ports
from herald.pipeline.recipients import cursor
from herald.pipeline.recipients.person import named
from herald.pipeline.send.repeat import may_be_told
from herald.pipeline.trouble import needed
from herald.pipeline.validate.fields import Fields, choice, line, string, whole
from herald.pipeline.validate.validate import LONGEST_REFERENCE

FIELDS = ("to", "reference", "status", "since", "after", "limit")
PAGE, LONGEST_PAGE = 20, 100
# A page ends here, full or not: so it takes little time even where nothing fits.
MOST_LOOKED_AT = 500
_SAY_WHOSE = (
    "Say a number (to) or a reference; or nothing but a status of these, for the latest: "
    f"{', '.join(sorted(TROUBLED))}."
)


class Page(NamedTuple):
    """Some of the messages that were asked for. ``next`` is what ``after`` has to say to get those that follow."""

    messages: list[Message]
    next: str | None

    def public(self) -> dict[str, object]:
        """The page as callers see it."""
        return {"messages": [message.public() for message in self.messages], "next": self.next}


class _Wanted(NamedTuple):
    """What is looked for. ``whose`` stands for the list and for who asks, and is no number.

    Without ``recipient`` and ``reference``, both keyed hashes, it is what ended badly last.
    """

    recipient: str | None
    reference: str | None
    caller: str | None
    whose: str
    status: Status | None
    since: datetime | None
    after: Mark | None
    limit: int

    def fits(self, message: Message) -> bool:
        """Whether a message of the list is one that is looked for."""
        old = self.since is not None and message.created_at < self.since
        return (
            self.owns(message)
            and not old
            and self.recipient in (None, message.recipient)
            and self.status in (None, message.status)
        )

    def owns(self, message: Message) -> bool:
        """Whether it is a message that who asks may see."""
        return self.caller in (None, message.caller)


class Search:
    """Finds messages. Without the stage's secret no number and no reference finds anything."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def page(self, asked: Mapping[str, object], caller: str | None) -> Page:
        """The page that ``asked``, untrusted, describes by ``FIELDS``; with a ``caller``, of that caller's own.

        Who asks without one may say a ``caller``, and must where no number is said. Raises ``InvalidRequest``, which
        lists every problem and repeats no value; ``NotAccepted``.
        """
        wanted = self._wanted(asked, caller)
        if wanted.since and wanted.after and wanted.after.created_at < wanted.since:
            return Page([], None)
        cannot = NotAccepted("The journal could not be read.", hint="Ask again in a few seconds.")
        with needed(self._ports.observer, "messages not read", cannot):
            if wanted.recipient or wanted.reference:
                return self._page(wanted)
            latest = filter(wanted.fits, self._ports.journal.troubled(wanted.caller or ""))
            told = (message for message in latest if may_be_told(self._ports, message))
            return Page(list(islice(told, wanted.limit)), None)

    def _page(self, wanted: _Wanted) -> Page:
        messages: list[Message] = []
        last: Message | None = None
        own: Message | None = None
        for looked_at, message in enumerate(self._listed(wanted)):
            if last and (looked_at == MOST_LOOKED_AT or self._ports.left() < LITTLE):
                return self._unfinished(messages, last, wanted)
            fits = wanted.fits(message)
            if own and fits and len(messages) == wanted.limit:
                return self._unfinished(messages, own, wanted)
            last, own = message, message if wanted.owns(message) else own
            if fits and may_be_told(self._ports, message):
                messages.append(message)
        return Page(messages, None)

    def _listed(self, wanted: _Wanted) -> Iterator[Message]:
        journal = self._ports.journal
        if wanted.reference:
            return journal.with_reference(wanted.reference, since=wanted.since, before=wanted.after)
        return journal.sent_to(wanted.recipient or "", since=wanted.since, before=wanted.after)

    def _unfinished(self, messages: list[Message], last: Message, wanted: _Wanted) -> Page:
        """A page that others follow: where it is full, after the last of the caller's own, so that it tells nothing of
        others' messages in between; where enough was looked at, after the last one, whoever's it is.
        """
        mark = Mark(last.created_at, last.id)
        return Page(messages, cursor.write(self._ports.secret, mark, wanted.whose))

    def _wanted(self, asked: Mapping[str, object], caller: str | None) -> _Wanted:
        fields, known = Fields(asked), FIELDS if caller else (*FIELDS, "caller")
        person = None if fields.absent("to") else named(self._ports, fields, "to")
        said = fields.optional("reference", lambda value: line(value, LONGEST_REFERENCE), None)
        status = fields.optional("status", lambda value: Status(choice(value, list(Status))), None)
        since = fields.optional("since", _since, None)
        whole_list = fields.absent("to") and fields.absent("reference")
        limit = fields.optional(
            "limit", lambda value: whole(value, 1, LONGEST_PAGE), MOST_TROUBLED if whole_list else PAGE
        )
        who = caller or fields.optional("caller", string, None)
        if whole_list and (fields.absent("status") or (status and status not in TROUBLED)):
            fields.problem("to", "required", _SAY_WHOSE)
        elif who is None and fields.absent("to"):
            fields.problem("caller", "required", "Say whose: a reference and a list of the latest belong to a caller.")
        reference = referred(self._ports.secret, who or "", said) if said else None
        whose = f"{' '.join(filter(None, (reference, person)))} {who or ''}"
        after = self._after(fields, whose, whole_list=whole_list) if person or said or whole_list else None
        fields.unknown(known, lambda name: f" The fields are {', '.join(known)}.")
        if fields.problems:
            raise InvalidRequest(fields.problems)
        return _Wanted(person, reference, who, whose, status, since, after, limit)

    def _after(self, fields: Fields, whose: str, *, whole_list: bool) -> Mark | None:
        if whole_list and not fields.absent("after"):
            fields.problem("after", "not_a_cursor", "The latest are one page: leave it out.")
            return None
        return fields.optional("after", lambda value: cursor.read(self._ports.secret, string(value), whose), None)


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
