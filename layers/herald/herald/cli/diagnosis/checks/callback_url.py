"""The URL at which providers call back: whether it is this stage's, as far as this shell can tell."""

import json
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from herald.cli.diagnosis.findings import Finding, failure, note, ok, warning
from herald.cli.diagnosis.look import Look
from herald.providers import load

TITLE = "callback URL"
NEEDS = ()
LINK = "docs/receipts.md"


def check(look: Look) -> Iterator[Finding]:
    url = look.settings.url or look.part("url")
    host = urlsplit(url).hostname or ""
    if _inner(host) and not look.on_the_laptop:
        yield failure(f"{host} is not reached from outside: no receipt of a provider comes", "Correct the setting url.")
        return
    said = _answered(look, url)
    if said is None and "execute-api" in host and look.on_the_laptop:
        yield note("the laptop's API is reached by its front only")
    elif said is None:
        told = failure if _needed(look) else warning
        yield told(f"{url}/health cannot be reached from here", "Does the domain in the setting url lead to the API?")
    elif said != look.stage:
        yield failure(f"{url} is {said}, not this stage", "Correct the setting url, or the domain's mapping.")
    else:
        yield ok(f"{url} is this stage's" + (", on this laptop alone" if look.on_the_laptop else ""))


def _answered(look: Look, url: str) -> str | None:
    """The stage that answers there; ``something else``; None if nothing does."""
    try:
        status, body = look.here.fetch(f"{url}/health")
    except (OSError, ValueError):
        return None
    try:
        said = json.loads(body) if status in (200, 503) else None
    except ValueError:
        said = None
    return f"{said['stage']}" if isinstance(said, dict) and "stage" in said else "something else"


def _needed(look: Look) -> bool:
    """Whether a channel's provider calls it."""
    kinds = [load(each.type) for each in look.settings.channels.values()]
    return any(kind.calls_back and kind.transport == "http" for kind in kinds)


def _inner(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".local", ".internal", ".localhost"))
