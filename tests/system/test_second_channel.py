"""On the deployed whole: a code that no receipt says to be delivered goes by the second channel, and only once."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.system.conftest import Api, Carrier, environment, until

SETTINGS = "/herald/local/settings"
# By the last two digits: nobody is ever told; the carrier refuses it; it is delivered; the number does not exist.
SILENT, BLOCKED, DELIVERED, NOBODY = (f"+9198765000{ending}" for ending in ("90", "07", "00", "02"))
ROUTE = """
routes:
  - {kind: otp, prefix: "+9198765000", channels: [exotel, twilio]}
"""
CODE = "Your code is 274 911."


@pytest.fixture(scope="module", autouse=True)
def _two_channels(aws: Callable[[str], Any]) -> Iterator[None]:
    """The laptop's settings with a route of two channels, read by all that send."""
    ssm = aws("ssm")
    before = ssm.get_parameter(Name=SETTINGS)["Parameter"]["Value"]
    ssm.put_parameter(Name=SETTINGS, Type="String", Value=before + ROUTE, Overwrite=True)
    try:
        with ExitStack() as functions:
            for name in ("api", "worker", "receipts"):
                functions.enter_context(environment(aws, name, TWO_CHANNELS="1"))
            yield
    finally:
        ssm.put_parameter(Name=SETTINGS, Type="String", Value=before, Overwrite=True)


def code(api: Api, to: str, deliver_by: int) -> dict[str, Any]:
    """A code that was sent."""
    answer = api.send(to=to, body=CODE, kind="otp", deliver_by=deliver_by)
    assert (answer.status, answer.body["channel"], answer.body["second_channel"]) == (201, "exotel", False)
    found: dict[str, Any] = answer.body
    return found


def by(carrier: Carrier, to: str) -> list[str]:
    """The provider of each text to a number, whichever way a provider writes it."""
    return [text["provider"] for text in carrier.texts() if text["to"][-10:] == to[-10:]]


def second(api: Api, message: dict[str, Any]) -> dict[str, Any]:
    """The message as soon as it went by a second channel, and that is over."""

    def there() -> dict[str, Any] | None:
        found = api.message(message["id"])
        return found if found["second_channel"] and found["status"] != "sending" else None

    return until(there, "text by a second channel")


def test_a_silent_phone_gets_the_code_once_more_by_the_second_channel(api: Api, carrier: Carrier) -> None:
    sent = code(api, SILENT, deliver_by=5)
    found = second(api, sent)
    assert (found["status"], found["channel"], found["attempts"]) == ("sent", "twilio", 2)
    assert "by twilio: no receipt by exotel within 5 s" in [step["detail"] for step in found["trace"]]
    code(api, DELIVERED, deliver_by=5)  # Long enough for a third text to come, if there were one.
    until(lambda: by(carrier, DELIVERED), "text after it")
    assert by(carrier, SILENT) == ["exotel", "twilio"]
    assert api.message(sent["id"])["attempts"] == 2


def test_a_code_that_its_carrier_blocks_goes_by_the_second_channel_at_once(api: Api, carrier: Carrier) -> None:
    found = second(api, code(api, BLOCKED, deliver_by=300))
    assert found["attempts"] == 2
    assert "by twilio: exotel said carrier_blocked" in [step["detail"] for step in found["trace"]]
    assert api.becomes(found["id"], "undelivered")["reason"]["code"] == "carrier_blocked"
    assert by(carrier, BLOCKED) == ["exotel", "twilio"]


def test_a_code_that_is_delivered_in_time_goes_once(api: Api, carrier: Carrier) -> None:
    sent = code(api, DELIVERED, deliver_by=5)
    found = api.becomes(sent["id"], "delivered")
    assert (found["attempts"], found["second_channel"]) == (1, False)
    second(api, code(api, SILENT, deliver_by=5))  # Its own time is over by then.
    assert by(carrier, DELIVERED) == ["exotel"]


def test_a_number_that_does_not_exist_is_not_tried_by_another_channel(api: Api, carrier: Carrier) -> None:
    found = api.becomes(code(api, NOBODY, deliver_by=300)["id"], "undelivered")
    assert (found["reason"]["code"], found["attempts"]) == ("invalid_number", 1)
    assert by(carrier, NOBODY) == ["exotel"]
