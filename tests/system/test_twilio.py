"""On the deployed whole: a text goes by Twilio, whose signed callbacks say what became of it, and nobody else's."""

from base64 import b64encode
from collections.abc import Callable
from hashlib import sha1
from hmac import digest
from typing import Any

import pytest
import requests
import yaml

from tests.system.conftest import Api, Carrier, until

TO, SILENT, SPAM = "+919741552552", "+919876500090", "+919876500003"


def a_receipt(text: dict[str, Any]) -> dict[str, str]:
    """Twilio's form for a text that arrived."""
    sid = text["provider_id"]
    return {"MessageSid": sid, "SmsSid": sid, "To": text["to"], "MessageStatus": "delivered", "SmsStatus": "delivered"}


def test_a_text_by_twilio_arrives_and_its_callback_says_so(api: Api, carrier: Carrier) -> None:
    sent = api.send(to=TO, body="Your table is ready.", channel="twilio").body
    assert (sent["status"], sent["provider"], sent["provider_id"][:2]) == ("sent", "twilio", "SM")
    delivered = api.becomes(sent["id"], "delivered")
    assert [step["step"] for step in delivered["trace"]] == ["accepted", "sending", "sent", "receipt", "delivered"]


def test_what_twilio_could_not_deliver_has_its_reason(api: Api, carrier: Carrier) -> None:
    sent = api.send(to=SPAM, body="Win!", channel="twilio").body
    assert api.becomes(sent["id"], "undelivered")["reason"]["code"] == "spam"


@pytest.mark.parametrize("signed", [False, True])
def test_only_a_signed_callback_is_believed(
    api: Api, carrier: Carrier, aws: Callable[[str], Any], signed: bool
) -> None:
    sent = api.send(to=SILENT, body="Silence", channel="twilio").body
    url, form = carrier.callback(sent["provider_id"]).partition("#")[0], a_receipt(sent)
    block = aws("ssm").get_parameter(Name="/herald/local/channels/twilio", WithDecryption=True)["Parameter"]["Value"]
    said = url + "".join(name + form[name] for name in sorted(form))
    proof = b64encode(digest(yaml.safe_load(block)["auth_token"].encode(), said.encode(), sha1)).decode()
    headers = {"X-Twilio-Signature": proof if signed else proof[::-1]}
    assert requests.post(url, data=form, headers=headers, timeout=60).status_code == (204 if signed else 403)
    assert api.message(sent["id"])["status"] == ("delivered" if signed else "sent")


def test_twilio_is_asked_what_became_of_a_text(api: Api, carrier: Carrier) -> None:
    sent = api.send(to=SILENT, body="Silence", channel="twilio").body
    answer = api("GET", f"/messages/{sent['id']}?refresh=true")
    assert (answer.headers["Herald-Refreshed"], answer.body["status"]) == ("true", "sent")


def lost(api: Api, carrier: Carrier, fault: str = "drop_reply", **fields: Any) -> dict[str, Any]:
    """A text whose answer got lost, and of which no receipt tells."""
    carrier.fail(fault, provider="twilio")
    unknown: dict[str, Any] = api.send(to=SILENT, channel="twilio", **fields).body
    assert (unknown["status"], unknown["provider_id"]) == ("unknown", None)
    return unknown


def test_a_text_whose_answer_got_lost_is_found_in_twilios_list_by_itself(api: Api, carrier: Carrier) -> None:
    unknown = lost(api, carrier, body="Nobody knows yet.")
    found = api.becomes(unknown["id"], "sent", 90)
    (text,) = [text for text in carrier.texts() if text["body"] == "Nobody knows yet."]
    assert found["provider_id"] == text["id"]
    assert [step["step"] for step in found["trace"]] == [
        "accepted", "sending", "unknown", "lookup", "receipt", "sent"
    ]  # fmt: skip
    answer = api("GET", f"/messages/{unknown['id']}?refresh=true")
    assert (answer.headers["Herald-Refreshed"], answer.body["status"]) == ("true", "sent")


def test_a_text_that_twilio_never_took_stays_unknown_and_says_that_it_was_looked_up(api: Api, carrier: Carrier) -> None:
    unknown = lost(api, carrier, "500", body="Never taken.")
    looked = until(lambda: has_step(api.message(unknown["id"]), "lookup"), "look-up", 90)
    assert (looked["status"], looked["reason"]["code"]) == ("unknown", "answer_unclear")
    assert "Never taken." not in carrier.bodies()


def has_step(message: dict[str, Any], name: str) -> dict[str, Any] | None:
    """The message, if its trace has this step."""
    return message if name in [step["step"] for step in message["trace"]] else None
