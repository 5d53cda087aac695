"""The figures of the last hour, on the bare engine and on the whole stack."""

import time

import requests

from local.stack import Stack
from tests.local.figures.desk import Desk, line
from tests.local.waiting import until


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
        assert (figures["sent"], figures["spend"]) == (0, None)
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
