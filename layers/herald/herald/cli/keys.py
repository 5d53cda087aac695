"""``herald keys``: the API keys of a stage. A key is shown once; SSM keeps its hash."""

import argparse
import re
from collections.abc import Callable
from typing import Any

from herald import wiring
from herald.cli.frame import Stopped, command, commands, tell
from herald.errors import HeraldError
from herald.keys import key
from herald.keys.grant import DEFAULT_SCOPES, SCOPES, Grant
from herald.message import Message
from herald.message.countries import COUNTRIES, in_place_of
from herald.message.kinds import KINDS
from herald.message.phone import mask
from herald.message.times import rfc3339
from herald.settings import stack

NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
LISTS = ("scopes", "channels", "countries", "kinds")
LIMITS = ("per_minute", "per_day", "spend_day", "spend_month")


def create(options: argparse.Namespace) -> int:
    """Make a key for one caller: its hash is written to SSM, and the key is shown."""
    path = _path(options)
    if options.test and key.NOT_TRIED & options.scopes:
        raise Stopped("A test key cannot erase: that would be done to people, not only tried out.", 2)
    given = {field: getattr(options, field) for field in (*LISTS, *LIMITS)}
    made = key.create(Grant(options.name, test=options.test, **given))
    try:
        records = wiring.keys(options.stage)
        if not options.replace and options.name in records.all():
            raise Stopped(f"{path}: not written: there is a key of that name; --replace gives it a new key.")
        records.write(options.name, made.record, replace=options.replace)
    except Stopped:
        raise
    except Exception as error:
        raise _failed(f"{path}: not written", error) from None
    tell(f"{path} holds the hash of this key, which is shown only now:")
    print(made.key)
    return 0


def show(options: argparse.Namespace) -> int:
    """List the keys by name, with what each may do."""
    try:
        kept = wiring.keys(options.stage)
        before, records = kept.of_before(), kept.all()
    except Exception as error:
        raise _failed(f"{stack.keys_path(options.stage)}: not read", error) from None
    for name, record in sorted(records.items()):
        print(f"{name}: {_line(key.described(record))}")
    if not records:
        tell(f"There is no key yet: make key NAME=me STAGE={options.stage}")
    if before:
        tell(f"Of a version before: {', '.join(sorted(before))}. They work, and lie where each function reads them.")
        tell(f"If you will not go back to that version: herald keys move --stage {options.stage}")
    return 0


def move(options: argparse.Namespace) -> int:
    """Bring the records of a version before to the path of their own, where few functions read them."""
    try:
        names = wiring.keys(options.stage).move()
    except Exception as error:
        raise _failed("Not all were moved", error, ". It can be run again") from None
    for name in names:
        print(f"{stack.keys_path(options.stage)}/{name}")
    tell(f"{len(names)} moved. All keys work as before." if names else "There is nothing to move.")
    return 0


def revoke(options: argparse.Namespace) -> int:
    """Delete a key: it is dead within five minutes."""
    path = _path(options)
    try:
        wiring.keys(options.stage).delete(options.name)
    except Exception as error:
        hint = "; make keys lists those that there are" if type(error).__name__ == "ParameterNotFound" else ""
        raise _failed(f"{path}: not revoked", error, hint) from None
    print(f"{path} is deleted. API Gateway may let the key in for up to five minutes more.")
    try:
        _cancel(options) if options.cancel else _told_waiting(options, _waiting(options))
    except Exception as error:  # The key is gone even so.
        tell(_failed("What it has waiting: not read", error, f". Look again: {_command(options)}").said)
    return 0


def waiting(options: argparse.Namespace) -> int:
    """List what a key, also a revoked one, has waiting; with --cancel, cancel all of it."""
    _path(options)
    try:
        if options.cancel:
            return _cancel(options)
        found = _waiting(options)
    except Exception as error:
        raise _failed("What it has waiting: not read", error, ". It can be run again") from None
    for message in found:
        at = rfc3339(
            max(filter(None, (message.send_at, message.retry_at, message.turn_at)), default=message.created_at)
        )
        print(message.id, message.status, at, mask(message.to))
    _told_waiting(options, found)
    return 0


def arguments(group: argparse.ArgumentParser) -> None:
    """``create``, ``list``, ``revoke``, ``waiting`` and ``move``."""
    added = commands(group)
    made, gone = command(added, "create", create), command(added, "revoke", revoke)
    command(added, "list", show)
    command(added, "move", move)
    left = command(added, "waiting", waiting)
    for one in (gone, left):
        one.add_argument("--cancel", action="store_true", help="cancel all that it has waiting")
    for one in (made, gone, left):
        one.add_argument("--name", required=True, help="who will use it; a caller sees only its own messages")
    made.add_argument("--replace", action="store_true", help="replace the key of that name")
    made.add_argument("--test", action="store_true", help="a test key: all is as with a live one, and nobody is texted")
    scopes = f"what it may do, some of {','.join(SCOPES)}; default {','.join(sorted(DEFAULT_SCOPES))}"
    made.add_argument("--scopes", type=_some_of(SCOPES), default=DEFAULT_SCOPES, help=scopes)
    made.add_argument("--channels", type=_names, help="the channels that it may use: exotel,amazonsns")
    made.add_argument("--countries", type=_countries, help="where its messages may go: IN,SG")
    made.add_argument("--kinds", type=_some_of(KINDS), help=f"what it may send, some of {','.join(KINDS)}")
    made.add_argument("--per-minute", type=_count, help="how many messages a minute")
    made.add_argument("--per-day", type=_count, help="how many messages a day (UTC)")
    made.add_argument("--spend-day", type=_amount, help="how much it may cost a day, in the currency of the prices")
    made.add_argument("--spend-month", type=_amount, help="how much it may cost a month")


def _path(options: argparse.Namespace) -> str:
    """Where a key's record lies. Raises ``Stopped`` for a name that SSM would not take."""
    if not NAME.fullmatch(options.name):
        raise Stopped("The name may hold letters, digits, dots, hyphens and underscores, at most 64.", 2)
    return f"{stack.keys_path(options.stage)}/{options.name}"


def _waiting(options: argparse.Namespace) -> list[Message]:
    return list(wiring.herald(options.stage).waiting(f"key:{options.name}"))


def _cancel(options: argparse.Namespace) -> int:
    done, left = wiring.herald(options.stage).cancel_all(f"key:{options.name}")
    tell(f"{done} canceled." if not left else f"{done} canceled; {left} cannot be: they may have been sent.")
    return 1 if left else 0


def _told_waiting(options: argparse.Namespace, found: list[Message]) -> None:
    """How many wait, what becomes of them if the key is gone, and what can be done."""
    if not found:
        tell("Nothing of it waits.")
        return
    count = f"{len(found)} message{'' if len(found) == 1 else 's'} of it wait{'s' if len(found) == 1 else ''}"
    sent = wiring.ports(options.stage).settings.send_revoked
    tell(f"{count}; once a key is revoked they are {'still' if sent else 'not'} sent (the setting send_revoked).")
    tell(f"List them: {_command(options)}. Cancel them: --cancel.")


def _command(options: argparse.Namespace) -> str:
    return f"herald keys waiting --stage {options.stage} --name {options.name}"


def _names(text: str) -> frozenset[str]:
    items = frozenset(item.strip() for item in text.split(","))
    if not all(map(NAME.fullmatch, items)):
        raise argparse.ArgumentTypeError("must be names, joined by commas")
    return items


def _countries(text: str) -> frozenset[str]:
    items = frozenset(item.strip() for item in text.split(","))
    if not items <= COUNTRIES:
        hint = next(filter(None, map(in_place_of, sorted(items - COUNTRIES))), "")
        raise argparse.ArgumentTypeError(f"must be codes of countries that there are, such as IN,SG{hint}")
    return items


def _some_of(choices: tuple[str, ...]) -> Callable[[str], frozenset[str]]:
    def read(text: str) -> frozenset[str]:
        items = frozenset(item.strip() for item in text.split(","))
        if not items <= set(choices):
            raise argparse.ArgumentTypeError(f"must be some of {','.join(choices)}, joined by commas")
        return items

    return read


def _count(text: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise argparse.ArgumentTypeError("must be a whole number")
    return int(text)


def _amount(text: str) -> float:
    if not re.fullmatch(r"\d{1,9}(\.\d{1,6})?", text, re.ASCII):
        raise argparse.ArgumentTypeError("must be an amount such as 25 or 12.50")
    return float(text)


def _line(said: dict[str, Any] | None) -> str:
    if said is None:
        return "cannot be read: it opens nothing. Make it anew: make key ARGS=--replace"
    kind = "test" if said.pop("test", False) else "live"
    made = str(said.pop("created_at", "an unknown day"))[:10]
    limits = {name: ",".join(value) if isinstance(value, list) else value for name, value in said.items()}
    return ", ".join([kind, f"made {made}", *(f"{name} {value}" for name, value in limits.items())])


def _failed(what: str, error: Exception, hint: str = "") -> Stopped:
    """What failed; a client's own error by its type only, as its text may repeat what was sent."""
    why = f". {error.detail}" if isinstance(error, HeraldError) else f" ({type(error).__name__}){hint}"
    return Stopped(what + why)
