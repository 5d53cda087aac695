"""Twilio's API, as the checks ask it: with the account's own token, at the host of each product."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from herald.cli.diagnosis.look import Look
from herald.errors import Unavailable
from herald.providers._twilio_fields import parsed
from herald.providers.twilio import host

NOTHING = 0


class Said(NamedTuple):
    """The status of an answer, and its JSON. Status 0: there was no answer."""

    status: int
    json: Mapping[str, Any]

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        return self.status in (401, 403)


def api(look: Look, rest: str, *, auth: tuple[str, str] | None = None) -> Said:
    """What the account's resource answers: ``rest`` is what stands behind its sid."""
    sid = quote(look.values["account_sid"], safe="")
    return get(look, "api", f"/2010-04-01/Accounts/{sid}{rest}", auth=auth)


def get(look: Look, product: str, path: str, *, auth: tuple[str, str] | None = None) -> Said:
    """What a product answers. Where the channel has an ``endpoint_url``, that stands for all of them."""
    values = look.values
    usual = "https://" + product + host(values.get("region", ""), values.get("edge", "")).removeprefix("api")
    base = values.get("endpoint_url", usual).rstrip("/")
    try:
        answer = look.here.http().get(base + path, auth or (values["account_sid"], values["auth_token"]), seconds=8)
    except Unavailable:
        return Said(NOTHING, {})
    return Said(answer.status, parsed(answer.body))
