"""On the deployed whole: what a provider says later is a message's end, and what anybody else says is nothing."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from herald.pipeline.receive.token import sign
from tests.system.conftest import Api, Carrier, Counted, environment, until

Aws = Callable[[str], Any]
TO, OTHER = "+919741552552", "09845012345"
# Magic numbers.
SILENT, LATE, DISORDER = "+919876500090", "+919876500091", "+919876500093"
SOON = timedelta(minutes=5)
BOTH = ["exotel", "amazonsns"]
# What a provider says of a text that arrived: a word of its receipt.
WORDS = {"exotel": "DELIVERED_TO_HANDSET", "amazonsns": "Message has been accepted by phone"}


def told(text: dict[str, Any], to: str | None = None) -> dict[str, str]:
    """Exotel's form for a text that reached the phone; with a ``to``, for the text of somebody else."""
    return {
        "SmsSid": text["provider_id"],
        "To": to or "0" + text["to"].removeprefix("+91"),
        "Status": "sent",
        "DetailedStatusCode": "20005",
        "DetailedStatus": "DELIVERED_TO_HANDSET",
        "SmsUnits": "1",
        "DateSent": "1970-01-01 05:30:00",
    }


def said(url: str, form: dict[str, str]) -> requests.Response:
    """The answer to a callback."""
    return requests.post(url, data=form, timeout=60)


def steps(message: dict[str, Any]) -> list[str]:
    return [step["step"] for step in message["trace"]]


@pytest.mark.parametrize("channel", BOTH)
def test_a_receipt_comes_by_itself_and_says_when_the_text_arrived(api: Api, carrier: Carrier, channel: str) -> None:
    sent = api.send(to=TO, body="Your table is ready.", channel=channel).body
    assert (sent["status"], sent["delivered_at"]) == ("sent", None)
    delivered = api.becomes(sent["id"], "delivered")
    assert steps(delivered) == ["accepted", "sending", "sent", "receipt", "delivered"]
    assert WORDS[channel] in json.loads(delivered["trace"][3]["detail"]).values()
    assert sent["sent_at"] <= delivered["delivered_at"] <= delivered["updated_at"]
    assert (delivered["reason"], delivered["provider_id"]) == (None, sent["provider_id"])


def test_sns_says_the_price_with_the_receipt(api: Api, carrier: Carrier) -> None:
    sent = api.send(to=TO, body="Your table is ready.", channel="amazonsns").body
    assert sent["price"] is None
    assert api.becomes(sent["id"], "delivered")["price"] == "0.00278"


@pytest.mark.parametrize(
    ("channel", "to", "reason"),
    [("exotel", "+919876500006", "recipient_unavailable"), ("amazonsns", "+919876500015", "number_blocked")],
)
def test_a_text_that_cannot_arrive_ends_with_its_reason(
    api: Api, carrier: Carrier, channel: str, to: str, reason: str
) -> None:
    sent = api.send(to=to, body="Your table is ready.", channel=channel).body
    ended = api.becomes(sent["id"], "undelivered")
    assert (ended["reason"]["code"], ended["delivered_at"]) == (reason, None)
    assert steps(ended)[-2:] == ["receipt", "undelivered"]


@pytest.mark.parametrize("channel", BOTH)
def test_a_text_that_nobody_tells_of_stays_sent(api: Api, carrier: Carrier, channel: str) -> None:
    silent = api.send(to=SILENT, body="Silence", channel=channel).body
    api.becomes(api.send(to=TO, body="After it", channel=channel).body["id"], "delivered")
    found = api.message(silent["id"])
    assert (found["status"], "receipt" in steps(found)) == ("sent", False)


def test_a_receipt_that_comes_late_says_so(api: Api, carrier: Carrier) -> None:
    sent = [api.send(to=LATE, body="Late", channel=channel).body for channel in BOTH]
    for message in sent:
        late = api.becomes(message["id"], "delivered")
        took = datetime.fromisoformat(late["trace"][3]["at"]) - datetime.fromisoformat(late["sent_at"])
        # The phone's receipt says ten seconds; the carrier sees what SNS took half a second later, or earlier.
        assert took >= timedelta(seconds=9)


@pytest.mark.parametrize("channel", BOTH)
def test_receipts_that_come_in_another_order_end_the_same(api: Api, carrier: Carrier, channel: str) -> None:
    sent = api.send(to=DISORDER, body="Disorder", channel=channel).body
    both = until(
        lambda: (found := api.message(sent["id"])) and steps(found).count("receipt") == 2 and found, "receipts"
    )
    assert both["status"] == "delivered"
    assert sorted(steps(both)[3:]) == ["delivered", "receipt", "receipt"]


@pytest.mark.parametrize("fault", ["drop_reply", "cut_reply"])
def test_a_receipt_settles_what_nobody_knew(api: Api, carrier: Carrier, fault: str) -> None:
    carrier.fail(fault)
    unknown = api.send(to=TO, body="Perhaps", channel="exotel").body
    assert (unknown["status"], unknown["provider_id"]) == ("unknown", None)
    settled = api.becomes(unknown["id"], "delivered")
    assert settled["provider_id"] == carrier.texts()[0]["id"]
    assert (settled["reason"], settled["attempts"], carrier.bodies()) == (None, 1, ["Perhaps"])


@pytest.fixture(params=BOTH)
def own_channel(aws: Aws, request: pytest.FixtureRequest) -> Iterator[str]:
    """A channel that nobody else uses: what is counted of it is this test's own."""
    ssm, path, name = aws("ssm"), "/herald/local/channels", f"{request.param}-counted"
    block = ssm.get_parameter(Name=f"{path}/{request.param}", WithDecryption=True)["Parameter"]["Value"]
    ssm.put_parameter(Name=f"{path}/{name}", Type="SecureString", Value=block)
    try:
        with environment(aws, "api", CHANNEL=name):
            yield name
    finally:
        ssm.delete_parameter(Name=f"{path}/{name}")


def test_each_text_is_counted_once_however_often_it_is_told_of(
    api: Api, carrier: Carrier, counted: Counted, own_channel: str
) -> None:
    carrier.tell(copies=3)
    carrier.tell(disorder=True)
    for body in ("Told three times", "Told in disorder"):
        api.becomes(api.send(to=TO, body=body, channel=own_channel).body["id"], "delivered")
    # The figures come in the order of the log: with this one, all before it are there.
    last = api.becomes(api.send(to="+919876500006", body="The last", channel=own_channel).body["id"], "undelivered")
    until(lambda: counted("Undelivered", own_channel), "figure of the last one")
    figures = {name: counted(name, own_channel) for name in ("Accepted", "Sent", "Delivered", "Failed", "Unknown")}
    assert figures == {"Accepted": 3, "Sent": 3, "Delivered": 2, "Failed": 0, "Unknown": 0}
    assert counted("DeliveryLatency", own_channel, stat="SampleCount") == 2
    assert counted("DeliveryLatency", own_channel, stat="Minimum") >= 0
    assert last["attempts"] == 1


@pytest.fixture
def awaited(api: Api, carrier: Carrier) -> dict[str, Any]:
    """A text by Exotel of which nothing was told yet; ``url`` is where that is awaited."""
    sent = api.send(to=SILENT, body="Awaited", channel="exotel").body
    return {**sent, "url": carrier.callback(sent["provider_id"])}


def test_a_callback_that_proves_itself_is_answered_with_nothing_each_time(api: Api, awaited: dict[str, Any]) -> None:
    answers = [said(awaited["url"], told(awaited)) for _ in range(3)]
    assert [(answer.status_code, answer.content) for answer in answers] == [(204, b"")] * 3
    assert steps(api.message(awaited["id"]))[3:] == ["receipt", "delivered"]


@pytest.fixture
def hash_key(aws: Aws) -> bytes:
    """The stage's secret, without which nobody can make a token."""
    found = aws("ssm").get_parameter(Name="/herald/local/hash-key", WithDecryption=True)
    return str(found["Parameter"]["Value"]).encode()


def a_token(awaited: dict[str, Any], hash_key: bytes, lasts: timedelta) -> str:
    return sign(hash_key, "exotel", awaited["id"], 1, datetime.now(UTC) + lasts)


def forgeries(awaited: dict[str, Any], hash_key: bytes) -> dict[str, tuple[str, dict[str, str]]]:
    """What others than the provider might post: name -> (URL, form)."""
    url, form, base = awaited["url"], told(awaited), awaited["url"].partition("/receipts/")[0]
    token = url.rpartition("/")[2]
    return {
        "forged": (f"{base}/receipts/exotel/{token[:-1]}{'B' if token[-1] == 'A' else 'A'}", form),
        "made with another key": (f"{base}/receipts/exotel/{a_token(awaited, b'', SOON)}", form),
        "no token": (f"{base}/receipts/exotel/{awaited['id']}", form),
        "expired": (f"{base}/receipts/exotel/{a_token(awaited, hash_key, -SOON)}", form),
        "another channel's": (f"{base}/receipts/amazonsns/{token}", form),
        "for another number": (url, told(awaited, OTHER)),
    }


def test_what_does_not_prove_itself_changes_nothing_and_is_counted(
    api: Api, awaited: dict[str, Any], hash_key: bytes, counted: Counted
) -> None:
    before, refused = api.message(awaited["id"]), counted("ReceiptsForbidden")
    forged = forgeries(awaited, hash_key)
    for name, (url, form) in forged.items():
        answer = said(url, form)
        problem = answer.json()
        assert (answer.status_code, answer.headers["Content-Type"]) == (403, "application/problem+json"), name
        assert (problem["status"], problem["code"], problem["retryable"]) == (403, "forbidden", False), name
        assert OTHER[1:] not in answer.text and SILENT[3:] not in answer.text
    assert api.message(awaited["id"]) == before
    until(lambda: counted("ReceiptsForbidden") >= refused + len(forged), "figures of what was refused")
    assert counted("ReceiptsForbidden") == refused + len(forged)
    assert said(awaited["url"], told(awaited)).status_code == 204
    assert api.message(awaited["id"])["status"] == "delivered"


def test_a_token_that_was_made_as_ours_are_is_accepted(api: Api, awaited: dict[str, Any], hash_key: bytes) -> None:
    url = f"{awaited['url'].rpartition('/')[0]}/{a_token(awaited, hash_key, SOON)}"
    assert said(url, told(awaited)).status_code == 204
    assert api.message(awaited["id"])["status"] == "delivered"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_callback_by_another_method_is_told_the_right_one(awaited: dict[str, Any], method: str) -> None:
    answer = requests.request(method, awaited["url"], data=told(awaited), timeout=60)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"{", b"[1]", b"To=&Status=", b"=" * 2000, b"SmsSid=1&SmsSid=2"])
def test_a_callback_that_cannot_be_understood_is_not_thanked_for_and_changes_nothing(
    api: Api, awaited: dict[str, Any], body: bytes
) -> None:
    answer = requests.post(awaited["url"], data=body, timeout=60)
    assert (answer.status_code in (400, 422), answer.headers["Content-Type"]) == (True, "application/problem+json")
    assert api.message(awaited["id"])["status"] == "sent"
