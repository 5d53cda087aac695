"""A text goes out from every entry point of the deployed stack, and the same message comes back."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from herald.message import PUBLIC
from local.stack import Stack
from tests.system.conftest import Api, Carrier, payload, until

TO = "+919741552552"
Aws = Callable[[str], Any]


@pytest.mark.parametrize(("channel", "identity"), [("exotel", "Sid"), ("amazonsns", "MessageId")])
def test_a_text_sent_over_https_is_on_the_phone(api: Api, carrier: Carrier, channel: str, identity: str) -> None:
    status, message, _ = api.send(to="09741552552", body=f"By {channel}", channel=channel, sender="HERALD")
    assert status == 201
    assert set(message) == set(PUBLIC)
    assert (message["status"], message["to"], message["segments"]) == ("sent", TO, 1)
    assert message["provider_id"] == message["response"][identity]
    (text,) = carrier.texts()
    assert (text["to"], text["from"], text["body"], text["provider"]) == (TO, "HERALD", f"By {channel}", channel)
    assert text["id"] == message["provider_id"]


def test_the_form_of_the_seed_sends_too(api: Api, carrier: Carrier) -> None:
    answer = api("POST", "/messages", data={"to": "9741-552-552", "subject": "By form", "sender": "Gramex"})
    assert (answer.status, answer.body["to"]) == (201, TO)
    assert carrier.bodies() == ["By form"]


def test_a_message_can_be_looked_up_with_its_trace_and_without_its_text(api: Api, carrier: Carrier) -> None:
    sent = api.send(to=TO, body="A planted text", channel="exotel").body
    status, found, _ = api("GET", f"/messages/{sent['id']}")
    assert (status, found["status"]) == (200, "sent")
    assert [step["step"] for step in found["trace"]] == ["accepted", "sending", "sent"]
    assert "planted" not in json.dumps(found)


def test_the_text_of_a_sent_message_is_gone_from_the_journal(api: Api, aws: Aws, stack: Stack) -> None:
    sent = api.send(to=TO, body="A planted text", channel="exotel").body
    item = aws("dynamodb").get_item(TableName=stack.env["HERALD_TABLE"], Key={"pk": {"S": f"message#{sent['id']}"}})
    assert item["Item"]["segments"] == {"N": "1"}
    assert "planted" not in json.dumps(item["Item"])


def test_another_lambda_sends_by_invoking(aws: Aws, stack: Stack, carrier: Carrier) -> None:
    function = stack.env["HERALD_INVOKE_FUNCTION"]
    request = {"to": TO, "body": "By invocation", "channel": "exotel"}
    message = payload(aws("lambda").invoke(FunctionName=function, Payload=json.dumps(request)))
    assert message["status"] == "sent"
    assert message["response"]["Sid"] == carrier.texts()[0]["id"]
    asked = {"action": "status", "id": message["id"]}
    now = payload(aws("lambda").invoke(FunctionName=function, Payload=json.dumps(asked)))["status"]
    assert now in ("sent", "delivered")  # Its receipt comes a second later.


def test_an_asynchronous_invocation_sends_as_well(aws: Aws, stack: Stack, carrier: Carrier) -> None:
    request = json.dumps({"to": TO, "body": "By asynchronous invocation"})
    aws("lambda").invoke(FunctionName=stack.env["HERALD_INVOKE_FUNCTION"], InvocationType="Event", Payload=request)
    until(lambda: carrier.bodies() == ["By asynchronous invocation"], "text on the phone")


def test_a_refused_invocation_says_why(aws: Aws, stack: Stack) -> None:
    answer = aws("lambda").invoke(FunctionName=stack.env["HERALD_INVOKE_FUNCTION"], Payload=json.dumps({"to": TO}))
    assert "FunctionError" in answer
    assert "invalid_message" in payload(answer)["errorMessage"]


def test_an_event_on_the_bus_sends(aws: Aws, stack: Stack, carrier: Carrier) -> None:
    entry = {
        "EventBusName": stack.env["HERALD_EVENT_BUS"],
        "Source": "shop.orders",
        "DetailType": "SMS Requested",
        "Detail": json.dumps({"to": TO, "body": "By event", "channel": "exotel"}),
    }
    assert aws("events").put_events(Entries=[entry])["FailedEntryCount"] == 0
    until(lambda: carrier.bodies() == ["By event"], "text on the phone")


def test_a_recurring_schedule_sends(aws: Aws, stack: Stack, carrier: Carrier) -> None:
    scheduler = aws("scheduler")
    example = scheduler.get_schedule(Name="example-every-monday", GroupName="herald-local")
    assert example["State"] == "DISABLED"
    request = json.loads(example["Target"]["Input"]) | {"to": TO, "body": "By schedule"}
    scheduler.create_schedule(
        Name="every-minute",
        GroupName="herald-local",
        ScheduleExpression="cron(* * * * ? *)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": example["Target"]["Arn"], "RoleArn": example["Target"]["RoleArn"], "Input": json.dumps(request)},
    )
    try:
        until(lambda: "By schedule" in carrier.bodies(), "text on the phone", seconds=100)
    finally:
        scheduler.delete_schedule(Name="every-minute", GroupName="herald-local")


def test_send_at_sends_at_its_time_and_leaves_no_schedule(api: Api, aws: Aws, carrier: Carrier) -> None:
    at = datetime.now(ZoneInfo("Asia/Kolkata")) + timedelta(seconds=8)
    status, message, _ = api.send(to=TO, body="At its time", send_at=at.isoformat(), channel="exotel")
    assert (status, message["status"]) == (202, "scheduled")
    assert message["send_at"] == at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert message["id"] in schedules(aws)
    until(lambda: carrier.bodies() == ["At its time"], "text on the phone")
    sent = until(lambda: api("GET", f"/messages/{message['id']}").body["sent_at"], "time of sending")
    assert datetime.fromisoformat(sent) >= at
    assert message["id"] not in schedules(aws)


def test_a_scheduled_message_can_be_canceled_before_its_time(api: Api, aws: Aws, carrier: Carrier) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    message = api.send(to=TO, body="Never", send_at=tomorrow).body
    status, canceled, _ = api("DELETE", f"/messages/{message['id']}")
    assert (status, canceled["status"]) == (200, "canceled")
    assert message["id"] not in schedules(aws)
    again = api("DELETE", f"/messages/{message['id']}")
    assert (again.status, again.body["status"]) == (200, "canceled")


def test_a_sent_message_cannot_be_canceled(api: Api, carrier: Carrier) -> None:
    message = api.send(to=TO, body="Gone").body
    answer = api("DELETE", f"/messages/{message['id']}")
    assert (answer.status, answer.body["code"]) == (409, "not_cancelable")


@pytest.mark.parametrize(
    ("send_at", "code"),
    [
        ("2020-01-01T00:00:00Z", "in_the_past"),
        ("2099-01-01T00:00:00Z", "too_far_ahead"),
        ("2027-01-01T09:00:00", "no_time_zone"),
    ],
)
def test_an_impossible_time_is_refused(api: Api, send_at: str, code: str) -> None:
    answer = api.send(to=TO, body="Never", send_at=send_at)
    assert (answer.status, answer.body["errors"][0]["field"], answer.body["errors"][0]["code"]) == (
        422,
        "send_at",
        code,
    )


def test_respond_async_queues_and_the_worker_sends(api: Api, carrier: Carrier) -> None:
    answer = api.send(to=TO, body="Queued", headers={"Prefer": "respond-async"})
    assert (answer.status, answer.body["status"]) == (202, "accepted")
    until(lambda: carrier.bodies() == ["Queued"], "text on the phone")


def test_a_function_with_the_layer_sends(aws: Aws, stack: Stack, carrier: Carrier) -> None:
    """``from herald import send, status`` in somebody's own function: the layer, the stage, nothing else."""
    code = (
        "from herald import send, status\n\n"
        "def handler(event, context):\n"
        "    return status(send(**event).id).public()\n"
    )
    ours = aws("lambda").get_function(FunctionName=stack.env["HERALD_INVOKE_FUNCTION"])["Configuration"]
    function = make_function(aws, "somebodys-own", code, layer=ours["Layers"][0]["Arn"], role=ours["Role"])
    request = {"to": "09741552552", "body": "By the layer", "channel": "exotel"}
    answer = aws("lambda").invoke(FunctionName=function, Payload=json.dumps(request))
    assert payload(answer)["status"] == "sent"
    assert carrier.bodies() == ["By the layer"]


def test_the_seeds_lines_send_inside_aws(aws: Aws, stack: Stack, carrier: Carrier) -> None:
    code = (
        "import herald\n\ndef handler(event, context):\n"
        "    notifier = herald.sms['exotel']\n"
        "    result = notifier.send(to=event['to'], subject='Message to send', sender='Gramex')\n"
        "    return [result['Sid'], notifier.status(result)]\n"
    )
    ours = aws("lambda").get_function(FunctionName=stack.env["HERALD_INVOKE_FUNCTION"])["Configuration"]
    function = make_function(aws, "as-the-seed", code, layer=ours["Layers"][0]["Arn"], role=ours["Role"])
    sid, status = payload(aws("lambda").invoke(FunctionName=function, Payload=json.dumps({"to": TO})))
    assert carrier.texts()[0]["id"] == sid
    assert sid in json.dumps(status)


def schedules(aws: Aws) -> list[str]:
    """The names of all one-time and recurring schedules."""
    return [entry["Name"] for entry in aws("scheduler").list_schedules(GroupName="herald-local")["Schedules"]]


def make_function(aws: Aws, name: str, code: str, *, layer: str, role: str) -> str:
    """Somebody's own function, with Herald's layer. Returns its name."""
    import io
    import zipfile

    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", code)
    aws("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="app.handler",
        Role=role,
        Code={"ZipFile": content.getvalue()},
        Layers=[layer],
        Timeout=30,
        Environment={"Variables": {"HERALD_STAGE": "local"}},
    )
    return name
