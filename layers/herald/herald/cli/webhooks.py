"""``herald webhooks``: the secret that a stage's webhooks are signed with."""

import argparse
import secrets

from herald.aws.client import client
from herald.cli.frame import command, commands, tell
from herald.settings import stack
from herald.settings.parameters import Parameters
from herald.settings.read import WEBHOOK_SECRET


def secret(options: argparse.Namespace) -> int:
    """Make the secret, or show it; with --new, renew it: the last one signs too, until the next --new."""
    kept = Parameters(client("ssm"), stack.path(options.stage))
    before = kept.current().get(WEBHOOK_SECRET, "").split()
    signing = before if before and not options.new else [f"whsec_{secrets.token_urlsafe(32)}", *before[:1]]
    if signing != before:
        kept.write(WEBHOOK_SECRET, "\n".join(signing))
    said = "Webhooks are signed" if signing == before else "Written. Within five minutes webhooks are signed"
    tell(f"{said} with each of these:" if len(signing) > 1 else f"{said} with:")
    print("\n".join(signing))
    return 0


def arguments(group: argparse.ArgumentParser) -> None:
    """``secret``."""
    made = command(commands(group), "secret", secret, after="The secret was not written.")
    made.add_argument("--new", action="store_true", help="a new one; the last one signs too, until the next --new")
