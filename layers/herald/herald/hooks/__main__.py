"""``python -m herald.hooks --stage dev``: make, show or renew the secret that webhooks are signed with."""

import argparse
import secrets
import sys

from herald.aws import client
from herald.errors import HeraldError
from herald.settings.read import WEBHOOK_SECRET
from herald.settings.store import Store


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m herald.hooks", description=__doc__)
    parser.add_argument("--stage", required=True, help="the stage of the stack: dev, prod, ...")
    parser.add_argument("--new", action="store_true", help="a new one; the last one signs too, until the next --new")
    options = parser.parse_args(arguments)
    try:
        store = Store(client("ssm"), f"/herald/{options.stage}")
        before = store.parameters().get(WEBHOOK_SECRET, "").split()
        signing = before if before and not options.new else [f"whsec_{secrets.token_urlsafe(32)}", *before[:1]]
        if signing != before:
            store.write(WEBHOOK_SECRET, "\n".join(signing))
    except HeraldError as error:
        print(error.detail, file=sys.stderr)
        return 1
    except Exception as error:  # The client's own errors; their texts may repeat what was sent.
        print(f"Stopped ({type(error).__name__}): the secret was not written.", file=sys.stderr)
        return 1
    told = "Webhooks are signed" if signing == before else "Written. Within five minutes webhooks are signed"
    print(f"{told} with each of these:" if len(signing) > 1 else f"{told} with:", file=sys.stderr)
    print("\n".join(signing))
    return 0


if __name__ == "__main__":
    sys.exit(main())
