"""``python -m herald.settings import gramex.yaml --stage dev``: bring a Gramex configuration along."""

import argparse
import sys
from pathlib import Path

from herald.errors import HeraldError
from herald.settings import Channel
from herald.settings.read import read_gramex
from herald.wiring import parameter_store, provider_fields


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m herald.settings", description=__doc__)
    command = parser.add_subparsers(required=True).add_parser("import", help="write a gramex.yaml's channels to SSM")
    command.add_argument("file", type=Path, help="a gramex.yaml, or any YAML with an sms: section")
    command.add_argument("--stage", required=True, help="the stage of the stack: dev, prod, ...")
    options = parser.parse_args(arguments)
    try:
        channels = read_gramex(options.file.read_text(encoding="utf-8"), provider_fields)
    except (OSError, UnicodeDecodeError) as error:
        print(f"{options.file}: cannot be read ({type(error).__name__})", file=sys.stderr)
        return 1
    except HeraldError as error:
        for problem in error.problems:
            print(f"{problem.field}: {problem.detail}", file=sys.stderr)
        print("Nothing was written. Correct these and run the command again.", file=sys.stderr)
        return 1
    return _write(channels, options.stage)


def _write(channels: dict[str, Channel], stage: str) -> int:
    for channel in channels.values():
        name = f"/herald/{stage}/channels/{channel.name}"
        try:
            parameter_store(stage).write(f"channels/{channel.name}", block(channel))
        except HeraldError as error:
            print(f"{name}: not written. {error.detail}", file=sys.stderr)
            return 1
        except Exception as error:  # The client's own errors; their texts may repeat what was sent.
            print(f"{name}: not written ({type(error).__name__})", file=sys.stderr)
            return 1
        print(f"{name}: {shown(channel)}")
    return 0


def block(channel: Channel) -> str:
    """The channel's YAML, as it is kept in SSM."""
    import yaml

    return str(yaml.safe_dump(given(channel), sort_keys=False))


def given(channel: Channel) -> dict[str, str]:
    """The channel's fields, as they are spelled in its block."""
    return {"type": channel.type, **channel.values, **({"rate": str(channel.rate)} if channel.rate else {})}


def shown(channel: Channel) -> str:
    """The channel in one line, its secrets hidden."""
    secret = {field.name for field in provider_fields(channel.type) if field.secret}
    values = {name: "(hidden)" if name in secret else value for name, value in channel.values.items()}
    return ", ".join(f"{name}={value}" for name, value in {"type": channel.type, **values}.items())


if __name__ == "__main__":
    sys.exit(main())
