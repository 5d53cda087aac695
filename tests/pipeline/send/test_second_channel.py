"""Second channel: a text that nobody says to be delivered goes once more by another channel, while it is of use."""

import itertools
from datetime import timedelta
from typing import Any

import pytest

from herald.errors import InvalidMessage, Refused, Unavailable, Uncertain
from herald.keys.grant import Grant
from herald.message import Message
from herald.message.reasons import REASONS
from herald.message.receipt import Receipt, Report
from herald.message.status import Status
from herald.pipeline.receive.receipts import Receipts
from herald.pipeline.receive.record import record
from herald.pipeline.route.rules import Route
from herald.pipeline.send import second
from herald.pipeline.send.sweep import Sweep
from herald.settings.values import Limits
from herald.testing.outbox import Outbox
from tests.builders import NOW, TEXT, a_box, a_message, fails, reason, send, sends, steps

FIRST, SECOND = "exotel", "twilio"
SECONDS = 30
DELIVERED, UNDELIVERED = Status.DELIVERED, Status.UNDELIVERED


def two(**parts: Any) -> Outbox:
    """An outbox with two channels."""
    return a_box(FIRST, SECOND, **parts)


def code(box: Outbox, **fields: Any) -> Message:
    """A code that goes by a second channel after half a minute."""
    return send(box, **{"kind": "otp", "deliver_by": SECONDS, **fields})


def later(box: Outbox, message: Message, seconds: float = SECONDS) -> Message:
    """The message after the queue has handed it over so many seconds later."""
    box.clock.pass_(seconds=seconds)
    found = box.herald().resume(message.id)
    assert found
    return found


def says(
    box: Outbox, message: Message, status: Status, attempt: int = 1, why: str = "spam", *, last: bool = False
) -> Message:
    """The message after a receipt for one of its attempts."""
    given = REASONS[why] if status is UNDELIVERED else None
    receipt = Receipt(f"id-{attempt}", status, given, raw={"said": f"{status} {attempt}"}, last=last)
    Receipts(box).waited(Report(receipt, message.id, attempt))
    return stands(box, message)


def stands(box: Outbox, message: Message) -> Message:
    """The message as the journal holds it."""
    found = box.journal.get(message.id)
    assert found
    return found


def by(box: Outbox) -> list[str]:
    """The channels that took a text."""
    return [name for name, provider in box.providers.items() for _ in provider.texts]


# ---- asked for


@pytest.mark.parametrize("seconds", [5, 30, 86_400, "45"])
def test_a_message_says_after_how_many_seconds_a_second_channel_takes_over(seconds: Any) -> None:
    assert code(two(), deliver_by=seconds, valid_for=100_000).deliver_by == int(seconds)


@pytest.mark.parametrize("seconds", [-1, 1, 4, 86_401, "soon", True, 7.5, [30]])
def test_any_other_number_of_seconds_is_a_problem_of_that_field(seconds: Any) -> None:
    with pytest.raises(InvalidMessage) as raised:
        code(two(), deliver_by=seconds)
    assert [problem.field for problem in raised.value.problems] == ["deliver_by"]


def test_the_settings_say_it_for_a_kind_and_a_message_may_say_otherwise() -> None:
    box = two()
    box.settings = box.settings._replace(deliver_by={"otp": 45})
    said = [send(box, kind=kind).deliver_by for kind in ("otp", "transactional")]
    said += [send(box, kind="otp", deliver_by=seconds).deliver_by for seconds in (60, 0)]
    assert said == [45, None, 60, None]


def test_where_there_is_one_channel_only_there_is_no_second_and_the_trace_says_so() -> None:
    box = a_box(FIRST)
    message = code(box)
    assert (message.deliver_by, message.body) == (None, None)
    assert "no second channel to deliver by" in message.trace[0].detail
    assert not box.queue.waiting


def test_a_named_channel_has_no_second() -> None:
    assert code(two(), channel=FIRST).deliver_by is None


def test_the_same_key_with_another_deliver_by_is_another_request() -> None:
    box = two()
    code(box, key="k")
    assert sends(box, key="k", kind="otp", deliver_by=SECONDS).replayed
    with pytest.raises(Exception, match="idempotency_key_reused"):
        code(box, key="k", deliver_by=60)


def test_a_repetition_stands_whatever_the_settings_have_become() -> None:
    box = two()
    send(box, key="k", kind="otp")
    box.settings = box.settings._replace(deliver_by={"otp": 45})
    assert sends(box, key="k", kind="otp").replayed


# ---- silence


def test_it_waits_for_its_receipt_with_its_text() -> None:
    box = two()
    message = code(box)
    kept, at = stands(box, message), NOW + timedelta(seconds=SECONDS)
    assert (kept.status, kept.waiting, kept.retry_at, bool(kept.body)) == (Status.SENT, True, at, True)
    assert kept.due_at
    assert kept.due_at > at
    assert box.queue.waiting == [(message.id, SECONDS)]


def test_without_a_receipt_it_goes_by_the_second_channel_and_says_so() -> None:
    box = two()
    message = code(box)
    done = later(box, message)
    assert (done.status, done.channel, done.attempts, done.provider_id) == (Status.SENT, SECOND, 2, "twilio-1")
    assert (done.second_channel, done.possible_duplicate, done.body, done.retry_at) == (True, True, None, None)
    assert by(box) == [FIRST, SECOND]
    assert f"by {SECOND}: no receipt by {FIRST} within {SECONDS} s" in [step.detail for step in done.trace]
    assert done.public()["second_channel"] is True
    assert done.sent_at == NOW + timedelta(seconds=SECONDS)  # As channel and provider_id: of the last text.


def test_before_the_time_it_only_goes_back() -> None:
    box = two()
    message = code(box)
    assert later(box, message, SECONDS - 1).attempts == 1
    assert box.queue.waiting[-1] == (message.id, 1)


def test_it_goes_once_however_often_the_queue_hands_it_over() -> None:
    box = two()
    message = code(box)
    for _ in range(5):
        later(box, message)
    assert by(box) == [FIRST, SECOND]


def test_if_the_queue_lost_it_the_sweep_finds_it() -> None:
    box = two()
    message = code(box)
    box.queue.waiting.clear()
    box.clock.pass_(seconds=SECONDS + 61)
    assert Sweep(box).run().queued == 1
    assert later(box, message, 0).second_channel


def test_with_three_channels_the_one_behind_comes_next_and_those_before_come_last() -> None:
    box = a_box("a", "b", "c")
    fails(box, Unavailable(), channel="a")
    fails(box, Unavailable(), channel="c")
    message = code(box)
    assert message.channel == "b"
    done = later(box, message)
    assert (done.channel, by(box)) == ("a", ["a", "b"])


def test_a_receipt_that_it_was_delivered_ends_it() -> None:
    box = two()
    message = code(box)
    done = says(box, message, DELIVERED)
    assert (done.status, done.retry_at, done.due_at, done.body) == (DELIVERED, None, None, None)
    assert later(box, message) == done
    assert by(box) == [FIRST]


def test_that_it_is_on_its_way_does_not() -> None:
    box = two()
    message = code(box)
    says(box, message, Status.SENT)
    assert later(box, message).second_channel


def test_the_last_word_that_is_to_be_heard_does() -> None:
    box = two()
    message = code(box)
    done = says(box, message, Status.SENT, last=True)
    assert (done.status, done.retry_at, done.due_at, done.body) == (Status.SENT, None, None, None)
    assert later(box, message).attempts == 1
    assert by(box) == [FIRST]


def test_a_receipt_that_is_faster_than_the_answer_counts_as_well() -> None:
    box = two()
    early = box.providers[FIRST]

    class Early(type(early)):  # type: ignore[misc]
        def send(self, message: Message, callback: str | None = None) -> Any:
            says(box, message, Status.SENT)
            return super().send(message, callback)

    box.providers[FIRST] = Early(FIRST)
    message = code(box)
    assert (message.status, message.provider_id, stands(box, message).waiting) == (Status.SENT, "exotel-1", True)
    assert later(box, message).second_channel


@pytest.mark.parametrize("how", [{"mode": "async"}, {"send_at": "2026-11-22T13:00:00Z"}])
def test_what_waited_before_it_was_sent_is_followed_as_well(how: dict[str, str]) -> None:
    box = two()
    message = code(box, **how)
    sent = later(box, message, 3600 if "send_at" in how else 0)
    assert (sent.status, sent.channel, sent.retry_at) == (Status.SENT, FIRST, box.clock() + timedelta(seconds=SECONDS))
    assert later(box, message).second_channel
    assert by(box) == [FIRST, SECOND]


@pytest.mark.parametrize(
    ("to", "followed"), [("+919876500090", True), ("+919876500007", True), ("+919876500002", False)]
)
def test_a_test_key_tries_it_out_and_reaches_nobody(to: str, followed: bool) -> None:
    box = two()
    grant = Grant("ci", test=True)
    fields = {"to": to, "body": TEXT, "kind": "otp", "deliver_by": SECONDS}
    message = box.herald().send(fields, caller="ci", entrypoint="https", key=None, grant=grant).message
    for waits, _ in box.queue.posted:
        box.herald().waited(Report.read(waits["receipt"]))  # type: ignore[arg-type]
    assert later(box, message).second_channel is followed
    assert by(box) == []


# ---- a receipt that it does not arrive


@pytest.mark.parametrize("why", sorted(REASONS))
def test_a_text_that_its_channel_does_not_deliver_goes_by_the_second_at_once_and_no_other(why: str) -> None:
    box = two()
    message = code(box)
    told = says(box, message, UNDELIVERED, why=why)
    if REASONS[why].who not in second.OF_THE_CHANNEL:
        assert (told.status, told.body) == (UNDELIVERED, None)
        assert later(box, message, 0).attempts == 1
        return
    assert (told.status, reason(told), box.queue.waiting[-1]) == (Status.SENT, why, (message.id, 0))
    done = later(box, message, 0)
    assert (done.status, done.channel, done.second_channel, done.reason) == (Status.SENT, SECOND, True, None)
    assert not done.possible_duplicate  # The first did not arrive.
    assert f"by {SECOND}: {FIRST} said {why}" in [step.detail for step in done.trace]


def test_a_first_text_that_is_said_to_fail_while_the_second_is_on_its_way_is_told_afterwards() -> None:
    box = two()
    message, other = code(box), box.providers[SECOND]

    class Told(type(other)):  # type: ignore[misc]
        def send(self, message: Message, callback: str | None = None) -> Any:
            says(box, message, UNDELIVERED)
            raise Refused("no_balance")

    box.providers[SECOND] = Told(SECOND)
    assert later(box, message).status is Status.SENT
    (waits, _), *_ = box.queue.posted
    box.herald().waited(Report.read(waits["receipt"]))  # type: ignore[arg-type]
    assert (stands(box, message).status, reason(stands(box, message))) == (UNDELIVERED, "spam")


# ---- the second text does not leave


REFUSALS = [Refused("no_balance"), Refused("invalid_number"), Refused("credentials_refused")]


@pytest.mark.parametrize("error", REFUSALS)
def test_what_the_second_channel_refuses_stays_what_the_first_made_of_it(error: Exception) -> None:
    box = two()
    message = code(box)
    fails(box, error, error, channel=SECOND)
    done = later(box, message)
    assert (done.status, done.channel, done.provider_id, done.reason) == (Status.SENT, FIRST, "exotel-1", None)
    assert (done.second_channel, done.possible_duplicate, done.response) == (False, False, {"Sid": "exotel-1"})
    assert done.sent_at == message.sent_at
    assert (done.body, done.retry_at, done.due_at) == (None, None, None)
    assert done.trace[-1].detail.startswith("not used: ")
    assert by(box) == [FIRST]


@pytest.mark.parametrize("status", [DELIVERED, UNDELIVERED])
def test_then_the_receipts_of_the_first_still_count(status: Status) -> None:
    box = two()
    message = code(box)
    fails(box, Refused("no_balance"), channel=SECOND)
    assert later(box, message).attempts == 2
    assert says(box, message, status, attempt=1).status is status


def test_where_the_first_did_not_arrive_and_the_second_is_refused_it_is_undelivered() -> None:
    box = two()
    message = code(box)
    says(box, message, UNDELIVERED, why="carrier_blocked")
    fails(box, Refused("no_balance"), channel=SECOND)
    done = later(box, message, 0)
    assert (done.status, reason(done), done.channel) == (UNDELIVERED, "carrier_blocked", FIRST)


def test_a_second_channel_that_is_away_is_tried_again_while_there_is_time() -> None:
    box = two()
    message = code(box)
    fails(box, Unavailable(), Unavailable("throttled"), channel=SECOND)
    waits = later(box, message)
    assert (waits.status, waits.channel, waits.second_channel, waits.waiting) == (Status.SENT, FIRST, False, True)
    later(box, message, 10)
    done = later(box, message, 20)
    assert (done.status, done.channel, done.second_channel) == (Status.SENT, SECOND, True)
    assert by(box) == [FIRST, SECOND]


def test_a_second_channel_that_stays_away_leaves_the_first_text_as_it_is() -> None:
    box = two()
    message = code(box, valid_for=60)
    fails(box, *[Unavailable()] * 50, channel=SECOND)
    for _ in range(10):
        done = later(box, message, 10)
    assert (done.status, done.channel, done.waiting, done.body) == (Status.SENT, FIRST, False, None)


def test_of_a_second_text_nobody_knows_about_it_is_said_so_and_it_is_never_sent_a_third_time() -> None:
    box = two()
    message = code(box, on_unknown="resend")
    fails(box, Uncertain("answer_lost"), channel=SECOND)
    done = later(box, message)
    assert (done.status, done.second_channel, done.waiting) == (Status.SENT, True, False)
    assert (done.trace[-1].step, done.trace[-1].detail) == ("unknown", "answer_lost")
    assert says(box, message, DELIVERED, attempt=2).status is DELIVERED


def test_where_the_first_did_not_arrive_and_nobody_knows_of_the_second_it_is_unknown() -> None:
    box = two()
    message = code(box, on_unknown="resend")
    says(box, message, UNDELIVERED)
    fails(box, Uncertain("answer_lost"), channel=SECOND)
    done = later(box, message, 0)
    assert (done.status, reason(done), done.waiting) == (Status.UNKNOWN, "answer_lost", False)


def test_a_sender_that_dies_with_the_second_text_leaves_what_the_first_made_of_it() -> None:
    box = two()
    message = code(box)

    class Killed(BaseException):
        pass

    fails(box, Killed(), channel=SECOND)  # type: ignore[arg-type]
    with pytest.raises(Killed):
        later(box, message)
    box.clock.pass_(seconds=61)
    done = box.herald().find(message.id)
    assert (done.status, done.second_channel, done.trace[-1].step) == (Status.SENT, True, "unknown")


# ---- it may not be sent any more


def test_after_it_expired_it_does_not_go_a_second_time() -> None:
    box = two()
    message = code(box, valid_for=40)
    done = later(box, message, 40)
    assert (done.status, done.waiting, done.body) == (Status.SENT, False, None)
    assert by(box) == [FIRST]


def test_what_expires_before_its_second_channel_could_take_over_waits_for_nothing() -> None:
    box = two()
    message = stands(box, code(box, valid_for=SECONDS))
    assert (message.waiting, message.deliver_by) == (False, None)
    assert "no time to deliver by" in message.trace[0].detail
    assert not box.queue.waiting


def test_who_opted_out_meanwhile_gets_no_second_text() -> None:
    box = two()
    message = code(box)
    box.optouts.put(message.recipient, "sms", box.clock())
    done = later(box, message)
    assert (done.status, done.waiting, by(box)) == (Status.SENT, False, [FIRST])


def test_a_second_text_is_counted_and_a_limit_that_is_reached_stops_it() -> None:
    box = two()
    box.settings = box.settings._replace(limits=Limits(number_day=1))
    message = code(box)
    done = later(box, message)
    assert (done.status, done.waiting, by(box)) == (Status.SENT, False, [FIRST])
    assert "limit_number_day" in done.trace[-1].detail


def test_another_receipt_for_the_first_text_does_not_make_the_second_one_that_left() -> None:
    box = two()
    box.settings = box.settings._replace(limits=Limits(number_day=5, day=9))
    message = code(box)
    for said in ("1", "2"):
        fails(box, *[Unavailable()] * 3, channel=SECOND)
        record(box, stands(box, message), Receipt("p", Status.UNDELIVERED, REASONS["spam"], raw={"n": said}), 1)
        later(box, message, 1)
    box.clock.pass_(days=1)
    done = later(box, message)
    assert (done.status, by(box)) == (Status.UNDELIVERED, [FIRST])
    assert {item["all"] for key, item in box.counters.items.items() if "#block#" in key} <= {0, 1}
    assert sum(item.get("all", 0) for key, item in box.counters.items.items() if "#block#" in key) == 1


def test_a_person_who_is_erased_gets_no_second_text() -> None:
    box = two()
    message = code(box)
    assert box.herald().erase(message.to).left == 0
    box.clock.pass_(seconds=SECONDS)
    assert box.herald().resume(message.id) is None
    assert by(box) == [FIRST]


# ---- unknown


@pytest.mark.parametrize("deliver_by", [5, 30, 300])
def test_what_is_unknown_under_hold_never_goes_by_another_channel(deliver_by: int) -> None:
    box = two()
    fails(box, Uncertain("answer_lost"), channel=FIRST)
    message = code(box, deliver_by=deliver_by)
    for _ in range(5):
        later(box, message, deliver_by)
    assert (stands(box, message).status, by(box)) == (Status.UNKNOWN, [])


def test_what_is_unknown_under_resend_goes_by_the_second_channel_when_it_should_have_been_delivered() -> None:
    box = two()
    fails(box, Uncertain("answer_lost"), channel=FIRST)
    message = code(box, on_unknown="resend")
    assert box.queue.waiting == [(message.id, SECONDS)]
    done = later(box, message)
    assert (done.status, done.channel, done.possible_duplicate) == (Status.SENT, SECOND, True)
    assert done.second_channel
    assert not done.waiting  # Never a third time.


# ---- receipts that name no attempt


def test_a_receipt_by_the_providers_own_id_finds_the_first_text_after_the_second_went() -> None:
    box = two()
    message = code(box)
    later(box, message)
    receipt = Receipt("exotel-1", DELIVERED, raw={"said": "delivered"})
    Receipts(box).waited(Report(receipt, recipient=message.recipient, provider="fake"))
    assert stands(box, message).status is DELIVERED


def test_a_first_text_that_fails_after_the_second_was_sent_changes_nothing() -> None:
    box = two()
    message = code(box)
    later(box, message)
    receipt = Receipt("exotel-1", UNDELIVERED, REASONS["spam"], raw={"said": "spam"})
    Receipts(box).waited(Report(receipt, recipient=message.recipient, provider="fake"))
    assert stands(box, message).status is Status.SENT


# ---- the answer to who asks again


def test_who_was_told_that_it_is_sent_is_never_told_to_come_again() -> None:
    box = two()
    message, seen = code(box, key="k"), []

    class Asked(type(box.providers[SECOND])):  # type: ignore[misc]
        def send(self, message: Message, callback: str | None = None) -> Any:
            seen.append(sends(box, key="k", kind="otp", deliver_by=SECONDS))
            return super().send(message, callback)

    box.providers[SECOND] = Asked(SECOND)
    later(box, message)
    assert [(answer.message.id, answer.replayed) for answer in seen] == [(message.id, True)]


# ---- which channels


@pytest.mark.parametrize("own", ["a", "b", "c", "gone", None])
@pytest.mark.parametrize(("status", "whole"), [(Status.SENT, False), (Status.UNKNOWN, True)])
def test_each_other_channel_is_tried_once_and_the_own_one_last_if_at_all(
    own: str | None, status: Status, whole: bool
) -> None:
    channels = ("a", "b", "c")
    way = second.way(a_message(status=status, channel=own, deliver_by=30), Route(channels, "why")).channels
    others = [name for name in channels if name != own]
    assert sorted(way[: len(others)]) == others
    assert way[len(others) :] == ((own,) if whole and own in channels else ())


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.SENT, Status.UNKNOWN}))
def test_what_was_not_sent_goes_its_usual_way(status: Status) -> None:
    usual = Route(("a", "b"), "why")
    assert second.way(a_message(status=status, channel="a", deliver_by=30), usual) == usual


def test_its_steps_tell_the_whole_way() -> None:
    box = two()
    message = code(box)
    assert steps(later(box, message)) == ["accepted", "sending", "sent", "sending", "sent"]
    assert list(itertools.chain.from_iterable(box.queue.waiting)) == [message.id, SECONDS]
