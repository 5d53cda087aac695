"""Accept: a request is a message, once, and is sent or waits: what callers are answered, and what reaches a phone."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from herald.errors import (
    InvalidMessage,
    KeyReused,
    NotAccepted,
    NotAllowed,
    Refused,
    StillSending,
    Unavailable,
    Uncertain,
)
from herald.message import Message
from herald.message.receipt import Sent
from herald.message.status import Status
from herald.message.times import rfc3339
from herald.pipeline.route.rules import Route, route
from herald.pipeline.send import accept
from herald.pipeline.send.sweep import Sweep
from herald.pipeline.send.transitions import LEASE
from herald.settings.values import DEFAULT_CHANNELS, Limits, Rate, Settings
from herald.testing.fakes import FakeProvider
from herald.testing.memory import MemoryQueue
from herald.testing.outbox import Outbox
from tests.builders import FIELDS, NOW, NUMBER, TEXT, a_box, fails, reason, send, sends, steps
from tests.failing import FailingJournal, FailingQueue, FailingSchedule
from tests.pipeline.send.quiet import quiet

TOMORROW = rfc3339(NOW + timedelta(days=1))


# ---- at once


def test_a_direct_send_answers_with_the_providers_word() -> None:
    box = a_box()
    answer = sends(box)
    assert answer.message.status is Status.SENT
    assert not answer.replayed
    assert [(text.to, text.body) for text in box.texts] == [(NUMBER, TEXT)]


def test_a_message_knows_who_asked_and_by_which_entry_point() -> None:
    message = send(a_box())
    assert (message.caller, message.entrypoint) == ("shop", "https")
    assert (message.trace[0].step, message.trace[0].detail) == ("accepted", "by https")
    assert (message.created_at, message.expires_at) == (NOW, NOW + timedelta(days=1))


def test_the_seeds_word_for_the_text_is_understood() -> None:
    box = a_box()
    box.herald().send({"to": NUMBER, "subject": TEXT}, caller="shop", entrypoint="https")
    assert box.texts[0].body == TEXT


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("It’s ready", "by https, UCS-2 because of U+2019 RIGHT SINGLE QUOTATION MARK: smart would make it GSM-7"),
        ("It's ready", "by https"),
        ("It’s ready 👋", "by https"),
        ("नमस्ते", "by https"),
    ],
)
def test_the_trace_names_what_makes_a_text_dearer_than_it_need_be(body: str, said: str) -> None:
    assert send(a_box(), body=body).trace[0].detail == said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("It’s ready\t\u00bd cafe\u0301 \u200d", "by https"),
        ("It’s ready 👋", "by https, UCS-2 because of U+1F44B WAVING HAND SIGN, which smart cannot replace"),
        ("a\u0303\t", "by https, UCS-2 because of U+00E3 LATIN SMALL LETTER A WITH TILDE, which smart cannot replace"),
    ],
)
@pytest.mark.parametrize("smart", [True, "true", "1"])
def test_the_trace_names_what_smart_leaves(body: str, said: str, smart: object) -> None:
    assert send(a_box(), body=body, smart=smart).trace[0].detail == said


@pytest.mark.parametrize("smart", [True, False])
def test_a_text_of_which_nobody_sees_anything_is_neither_counted_nor_written(smart: bool) -> None:
    box = a_box()
    with pytest.raises(InvalidMessage) as refused:
        send(box, body="\u200b\u2060", smart=smart)
    assert [(problem.field, problem.code) for problem in refused.value.problems] == [("body", "empty")]
    assert not box.journal.messages
    assert not box.counters.items
    assert not box.texts


def test_what_is_no_message_costs_nothing() -> None:
    box = a_box()
    with pytest.raises(InvalidMessage) as refused:
        send(box, to="12", body="", colour="red")
    assert {problem.field for problem in refused.value.problems} == {"to", "body", "colour"}
    assert not box.journal.messages


def test_a_range_that_the_settings_name_counts_as_mobile() -> None:
    box, number = a_box(), "+915001234567"
    with pytest.raises(InvalidMessage):
        send(box, to=number)
    box.settings = box.settings._replace(mobile_prefixes=("+91500",))
    assert send(box, to=number).status is Status.SENT


def test_a_callback_is_promised_only_where_it_can_be_signed() -> None:
    box = a_box()
    box.settings = box.settings._replace(callback_hosts=("hooks.example.com",))
    asked = {"callback_url": "https://hooks.example.com/sms"}
    with pytest.raises(InvalidMessage) as refused:
        send(box, **asked)
    assert [problem.field for problem in refused.value.problems] == ["callback_url"]
    box.settings = box.settings._replace(webhook_secrets=("whsec_1",))
    assert send(box, **asked).callback_url == asked["callback_url"]


def test_what_the_settings_forbid_costs_nothing() -> None:
    box = a_box(settings=Settings(channels=DEFAULT_CHANNELS, countries=frozenset({"SG"})))
    with pytest.raises(NotAllowed) as refused:
        send(box)
    assert quiet(refused.value)
    assert not box.journal.messages
    assert not box.texts


def test_a_refused_message_is_an_answer_and_no_error() -> None:
    box = a_box()
    fails(box, Refused("invalid_number"))
    message = send(box)
    assert (message.status, reason(message)) == (Status.FAILED, "invalid_number")


# ---- idempotency


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (None, Status.SENT),
        (Refused("spam"), Status.FAILED),
        (Uncertain("answer_lost"), Status.UNKNOWN),
        (Unavailable(), Status.ACCEPTED),
    ],
)
def test_a_replay_gives_the_stored_answer_and_calls_nobody(answer: Exception | None, status: Status) -> None:
    box = a_box()
    provider = fails(box, answer)
    first, again = sends(box, key="k"), sends(box, key="k")
    assert (first.replayed, again.replayed) == (False, True)
    assert again.message == box.journal.messages[first.message.id]
    assert again.message.status is status
    assert provider.calls == 1
    assert len(box.queue.waiting) == (status is Status.ACCEPTED)


@pytest.mark.parametrize("fields", [{"mode": "async"}, {"send_at": TOMORROW}])
def test_a_replay_of_what_waits_hands_nothing_over_again(fields: dict[str, Any]) -> None:
    box = a_box()
    first, again = sends(box, key="k", **fields), sends(box, key="k", **fields)
    assert again.replayed
    assert again.message == first.message
    assert len(box.queue.waiting) + len(box.schedule.at) == 1


@pytest.mark.parametrize(
    "other",
    [{"to": "+919741552553"}, {"body": "Another text."}, {"sender": "GRAMEX"}, {"channel": "amazonsns"},
     {"kind": "otp"}, {"valid_for": 60}, {"reference": "7"}, {"tags": {"a": "b"}}, {"on_unknown": "resend"},
     {"mode": "async"}, {"send_at": TOMORROW}],
    ids=lambda other: next(iter(other)),
)  # fmt: skip
def test_the_same_key_for_another_content_is_refused(other: dict[str, Any]) -> None:
    box = a_box()
    send(box, key="k")
    with pytest.raises(KeyReused) as refused:
        send(box, key="k", **other)
    assert quiet(refused.value)
    assert len(box.journal.messages) == len(box.texts) == 1
    assert not box.queue.waiting


@pytest.mark.parametrize(
    "same",
    [{"to": "+91 9741 552 552"}, {"to": "09741552552"}, {"kind": "transactional"}, {"tags": None}, {"mode": "sync"}],
)
def test_the_same_content_written_otherwise_is_the_same(same: dict[str, Any]) -> None:
    box = a_box()
    send(box, key="k")
    box.clock.pass_(hours=1)
    assert sends(box, key="k", **same).replayed


def test_two_callers_with_the_same_key_send_two_messages() -> None:
    box = a_box()
    ids = {send(box, key="k", caller=caller).id for caller in ("shop", "clinic")}
    assert len(ids) == len(box.texts) == 2


@pytest.mark.parametrize("key", [None, ""])
def test_without_a_key_each_call_is_a_message_of_its_own(key: str | None) -> None:
    box = a_box()
    assert len({send(box, key=key).id for _ in range(3)}) == len(box.texts) == 3


def test_the_same_key_while_it_is_still_sending_is_told_to_wait() -> None:
    box = a_box()
    answers: list[object] = []

    class Meanwhile(type(box.providers["amazonsns"])):  # type: ignore[misc]
        def send(self, message: Message, callback: str | None = None) -> object:
            if not answers:
                with pytest.raises(StillSending) as refused:
                    send(box, key="k")
                answers.append(refused.value.retry_after)
            return super().send(message)

    box.providers["amazonsns"] = Meanwhile("amazonsns")
    assert send(box, key="k").status is Status.SENT
    assert answers == [1]
    assert len(box.texts) == 1


def test_when_the_lease_is_over_the_message_is_unknown_and_never_sent_again() -> None:
    box = a_box()
    provider = fails(box, KeyboardInterrupt())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        send(box, key="k")
    box.clock.pass_(seconds=LEASE.total_seconds() - 1)
    with pytest.raises(StillSending):
        send(box, key="k")
    box.clock.pass_(seconds=1)
    again = sends(box, key="k")
    assert again.replayed
    assert (again.message.status, reason(again.message)) == (Status.UNKNOWN, "interrupted")
    assert steps(again.message) == ["accepted", "sending", "unknown"]
    assert box.herald().resume(again.message.id) == again.message
    assert provider.calls == 1


def test_fifty_at_once_with_one_key_send_one_text() -> None:
    box, together = a_box(), Barrier(50)

    def one(_: int) -> str:
        together.wait()
        try:
            return send(box, key="k").id
        except StillSending:
            return "still sending"

    with ThreadPoolExecutor(50) as crowd:
        answers = set(crowd.map(one, range(50)))
    assert len(box.texts) == len(box.journal.messages) == 1
    assert answers <= {*box.journal.messages, "still sending"}


def test_a_repetition_that_comes_after_the_time_gets_the_stored_answer() -> None:
    """Who repeats because the first answer was lost must not be told "in the past": that would invite a second text."""
    box = a_box()
    message = send(box, send_at=TOMORROW, key="order-7")
    box.clock.pass_(days=2)
    again = sends(box, send_at=TOMORROW, key="order-7")
    assert (again.message.id, again.replayed) == (message.id, True)


@pytest.mark.parametrize("key", [None, "never used"])
def test_a_time_that_has_passed_is_refused_if_nobody_asked_for_it_before(key: str | None) -> None:
    box = a_box()
    box.clock.pass_(days=2)
    with pytest.raises(InvalidMessage, match="send_at"):
        send(box, send_at=TOMORROW, key=key)
    assert not box.journal.messages


def test_another_content_for_a_time_that_has_passed_is_refused() -> None:
    box = a_box()
    send(box, send_at=TOMORROW, key="order-7")
    box.clock.pass_(days=2)
    with pytest.raises(KeyReused):
        send(box, send_at=TOMORROW, key="order-7", body="Another text")


# ---- when a part is down


@pytest.mark.parametrize("fields", [{}, {"mode": "async"}, {"send_at": TOMORROW}], ids=["sync", "async", "scheduled"])
@pytest.mark.parametrize("late", [False, True], ids=["not written", "answer lost"])
def test_without_the_journal_nothing_is_accepted_and_nothing_is_sent(fields: dict[str, Any], late: bool) -> None:
    journal = FailingJournal()
    box = a_box(journal=journal)
    journal.failing, journal.late = {"claim": 1}, late
    with pytest.raises(NotAccepted) as refused:
        send(box, key="k", **fields)
    assert quiet(refused.value)
    assert not box.texts
    assert not box.queue.waiting
    assert not box.schedule.at
    assert ("message not claimed", "Down") in box.observer.told


@pytest.mark.parametrize("fields", [{}, {"mode": "async"}, {"send_at": TOMORROW}], ids=["sync", "async", "scheduled"])
def test_when_the_journal_is_back_the_same_key_works(fields: dict[str, Any]) -> None:
    journal = FailingJournal()
    box = a_box(journal=journal)
    journal.failing = {"claim": 1}
    with pytest.raises(NotAccepted):
        send(box, key="k", **fields)
    assert not sends(box, key="k", **fields).replayed


@pytest.mark.parametrize(
    ("fields", "part", "told", "late"),
    [
        ({"mode": "async"}, FailingQueue, "message not queued", timedelta(seconds=60)),
        ({"send_at": TOMORROW}, FailingSchedule, "message not scheduled", timedelta(days=1, seconds=60)),
    ],
)
def test_what_cannot_be_handed_over_is_accepted_even_so_and_found_by_the_sweep(
    fields: dict[str, Any], part: Callable[[], FailingQueue | FailingSchedule], told: str, late: timedelta
) -> None:
    box = a_box(**{"queue" if part is FailingQueue else "schedule": part()})
    message = send(box, **fields)
    assert message.status in (Status.ACCEPTED, Status.SCHEDULED)
    assert (told, "Down") in box.observer.told
    box.queue = MemoryQueue()
    assert list(box.journal.due(box.clock.now + late)) == [message.id]
    box.clock.pass_(seconds=late.total_seconds())
    Sweep(box).run()
    ((queued, _),) = box.queue.waiting
    resumed = box.herald().resume(queued)
    assert resumed
    assert (resumed.status, len(box.texts)) == (Status.SENT, 1)


def test_what_reached_the_worker_after_all_is_accepted_and_sent_once() -> None:
    queue = FailingQueue()
    box = a_box(queue=queue)
    queue.on_put = lambda arrived: box.herald().resume(arrived)
    message = send(box, mode="async")
    assert message.status is Status.ACCEPTED
    assert box.herald().find(message.id).status is Status.SENT
    assert len(box.texts) == 1


# ---- what is told


def stories() -> list[Outbox]:
    """What can happen to a message, each in a box of its own."""
    boxes = []
    for answer in (
        None,
        Refused("spam"),
        Uncertain("answer_lost"),
        Unavailable("throttled"),
        ValueError(TEXT + NUMBER),
    ):
        for fields in ({}, {"mode": "async"}, {"send_at": TOMORROW}):
            box = a_box("alpha", "beta")
            fails(box, Unavailable(), channel="alpha")
            fails(box, answer, channel="beta")
            message = send(box, **fields)
            box.clock.pass_(days=1)
            box.herald().resume(message.id)
            boxes.append(box)
    return boxes


@pytest.mark.parametrize("box", stories())
def test_neither_trace_nor_notes_tell_number_or_text(box: Outbox) -> None:
    (message,) = box.journal.messages.values()
    told = " ".join([*(f"{step.step} {step.detail}" for step in message.trace), *map(str, box.observer.told)])
    assert not [word for word in (NUMBER, TEXT, NUMBER[1:]) if word in told]
    assert message.fingerprint not in told
    assert TEXT not in message.fingerprint


def test_the_fingerprint_is_keyed_so_that_nobody_can_guess_the_content_from_it() -> None:
    first = send(a_box()).fingerprint
    assert re.fullmatch(r"[0-9a-f]{32}", first)
    assert first == send(a_box()).fingerprint
    assert first != send(a_box(), body="Another text.").fingerprint


def test_what_a_caller_hands_over_is_not_changed() -> None:
    given_fields = {**FIELDS, "tags": {"order": "7"}}
    copy = {**given_fields}
    a_box().herald().send(given_fields, caller="shop", entrypoint="https")
    assert given_fields == copy


# ---- once a request


class Counting(Outbox):
    """An outbox that counts how often its settings are read."""

    reads = 0

    @property
    def settings(self) -> Settings:  # type: ignore[override]
        self.reads += 1
        return self._settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        self._settings = settings


def a_counting_box() -> Counting:
    box = a_box("busy", "free", rate=Rate(1, 60.0))
    settings = box.settings._replace(prices={"*": 10_000}, limits=Limits(spend_month=10**9, day=100))
    return Counting(providers=box.providers, settings=settings)


def test_the_settings_that_judge_a_request_are_read_once() -> None:
    box = a_counting_box()
    for wanted in ("busy", "free"):  # The second goes by the next channel, as the first one is busy then.
        box.reads = 0
        assert send(box).channel == wanted
        assert box.reads == 1


def test_the_settings_are_read_once_however_many_channels_fail() -> None:
    box = a_counting_box()
    for name in ("busy", "free"):
        fails(box, Unavailable(), channel=name)
    assert (send(box).status, box.reads) == (Status.ACCEPTED, 1)


def test_a_price_that_the_provider_tells_is_settled_by_the_same_settings() -> None:
    class Priced(FakeProvider):
        def send(self, message: Message, callback: str | None = None) -> Sent:
            return super().send(message, callback)._replace(price="0.0025")

    box = a_counting_box()
    box.providers["busy"] = Priced("busy")
    assert (send(box).price, box.reads) == ("0.0025", 1)


def test_a_message_that_waited_is_judged_by_settings_that_are_read_once() -> None:
    box = a_counting_box()
    message = send(box, mode="async")
    box.reads = 0
    assert box.herald().resume(message.id) and box.reads == 1


def test_a_route_is_chosen_once_a_send(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: list[str] = []

    def counted(message: Message, settings: Settings) -> Route:
        chosen.append(message.id)
        return route(message, settings)

    monkeypatch.setattr(accept, "route", counted)
    message = send(a_box("alpha", "beta"))
    assert chosen == [message.id]
