"""On the deployed whole: a code that surely was not sent goes by the next channel in the same request, and no other."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import yaml

from tests.system.conftest import Api, Carrier, environment

PATH = "/herald/local"
TO, UNREACHED, LOCKED, NAMED = "+919741552552", "+919741552553", "+919741552554", "+919741552555"
# Exotel where nobody listens, and with a token that is not the account's.
CHANNELS: Mapping[str, Mapping[str, str]] = {
    "gone": {"endpoint_url": "http://127.0.0.1:1"},
    "locked": {"token": "other"},
}
SETTINGS = f"""
routes:
  - {{kind: otp, prefix: "{UNREACHED}", channels: [gone, twilio]}}
  - {{kind: otp, prefix: ["{LOCKED}"], channels: [locked, twilio]}}
  - {{kind: otp, caller: "key:laptop*", channels: [exotel, twilio]}}
  - {{sender: [GRMNER, BANK], channels: [exotel, twilio]}}
  - {{prefix: "{NAMED}", channels: {{twilio: 1, exotel: 0}}}}
senders: {{IN: [HERALD, GRMNER]}}
"""


@pytest.fixture(scope="module", autouse=True)
def _routed(aws: Callable[[str], Any]) -> Iterator[None]:
    """The laptop's settings with these routes, and two channels more."""
    ssm = aws("ssm")

    def read(name: str) -> str:
        return str(ssm.get_parameter(Name=f"{PATH}/{name}", WithDecryption=True)["Parameter"]["Value"])

    def write(name: str, value: str, kind: str = "String") -> None:
        ssm.put_parameter(Name=f"{PATH}/{name}", Type=kind, Value=value, Overwrite=True)

    general, exotel = read("settings"), yaml.safe_load(read("channels/exotel"))
    write("settings", general + SETTINGS)
    for name, other in CHANNELS.items():
        write(f"channels/{name}", yaml.safe_dump({**exotel, **other}), "SecureString")
    try:
        with environment(aws, "api", ROUTED="1"):
            yield
    finally:
        write("settings", general)
        for name in CHANNELS:
            ssm.delete_parameter(Name=f"{PATH}/channels/{name}")


def details(message: Mapping[str, Any], step: str = "sending") -> list[str]:
    """What the trace says of each such step."""
    return [each["detail"] for each in message["trace"] if each["step"] == step]


def by(carrier: Carrier) -> list[str]:
    """The provider of each text that was accepted."""
    return [text["provider"] for text in carrier.texts()]


@pytest.mark.parametrize(
    ("to", "fault", "said"),
    [
        (TO, "429", ("exotel", "throttled", 3)),
        (TO, "503", ("exotel", "provider_unavailable", 3)),
        (UNREACHED, "", ("gone", "provider_unavailable", 1)),
        (LOCKED, "", ("locked", "credentials_refused", 2)),
    ],
)
def test_a_code_that_exotel_surely_did_not_send_goes_by_twilio_in_the_same_request(
    api: Api, carrier: Carrier, to: str, fault: str, said: tuple[str, str, int]
) -> None:
    first, why, route = said
    if fault:
        carrier.fail(fault)
    answer = api.send(to=to, body="Your code is 274 911.", kind="otp")
    message = answer.body
    assert (answer.status, message["status"], message["channel"], message["attempts"]) == (201, "sent", "twilio", 2)
    assert [step["step"] for step in message["trace"]] == ["accepted", "sending", "sending", "sent"]
    assert details(message) == [
        f"by {first} as HERALD: route {route} of the settings",
        f"by twilio as HERALD: {first} said {why}",
    ]
    assert by(carrier) == ["twilio"]
    assert api.becomes(message["id"], "delivered")["attempts"] == 2


@pytest.mark.parametrize("fault", ["drop_reply", "cut_reply", "500"])
def test_a_code_that_exotel_may_have_sent_is_tried_nowhere_else(api: Api, carrier: Carrier, fault: str) -> None:
    carrier.tell(delay=30)
    carrier.fail(fault)
    answer = api.send(to=TO, body="Your code is 274 911.", kind="otp")
    message = answer.body
    assert (answer.status, message["status"], message["channel"], message["attempts"]) == (202, "unknown", "exotel", 1)
    assert details(message) == ["by exotel as HERALD: route 3 of the settings"]
    assert "twilio" not in by(carrier)


def test_a_code_that_would_be_refused_everywhere_is_tried_nowhere_else(api: Api, carrier: Carrier) -> None:
    carrier.fail("refuse")
    answer = api.send(to=TO, body="Your code is 274 911.", kind="otp")
    assert (answer.status, answer.body["code"], by(carrier)) == (422, "request_refused", [])


def test_the_phone_shows_what_the_country_allows_and_nothing_else(api: Api, carrier: Carrier) -> None:
    first = api.send(to=NAMED, body="Your table is ready.").body
    other = api.send(to=NAMED, body="Your table is ready.", sender="GRMNER").body
    refused = api.send(to=NAMED, body="Your table is ready.", sender="BANK")
    assert [(text["provider"], text["from"]) for text in carrier.texts()] == [
        ("twilio", "HERALD"),
        ("exotel", "GRMNER"),
    ]
    assert (first["sender"], other["sender"]) == (None, "GRMNER")
    assert (refused.status, refused.body["code"]) == (422, "sender_not_allowed")
    assert refused.body["errors"][0]["detail"] == "This sender id is not allowed in IN; allowed: HERALD, GRMNER."
