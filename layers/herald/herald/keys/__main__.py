"""``python -m herald.keys create --name shop --stage dev``: make an API key. It is shown once; SSM keeps its hash."""

import argparse
import re
import sys

from herald import keys, wiring
from herald.errors import HeraldError

NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m herald.keys", description=__doc__)
    command = parser.add_subparsers(required=True).add_parser("create", help="make a key for one caller")
    command.add_argument("--name", required=True, help="who will use it; a caller sees only its own messages")
    command.add_argument("--stage", required=True, help="the stage of the stack: dev, prod, ...")
    command.add_argument("--replace", action="store_true", help="replace the key of that name")
    options = parser.parse_args(arguments)
    if not NAME.fullmatch(options.name):
        print("The name may hold letters, digits, dots, hyphens and underscores, at most 64.", file=sys.stderr)
        return 2
    return create(options.name, options.stage, replace=options.replace)


def create(name: str, stage: str, *, replace: bool) -> int:
    """Write a new key's record to SSM, then show the key."""
    path, made = f"/herald/{stage}/keys/{name}", keys.create()
    try:
        wiring.parameter_store(stage).write(f"keys/{name}", made.record, replace=replace)
    except HeraldError as error:
        print(f"{path}: not written. {error.detail}", file=sys.stderr)
        return 1
    except Exception as error:  # The client's own errors.
        hint = "; --replace gives it a new key" if type(error).__name__ == "ParameterAlreadyExists" else ""
        print(f"{path}: not written ({type(error).__name__}){hint}", file=sys.stderr)
        return 1
    print(f"{path} holds the hash of this key, which is shown only now:", file=sys.stderr)
    print(made.key)
    return 0


if __name__ == "__main__":
    sys.exit(main())
