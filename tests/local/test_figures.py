"""The bridge from log lines to metrics, and the figures of the last hour: by value, and on the bare engine."""

import json
import math
import time
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from local import emf
from local.bridge import Bridge
from local.carrier import Carrier
from local.engine import asking_once
from local.figures import Figures
from local.front import Front
from local.lines import LATE, Lines
from local.stack import Stack
from tests.local.test_carrier import threads, until

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.sampled_from(["_aws", "Metrics"]), inner)
    ),
    max_leaves=8,
)
NUMBERS = st.floats(-1e9, 1e9) | st.integers(-(10**9), 10**9)


def line(at: float | None = None, /, **said: Any) -> str:
    """A line as the functions write it: each metric by service and channel, and by service alone."""
    metrics = {name: value for name, value in said.items() if name[0].isupper()}
    directive = {
        "Namespace": "Herald",
        "Dimensions": [["service", "channel"], ["service"]],
        "Metrics": [{"Name": name, "Unit": "Count"} for name in metrics],
    }
    stamp = round(1000 * (time.time() if at is None else at))
    return json.dumps(
        {"_aws": {"Timestamp": stamp, "CloudWatchMetrics": [directive]}, "service": "herald-local", **said}
    )


class TestEmf:
    def test_each_set_of_dimensions_is_a_metric_of_its_own(self) -> None:
        both, alone = emf.read(line(12.5, channel="exotel", Sent=1))
        assert both == ("Herald", "Sent", (("service", "herald-local"), ("channel", "exotel")), "Count", 12.5, (1.0,))
        assert alone == both._replace(dimensions=(("service", "herald-local"),))

    @given(values=st.lists(NUMBERS, min_size=1, max_size=100))
    def test_many_values_stay_as_many(self, values: list[float]) -> None:
        assert [datum.values for datum in emf.read(line(channel="a", Latency=values))] == [
            tuple(map(float, values))
        ] * 2

    def test_a_metric_without_unit_or_value_or_with_a_value_that_is_no_number(self) -> None:
        said = json.loads(line(channel="a", Sent=1, Gone=2, Word="x", Truth=True, Nothing=[]))
        said["_aws"]["CloudWatchMetrics"][0]["Metrics"].append({"Name": "Bare"})
        said["Bare"] = 3
        del said["Gone"]
        read = {datum.name: datum for datum in emf.read(json.dumps(said))}
        assert set(read) == {"Sent", "Bare"}
        assert (read["Bare"].unit, read["Bare"].values) == ("None", (3.0,))

    @pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
    def test_what_cloudwatch_does_not_take_is_left_out(self, value: str) -> None:
        assert emf.read(line(channel="a", Sent=1).replace('"Sent": 1', f'"Sent": {value}')) == []

    @given(text=st.text() | JSON.map(json.dumps) | JSON.map(lambda value: json.dumps({"_aws": value})))
    def test_any_other_line_says_nothing_and_harms_nobody(self, text: str) -> None:
        for datum in emf.read(text):
            assert all(map(math.isfinite, datum.values))

    def test_a_line_that_only_mentions_it_says_nothing(self) -> None:
        assert emf.read("START RequestId: _aws") == []
        assert emf.read(json.dumps({"message": "_aws"})) == []


class Logs:
    """CloudWatch Logs with the two questions that are asked of it. Lines have no ids, as the engine's have none."""

    def __init__(self) -> None:
        self.groups: dict[str, list[dict[str, Any]]] = {}

    def write(self, group: str, stream: str, at: int, *messages: str) -> None:
        events = self.groups.setdefault(group, [])
        events += [{"logStreamName": stream, "timestamp": at, "message": message} for message in messages]
        events.sort(key=lambda event: int(event["timestamp"]))

    def filter_log_events(self, **asked: Any) -> dict[str, Any]:
        return {"events": [e for e in self.groups[asked["logGroupName"]] if e["timestamp"] >= asked["startTime"]]}

    def get_paginator(self, operation: str) -> "Logs":
        assert operation == "describe_log_groups"
        return self

    def paginate(self, **asked: Any) -> list[dict[str, Any]]:
        names = [name for name in self.groups if name.startswith(asked["logGroupNamePrefix"])]
        return [{"logGroups": [{"logGroupName": name} for name in names]}]


class TestLines:
    def test_each_line_comes_once_and_equal_lines_are_not_one(self) -> None:
        logs = Logs()
        lines, now = Lines(logs, "/ours/"), time.time_ns() // 1_000_000 + 10
        logs.write("/ours/a", "1", now, "same", "same")
        logs.write("/ours/a", "2", now, "same")
        logs.write("/theirs", "1", now, "not ours")
        assert [text for _, text in lines.new()] == ["same"] * 3
        assert lines.new() == []
        logs.write("/ours/a", "3", now, "same")
        logs.write("/ours/b", "1", now - 1, "a little late")
        assert [text for _, text in lines.new()] == ["a little late", "same"]

    def test_what_was_written_before_is_not_ours(self) -> None:
        logs = Logs()
        logs.write("/ours/a", "1", time.time_ns() // 1_000_000 - 1, "before")
        lines = Lines(logs, "/ours/")
        assert lines.new() == []

    @given(
        written=st.lists(
            st.tuples(st.sampled_from("ab"), st.integers(0, LATE), st.integers(1, 3), st.booleans()), max_size=40
        )
    )
    def test_in_whatever_order_they_turn_up_each_comes_once(self, written: list[tuple[str, int, int, bool]]) -> None:
        logs, seen, expected = Logs(), [], []
        lines, now = Lines(logs, "/ours/"), time.time_ns() // 1_000_000 + 10
        for place, (group, late, count, look) in enumerate(written):
            now += 700
            at = max(now - late, now - 700 * place)
            said = [f"{place}.{number}" for number in range(count)]
            logs.write(f"/ours/{group}", f"stream {place}", at, *said)
            expected += said
            if look:
                seen += [text for _, text in lines.new()]
        seen += [text for _, text in lines.new()]
        assert sorted(seen) == sorted(expected)


class Desk:
    """A bridge over log groups of its own, on the engine, and who writes into them."""

    def __init__(self, engine: str) -> None:
        self.name = uuid.uuid4().hex
        self.logs, self.cloudwatch, self.queues = (asking_once(s, engine) for s in ("logs", "cloudwatch", "sqs"))
        self.bridge = Bridge(engine, f"/{self.name}/")
        self.figures = Figures(engine, self.bridge, queue=self.name)
        self._streams = 0

    def write(self, *lines: str) -> None:
        """As a function at its end: all at once, in a stream of its own."""
        group, stream = f"/{self.name}/api", str(self._streams)
        if not self._streams:
            self.logs.create_log_group(logGroupName=group)
        self._streams += 1
        self.logs.create_log_stream(logGroupName=group, logStreamName=stream)
        events = [{"timestamp": time.time_ns() // 1_000_000, "message": text} for text in lines]
        self.logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)

    def told(self, id: str, phrase: str, reason: str | None = None) -> str:
        """A log line about a message."""
        return json.dumps(
            {"level": "INFO", "message": phrase, "message_id": id, **({"reason": reason} if reason else {})}
        )

    def measured(self, name: str, **dimensions: str) -> dict[str, float]:
        """Sum and number of a metric's values, as CloudWatch knows them."""
        points = self.cloudwatch.get_metric_statistics(
            Namespace="Herald", MetricName=name, Period=3600, Statistics=["Sum", "SampleCount"],
            StartTime=datetime.now(UTC) - timedelta(hours=1), EndTime=datetime.now(UTC) + timedelta(minutes=1),
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        )["Datapoints"]  # fmt: skip
        return {"Sum": sum(p["Sum"] for p in points), "SampleCount": sum(p["SampleCount"] for p in points)}

    def of(self, channel: str) -> Mapping[str, Any]:
        channels: Any = self.figures.public()["channels"]
        figures: Mapping[str, Any] = channels[channel]
        return figures

    def close(self) -> None:
        self.bridge.stop()
        self.figures.close()
        for each in (self.logs, self.cloudwatch, self.queues):
            each.close()


@pytest.fixture
def desk(engine: str) -> Iterator[Desk]:
    desk = Desk(engine)
    yield desk
    desk.close()


class TestBridge:
    def test_a_line_becomes_metrics_on_the_engine_and_only_once(self, desk: Desk) -> None:
        desk.write("START", line(channel=desk.name, Sent=1, Segments=3), "END")
        desk.bridge.bring()
        desk.bridge.bring()
        assert desk.measured("Sent", service="herald-local", channel=desk.name) == {"Sum": 1, "SampleCount": 1}
        assert desk.measured("Segments", service="herald-local", channel=desk.name) == {"Sum": 3, "SampleCount": 1}

    def test_every_value_of_a_line_counts(self, desk: Desk) -> None:
        desk.write(line(channel=desk.name, Failed=[0, 0, 1, 0]))
        desk.bridge.bring()
        assert desk.measured("Failed", service="herald-local", channel=desk.name) == {"Sum": 1, "SampleCount": 4}

    def test_more_than_fit_into_one_request_arrive_all_the_same(self, desk: Desk) -> None:
        desk.write(*[line(channel=desk.name, Sent=1)] * 700)  # Two metrics each.
        desk.bridge.bring()
        assert desk.measured("Sent", service="herald-local", channel=desk.name) == {"Sum": 700, "SampleCount": 700}

    def test_it_brings_by_itself_and_no_thread_survives(self, desk: Desk) -> None:
        others = threads("bridge")
        desk.bridge.start()
        assert threads("bridge") > others
        desk.write(line(channel=desk.name, Sent=1))
        until(lambda: desk.measured("Sent", service="herald-local", channel=desk.name)["Sum"] == 1)
        desk.bridge.stop()
        assert threads("bridge") <= others

    def test_an_engine_that_is_gone_is_an_error_of_the_system(self) -> None:
        bridge = Bridge("http://127.0.0.1:9")
        figures = Figures("http://127.0.0.1:9", bridge)
        for ask in (bridge.bring, figures.public):
            with pytest.raises(OSError, match="cannot be asked"):
                ask()
        bridge.stop()
        figures.close()


class TestFigures:
    def test_counts_are_sums_and_latencies_percentiles_of_the_last_hour(self, desk: Desk) -> None:
        desk.write(
            line(channel=desk.name, Sent=1, Failed=0, Segments=2, Spend=0.0025, ProviderLatency=40),
            line(channel=desk.name, Sent=1, Failed=0, Segments=1, Spend=0.0025, ProviderLatency=60),
            line(channel=desk.name, Delivered=1, DeliveryLatency=1100),
            line(channel=desk.name, Undelivered=1),
            line(channel=desk.name, Unknown=1),
            line(channel=desk.name, Failed=1),
            line(time.time() - 3700, channel=desk.name, Sent=1, ProviderLatency=9000),
        )
        desk.bridge.bring()
        assert desk.of(desk.name) == {
            "sent": 2,
            "delivered": 1,
            "undelivered": 1,
            "failed": 1,
            "unknown": 1,
            "segments": 3,
            "spend": 0.005,
            "provider_latency_ms": {"p50": 50, "p95": 59},
            "delivery_latency_ms": {"p50": 1100, "p95": 1100},
        }

    def test_what_is_not_known_is_zero_or_null(self, desk: Desk) -> None:
        desk.write(line(channel=desk.name, Unknown=1))
        desk.bridge.bring()
        figures = desk.of(desk.name)
        assert (figures["sent"], figures["spend"]) == (0, 0)
        assert figures["provider_latency_ms"] == {"p50": None, "p95": None}

    def test_the_hour_is_one_wherever_the_clock_stands(self, desk: Desk) -> None:
        ago = [30 * minute for minute in range(0, 118, 2)]
        desk.write(
            *(line(time.time() - seconds, channel=desk.name, Sent=1, ProviderLatency=seconds) for seconds in ago)
        )
        desk.bridge.bring()
        figures = desk.of(desk.name)
        assert figures["sent"] == len(ago)
        assert figures["provider_latency_ms"]["p50"] == sorted(ago)[len(ago) // 2]

    def test_a_reason_counts_once_for_each_text_that_did_not_arrive(self, desk: Desk) -> None:
        desk.write(
            desk.told("m-1", "message undelivered", "spam"),
            desk.told("m-1", "message undelivered", "spam"),
            desk.told("m-2", "message failed", "spam"),
            desk.told("m-3", "message failed", "invalid_number"),
            desk.told("m-4", "message accepted", "throttled"),
            desk.told("m-5", "message unknown", "answer_lost"),
            desk.told("m-6", "message unknown"),
            desk.told("m-7", "message unknown", "answer_lost"),
            '{"message": "message failed"}',
            "[]",
        )
        desk.bridge.bring()
        assert list(desk.bridge.reasons().items()) == [("spam", 2), ("answer_lost", 2), ("invalid_number", 1)]
        desk.write(desk.told("m-5", "message delivered"), desk.told("m-7", "message sent"))
        desk.bridge.bring()
        assert desk.figures.public()["reasons"] == {"spam": 2, "invalid_number": 1}

    def test_what_waits_in_the_queue_is_counted_and_without_a_queue_nobody_knows(self, desk: Desk) -> None:
        assert desk.figures.public()["queue"] == {"waiting": None}
        url = desk.queues.create_queue(QueueName=desk.name)["QueueUrl"]
        desk.queues.send_message(QueueUrl=url, MessageBody="now")
        desk.queues.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=600)
        assert desk.figures.public()["queue"] == {"waiting": 2}


class TestFront:
    @pytest.fixture
    def front(self) -> Iterator[tuple[str, list[BaseException]]]:
        broken: list[BaseException] = []

        def figures() -> dict[str, object]:
            if broken:
                raise broken[0]
            return {"channels": {}, "reasons": {}, "queue": {"waiting": 0}}

        front = Front("http://127.0.0.1:9", Carrier(None, {}), "key-of-the-laptop", figures)
        yield front.start(0), broken
        front.stop()

    def test_figures_and_fates_are_served_to_this_machine(self, front: tuple[str, list[BaseException]]) -> None:
        figures = requests.get(f"{front[0]}/local/figures", timeout=10)
        assert figures.json() == {"channels": {}, "reasons": {}, "queue": {"waiting": 0}}
        assert figures.headers["Cache-Control"] == "no-store"
        assert requests.get(f"{front[0]}/local/fates", timeout=10).json()[0] == {
            "to": "+919876500000",
            "what": "delivered",
        }
        assert requests.get(f"{front[0]}/local", timeout=10).json() == {"key": "key-of-the-laptop"}

    @pytest.mark.parametrize("path", ["/local", "/local/figures", "/local/fates"])
    def test_a_foreign_host_name_is_not_answered(self, front: tuple[str, list[BaseException]], path: str) -> None:
        connection = HTTPConnection(urlsplit(front[0]).netloc, timeout=10)
        connection.request("GET", path, headers={"Host": "evil.example"})
        answer = connection.getresponse()
        assert (answer.status, b"key-of-the-laptop" in answer.read()) == (421, False)
        connection.close()

    def test_an_engine_that_is_gone_is_said(self, front: tuple[str, list[BaseException]]) -> None:
        front[1].append(OSError("gone"))
        answer = requests.get(f"{front[0]}/local/figures", timeout=10)
        assert (answer.status_code, "local engine" in answer.json()["detail"]) == (502, True)


def test_the_figures_of_the_whole_stack_count_a_text_that_is_sent(stack: Stack) -> None:
    def sent() -> int:
        channels = requests.get(f"{stack.url}/local/figures", timeout=30).json()["channels"]
        return int(channels.get("exotel", {}).get("sent", 0))

    before = sent()
    message = {"to": "+919876500000", "body": "Counted", "channel": "exotel"}
    asked = requests.post(
        f"{stack.url}/messages", json=message, headers={"Authorization": f"Bearer {stack.key}"}, timeout=60
    )
    assert asked.status_code == 201
    until(lambda: sent() > before, 40)
