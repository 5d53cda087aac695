"""CloudWatch: one JSON line a step with masked numbers, its figures by two dimensions, and never a text or a secret."""

import json
import logging
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from aws_lambda_powertools.metrics import MetricUnit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from herald.aws.cloudwatch import COUNTERS, FAULTS, TOTALS, UNITS, CloudWatch
from herald.message import Message
from herald.message.reasons import REASONS
from herald.message.status import Status
from tests.builders import NOW, NUMBER, TEXT, a_message
from tests.strategies import messages

# What is counted of a message that comes into each state.
COUNTED: dict[Status, dict[str, list[float]]] = {
    Status.SENT: {"Sent": [1.0], "Failed": [0.0], "Segments": [3.0]},
    Status.UNKNOWN: {"Unknown": [1.0]},
    Status.DELIVERED: {"Delivered": [1.0]},
    Status.UNDELIVERED: {"Undelivered": [1.0]},
    Status.FAILED: {"Failed": [1.0]},
    Status.EXPIRED: {"Failed": [1.0]},
}
BY_CHANNEL = [["channel", "service"]]
Line = dict[str, Any]


class Now:
    """The standard output of this moment: pytest has another one for each step of a test."""

    def write(self, text: str) -> int:
        return sys.stdout.write(text)

    def flush(self) -> None:
        sys.stdout.flush()


@pytest.fixture
def observer(monkeypatch: pytest.MonkeyPatch) -> CloudWatch:
    """The real one. Powertools keeps one handler for all, with the standard output of the first."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "herald-test-api")
    made = CloudWatch("test")
    for handler in logging.getLogger("herald-test").handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.stream = Now()
    return made


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[Line]]:
    """What was written since the last call; each line must be JSON."""
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def metrics(line: Line, dimensions: list[list[str]] = BY_CHANNEL) -> dict[str, Any]:
    """What CloudWatch makes metrics of in a line, each of the unit that it should have."""
    directive, *totals = line["_aws"]["CloudWatchMetrics"]
    watched = [each for each in directive["Metrics"] if dimensions is BY_CHANNEL and each["Name"] in TOTALS]
    alone = [{"Name": FAULTS, "Unit": "Count"}] if FAULTS in line else []
    assert [{**each, "Metrics": sorted(each["Metrics"], key=str)} for each in totals] == (
        [{"Namespace": "Herald", "Dimensions": [["service"]], "Metrics": sorted(watched + alone, key=str)}]
        if watched or alone
        else []
    )
    assert directive["Namespace"] == "Herald"
    assert [sorted(each) for each in directive["Dimensions"]] == dimensions
    units = {each["Name"]: each["Unit"] for each in directive["Metrics"]}
    assert units == {name: UNITS.get(name, MetricUnit.Count).value for name in units}
    assert units.keys() <= UNITS.keys() | COUNTERS
    return {name: line[name] for name in units}


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
        "service": "herald-test",
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


@pytest.mark.parametrize(("status", "counted"), COUNTED.items())
def test_how_a_message_ended_is_logged_and_counted_in_one_line(
    observer: CloudWatch, lines: Callable[[], list[Line]], status: Status, counted: dict[str, list[float]]
) -> None:
    observer.ended(a_message(status=status, channel="exotel", segments=3), 12.345)
    (line,) = lines()
    assert (line["message"], line["status"], line["latency_ms"]) == (f"message {status}", status, 12.3)
    assert metrics(line) == {**counted, "ProviderLatency": [12.345]}
    assert (line["service"], line["channel"]) == ("herald-test", "exotel")


@pytest.mark.parametrize("status", [status for status in Status if status not in COUNTED])
def test_what_is_no_end_is_logged_and_counts_nothing(
    observer: CloudWatch, lines: Callable[[], list[Line]], status: Status
) -> None:
    observer.ended(a_message(status=status))
    (line,) = lines()
    assert line["message"] == f"message {status}"
    assert "_aws" not in line


def test_a_message_that_waits_again_counts_only_the_providers_time(
    observer: CloudWatch, lines: Callable[[], list[Line]]
) -> None:
    observer.ended(a_message(status=Status.ACCEPTED, channel="exotel"), 5.0)
    assert metrics(lines()[0]) == {"ProviderLatency": [5.0]}


@pytest.mark.parametrize(
    ("channels", "told"),
    [({}, "none"), ({"asked_channel": "otp"}, "otp"), ({"channel": "exotel", "asked_channel": "otp"}, "exotel")],
)
def test_an_accepted_message_is_counted_by_the_channel_that_is_known(
    observer: CloudWatch, lines: Callable[[], list[Line]], channels: dict[str, str], told: str
) -> None:
    observer.accepted(a_message(status=Status.SENDING, **channels))
    (line,) = lines()
    assert (line["message"], line["channel"]) == ("message accepted", told)
    assert metrics(line) == {"Accepted": [1.0]}


def test_of_all_channels_together_the_average_of_faults_rises_with_what_failed_and_what_did_not_arrive(
    observer: CloudWatch, lines: Callable[[], list[Line]]
) -> None:
    """What is sent and not delivered is there twice, 0 and then 1; a fault of the recipient's is none."""
    ends = [(Status.SENT, None), (Status.UNDELIVERED, "template_mismatch"), (Status.FAILED, "no_balance")]
    ends += [(Status.UNDELIVERED, "invalid_number"), (Status.UNDELIVERED, None), (Status.EXPIRED, "expired")]
    for status, code in ends:
        observer.ended(a_message(status=status, channel="exotel", reason=REASONS.get(code or "")))
    assert [line.get(FAULTS) for line in lines()] == [[0.0], [1.0], [1.0], None, None, [1.0]]


def test_the_average_of_failed_is_the_rate_of_failures(observer: CloudWatch, lines: Callable[[], list[Line]]) -> None:
    for status in (Status.SENT, Status.FAILED, Status.SENT, Status.EXPIRED, Status.UNKNOWN):
        observer.ended(a_message(status=status, channel="exotel"))
    failed = [metrics(line)["Failed"] for line in lines() if "Failed" in line]
    assert failed == [[0.0], [1.0], [0.0], [1.0]]


# ---- money and time


@pytest.mark.parametrize(("price", "spend"), [("0.00645", [0.00645]), ("0", [0.0]), ("12", [12.0])])
def test_what_a_sent_message_costs_is_counted(
    observer: CloudWatch, lines: Callable[[], list[Line]], price: str, spend: list[float]
) -> None:
    observer.ended(a_message(status=Status.SENT, channel="exotel", price=price))
    assert metrics(lines()[0])["Spend"] == spend


@pytest.mark.parametrize("price", [None, "", "cheap", "nan", "inf", "-inf", "1,50"])
def test_a_price_that_is_no_number_counts_nothing(
    observer: CloudWatch, lines: Callable[[], list[Line]], price: str | None
) -> None:
    observer.ended(a_message(status=Status.SENT, price=price), spent=price)
    observer.step("receipt noted", a_message(), spent=price)
    assert ["Spend" in line for line in lines()] == [False, False]


@pytest.mark.parametrize("status", [Status.DELIVERED, Status.UNDELIVERED])
def test_a_price_is_counted_when_it_becomes_known_and_not_once_more(
    observer: CloudWatch, lines: Callable[[], list[Line]], status: Status
) -> None:
    message = a_message(status=status, price="0.02")
    observer.ended(message)
    observer.ended(message, spent="0.02")
    observer.step("receipt noted", message, spent="0.02")
    counted = [metrics(line).get("Spend") if "_aws" in line else None for line in lines()]
    assert counted == [None, [0.02], [0.02]]


@pytest.mark.parametrize(("seconds", "milliseconds"), [(2.5, [2500.0]), (0, [0.0]), (-1, [0.0])])
def test_the_time_from_sent_to_delivered_is_counted_and_never_negative(
    observer: CloudWatch, lines: Callable[[], list[Line]], seconds: float, milliseconds: list[float]
) -> None:
    observer.ended(a_message(status=Status.DELIVERED, sent_at=NOW, delivered_at=NOW + timedelta(seconds=seconds)))
    assert metrics(lines()[0])["DeliveryLatency"] == milliseconds


@pytest.mark.parametrize("known", [{}, {"sent_at": NOW}, {"delivered_at": NOW}], ids=["neither", "sent", "delivered"])
def test_without_both_times_there_is_no_delivery_latency(
    observer: CloudWatch, lines: Callable[[], list[Line]], known: dict[str, Any]
) -> None:
    observer.ended(a_message(status=Status.DELIVERED, **known))
    assert metrics(lines()[0]) == {"Delivered": [1.0]}


# ---- apart from any message


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("ReceiptsForbidden", "receipts forbidden"),
        ("ReceiptsUnmatched", "receipts unmatched"),
        ("CallbacksUnread", "callbacks unread"),
    ],
)
def test_what_belongs_to_no_message_is_logged_and_counted_by_service_alone(
    observer: CloudWatch, lines: Callable[[], list[Line]], name: str, phrase: str
) -> None:
    observer.count(name, channel="exotel")
    (line,) = lines()
    assert (line["message"], line["channel"]) == (phrase, "exotel")
    assert metrics(line, [["service"]]) == {name: [1.0]}


def test_every_counter_has_a_name_of_its_own() -> None:
    assert {
        "Refused",
        "KeysRefused",
        "ReceiptsForbidden",
        "ReceiptsUnmatched",
        "CallbacksUnread",
        "ChannelsOpened",
    } == COUNTERS
    assert not COUNTERS & UNITS.keys()


def test_one_channel_makes_no_more_metrics_than_cost_nothing() -> None:
    assert len(UNITS) <= 10
    assert UNITS.keys() >= TOTALS - {FAULTS}  # These come once more, however many channels there are.
    assert len(TOTALS) == 3


# ---- all lines


def test_no_variable_silences_the_lines_that_carry_figures(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    for name in ("POWERTOOLS_LOG_LEVEL", "LOG_LEVEL"):
        monkeypatch.setenv(name, "CRITICAL")
    observer, lines = request.getfixturevalue("observer"), request.getfixturevalue("lines")
    observer.ended(a_message(status=Status.UNKNOWN))
    assert metrics(lines()[0]) == {"Unknown": [1.0]}


def test_one_messages_figures_are_not_added_to_anothers(observer: CloudWatch, lines: Callable[[], list[Line]]) -> None:
    for channel in ("alpha", "beta"):
        observer.ended(a_message(status=Status.FAILED, channel=channel))
    assert [(line["channel"], metrics(line)) for line in lines()] == [
        ("alpha", {"Failed": [1.0]}),
        ("beta", {"Failed": [1.0]}),
    ]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(message=messages, latency=st.none() | st.floats(0, 1e6), spent=st.none() | st.text(max_size=5))
def test_whatever_a_message_is_each_step_is_one_line_that_cloudwatch_can_read(
    observer: CloudWatch,
    capsys: pytest.CaptureFixture[str],
    message: Message,
    latency: float | None,
    spent: str | None,
) -> None:
    named = message.with_(channel="exotel")
    observer.accepted(named)
    observer.ended(named, latency, spent=spent)
    observer.step("receipt noted", named, spent=spent)
    *told, end = capsys.readouterr().out.split("\n")  # Only this ends a line; a name may hold U+2028.
    written = [json.loads(line, parse_constant=pytest.fail) for line in told]
    assert (len(written), end) == (3, "")
    for line in written:
        assert line["message_id"] == message.id
        if "_aws" in line:
            assert all(value >= 0 for name, (value,) in metrics(line).items() if name != "Spend")


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
    assert name == "test_cloudwatch.py"
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
            response={secret: secret}, price=secret, provider_id=secret, recipient=secret,
            callback_url=f"https://{secret}.example.com",
        ),
        1.0, spent=secret,
    )  # fmt: skip
    told = capsys.readouterr().out
    assert message.to not in told
    assert secret not in told
    assert [json.loads(line) for line in told.rstrip("\n").split("\n")]


def test_two_stages_in_one_account_do_not_share_figures(
    observer: CloudWatch, capsys: pytest.CaptureFixture[str]
) -> None:
    CloudWatch("prod").ended(a_message(status=Status.UNKNOWN))
    assert json.loads(capsys.readouterr().out)["service"] == "herald-prod"


@pytest.mark.parametrize(("function", "to_stdout"), [("herald-dev-api", True), (None, False)])
def test_outside_of_lambda_standard_output_is_left_to_the_program(function: str | None, to_stdout: bool) -> None:
    environment = {"PYTHONPATH": ":".join(sys.path), **({"AWS_LAMBDA_FUNCTION_NAME": function} if function else {})}
    program = "from herald.aws.cloudwatch import CloudWatch; CloudWatch('dev').count('Refused')"
    ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert ("Refused" in ran.stdout, "Refused" in ran.stderr) == (to_stdout, not to_stdout)
