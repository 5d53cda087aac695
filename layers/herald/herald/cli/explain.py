"""``herald explain``: what would happen to a text, without sending it."""

from collections.abc import Mapping

from herald.cli._asking import asks, give
from herald.cli._client.service import REFUSED, WRONG
from herald.cli._client.target import Target
from herald.cli._show import message as shown
from herald.cli._show.progress import working
from herald.cli._text import TextCommand, of_a_message
from herald.cli.frame import alone

app = alone()


@asks(app, cls=TextCommand)
@of_a_message
def explain(target: Target, fields: Mapping[str, object], key: str | None) -> int:
    """Say what would happen to a text: by which channel, what it may cost, what it counts for. It sends nothing.

    It takes what ``herald send`` takes. The exit code is the one that send would have: 3 if it would be refused.
    """
    with working("Looking"):
        found = target.service.explain(fields, key)
    give(target, found, lambda screen: shown.explained(found, screen))
    if found.get("would") != "refuse":
        return 0
    return WRONG if (found.get("problem") or {}).get("code") == "invalid_message" else REFUSED
