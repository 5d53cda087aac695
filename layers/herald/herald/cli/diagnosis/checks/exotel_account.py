"""Exotel's account: whether its cluster takes the channel's credentials, and what is left of its balance."""

import json
import re
from collections.abc import Iterator
from urllib.parse import quote

from herald.cli.diagnosis.findings import Finding, failure, note, ok, warning
from herald.cli.diagnosis.look import Look
from herald.errors import Unavailable
from herald.providers._http import Answer

TITLE = "account"
NEEDS = ()
LINK = "docs/reasons.md#the-account-at-the-provider-and-its-channel"
# An account is on one of them (Exotel, November 2026); the first is the channel's default.
CLUSTERS = ("api.exotel.com", "api.in.exotel.com")
# The details of a text that there is none of: answered with 200 or 404 to whom the account knows, and nothing is sent.
NOBODYS = "SMS/Messages/herald-doctor.json"
BALANCE = "Balance.json"
AMOUNT = re.compile(r"-?\d{1,12}(\.\d{1,9})?", re.ASCII)


def check(look: Look) -> Iterator[Finding]:
    base = look.values.get("endpoint_url") or f"https://{look.values.get('domain', CLUSTERS[0])}"
    yield from examined(look, base.rstrip("/"), tuple(f"https://{each}" for each in CLUSTERS))


def examined(look: Look, base: str, clusters: tuple[str, ...]) -> Iterator[Finding]:
    """What the account at ``base`` says; if it is not there, whether it is at another of the ``clusters``."""
    answer = _ask(look, base, NOBODYS)
    if answer is None:
        yield failure(f"{base} cannot be reached from here", "Is the domain right? Is Exotel in trouble?")
    elif answer.ok or (answer.status == 404 and b"RestException" not in answer.body):
        yield ok(f"the credentials are right at {base}")
        yield _balance(look, base)
    elif answer.status in (401, 403, 404):
        yield _refused(look, base, clusters, answer.status)
    else:
        yield warning(f"{base} answered with {answer.status}", "Run it again; is Exotel in trouble?")


def _refused(look: Look, base: str, clusters: tuple[str, ...], status: int) -> Finding:
    """Credentials of one cluster are refused by the other."""
    others = [each for each in clusters if each != base] if base in clusters else []
    for other in others:
        answer = _ask(look, other, NOBODYS)
        if answer and answer.ok:
            domain = other.partition("://")[2]
            return failure(
                f"the account is not at {base} but at {other}", f"Set domain: {domain} in the channel's block."
            )
    if status == 403:
        return failure(
            f"{base} answered with 403: suspended, without KYC, or not allowed", "Look into Exotel's dashboard."
        )
    return failure(
        f"{base} refuses the credentials ({status}): no text goes out",
        "Dashboard, API settings: correct sid, key and token in the channel's block.",
    )


def _balance(look: Look, base: str) -> Finding:
    """Not every account, and not every key, may ask for it."""
    answer = _ask(look, base, BALANCE)
    amount = _found(_json(answer), "Balance") if answer and answer.ok else None
    if amount is None:
        return note("the balance cannot be asked with this key", "Look into Exotel's dashboard.")
    said = f"balance {amount:g} {_currency(answer)}".rstrip()
    if amount <= 0:
        return failure(f"{said}: texts are refused", "Recharge the account.")
    return ok(said)


def _ask(look: Look, base: str, what: str) -> Answer | None:
    """The answer; None if there is none."""
    sid, token = look.values["sid"], look.values["token"]
    url = f"{base}/v1/Accounts/{quote(sid, safe='')}/{what}"
    try:
        return look.here.http().get(url, (look.values.get("key") or sid, token), seconds=6)
    except Unavailable:
        return None


def _json(answer: Answer | None) -> object:
    try:
        return json.loads(answer.body) if answer else None
    except (ValueError, RecursionError):
        return None


def _found(said: object, name: str) -> float | None:
    """An amount of this name, however deep it is."""
    if not isinstance(said, dict):
        return None
    if AMOUNT.fullmatch(str(said.get(name))):
        return float(str(said[name]))
    return next((found for each in said.values() if (found := _found(each, name)) is not None), None)


def _currency(answer: Answer | None) -> str:
    found = re.search(rb'"Currency"\s*:\s*"([A-Z]{3})"', answer.body if answer else b"")
    return found[1].decode() if found else ""
