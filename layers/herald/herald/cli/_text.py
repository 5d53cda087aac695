"""Text: what a message is made of on the command line: options, a text that may begin with a dash, standard input."""

import inspect
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

from typer import Argument, BadParameter, Option
from typer.core import TyperCommand

from herald.cli._client.service import WRONG
from herald.cli._where import Stopped

LONGEST_KEY = 255
To = Annotated[str, Argument(metavar="TO", help="the number; with spaces, put it in quotes")]
Body = Annotated[str, Argument(metavar="TEXT", help="the text in quotes; - reads it from standard input")]


def checked_key(text: str) -> str:
    """An idempotency key. Raises ``BadParameter``."""
    if not (text.isascii() and text.isprintable() and text.strip() and len(text) <= LONGEST_KEY):
        raise BadParameter(f"must be at most {LONGEST_KEY} printable ASCII characters")
    return text


Key = Annotated[
    str | None,
    Option("--idempotency-key", parser=checked_key, metavar="KEY", help="with it, repeating sends nothing more"),
]
Channel = Annotated[str | None, Option("--channel", metavar="NAME", help="by this channel, and no other")]
Sender = Annotated[str | None, Option("--sender", metavar="ID", help="the sender id that the phone shows")]
Kind = Annotated[str | None, Option("--kind", metavar="KIND", help="transactional, promotional or otp")]
SendAt = Annotated[
    str | None, Option("--send-at", metavar="TIME", help="not before: 2027-01-04T09:00:00[Asia/Kolkata]")
]
ValidFor = Annotated[int | None, Option("--valid-for", metavar="SECONDS", help="not after so many seconds")]
Reference = Annotated[str | None, Option("--reference", metavar="TEXT", help="your own word for it")]
Tag = Annotated[list[str] | None, Option("--tag", metavar="NAME=VALUE", help="any number of them")]
OnUnknown = Annotated[str | None, Option("--on-unknown", metavar="WHAT", help="hold, or resend (it may arrive twice)")]
DeliverBy = Annotated[int | None, Option("--deliver-by", metavar="SECONDS", help="then once more by a second channel")]
Callback = Annotated[str | None, Option("--callback-url", metavar="URL", help="is told what becomes of it")]
Queued = Annotated[bool, Option("--async", help="only queue it: do not wait for the provider")]
Smart = Annotated[bool, Option("--smart", help="write it in GSM-7 if all of it can be")]
# What a message may have beside number and text, by the names of the fields.
MORE = {
    "channel": Channel, "sender": Sender, "kind": Kind, "send_at": SendAt, "valid_for": ValidFor,
    "reference": Reference, "tag": Tag, "on_unknown": OnUnknown, "deliver_by": DeliverBy, "callback_url": Callback,
    "idempotency_key": Key,
}  # fmt: skip
QUOTE = 'put the number in quotes, and the text too: "+91 9741 552 552" "Your table is ready."'
MOST_WORDS = 2
# How an option looks: what else begins with a dash is a text.
OPTION = re.compile(r"-[A-Za-z]|--[a-z][a-z-]*(=.*)?", re.DOTALL)


class TextCommand(TyperCommand):
    """A command of which an argument may begin with a dash, as long as it does not look like an option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        known = {name: each for each in self.get_params(ctx) for name in getattr(each, "opts", ()) if name[0] == "-"}
        words = guarded(args, {name for name, each in known.items() if not getattr(each, "is_flag", True)})
        place = words.index("--")
        understood = {word.partition("=")[0] for word in words[:place] if OPTION.fullmatch(word)} <= set(known)
        if understood and len(words) - place - 1 > MOST_WORDS:
            raise BadParameter(QUOTE, ctx=ctx, param_hint="'TO TEXT'")
        return super().parse_args(ctx, words)


def guarded(args: Sequence[str], with_a_value: set[str]) -> list[str]:
    """The words with those that are texts behind ``--``, in their order."""
    options: list[str] = []
    texts: list[str] = []
    waiting = list(args)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            texts += waiting
            break
        if word == "-" or not OPTION.fullmatch(word):
            texts.append(word)
            continue
        options.append(word)
        if word in with_a_value and waiting:
            options.append(waiting.pop(0))
    return [*options, "--", *texts]


def read(body: str) -> str:
    """The text, from standard input if it is ``-``. Raises ``Stopped``."""
    if body != "-":
        return body
    try:
        text = sys.stdin.buffer.read().decode() if hasattr(sys.stdin, "buffer") else sys.stdin.read()
    except UnicodeDecodeError:
        raise Stopped("Standard input is not UTF-8. Nothing was sent.", WRONG) from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise Stopped("Standard input is empty. Nothing was sent.", WRONG)
    return text


def of_a_message(run: Callable[..., int]) -> Callable[..., int]:
    """``run(target, fields, key)`` as a command that takes number, text and all that a message may have."""

    def acts(
        target: Any, *, to: str, body: str, tag: list[str] | None, idempotency_key: str | None, queued: bool,
        smart: bool, **given: object,
    ) -> int:  # fmt: skip
        flags = {"mode": "async" if queued else None, "smart": smart or None, "tags": _tags(tag or ())}
        every = {"to": to, "body": read(body), **given, **flags}
        return run(target, {name: value for name, value in every.items() if value is not None}, idempotency_key)

    kind = inspect.Parameter.KEYWORD_ONLY
    made = [inspect.Parameter(name, kind, annotation=each, default=None) for name, each in MORE.items()]
    needed = [inspect.Parameter(name, kind, annotation=each) for name, each in (("to", To), ("body", Body))]
    flags = [
        inspect.Parameter(name, kind, annotation=each, default=False)
        for name, each in (("queued", Queued), ("smart", Smart))
    ]
    first = inspect.Parameter("target", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    here: Any = acts
    here.__signature__, here.__doc__ = inspect.Signature([first, *needed, *made, *flags]), run.__doc__
    return acts


def _tags(given: Sequence[str]) -> Mapping[str, str] | None:
    pairs = [each.partition("=") for each in given]
    if any(not name or not equals for name, equals, _ in pairs):
        raise BadParameter("must be NAME=VALUE", param_hint="'--tag'")
    return {name: value for name, _, value in pairs} or None
