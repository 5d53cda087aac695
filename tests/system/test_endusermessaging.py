"""On the deployed whole: a text goes by End User Messaging, whose events say how it fared; and each vendor fails."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.system.conftest import Api, Carrier, until

TO, CHANNEL = "+919741552552", "endusermessaging"
# Magic numbers.
SPAM, OPTED_OUT, OVERSPENT, SILENT, CARRIERS_WORD = (
    f"+9198765000{ending}" for ending in ("03", "04", "17", "90", "94")
)
EVERY = ["amazonsns", "endusermessaging", "exotel", "twilio"]


def steps(message: dict[str, Any]) -> list[str]:
    return [step["step"] for step in message["trace"]]


def test_a_text_arrives_and_an_event_on_the_accounts_bus_says_so(api: Api, carrier: Carrier) -> None:
    sent = api.send(to=TO, body="Your table is ready.", channel=CHANNEL).body
    assert (sent["status"], sent["provider"], sent["price"]) == ("sent", "endusermessaging", None)
    assert sent["provider_id"] == sent["response"]["MessageId"] == str(uuid.UUID(sent["provider_id"]))
    delivered = api.becomes(sent["id"], "delivered")
    assert steps(delivered) == ["accepted", "sending", "sent", "receipt", "delivered"]
    said = json.loads(delivered["trace"][3]["detail"])
    assert (said["eventType"], said["isFinal"]) == ("TEXT_DELIVERED", True)
    assert (delivered["price"], delivered["provider_id"]) == ("0.00278", sent["provider_id"])


def test_aws_is_told_whose_text_it_is_and_for_how_long_and_the_proof_is_no_url(api: Api, carrier: Carrier) -> None:
    sent = api.send(to=SILENT, body="Your table is ready.", channel=CHANNEL, kind="otp", valid_for=600).body
    (fields,) = [text["fields"] for text in carrier.texts() if text["id"] == sent["provider_id"]]
    assert (fields["Context.herald_stage"], fields["Context.herald_message"]) == ("local", sent["id"])
    assert (fields["Context.herald_attempt"], fields["MessageType"]) == ("1", "TRANSACTIONAL")
    assert fields["Context.herald_receipts"].startswith(f"{CHANNEL}/")
    assert 590 <= int(fields["TimeToLive"]) <= 600


def test_the_carriers_word_leaves_it_sent(api: Api, carrier: Carrier) -> None:
    sent = api.send(to=CARRIERS_WORD, body="Your table is ready.", channel=CHANNEL).body
    noted = until(lambda: (found := api.message(sent["id"])) and "receipt" in steps(found) and found, "receipt")
    assert (noted["status"], noted["delivered_at"]) == ("sent", None)
    assert "accepted by phone carrier" in noted["trace"][-1]["detail"]


def test_what_could_not_be_delivered_has_its_reason(api: Api, carrier: Carrier) -> None:
    sent = api.send(to=SPAM, body="Win!", channel=CHANNEL).body
    assert api.becomes(sent["id"], "undelivered")["reason"]["code"] == "spam"


def test_what_aws_will_not_send_it_refuses_at_once_and_says_why(api: Api, carrier: Carrier) -> None:
    answer = api.send(to=OVERSPENT, body="Hello", channel=CHANNEL)
    assert (answer.status, answer.body["code"]) == (422, "spend_limit")
    message = answer.body["message"]
    assert (message["status"], message["response"]["details"]) == ("failed", "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT")
    assert carrier.texts() == []


def test_who_opted_out_at_aws_gets_nothing_by_any_channel(api: Api, carrier: Carrier) -> None:
    path = f"/recipients/{OPTED_OUT.replace('+', '%2B')}"
    assert api.send(to=OPTED_OUT, body="Hello", channel=CHANNEL).body["code"] == "opted_out"
    try:
        assert until(lambda: api("GET", path).body["opted_out"], "opt-out")
        assert api.send(to=OPTED_OUT, body="Hello", channel="exotel").body["code"] == "opted_out"
    finally:
        api("PUT", path, json={"opted_out": False})


@pytest.mark.parametrize("fault", ["drop_reply", "cut_reply"])
def test_an_event_settles_what_nobody_knew(api: Api, carrier: Carrier, fault: str) -> None:
    carrier.fail(fault, provider=CHANNEL)
    unknown = api.send(to=TO, body="Perhaps", channel=CHANNEL).body
    assert (unknown["status"], unknown["provider_id"]) == ("unknown", None)
    settled = api.becomes(unknown["id"], "delivered")
    assert (settled["provider_id"], settled["attempts"]) == (carrier.texts()[0]["id"], 1)


def an_event(sent: dict[str, Any], fields: dict[str, str], **changes: object) -> dict[str, Any]:
    """What EventBridge hands over when a text arrived."""
    context = {name.removeprefix("Context."): value for name, value in fields.items() if name.startswith("Context.")}
    detail = {
        "eventType": "TEXT_DELIVERED", "messageId": sent["provider_id"], "isFinal": True, "context": context, **changes,
    }  # fmt: skip
    return {"source": "aws.sms-voice", "detail-type": "Text Message Delivery Status Updated", "detail": detail}


@pytest.mark.parametrize(
    "forged",
    [
        {"context": {"herald_stage": "local", "herald_receipts": f"{CHANNEL}/{'A' * 52}"}},
        {"messageId": "9539975a-e71f-45f3-b496-8d98dc098a77"},
        {"destinationPhoneNumber": "+919845012345"},
    ],
    ids=["another proof", "another text", "another number"],
)
def test_an_event_that_does_not_prove_itself_changes_nothing(
    api: Api, carrier: Carrier, aws: Callable[[str], Any], forged: dict[str, Any]
) -> None:
    sent = api.send(to=SILENT, body="Silence", channel=CHANNEL).body
    (fields,) = [text["fields"] for text in carrier.texts() if text["id"] == sent["provider_id"]]

    def told(event: dict[str, Any]) -> str:
        aws("lambda").invoke(FunctionName="herald-local-receipts", Payload=json.dumps(event))
        return str(api.message(sent["id"])["status"])

    assert told(an_event(sent, fields, **forged)) == "sent"
    assert told(an_event(sent, fields)) == "delivered"


@pytest.mark.parametrize("channel", EVERY)
@pytest.mark.parametrize(
    ("fault", "ends"),
    [("429", ("accepted", 0)), ("503", ("accepted", 0)), ("500", ("unknown", 0)), ("drop_reply", ("unknown", 1))],
)
def test_each_channel_can_be_made_to_fail(
    api: Api, carrier: Carrier, channel: str, fault: str, ends: tuple[str, int]
) -> None:
    carrier.fail(fault, provider=channel)
    failed = api.send(to=SILENT, body=f"{fault} by {channel}", channel=channel).body
    if ends[0] == "accepted":  # It would be tried again.
        api("DELETE", f"/messages/{failed['id']}")
    assert failed["attempts"] == 1
    assert (failed["status"], len(carrier.texts())) == ends
