"""Delivery, as observers and the trace tell it: each result with the provider's time, each step with its own."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from herald.errors import NotAccepted, Refused, Unavailable, Uncertain
from herald.message import Message
from herald.message.receipt import Sent
from herald.message.status import Status
from herald.pipeline.route.rules import route
from herald.pipeline.send.sweep import Sweep
from herald.settings.values import Rate
from herald.testing.fakes import Clock, FakeProvider
from herald.testing.outbox import Outbox
from tests.builders import NOW, fails, send
from tests.pipeline.observers import a_failing, a_recorded_box, recorded

TOMORROW = "2026-11-23T12:00:00Z"


# ---- results


@dataclass
class Busy(FakeProvider):
    """A provider whose call takes at least so many seconds of the clock that latencies are read from."""

    seconds: float = 0.02

    def send(self, message: Message, callback: str | None = None) -> Sent:
        until = time.perf_counter() + self.seconds
        while time.perf_counter() < until:
            pass
        return super().send(message)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (None, Status.SENT),
        (Refused("spam"), Status.FAILED),
        (Uncertain("answer_lost"), Status.UNKNOWN),
        (Unavailable(), Status.ACCEPTED),
    ],
)
def test_each_result_is_told_with_the_milliseconds_that_the_provider_took(
    answer: Exception | None, status: Status
) -> None:
    box = a_recorded_box()
    box.providers["amazonsns"] = Busy("amazonsns", [answer])
    before = time.perf_counter()
    send(box)
    most = (time.perf_counter() - before) * 1000
    ((told, latency),) = recorded(box).latencies
    assert told is status
    assert latency
    assert 20 <= latency <= most


def test_what_no_provider_was_asked_for_has_no_latency() -> None:
    box = a_recorded_box()
    send(box, mode="async")
    box.herald().cancel(send(box, send_at=TOMORROW).id)
    assert recorded(box).latencies == [(Status.SCHEDULED, None), (Status.CANCELED, None)]


def accepted(box: Outbox) -> list[str]:
    """The ids of the messages of which it was told that they are ours now."""
    return [message_id for phrase, message_id in box.observer.told if phrase == "message accepted"]


@pytest.mark.parametrize("asked", [{}, {"mode": "async"}, {"send_at": TOMORROW}], ids=["sent", "queued", "scheduled"])
def test_a_message_is_told_as_accepted_once_however_often_it_is_asked_for(asked: dict[str, Any]) -> None:
    box = a_recorded_box()
    message = send(box, **asked, key="k")
    send(box, **asked, key="k")
    assert accepted(box) == [message.id]
    assert box.observer.told[0] == ("message accepted", message.id)


def test_what_the_journal_did_not_take_is_not_told_as_accepted() -> None:
    box = a_failing("claim")
    with pytest.raises(NotAccepted):
        send(box)
    assert accepted(box) == []


def test_what_the_sweep_queues_and_what_is_asked_for_again_is_told() -> None:
    box = a_recorded_box()
    message = send(box, mode="async", key="k")
    send(box, mode="async", key="k")
    box.clock.pass_(minutes=1)
    Sweep(box).run()
    phrases = ["message accepted", "message replayed", "message queued again"]
    assert recorded(box).told == [(phrase, message.id) for phrase in phrases]


# ---- steps


class Ticking(Clock):
    """A clock that moves by a second whenever it is read."""

    def __call__(self) -> datetime:
        self.pass_(seconds=1)
        return self.now


def trace_of(box: Outbox, message: Message) -> list[tuple[float, str, str]]:
    """The steps of a message as they are kept: seconds since it was accepted, step, detail."""
    kept = box.journal.messages[message.id]
    assert kept.updated_at == kept.trace[-1].at
    assert all(NOW <= step.at <= box.clock.now for step in kept.trace)
    assert [step.at for step in kept.trace] == sorted(step.at for step in kept.trace)
    return [((step.at - kept.created_at).total_seconds(), step.step, step.detail) for step in kept.trace]


def told(box: Outbox, message: Message) -> list[tuple[str, str]]:
    return [(step, detail) for _, step, detail in trace_of(box, message)]


def test_each_step_of_a_message_has_its_own_time_and_says_why() -> None:
    box = a_recorded_box("alpha", "beta", clock=Ticking(NOW))
    fails(box, Unavailable("throttled"), channel="alpha")
    fails(box, Uncertain("answer_lost"), channel="beta")
    message = send(box, on_unknown="resend")
    assert told(box, message) == [
        ("accepted", "by https"),
        ("sending", f"by alpha: {route(message, box.settings)[1]}"),
        ("sending", "by beta: alpha said throttled"),
        ("unknown", "answer_lost"),
    ]
    assert len({at for at, *_ in trace_of(box, message)}) == 4
    box.clock.pass_(seconds=120)
    Sweep(box).run()
    assert told(box, message)[4:] == [("queued", "by the sweep")]
    box.herald().resume(message.id)
    assert told(box, message)[5:] == [
        ("sending", f"by alpha: {route(message, box.settings)[1]}"),
        ("sent", ""),
    ]


def test_what_waits_and_what_is_not_sent_says_why_and_when() -> None:
    box = a_recorded_box(rate=Rate(1, 60))
    send(box)
    line, late = send(box), send(box, valid_for=60)
    assert trace_of(box, line) == [(0, "accepted", "by https"), (0, "queued", "amazonsns is busy")]
    assert (box.journal.messages[line.id].channel, box.journal.messages[line.id].provider) == ("amazonsns", "fake")
    assert trace_of(box, late) == [(0, "accepted", "by https"), (0, "expired", "no channel is free in time")]
    box.clock.pass_(seconds=1)
    box.herald().cancel(line.id)
    assert trace_of(box, line)[2:] == [(1, "canceled", "")]


@pytest.mark.parametrize("code", ["spam", "invalid_number"])
def test_a_refusal_is_a_step_with_its_code(code: str) -> None:
    box = a_recorded_box(clock=Ticking(NOW))
    fails(box, Refused(code))
    assert told(box, send(box))[2] == ("failed", code)


def test_what_is_scheduled_or_queued_was_so_from_its_first_moment() -> None:
    box = a_recorded_box(clock=Ticking(NOW))
    scheduled, queued = send(box, send_at=TOMORROW), send(box, mode="async")
    assert trace_of(box, scheduled) == [(0, "accepted", "by https"), (0, "scheduled", "")]
    assert trace_of(box, queued) == [(0, "accepted", "by https"), (0, "queued", "")]
