"""``python -m herald.keys create|list|revoke``: the API keys of a stage. A key is shown once; SSM keeps its hash."""

import argparse
import re
import sys
from collections.abc import Callable
from typing import Any

from herald import keys, wiring
from herald.errors import HeraldError
from herald.grant import DEFAULT_SCOPES, KINDS, SCOPES, Grant

NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    options = _parser().parse_args(arguments)
    if "name" in options and not NAME.fullmatch(options.name):
        print("The name may hold letters, digits, dots, hyphens and underscores, at most 64.", file=sys.stderr)
        return 2
    command: Callable[[argparse.Namespace], int] = options.command
    return command(options)


def create(options: argparse.Namespace) -> int:
    """Write a new key's record to SSM, then show the key."""
    path = f"/herald/{options.stage}/keys/{options.name}"
    if options.test and keys.NOT_TRIED & options.scopes:
        print("A test key cannot erase: that would be done to people, not only tried out.", file=sys.stderr)
        return 2
    made = keys.create(
        Grant(
            options.name,
            test=options.test,
            **{field: getattr(options, field) for field in ("scopes", "channels", "countries", "kinds")},
            **{field: getattr(options, field) for field in ("per_minute", "per_day", "spend_day", "spend_month")},
        )
    )
    try:
        wiring.parameter_store(options.stage).write(f"keys/{options.name}", made.record, replace=options.replace)
    except Exception as error:
        hint = "; --replace gives it a new key" if type(error).__name__ == "ParameterAlreadyExists" else ""
        return _failed(f"{path}: not written", error, hint)
    print(f"{path} holds the hash of this key, which is shown only now:", file=sys.stderr)
    print(made.key)
    return 0


def show(options: argparse.Namespace) -> int:
    """List the keys of a stage by name, with what each may do."""
    try:
        records = wiring.key_records(options.stage)
    except Exception as error:
        return _failed(f"/herald/{options.stage}/keys: not read", error)
    for name, record in sorted(records.items()):
        print(f"{name}: {_line(keys.described(record))}")
    if not records:
        print(f"There is no key yet: make key NAME=me STAGE={options.stage}", file=sys.stderr)
    return 0


def revoke(options: argparse.Namespace) -> int:
    """Delete a key's record: the key is dead within five minutes."""
    path = f"/herald/{options.stage}/keys/{options.name}"
    try:
        wiring.parameter_store(options.stage).delete(f"keys/{options.name}")
    except Exception as error:
        hint = "; make keys lists those that there are" if type(error).__name__ == "ParameterNotFound" else ""
        return _failed(f"{path}: not revoked", error, hint)
    print(f"{path} is deleted. API Gateway may let the key in for up to five minutes more.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m herald.keys", description=__doc__)
    commands = parser.add_subparsers(required=True)
    stage = argparse.ArgumentParser(add_help=False)
    stage.add_argument("--stage", required=True, help="the stage of the stack: dev, prod, ...")
    name = argparse.ArgumentParser(add_help=False)
    name.add_argument("--name", required=True, help="who will use it; a caller sees only its own messages")
    made = commands.add_parser("create", parents=[stage, name], help="make a key for one caller")
    made.set_defaults(command=create)
    made.add_argument("--replace", action="store_true", help="replace the key of that name")
    made.add_argument("--test", action="store_true", help="a test key: all is as with a live one, and nobody is texted")
    scopes = f"what it may do, some of {','.join(SCOPES)}; default {','.join(sorted(DEFAULT_SCOPES))}"
    made.add_argument("--scopes", type=_some_of(SCOPES), default=DEFAULT_SCOPES, help=scopes)
    made.add_argument("--channels", type=_listed(NAME), help="the channels it may name or be routed to: exotel,sns")
    made.add_argument("--countries", type=_listed(COUNTRY), help="where its messages may go: IN,SG")
    made.add_argument("--kinds", type=_some_of(KINDS), help=f"what it may send, some of {','.join(KINDS)}")
    made.add_argument("--per-minute", type=_count, help="how many messages a minute")
    made.add_argument("--per-day", type=_count, help="how many messages a day (UTC)")
    made.add_argument("--spend-day", type=_amount, help="how much it may cost a day, in the currency of the prices")
    made.add_argument("--spend-month", type=_amount, help="how much it may cost a month")
    commands.add_parser("list", parents=[stage], help="the keys by name").set_defaults(command=show)
    gone = commands.add_parser("revoke", parents=[stage, name], help="delete a key")
    gone.set_defaults(command=revoke)
    return parser


def _listed(shape: re.Pattern[str]) -> Callable[[str], frozenset[str]]:
    def read(text: str) -> frozenset[str]:
        items = [item.strip() for item in text.split(",")]
        if not all(shape.fullmatch(item) for item in items):
            raise argparse.ArgumentTypeError("must be names, joined by commas")
        return frozenset(items)

    return read


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


def _failed(what: str, error: Exception, hint: str = "") -> int:
    """Tell what failed; a client's own error by its type only, as its text may repeat what was sent."""
    why = f". {error.detail}" if isinstance(error, HeraldError) else f" ({type(error).__name__}){hint}"
    print(what + why, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
