"""``herald messages``: the messages to a number, with a reference, or that went wrong lately."""

from typing import Annotated, Any

from typer import Argument, Option

from herald.cli._asking import asks, give
from herald.cli._client.service import WRONG
from herald.cli._client.target import Target
from herald.cli._show import message as shown
from herald.cli._show.progress import working
from herald.cli.frame import Stopped, alone, tell

MOST_A_PAGE = 100
WHICH = "Which messages? Say a number, --reference order-7, or --status failed for what went wrong lately."

app = alone()


@asks(app)
def messages(
    target: Target,
    *,
    number: Annotated[
        list[str] | None, Argument(metavar="NUMBER", help="the recipient's number; spaces are fine")
    ] = None,
    reference: Annotated[
        str | None, Option("--reference", metavar="TEXT", help="those with this reference, as it was sent")
    ] = None,
    status: Annotated[
        str | None,
        Option("--status", metavar="STATUS", help="only those that are delivered, say; alone: failed, the latest"),
    ] = None,
    caller: Annotated[
        str | None, Option("--caller", metavar="NAME", help="of which caller, if it is a stage that is asked: key:shop")
    ] = None,
    since: Annotated[
        str | None, Option("--since", metavar="TIME", help="only newer ones: 2027-01-04T09:00:00Z")
    ] = None,
    limit: Annotated[int, Option("--limit", metavar="NUMBER", help="at most so many", min=1, max=10_000)] = 20,
) -> int:
    """List the messages to a number, or with a reference, newest first. With a URL, those that its key has sent."""
    asked = {"to": " ".join(number or ()), "reference": reference, "status": status, "since": since, "caller": caller}
    if not (number or reference or status):
        raise Stopped(WHICH, WRONG)
    with working("Looking"):
        found, more = _pages(target, {name: value for name, value in asked.items() if value}, limit)
    give(target, {"messages": found}, lambda screen: shown.messages(found, screen) if found else [])
    if not found:
        tell("There is none.")
    elif more:
        tell(f"There are more: --limit {limit * 5}")
    return 0


def _pages(target: Target, asked: dict[str, Any], limit: int) -> tuple[list[Any], bool]:
    """As many messages as were asked for, and whether there are more."""
    found: list[Any] = []
    after: dict[str, object] = {}
    while True:
        page = target.service.search({**asked, **after, "limit": min(limit - len(found), MOST_A_PAGE)})
        found += page["messages"]
        if not page["next"] or len(found) >= limit:
            return found, bool(page["next"])
        after = {"after": page["next"]}
