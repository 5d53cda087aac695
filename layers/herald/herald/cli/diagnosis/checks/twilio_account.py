"""Twilio's account: its state, whether it is a trial, its balance, and the token that signs its callbacks."""

import re
from collections.abc import Iterator

from herald.cli.diagnosis.findings import Finding, failure, note, ok, warning
from herald.cli.diagnosis.look import Look
from herald.cli.diagnosis.twilio_api import api

TITLE = "account"
NEEDS = ()
LINK = "docs/reasons.md#the-account-at-the-provider-and-its-channel"
AMOUNT = re.compile(r"-?\d{1,12}(\.\d{1,9})?", re.ASCII)


def check(look: Look) -> Iterator[Finding]:
    account = api(look, ".json")
    if account.refused or account.status == 404:
        yield failure(
            f"account_sid and auth_token are refused ({account.status}): callbacks, which it signs, are refused too",
            "Console, Account info: correct account_sid and auth_token in the channel's block.",
        )
    elif not account.ok:
        yield warning(f"no answer ({account.status or 'none'})", "Run it again; is Twilio in trouble?")
    else:
        yield from _state(str(account.json.get("status")), str(account.json.get("type")))
        yield _balance(look)
    yield from _key(look)


def _state(status: str, kind: str) -> Iterator[Finding]:
    if status != "active":
        yield failure(f"the account is {status}: no text goes out", "Console, Billing; or write to Twilio's support.")
    elif kind == "Trial":
        yield warning(
            "a trial account: it texts verified numbers only, and writes that it is a trial into each text",
            "Upgrade the account in the console.",
        )
    else:
        yield ok("active; the auth token, which signs the callbacks, is right")


def _balance(look: Look) -> Finding:
    """Accounts below another one have none of their own."""
    said = api(look, "/Balance.json")
    text = str(said.json.get("balance"))
    if not said.ok or not AMOUNT.fullmatch(text):
        return note("the balance cannot be asked: of an account below another one, it is the other's")
    shown = f"balance {float(text):g} {said.json.get('currency', '')}".rstrip()
    if float(text) <= 0:
        return failure(f"{shown}: texts are refused", "Recharge the account.")
    return ok(shown)


def _key(look: Look) -> Iterator[Finding]:
    """The pair that requests are signed in with, if it is not the auth token."""
    if key := look.values.get("api_key"):
        said = api(look, "/Messages.json?PageSize=1", auth=(key, look.values["api_secret"]))
        if said.refused:
            yield failure("api_key and api_secret are refused: no text goes out", "Make a new key, and set both.")
        elif said.ok:
            yield ok("the API key is right")
