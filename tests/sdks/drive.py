"""Drive Twilio's own SDK for Python, by lines of JSON; run by the Python that has it. ``drive.cjs`` does the same."""

import json
import sys
from datetime import datetime
from typing import Any

from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

URL, SID, TOKEN = sys.argv[1:]
FIELDS = ("sid", "status", "to", "body", "direction", "num_segments", "error_code", "price", "uri", "account_sid")
client = Client(SID, TOKEN)
client.api.base_url = URL  # All that has to be said for another host than Twilio's.


class Form(dict[str, list[str]]):
    """A form whose fields may be there more than once, as web frameworks have it."""

    def getlist(self, name: str) -> list[str]:
        return self[name]


def shown(message: Any) -> dict[str, Any]:
    known = {name: getattr(message, name) for name in FIELDS}
    return {**known, "from": message.from_, "created": message.date_created.isoformat()}


def signed(asked: dict[str, Any]) -> str:
    form = Form()
    for name, value in asked["form"]:
        form.setdefault(name, []).append(value)
    return RequestValidator(asked["token"]).compute_signature(asked["url"], form, asked.get("algorithm"))


def valid(asked: dict[str, Any]) -> bool:
    form: Any = asked.get("body")
    if form is None:
        form = Form()
        for name, value in asked["form"]:
            form.setdefault(name, []).append(value)
    validator = RequestValidator(asked["token"])
    return validator.validate(asked["url"], form, asked["signature"], asked.get("algorithm"))


def created(asked: dict[str, Any]) -> dict[str, Any]:
    return shown(client.messages.create(**{"from_" if name == "from" else name: asked[name] for name in asked}))


def listed(asked: dict[str, Any]) -> list[dict[str, Any]]:
    since = asked.pop("sent_after", None)
    after = {"date_sent_after": datetime.fromisoformat(since)} if since else {}
    sender = {"from_": asked.pop("from")} if "from" in asked else {}
    return [shown(message) for message in client.messages.list(**asked, **after, **sender)]


DO = {
    "create": created,
    "list": listed,
    "fetch": lambda asked: shown(client.messages(asked["sid"]).fetch()),
    "redact": lambda asked: shown(client.messages(asked["sid"]).update(body="")),
    "cancel": lambda asked: shown(client.messages(asked["sid"]).update(status="canceled")),
    "delete": lambda asked: client.messages(asked["sid"]).delete(),
    "media": lambda asked: len(client.messages(asked["sid"]).media.list()),
    "account": lambda asked: client.api.accounts(SID).fetch().status,
    "feedback": lambda asked: client.messages(asked["sid"]).feedback.create(outcome="confirmed"),
    "sign": signed,
    "valid": valid,
}

for line in sys.stdin:
    asked = json.loads(line)
    try:
        said = DO[asked.pop("do")](asked)
    except TwilioRestException as error:
        said = {"error": error.code, "status": error.status, "kind": type(error).__name__}
    print(json.dumps(said), flush=True)
