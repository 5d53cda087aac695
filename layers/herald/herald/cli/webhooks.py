"""``herald webhooks``: the secret that a stage's webhooks are signed with."""

import json
import secrets
from typing import Annotated

from typer import Option

from herald.aws.client import client
from herald.cli.frame import Here, command, group, tell
from herald.settings import stack
from herald.settings.parameters import Parameters
from herald.settings.read import WEBHOOK_SECRET

app = group(__doc__)


@command(app, "secret", as_json="own", after="The secret was not written.")
def secret(
    here: Here,
    *,
    new: Annotated[bool, Option("--new", help="a new one; the last one signs too, until the next --new")] = False,
) -> int:
    """Make the secret, or show it; with --new, renew it: the last one signs too, until the next --new."""
    kept = Parameters(client("ssm"), stack.path(here.stage))
    before = kept.current().get(WEBHOOK_SECRET, "").split()
    signing = before if before and not new else [f"whsec_{secrets.token_urlsafe(32)}", *before[:1]]
    if signing != before:
        kept.write(WEBHOOK_SECRET, "\n".join(signing))
    said = "Webhooks are signed" if signing == before else "Written. Within five minutes webhooks are signed"
    tell(f"{said} with each of these:" if len(signing) > 1 else f"{said} with:")
    print(json.dumps(signing) if here.as_json else "\n".join(signing))
    return 0
