"""``herald open``: the page of a stage in the browser."""

import sys
from typing import Annotated

from typer import Option

from herald.aws.client import client
from herald.cli._asking import asks, give
from herald.cli._client.target import Target
from herald.cli.frame import alone, tell
from herald.settings import stack

app = alone()


@asks(app)
def open_(
    target: Target,
    *,
    only_print: Annotated[bool, Option("--print", help="print the address, and open nothing")] = False,
) -> int:
    """Open the page of a stage. No key is in its address: it is pasted into the page, and stays in that tab."""
    url, place = _url(target), target.place
    give(target, {"url": url}, lambda _: [url])
    if place.kind == "laptop":
        tell("The page has its key already.")
    elif place.kind == "url":
        tell("Paste your API key (what HERALD_KEY holds) into the page's field for it.")
    else:
        tell("Paste an API key into the page's field for it.")
        tell(f"A new one: herald keys create --stage {place.stage} --name me")
    if sys.stdout.isatty() and not only_print and not target.as_json:
        import webbrowser

        webbrowser.open(url)
    return 0


def _url(target: Target) -> str:
    """The address of the page, with the slash that it needs."""
    url = target.place.url
    if target.place.kind == "aws":
        (url,) = stack.parts(client("ssm"), target.place.stage, "url")
    return f"{url.rstrip('/')}/"
