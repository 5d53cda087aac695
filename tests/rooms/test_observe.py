"""Observe: JSON lines with masked numbers, metrics with two dimensions, and never a text or a secret."""

import json
import logging
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from herald.message import Message, Status
from herald.observe import CloudWatch
from herald.reasons import REASONS
from tests.rooms.builders import NUMBER, TEXT, a_message, messages

COUNTED = {
    Status.ACCEPTED: "Accepted", Status.SCHEDULED: "Accepted", Status.SENT: "Sent", Status.UNKNOWN: "Unknown",
    Status.DELIVERED: "Delivered", Status.UNDELIVERED: "Undelivered", Status.FAILED: "Failed",
    Status.EXPIRED: "Failed",
}  # fmt: skip
Line = dict[str, Any]


class Now:
    """The standard output of this moment: pytest has another one for each step of a test."""

    def write(self, text: str) -> int:
        return sys.stdout.write(text)

    def flush(self) -> None:
        sys.stdout.flush()


@pytest.fixture
def observer() -> CloudWatch:
    """The real one. Powertools keeps one handler for all, with the standard output of the first."""
    made = CloudWatch()
    for handler in logging.getLogger("herald").handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.stream = Now()
    return made


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[Line]]:
    """What was written since the last call; each line must be JSON."""
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def metrics(line: Line) -> dict[str, Any]:
    """What a line of metrics counts."""
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Herald"
    assert [sorted(each) for each in directive["Dimensions"]] == [["channel", "service"]]
    return {each["Name"]: line[each["Name"]] for each in directive["Metrics"]}


def test_a_step_is_one_line_with_the_phrase_and_what_is_known(
    observer: CloudWatch, lines: Callable[[], list[Line]]
) -> None:
    message = a_message(status=Status.FAILED, channel="exotel", attempts=2, reason=REASONS["spam"])
    observer.step("message replayed", message, latency_ms=7)
    (line,) = lines()
    assert line.pop("timestamp")
    assert line == {
        "level": "INFO",
        "message": "message replayed",
        "service": "herald",
        "message_id": message.id,
        "to": "+91*****2552",
        "country": "IN",
        "channel": "exotel",
        "status": "failed",
        "reason": "spam",
        "attempt": 2,
        "caller": "shop",
        "latency_ms": 7,
    }


def test_what_is_not_known_is_left_out(observer: CloudWatch, lines: Callable[[], list[Line]]) -> None:
    observer.step("message replayed", a_message())
    (line,) = lines()
    assert not {"channel", "reason"} & line.keys()
    assert None not in line.values()


@pytest.mark.parametrize(("status", "metric"), COUNTED.items())
def test_how_a_message_ended_is_logged_and_counted(
    observer: CloudWatch, lines: Callable[[], list[Line]], status: Status, metric: str
) -> None:
    observer.ended(a_message(status=status, channel="exotel", segments=3), 12.345)
    log, counted = lines()
    assert (log["message"], log["latency_ms"]) == (f"message {status}", 12.3)
    sent = {"Segments": [3.0]} if status is Status.SENT else {}
    assert metrics(counted) == {metric: [1.0], "ProviderLatency": [12.345], **sent}
    assert (counted["service"], counted["channel"]) == ("herald", "exotel")


@pytest.mark.parametrize("status", [status for status in Status if status not in COUNTED])
def test_what_counts_nothing_writes_no_line_of_metrics(
    observer: CloudWatch, lines: Callable[[], list[Line]], status: Status
) -> None:
    observer.ended(a_message(status=status))
    (line,) = lines()
    assert "_aws" not in line


def test_a_message_without_a_channel_has_the_dimension_even_so(
    observer: CloudWatch, lines: Callable[[], list[Line]]
) -> None:
    observer.ended(a_message())
    counted = lines()[1]
    assert metrics(counted) == {"Accepted": [1.0]}
    assert counted["channel"] == "none"


def test_one_messages_metrics_are_not_added_to_anothers(observer: CloudWatch, lines: Callable[[], list[Line]]) -> None:
    for channel in ("alpha", "beta"):
        observer.ended(a_message(status=Status.FAILED, channel=channel))
    counted = [line for line in lines() if "_aws" in line]
    assert [(line["channel"], metrics(line)) for line in counted] == [
        ("alpha", {"Failed": [1.0]}),
        ("beta", {"Failed": [1.0]}),
    ]


def test_trouble_tells_the_errors_type_and_place_and_not_its_text(
    observer: CloudWatch, lines: Callable[[], list[Line]]
) -> None:
    try:
        raise ValueError(f"{TEXT} to {NUMBER}")
    except ValueError as error:
        observer.trouble("attempt broke off", error, message_id="msg_1")
    (line,) = lines()
    assert (line["level"], line["message"]) == ("ERROR", "attempt broke off")
    assert (line["error"], line["message_id"]) == ("ValueError", "msg_1")
    name, _, number = line["place"].partition(":")
    assert name == "test_observe.py"
    assert number.isdigit()
    assert not [word for word in (TEXT, NUMBER) if word in json.dumps(line)]


def test_the_place_is_where_the_error_arose_and_not_where_it_was_caught(
    observer: CloudWatch, lines: Callable[[], list[Line]]
) -> None:
    try:
        json.loads("{")
    except ValueError as error:
        observer.trouble("attempt broke off", error)
    assert lines()[0]["place"].startswith("decoder.py:")


def test_an_error_that_was_never_raised_has_no_place(observer: CloudWatch, lines: Callable[[], list[Line]]) -> None:
    observer.trouble("attempt broke off", KeyError())
    assert lines()[0]["place"] == "unknown"


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(message=messages)
def test_whatever_a_message_holds_its_number_text_and_secrets_are_never_told(
    observer: CloudWatch, capsys: pytest.CaptureFixture[str], message: Message
) -> None:
    secret = "s3cr3t-Zq9"
    observer.ended(
        message.with_(
            body=f"{secret} code", tags={secret: secret}, reference=secret, fingerprint=secret, sender=secret,
            response={secret: secret}, price=secret, provider_id=secret,
        ),
        1.0,
    )  # fmt: skip
    told = capsys.readouterr().out
    assert message.to not in told
    assert secret not in told
    assert [json.loads(line) for line in told.splitlines()]
