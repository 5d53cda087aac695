"""Receipts are taken in whoever sends them, whenever they come, and whatever of ours is in trouble."""

import base64
import gzip
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from herald.errors import Forbidden, InvalidRequest, InvalidSettings, NotAccepted, Uncertain
from herald.journal import Moved
from herald.message import Message
from herald.message.reasons import REASONS
from herald.message.receipt import Report
from herald.message.secret import recipient
from herald.message.status import Status
from herald.pipeline.receive.receipts import WAITS, Receipts
from herald.providers import load
from herald.providers._base import Callback
from herald.settings.values import Channel, Settings
from herald.testing.fakes import FakeProvider, Notes
from herald.testing.outbox import Outbox
from tests.builders import NUMBER, steps
from tests.failing import Down, Unreachable, Unsettled

DELIVERED = {"SmsSid": "exotel-1", "To": "09741552552", "Status": "sent", "DetailedStatusCode": "20005"}
FAILED = {"SmsSid": "exotel-1", "Status": "failed", "DetailedStatusCode": "23005"}


@pytest.fixture
def box() -> Outbox:
    providers = {name: FakeProvider(name) for name in ("exotel", "amazonsns")}
    return Outbox(providers=providers, settings=Settings(channels={name: Channel(name, name) for name in providers}))


def send(box: Outbox, channel: str = "exotel", **fields: Any) -> Message:
    """A text that was sent."""
    asked = {"to": NUMBER, "body": "Hi", "channel": channel, **fields}
    return box.herald().send(asked, caller="key:shop", entrypoint="https").message


def call_back(box: Outbox, said: Mapping[str, Any] = DELIVERED, *, of: int = -1, channel: str = "exotel") -> None:
    """The provider calls the URL that it was given with a text."""
    url = str(box.providers[channel].callbacks[of])
    *_, name, token = url.split("/")
    Receipts(box).callback(name, token, Callback(url, {}, said))


def an_entry(message_id: str = "amazonsns-1", *, to: str = NUMBER, said: str = "by phone") -> dict[str, Any]:
    """What SNS writes into its log."""
    return {
        "notification": {"messageId": message_id, "timestamp": "2026-11-22 12:00:01.000"},
        "delivery": {"destination": to, "providerResponse": f"Message has been accepted {said}", "priceInUSD": 0.00278},
        "status": "SUCCESS",
    }


def a_batch(*lines: str) -> dict[str, Any]:
    """What a subscription hands over of SNS's log."""
    batch = {"logEvents": [{"message": line} for line in lines]}
    return {"awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(batch).encode())).decode()}}


def logged(box: Outbox, entry: Mapping[str, Any]) -> None:
    """SNS has written an entry."""
    Receipts(box).event(a_batch(json.dumps(entry)))


def now(box: Outbox, message: Message) -> Message:
    """The message as it stands."""
    return box.herald().find(message.id)


# ---- Callbacks


def test_a_callback_says_what_became_of_its_message(box: Outbox) -> None:
    message = send(box)
    call_back(box)
    assert now(box, message).status is Status.DELIVERED
    assert ("message delivered", message.id) in box.observer.told


def test_a_callback_says_why_a_text_did_not_arrive(box: Outbox) -> None:
    message = send(box)
    call_back(box, FAILED)
    assert (now(box, message).status, now(box, message).reason) == (Status.UNDELIVERED, REASONS["do_not_disturb"])


def test_each_text_has_a_url_of_its_own(box: Outbox) -> None:
    first, second = send(box), send(box)
    call_back(box, of=0)
    assert (now(box, first).status, now(box, second).status) == (Status.DELIVERED, Status.SENT)


@pytest.mark.parametrize("changed", ["token", "channel", "time"])
def test_a_token_that_is_not_good_is_refused_and_counted(box: Outbox, changed: str) -> None:
    message = send(box)
    *_, channel, token = str(box.providers["exotel"].callbacks[-1]).split("/")
    if changed == "token":
        token = ("A" if token[-1] != "A" else "B").join([token[:-1], ""])
    elif changed == "channel":
        channel = "amazonsns"
    else:
        box.clock.pass_(days=4, seconds=1)
    with pytest.raises(Forbidden):
        Receipts(box).callback(channel, token, Callback("", {}, DELIVERED))
    assert box.observer.told[-1] == ("ReceiptsForbidden", "")
    assert now(box, message).status is Status.SENT


class Unsent(Outbox):
    """A stage that never sent: nobody made its secret."""

    secret_if_made = None  # type: ignore[assignment]


def test_a_stage_that_never_sent_awaits_no_receipt(box: Outbox) -> None:
    send(box)
    unsent = Unsent(providers=box.providers, settings=box.settings)
    with pytest.raises(Forbidden):
        call_back(unsent)
    logged(unsent, an_entry())
    assert [name for name, _ in unsent.observer.told] == ["ReceiptsForbidden", "ReceiptsUnmatched"]
    assert not unsent.queue.posted


def test_a_callback_about_somebody_else_is_refused(box: Outbox) -> None:
    message = send(box)
    with pytest.raises(Forbidden):
        call_back(box, {**DELIVERED, "To": "09876543210"})
    assert now(box, message).status is Status.SENT


@pytest.mark.parametrize("to", ["09741552552", "00919741552552", "919741552552", "+919741552552", "9741552552"])
def test_leading_zeros_are_still_the_same_person(box: Outbox, to: str) -> None:
    message = send(box)
    call_back(box, {**DELIVERED, "To": to})
    assert now(box, message).status is Status.DELIVERED


@pytest.mark.parametrize("said", [{"Status": "nobody knows"}, {"DetailedStatusCode": "7"}, {"SmsSid": "x"}])
def test_words_that_nobody_knows_change_nothing_and_break_nothing(box: Outbox, said: dict[str, Any]) -> None:
    message = send(box)
    call_back(box, said)
    assert now(box, message).status is Status.SENT
    assert now(box, message).trace[-1].step == "receipt"


@pytest.mark.parametrize("said", [{}, {"To": NUMBER}, {"Status": {"a": []}}, {"status": "sent"}, {"": ""}])
def test_a_callback_without_any_field_that_its_vendor_sends_is_counted_and_not_thanked_for(
    box: Outbox, said: dict[str, Any]
) -> None:
    message = send(box)
    with pytest.raises(InvalidRequest) as refused:
        call_back(box, said)
    assert refused.value.code == "not_understood" and NUMBER not in str(refused.value)
    assert ("CallbacksUnread", "") in box.observer.told
    assert steps(now(box, message)) == steps(message)


def test_a_callback_of_a_channel_that_is_gone_is_read_as_its_message_was_sent(box: Outbox) -> None:
    message = send(box)
    box.settings = Settings(channels={})
    call_back(box)
    assert now(box, message).status is Status.DELIVERED


def test_settings_that_are_wrong_meanwhile_lose_no_receipt(box: Outbox) -> None:
    message = send(box)
    ports = Unsettled(journal=box.journal, observer=box.observer)
    ports.wrong = InvalidSettings([])
    *_, channel, token = str(box.providers["exotel"].callbacks[-1]).split("/")
    Receipts(ports).callback(channel, token, Callback("", {}, DELIVERED))
    assert now(box, message).status is Status.DELIVERED
    assert ("settings not read", "InvalidSettings") in box.observer.told


def test_a_callback_of_which_neither_channel_nor_message_is_left_is_taken_and_forgotten(box: Outbox) -> None:
    send(box)
    box.settings, box.journal.messages = Settings(channels={}), {}
    call_back(box)
    assert box.queue.posted == []


def test_a_vendor_that_signs_is_asked_with_its_channels_own_secrets(
    box: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = Channel("exotel", "exotel", {"token": "a secret"})
    box.settings = Settings(channels={"exotel": channel})
    message, asked = send(box), list[tuple[Any, Callback]]()

    def verify(values: Any, callback: Callback) -> bool:
        asked.append((values, callback))
        return len(asked) > 1

    # No vendor of ours signs yet.
    monkeypatch.setattr(load("exotel"), "verify", verify)
    with pytest.raises(Forbidden):
        call_back(box)
    assert now(box, message).status is Status.SENT
    call_back(box)
    assert now(box, message).status is Status.DELIVERED
    assert asked[0] == ({"token": "a secret"}, Callback(str(box.providers["exotel"].callbacks[-1]), {}, DELIVERED))


def test_a_receipt_says_of_which_attempt_it_is(box: Outbox) -> None:
    message = send(box)
    later = {"attempts": 2, "status": Status.SENT}
    box.journal.messages[message.id] = box.journal.messages[message.id].with_(**later)
    call_back(box, FAILED)
    assert (now(box, message).status, now(box, message).reason) == (Status.SENT, None)


def test_a_message_is_read_once_for_its_callback(box: Outbox) -> None:
    send(box)
    read, get = list[str](), box.journal.get
    box.journal.get = lambda message_id: read.append(message_id) or get(message_id)  # type: ignore[method-assign,func-returns-value]
    call_back(box)
    assert len(read) == 1


def test_a_callback_about_an_erased_message_is_taken_and_forgotten(box: Outbox) -> None:
    message = send(box)
    assert box.herald().erase(NUMBER).erased == 1
    call_back(box)
    assert "Delivered" not in str(box.journal.messages[message.id].trace)


def test_an_early_receipt_is_not_lost_and_our_own_note_joins_it(box: Outbox) -> None:
    sent = box.providers["exotel"].send

    def hurried(message: Message, callback: str | None = None) -> Any:
        answer = sent(message, callback)
        call_back(box)
        return answer

    box.providers["exotel"].send = hurried
    message = send(box)
    assert message.status is Status.DELIVERED
    assert (now(box, message).provider_id, now(box, message).response) == ("exotel-1", {"Sid": "exotel-1"})
    assert [step.step for step in now(box, message).trace] == ["accepted", "sending", "receipt", "delivered", "sent"]
    assert box.observer.told.count(("message sent", message.id)) == 1


# ---- In trouble


DOWN = Unreachable()


def parts(box: Outbox, **changes: Any) -> Receipts:
    """The step, with some other parts."""
    return Receipts(replace(box, **changes))


def test_a_receipt_waits_while_the_journal_is_down(box: Outbox) -> None:
    message = send(box)
    *_, channel, token = str(box.providers["exotel"].callbacks[-1]).split("/")
    parts(box, journal=DOWN).callback(channel, token, Callback("", {}, DELIVERED))
    ((kept, delay),) = box.queue.posted
    assert delay == WAITS[0]
    assert NUMBER[-10:] not in json.dumps(kept)
    assert box.observer.told[-2:] == [("message not read", "Down"), ("receipt not recorded", "Down")]
    Receipts(box).waited(Report.read(json.loads(json.dumps(kept))["receipt"]))
    assert now(box, message).status is Status.DELIVERED


def test_an_operator_is_told_which_message_could_not_be_read(box: Outbox) -> None:
    class Troubles(Notes):
        def trouble(self, phrase: str, error: BaseException, **extra: object) -> None:
            told.append((phrase, extra))

    told: list[tuple[str, dict[str, object]]] = []
    message = send(box)
    *_, channel, token = str(box.providers["exotel"].callbacks[-1]).split("/")
    parts(box, journal=DOWN, observer=Troubles()).callback(channel, token, Callback("", {}, DELIVERED))
    assert told[0] == ("message not read", {"message_id": message.id})


def test_a_receipt_that_waited_says_all_that_it_said_at_first(box: Outbox) -> None:
    direct, waited = send(box), send(box)
    said = {**DELIVERED, "DateSent": "2026-11-22 17:30:02", "Price": "0.25"}
    box.clock.pass_(seconds=9)
    for index, journal in enumerate((box.journal, DOWN)):
        *_, channel, token = str(box.providers["exotel"].callbacks[index]).split("/")
        parts(box, journal=journal).callback(channel, token, Callback("", {}, said))
    Receipts(box).waited(Report.read(json.loads(json.dumps(box.queue.posted[0][0]))["receipt"]))
    first, second = now(box, direct), now(box, waited)
    assert str(first.delivered_at) == "2026-11-22 12:00:02+00:00"
    names = ("status", "reason", "delivered_at", "price", "trace")
    assert [getattr(first, name) for name in names] == [getattr(second, name) for name in names]


@pytest.mark.parametrize("code", ["23005", "99999"])
def test_a_reason_that_waited_is_the_same_reason(box: Outbox, code: str) -> None:
    message = send(box)
    *_, channel, token = str(box.providers["exotel"].callbacks[-1]).split("/")
    failed = {**FAILED, "DetailedStatusCode": code}
    parts(box, journal=DOWN).callback(channel, token, Callback("", {}, failed))
    Receipts(box).waited(Report.read(json.loads(json.dumps(box.queue.posted[0][0]))["receipt"]))
    reason = now(box, message).reason
    assert reason
    assert reason.code == ("do_not_disturb" if code == "23005" else "unexplained")


def test_a_reason_of_another_version_can_be_read(box: Outbox) -> None:
    message = send(box)
    receipt = {"provider_id": "exotel-1", "status": "undelivered", "reason": "of tomorrow", "at": None, "price": None,
               "raw": {}}  # fmt: skip
    kept = {"receipt": receipt, "message_id": message.id, "attempt": 1}
    Receipts(box).waited(Report.read(kept))
    assert now(box, message).reason is REASONS["unexplained"]


def test_a_receipt_that_settles_brings_the_providers_id_along_also_after_waiting(box: Outbox) -> None:
    box.providers["exotel"].answers = [Uncertain("answer_lost")]
    message = send(box)
    receipt = {"provider_id": "SM7", "status": "sent", "reason": None, "at": None, "price": None,
               "raw": {"Status": "queued"}}  # fmt: skip
    kept = {"receipt": receipt, "message_id": message.id, "attempt": 1}
    Receipts(box).waited(Report.read(kept))
    settled = now(box, message)
    assert (settled.status, settled.provider_id, settled.reason) == (Status.SENT, "SM7", None)
    assert '{"Status":"queued"}' in [step.detail for step in settled.trace]


def test_a_receipt_that_waits_comes_back_as_long_as_the_journal_is_down(box: Outbox) -> None:
    send(box)
    *_, channel, token = str(box.providers["exotel"].callbacks[-1]).split("/")
    parts(box, journal=DOWN).callback(channel, token, Callback("", {}, DELIVERED))
    with pytest.raises(Down):
        parts(box, journal=DOWN).waited(Report.read(box.queue.posted[0][0]["receipt"]))


def test_the_provider_is_told_if_a_receipt_can_be_kept_nowhere(box: Outbox) -> None:
    send(box)
    *_, channel, token = str(box.providers["exotel"].callbacks[-1]).split("/")
    with pytest.raises(NotAccepted, match=r": The receipt could not be written down\.$"):
        parts(box, journal=DOWN, queue=DOWN).callback(channel, token, Callback("", {}, DELIVERED))
    assert box.observer.told[-1] == ("receipt not queued", "Down")


def test_a_receipt_survives_that_somebody_else_writes_at_the_same_time(box: Outbox) -> None:
    message = send(box)
    move, races = box.journal.move, [FAILED, {"Status": "submitted"}]

    def raced(old: Message, new: Message) -> Message:
        if races:
            call_back(box, races.pop())
        return move(old, new)

    box.journal.move = raced  # type: ignore[method-assign]
    call_back(box)
    assert now(box, message).status is Status.DELIVERED


def test_a_message_that_goes_while_its_receipt_is_written_is_gone(box: Outbox) -> None:
    send(box)

    def gone(old: Message, new: Message) -> Message:
        raise Moved(None)

    box.journal.move = gone  # type: ignore[method-assign]
    call_back(box)
    assert box.queue.posted == []


# ---- SNS's log


def test_an_entry_of_the_log_finds_its_message_by_number_and_id(box: Outbox) -> None:
    first, second = send(box, "amazonsns"), send(box, "amazonsns")
    logged(box, an_entry("amazonsns-2"))
    assert (now(box, first).status, now(box, second).status) == (Status.SENT, Status.DELIVERED)
    assert now(box, second).price == "0.00278"


def test_a_text_that_was_asked_for_long_before_it_was_sent_is_found_too(box: Outbox) -> None:
    message = send(box, "amazonsns", send_at=(box.clock() + timedelta(days=200)).isoformat(), valid_for=3600)
    box.clock.pass_(days=200)
    box.herald().resume(message.id)
    logged(box, an_entry())
    assert now(box, message).status is Status.DELIVERED


def test_accepted_by_the_carrier_is_not_yet_delivered(box: Outbox) -> None:
    message = send(box, "amazonsns")
    logged(box, an_entry(said="by phone carrier"))
    assert (now(box, message).status, now(box, message).price) == (Status.SENT, "0.00278")


@pytest.mark.parametrize("entry", [an_entry("another-stages"), an_entry(to="+919876543210")])
def test_an_entry_that_nobody_knows_waits_for_our_own_note_and_is_dropped_then(
    box: Outbox, entry: dict[str, Any]
) -> None:
    message = send(box, "amazonsns")
    logged(box, entry)
    for wait in WAITS:
        kept, delay = box.queue.posted.pop()
        assert delay == wait
        assert entry["delivery"]["destination"][-10:] not in json.dumps(kept)
        Receipts(box).waited(Report.read(kept["receipt"]))  # type: ignore[arg-type]
    assert box.queue.posted == []
    assert box.observer.told[-1] == ("ReceiptsUnmatched", "")
    assert now(box, message).status is Status.SENT


def test_an_id_that_two_vendors_gave_is_not_the_same_text(box: Outbox) -> None:
    message = send(box)
    logged(box, an_entry(str(message.provider_id)))
    assert now(box, message).status is Status.SENT
    assert len(box.queue.posted) == 1


@pytest.mark.parametrize("missing", ["messageId", "destination"])
def test_an_entry_without_id_or_number_is_nobodys(box: Outbox, missing: str) -> None:
    entry = an_entry()
    for part in ("notification", "delivery"):
        entry[part].pop(missing, None)
    logged(box, entry)
    assert box.queue.posted == []


def test_an_entry_that_overtook_our_own_note_finds_it_later(box: Outbox) -> None:
    logged(box, an_entry())
    message = send(box, "amazonsns")
    Receipts(box).waited(Report.read(box.queue.posted[0][0]["receipt"]))
    assert now(box, message).status is Status.DELIVERED


@pytest.mark.parametrize("entry", [{}, {"notification": None}, {"delivery": {"destination": 7}}, {"status": []}])
def test_what_is_no_entry_of_snss_is_nothing(box: Outbox, entry: dict[str, Any]) -> None:
    logged(box, entry)
    assert box.queue.posted == []


def test_other_lines_of_the_log_are_counted_and_left_out(box: Outbox) -> None:
    message = send(box, "amazonsns")
    lines = ["no json", "[]", '"text"', json.dumps({"other": 1}), json.dumps(an_entry())]
    Receipts(box).event(a_batch(*lines))
    assert now(box, message).status is Status.DELIVERED
    assert box.queue.posted == []
    assert box.observer.told.count(("CallbacksUnread", "")) == 4


def test_what_cloudwatch_writes_to_see_whether_anybody_listens_is_none(box: Outbox) -> None:
    batch = {"messageType": "CONTROL_MESSAGE", "logEvents": [{"message": "CWL CONTROL MESSAGE: Checking health"}]}
    Receipts(box).event({"awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(batch).encode())).decode()}})
    assert box.observer.told == []


@pytest.mark.parametrize("event", [{}, {"detail-type": "Text Message Sent"}, {"awslogs": None}])
def test_an_event_of_no_provider_is_nothing(box: Outbox, event: dict[str, Any]) -> None:
    Receipts(box).event(event)
    assert (box.queue.posted, box.observer.told) == ([], [])


def test_what_stands_for_a_person_cannot_be_made_without_the_secret() -> None:
    assert recipient(b"one", NUMBER) != recipient(b"two", NUMBER)
    assert len(recipient(b"one", NUMBER)) == 32
