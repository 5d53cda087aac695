"""What is told: each trouble with what it is about, each result with the provider's time, each step with its own."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from herald.entrypoints.worker import Worker
from herald.errors import HeraldError, InvalidMessage, NotAccepted, NotCancelable, Refused, Unavailable, Uncertain
from herald.message import Message
from herald.message.receipt import Sent
from herald.message.status import Status
from herald.pipeline.route.rules import route
from herald.pipeline.send.sweep import Sweep, Swept
from herald.settings.values import Rate
from herald.testing.fakes import Clock, FakeProvider, Notes
from herald.testing.outbox import Outbox
from tests.builders import NOW, a_box, a_message, fails, send
from tests.failing import Down, FailingJournal, FailingQueue, FailingSchedule

TOMORROW = "2026-11-23T12:00:00Z"


class Heard(Notes):
    """An observer that keeps all that it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.troubles: list[tuple[str, type[BaseException], dict[str, object]]] = []
        self.latencies: list[tuple[Status, float | None]] = []

    def ended(self, message: Message, latency_ms: float | None = None, *, spent: str | None = None) -> None:
        super().ended(message, latency_ms, spent=spent)
        self.latencies.append((message.status, latency_ms))

    def trouble(self, phrase: str, error: BaseException, **extra: object) -> None:
        super().trouble(phrase, error, **extra)
        self.troubles.append((phrase, type(error), extra))


def heard(box: Outbox) -> Heard:
    assert isinstance(box.observer, Heard)
    return box.observer


def listened(*channels: str, **parts: Any) -> Outbox:
    """An outbox whose observer keeps all that it is told."""
    return a_box(*channels, observer=Heard(), **parts)


def a_failing(operation: str, **channels: Any) -> Outbox:
    """An outbox whose journal fails once at this."""
    box = listened(*channels.pop("channels", ()), journal=FailingJournal(), **channels)
    assert isinstance(box.journal, FailingJournal)
    box.journal.failing = {operation: 1}
    return box


def a_journal_failing(box: Outbox, operation: str) -> None:
    assert isinstance(box.journal, FailingJournal)
    box.journal.failing = {operation: 1}


# ------------------------------------------------------------------------------------------------------- in trouble
#
# Each story gives the box and what the trouble is about.


def channel_not_ready() -> tuple[Outbox, dict[str, object]]:
    @dataclass
    class Unbuilt(Outbox):
        def sender(self, channel: str) -> Any:
            raise Down

    parts = a_box("alpha")
    box = Unbuilt(parts.providers, parts.settings, observer=Heard())
    return box, {"channel": "alpha", "message_id": send(box).id}


def channel_not_renewed() -> tuple[Outbox, dict[str, object]]:
    def failing() -> None:
        raise Down

    box = listened(on_refresh=failing)
    fails(box, Refused("credentials_refused"))
    return box, {"channel": "amazonsns", "message_id": send(box).id}


def message_not_queued() -> tuple[Outbox, dict[str, object]]:
    box = listened(queue=FailingQueue())
    return box, {"message_id": send(box, mode="async").id}


def next_channel_not_taken() -> tuple[Outbox, dict[str, object]]:
    box = a_failing("move", channels=("alpha", "beta"))
    fails(box, Unavailable(), channel="alpha")
    return box, {"message_id": send(box).id}


def retry_not_recorded() -> tuple[Outbox, dict[str, object]]:
    box = a_failing("move")
    fails(box, Unavailable())
    return box, {"message_id": send(box).id}


def attempt_broke_off() -> tuple[Outbox, dict[str, object]]:
    box = listened()
    fails(box, Down())
    return box, {"message_id": send(box).id}


def result_not_recorded() -> tuple[Outbox, dict[str, object]]:
    box = a_failing("move")
    return box, {"message_id": send(box).id, "status": "sent"}


def result_not_recorded_by_who_looks() -> tuple[Outbox, dict[str, object]]:
    box = a_failing("move")
    message = a_message(status=Status.SENDING, due_at=NOW)
    box.journal.claim(message)
    box.herald().find(message.id)
    return box, {"message_id": message.id}


def message_not_claimed() -> tuple[Outbox, dict[str, object]]:
    box = a_failing("claim")
    with pytest.raises(HeraldError) as refused:
        send(box, key="k")
    assert refused.value.detail == "The journal could not be written."
    return box, {"message_id": send(box, key="k").id}


def message_not_read() -> tuple[Outbox, dict[str, object]]:
    box = listened(journal=FailingJournal())
    message = send(box)
    a_journal_failing(box, "get")
    with pytest.raises(HeraldError) as refused:
        box.herald().find(message.id)
    assert refused.value.detail == "The journal could not be read."
    return box, {"message_id": message.id}


def message_not_canceled() -> tuple[Outbox, dict[str, object]]:
    box = listened(journal=FailingJournal())
    message = send(box, mode="async")
    a_journal_failing(box, "move")
    with pytest.raises(HeraldError) as refused:
        box.herald().cancel(message.id)
    assert refused.value.detail == "The journal could not be written."
    return box, {"message_id": message.id}


def message_not_scheduled() -> tuple[Outbox, dict[str, object]]:
    box = listened(schedule=FailingSchedule())
    return box, {"message_id": send(box, send_at=TOMORROW).id}


def schedule_not_removed() -> tuple[Outbox, dict[str, object]]:
    schedule = FailingSchedule()
    schedule.down = False
    box = listened(schedule=schedule)
    message = send(box, send_at=TOMORROW)
    schedule.down = True
    box.herald().cancel(message.id)
    return box, {"message_id": message.id}


def turn_not_taken() -> tuple[Outbox, dict[str, object]]:
    class Broken:
        def take(self, line: str, rate: Rate, *, now: datetime, latest: datetime) -> datetime | None:
            raise Down

    box = listened(rate=Rate(1, 60), turns=Broken())
    send(box)
    return box, {"channel": "amazonsns"}


def message_not_swept() -> tuple[Outbox, dict[str, object]]:
    box = a_failing("move")
    message = a_message(due_at=NOW)
    box.journal.claim(message)
    assert Sweep(box).run() == Swept(troubled=1)
    return box, {"message_id": message.id}


STORIES = [
    channel_not_ready, channel_not_renewed, message_not_queued, next_channel_not_taken, retry_not_recorded,
    attempt_broke_off, result_not_recorded, message_not_claimed, message_not_read, message_not_canceled,
    message_not_scheduled, schedule_not_removed, turn_not_taken, message_not_swept,
]  # fmt: skip


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_a_trouble_is_told_once_with_what_it_is_about(
    story: Callable[[], tuple[Outbox, dict[str, object]]],
) -> None:
    box, about = story()
    assert heard(box).troubles == [(story.__name__.replace("_", " "), Down, about)]


def test_who_looks_at_a_message_whose_sender_is_gone_tells_the_same_trouble() -> None:
    box, about = result_not_recorded_by_who_looks()
    assert heard(box).troubles == [("result not recorded", Down, about)]


@pytest.mark.parametrize("receives", [1, 3])
def test_a_record_that_cannot_be_handled_or_put_off_is_told_with_how_often_it_came(receives: int) -> None:
    box = listened(queue=FailingQueue(), journal=FailingJournal())
    message = send(box, mode="async")
    heard(box).troubles.clear()
    a_journal_failing(box, "move")
    record = {
        "body": f'{{"id": "{message.id}"}}',
        "receiptHandle": "handle",
        "attributes": {"ApproximateReceiveCount": str(receives)},
    }
    with pytest.raises(Down):
        Worker(box.herald, max_receives=5, wait=30).send(record)
    about = {"receives": receives}
    assert heard(box).troubles == [("record not handled", Down, about), ("record not put off", Down, about)]


def test_what_could_not_be_recorded_is_told_to_the_caller_with_all_that_is_known() -> None:
    box = a_failing("move", channels=("alpha", "beta"))
    fails(box, Unavailable("throttled", response={"code": "7"}), channel="alpha")
    message = send(box)
    last = message.trace[-1]
    assert (message.status, last.at, last.step, last.detail) == (Status.FAILED, NOW, "failed", "throttled")
    assert (message.updated_at, message.response) == (NOW, {"code": "7"})
    assert message == box.journal.messages[message.id].with_(body=message.body)


@pytest.mark.parametrize(
    ("wrong", "key"), [({"body": ""}, "k"), ({"send_at": "2026-11-21T12:00:00Z"}, None), ({"body": ""}, None)]
)
def test_what_is_no_message_is_told_without_asking_the_journal(wrong: dict[str, Any], key: str | None) -> None:
    box = a_failing("get")
    with pytest.raises(InvalidMessage):
        send(box, key=key, **wrong)
    assert heard(box).troubles == []


def test_who_cannot_cancel_a_message_any_more_hears_where_it_is() -> None:
    class Gone(FailingJournal):
        def move(self, old: Message, new: Message) -> Message:
            self.messages.clear()
            return super().move(old, new)

    for box, fields, where in ((a_box(), {}, "sent"), (a_box(journal=Gone()), {"mode": "async"}, "gone")):
        with pytest.raises(NotCancelable) as refused:
            box.herald().cancel(send(box, **fields).id)
        assert refused.value.detail == f"The message is {where}: only one that still waits can be canceled."


# --------------------------------------------------------------------------------------------------------- results


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
    box = listened()
    box.providers["amazonsns"] = Busy("amazonsns", [answer])
    before = time.perf_counter()
    send(box)
    most = (time.perf_counter() - before) * 1000
    ((told, latency),) = heard(box).latencies
    assert told is status
    assert latency
    assert 20 <= latency <= most


def test_what_no_provider_was_asked_for_has_no_latency() -> None:
    box = listened()
    send(box, mode="async")
    box.herald().cancel(send(box, send_at=TOMORROW).id)
    assert heard(box).latencies == [(Status.SCHEDULED, None), (Status.CANCELED, None)]


def accepted(box: Outbox) -> list[str]:
    """The ids of the messages of which it was told that they are ours now."""
    return [message_id for phrase, message_id in box.observer.told if phrase == "message accepted"]


@pytest.mark.parametrize("asked", [{}, {"mode": "async"}, {"send_at": TOMORROW}], ids=["sent", "queued", "scheduled"])
def test_a_message_is_told_as_accepted_once_however_often_it_is_asked_for(asked: dict[str, Any]) -> None:
    box = listened()
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
    box = listened()
    message = send(box, mode="async", key="k")
    send(box, mode="async", key="k")
    box.clock.pass_(minutes=1)
    Sweep(box).run()
    phrases = ["message accepted", "message replayed", "message queued again"]
    assert heard(box).told == [(phrase, message.id) for phrase in phrases]


# ------------------------------------------------------------------------------------------------------------ steps


class Ticking(Clock):
    """A clock that moves by a second whenever it is read."""

    def __call__(self) -> datetime:
        self.pass_(seconds=1)
        return self.now


def journey(box: Outbox, message: Message) -> list[tuple[float, str, str]]:
    """The steps of a message as they are kept: seconds since it was accepted, step, detail."""
    kept = box.journal.messages[message.id]
    assert kept.updated_at == kept.trace[-1].at
    assert all(NOW <= step.at <= box.clock.now for step in kept.trace)
    assert [step.at for step in kept.trace] == sorted(step.at for step in kept.trace)
    return [((step.at - kept.created_at).total_seconds(), step.step, step.detail) for step in kept.trace]


def told(box: Outbox, message: Message) -> list[tuple[str, str]]:
    return [(step, detail) for _, step, detail in journey(box, message)]


def test_each_step_of_a_journey_has_its_own_time_and_says_why() -> None:
    box = listened("alpha", "beta", clock=Ticking(NOW))
    fails(box, Unavailable("throttled"), channel="alpha")
    fails(box, Uncertain("answer_lost"), channel="beta")
    message = send(box, on_unknown="resend")
    assert told(box, message) == [
        ("accepted", "by https"),
        ("sending", f"by alpha: {route(message, box.settings)[1]}"),
        ("sending", "by beta: alpha said throttled"),
        ("unknown", "answer_lost"),
    ]
    assert len({at for at, *_ in journey(box, message)}) == 4
    box.clock.pass_(seconds=120)
    Sweep(box).run()
    assert told(box, message)[4:] == [("queued", "by the sweep")]
    box.herald().resume(message.id)
    assert told(box, message)[5:] == [
        ("sending", f"by alpha: {route(message, box.settings)[1]}"),
        ("sent", ""),
    ]


def test_what_waits_and_what_is_not_sent_says_why_and_when() -> None:
    box = listened(rate=Rate(1, 60))
    send(box)
    line, late = send(box), send(box, valid_for=60)
    assert journey(box, line) == [(0, "accepted", "by https"), (0, "queued", "amazonsns is busy")]
    assert (box.journal.messages[line.id].channel, box.journal.messages[line.id].provider) == ("amazonsns", "fake")
    assert journey(box, late) == [(0, "accepted", "by https"), (0, "expired", "no channel is free in time")]
    box.clock.pass_(seconds=1)
    box.herald().cancel(line.id)
    assert journey(box, line)[2:] == [(1, "canceled", "")]


@pytest.mark.parametrize("code", ["spam", "invalid_number"])
def test_a_refusal_is_a_step_with_its_code(code: str) -> None:
    box = listened(clock=Ticking(NOW))
    fails(box, Refused(code))
    assert told(box, send(box))[2] == ("failed", code)


def test_what_is_scheduled_or_queued_was_so_from_its_first_moment() -> None:
    box = listened(clock=Ticking(NOW))
    scheduled, queued = send(box, send_at=TOMORROW), send(box, mode="async")
    assert journey(box, scheduled) == [(0, "accepted", "by https"), (0, "scheduled", "")]
    assert journey(box, queued) == [(0, "accepted", "by https"), (0, "queued", "")]
