"""Errors: what can go wrong, named by what may be done next.

HeraldError
├── InvalidMessage    the request is no message; every problem is listed       400 · 405 · 413 · 415 · 422
│   └── InvalidRequest  what is asked about messages makes no sense            422
├── InvalidSettings   the YAML in SSM is wrong; every mistake is listed        503
├── NotAllowed        a guard does not let it through; nothing was sent        403 · 422 · 429
├── Forbidden         the token of a callback is forged, expired or foreign    403
├── NotFound          this caller has no message with that id                  404
├── KeyReused         the idempotency key was used for another content         422
├── StillSending      the same message is being sent right now                 409
├── NotCancelable     the message is not waiting any more                      409
├── Unsupported       the provider has no such thing                           501
├── NotAccepted       a part of Herald cannot be reached; nothing was sent     503
└── AttemptError      how one call to a provider ended, if not well
    ├── Unavailable   surely not sent: another channel, or again later         503
    ├── Refused       refused for good: nothing to repeat                      422
    └── Uncertain     nobody knows: never repeated, never failed over          502

No error's text holds a number, a message's text or a secret.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from herald.message.reasons import REASONS, Reason

if TYPE_CHECKING:
    from herald.message import Message
    from herald.message.status import Step


class Problem(NamedTuple):
    """One mistake in a request: the field, a stable code, and a sentence that says what to do."""

    field: str
    code: str
    detail: str


class HeraldError(Exception):
    """The root of the tree. ``code`` is stable, ``detail`` is for people, ``status`` is the HTTP status."""

    status = 500
    code = "error"
    title = "Something went wrong"
    retryable = False
    hint: str | None = None

    problems: Sequence[Problem] = ()
    """Every mistake in the request or in the settings, for the errors that list them."""

    def __init__(self, detail: str = "", *, code: str | None = None, hint: str | None = None) -> None:
        self.detail = detail or self.title
        self.code = code or self.code
        self.hint = hint or self.hint
        super().__init__(f"{self.code}: {self.detail}")

    def public(self) -> dict[str, object]:
        """The error as callers see it, a problem of RFC 9457: JSON values only."""
        return {
            "type": f"urn:herald:problem:{self.code}", "title": self.title, "status": self.status, "code": self.code,
            "detail": self.detail, "errors": [problem._asdict() for problem in self.problems],
            "retryable": self.retryable, "hint": self.hint,
        }  # fmt: skip


_TITLES = {
    400: "The request cannot be read", 405: "This method is not allowed here", 413: "The request is too large",
    415: "This content type is not understood",
}  # fmt: skip


class InvalidMessage(HeraldError):
    """The request is no message. ``problems`` lists all that is wrong with it."""

    status = 422
    code = "invalid_message"
    title = "The message is not valid"

    def __init__(
        self, problems: Sequence[Problem], *, status: int = 422, code: str | None = None, hint: str | None = None
    ) -> None:
        self.problems = tuple(problems)
        self.status = status
        self.title = _TITLES.get(status, self.title)
        super().__init__(_joined(problems), code=code, hint=hint)


class InvalidRequest(InvalidMessage):
    """What is asked about messages makes no sense. ``problems`` lists all that is wrong with it."""

    code = "invalid_request"
    title = "The request is not valid"


class InvalidSettings(HeraldError):
    """The YAML in SSM is wrong. ``problems`` names parameter and line, never a value."""

    status = 503
    code = "invalid_settings"
    title = "The service is not configured correctly"
    hint = "Correct the parameters that are named and try again: nothing was sent."

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(_joined(problems))


class NotAllowed(HeraldError):
    """A guard does not let this through, and nothing was sent. ``code`` names the guard.

    ``status`` tells who decided: 403 the API key's owner, 422 the stage's settings or the recipient, 429 a counter that
    is full, for ``retry_after`` seconds (None: for good). ``trace`` holds the steps that the message took until then.
    """

    title = "This is not allowed"

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        status: int = 422,
        field: str = "",
        hint: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        self.status, self.retry_after, self.retryable = status, retry_after, retry_after is not None
        self.trace: tuple[Step, ...] = ()
        self.problems = (Problem(field, code, detail),)
        super().__init__(detail, code=code, hint=hint)


class Forbidden(HeraldError):
    """A callback whose token or signature is not good for what it says."""

    status = 403
    code = "forbidden"
    title = "This receipt is not accepted"
    hint = "Only the URL that the provider was given with the message is good, and only for some days."


class NotFound(HeraldError):
    """This caller has no message with that id."""

    status = 404
    code = "not_found"
    title = "There is no such message"
    hint = "Ids look like msg_ and 26 characters; messages are kept for 30 days, and each key sees its own."


class KeyReused(HeraldError):
    """The idempotency key was used before, for another content."""

    status = 422
    code = "idempotency_key_reused"
    title = "This idempotency key was used for another message"
    hint = "Use a new Idempotency-Key for each new message."


class StillSending(HeraldError):
    """The same message, by the same key, is being sent right now."""

    status = 409
    code = "still_sending"
    title = "This message is being sent right now"
    retryable = True
    hint = "Ask again with the same Idempotency-Key after the seconds in Retry-After: it will not be sent twice."

    def __init__(self, detail: str = "", *, retry_after: int = 1) -> None:
        self.retry_after = retry_after
        super().__init__(detail)


class NotCancelable(HeraldError):
    """Only a message that still waits for its time can be canceled."""

    status = 409
    code = "not_cancelable"
    title = "This message can no longer be canceled"


class Unsupported(HeraldError):
    """The provider has no such thing, or Herald does not have it for this provider."""

    status = 501
    code = "unsupported"
    title = "The provider does not offer this"


class NotAccepted(HeraldError):
    """A part of Herald itself (settings, journal, queue, schedule) cannot be reached. Nothing was sent."""

    status = 503
    code = "not_accepted"
    title = "The message was not accepted"
    retryable = True
    hint = "Send it again with the same Idempotency-Key in a few seconds."


class AttemptError(HeraldError):
    """How one call to a provider ended, if not well. Its subclass says what may be done next."""

    reason: Reason

    def __init__(self, reason: str, detail: str = "", *, response: object = None) -> None:
        self.reason = REASONS[reason]
        self.retryable = self.reason.retryable
        self.response = response
        super().__init__(detail or self.reason.text, code=reason)


class Unavailable(AttemptError):
    """Surely not sent: another channel may be tried, or the same one after ``retry_after`` seconds."""

    status = 503
    title = "The provider cannot take the message at the moment"

    def __init__(
        self,
        reason: str = "provider_unavailable",
        detail: str = "",
        *,
        retry_after: float | None = None,
        response: object = None,
    ) -> None:
        self.retry_after = retry_after
        super().__init__(reason, detail, response=response)


class Refused(AttemptError):
    """Refused for good. Another channel may be tried only if the refusal is the channel's own."""

    status = 422
    title = "The message was refused"

    @property
    def channels_own(self) -> bool:
        """True if account or sender id are the cause, so that another channel might accept the message."""
        return self.reason.who in ("account", "sender")


class Uncertain(AttemptError):
    """Nobody knows whether the provider has the message: it is never repeated and never failed over."""

    status = 502
    title = "It is not known whether the message was sent"
    hint = "Look the message up by its id before sending it again: the recipient may already have it."


def raise_if_refused(message: "Message") -> "Message":
    """The message, unless it was not sent and will not be: then a ``Refused`` with its reason's code."""
    if message.status.unsent and message.reason:
        raise Refused(message.reason.code, response=message.response)
    return message


def _joined(problems: Sequence[Problem]) -> str:
    return "; ".join(f"{problem.field}: {problem.detail}" if problem.field else problem.detail for problem in problems)
