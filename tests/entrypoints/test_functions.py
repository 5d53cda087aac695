"""The functions as Lambda calls them: a recorded event in, and what AWS expects out."""

import ast
import json
from pathlib import Path
from threading import Barrier
from types import SimpleNamespace
from typing import Any

import pytest

from functions.api import app as api
from functions.invoke import app as invoke
from functions.worker import app as worker
from herald.errors import Refused
from herald.message import Message
from herald.message.receipt import Sent
from herald.message.status import Status
from herald.testing.fakes import FakeProvider
from herald.testing.outbox import Outbox
from tests.entrypoints.conftest import ID, TO, recorded
from tests.house import APPS

CONTEXT = SimpleNamespace(aws_request_id="8476a536-e9f4-11e8-9739-2dfe598c3fcd", function_name="herald-dev-worker")


def a_batch(*bodies: str) -> dict[str, Any]:
    """A batch like the recorded one; its records are called 0, 1, ..."""
    record = recorded("queue")["Records"][0]
    return {"Records": [{**record, "messageId": str(n), "body": body} for n, body in enumerate(bodies)]}


def queued(box: Outbox, count: int = 1) -> list[str]:
    """Bodies of records for messages that wait in the queue."""
    asked = {"to": TO, "body": "Queued", "mode": "async"}
    ids = [box.herald().send(asked, caller="key:shop", entrypoint="https").message.id for _ in range(count)]
    return [json.dumps({"id": message_id}) for message_id in ids]


def came_back(answer: dict[str, Any]) -> list[str]:
    """The records that SQS is to deliver again."""
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


# ---- api


ANSWERED = {
    "api-post-json": 201,
    "api-post-form": 201,
    "api-get": 404,
    "api-refresh": 404,
    "api-search": 200,
    "api-delete": 404,
    "api-erase": 200,
}


@pytest.mark.parametrize(("name", "status"), ANSWERED.items())
def test_the_api_answers_every_recorded_request(box: Outbox, name: str, status: int) -> None:
    answer = api.handler(recorded(name), CONTEXT)
    assert answer["statusCode"] == status
    json.loads(answer["body"])


def test_the_api_finds_page_and_contract_beside_itself(box: Outbox) -> None:
    for path, beginning in {"/": "<!doctype html>", "/openapi.json": "{"}.items():
        answer = api.handler({**recorded("api-get"), "resource": path}, CONTEXT)
        assert (answer["statusCode"], answer["body"].lower().startswith(beginning)) == (200, True)


# ---- invoke


@pytest.mark.parametrize("name", ["invoke", "event-sms-requested", "schedule"])
def test_the_invoke_function_sends_every_recorded_event(box: Outbox, name: str) -> None:
    answer = invoke.handler(recorded(name), CONTEXT)
    assert answer is not None
    assert answer["status"] == "sent"
    assert json.loads(json.dumps(answer)) == answer


def test_the_invocations_own_id_is_its_key(box: Outbox) -> None:
    first, second = (invoke.handler({"to": TO, "body": "Hi"}, CONTEXT) or {} for _ in range(2))
    assert first["id"] == second["id"]
    assert len(box.texts) == 1


def test_a_refusal_reaches_who_waits_as_an_error_that_begins_with_its_code(box: Outbox) -> None:
    box.providers["amazonsns"].answers = [Refused("opted_out")]
    with pytest.raises(Refused, match="^opted_out: "):
        invoke.handler({"to": TO, "body": "Hi"}, CONTEXT)


# ---- worker


def test_a_batch_is_sent(box: Outbox) -> None:
    assert came_back(worker.handler(a_batch(*queued(box, 2)), CONTEXT)) == []
    assert [text.body for text in box.texts] == ["Queued", "Queued"]


def test_a_record_that_is_delivered_twice_is_sent_once(box: Outbox) -> None:
    (body,) = queued(box)
    for _ in range(2):
        assert came_back(worker.handler(a_batch(body, body), CONTEXT)) == []
    assert len(box.texts) == 1


@pytest.mark.parametrize("poison", ["", "{", "[]", "null", "7", '{"no": "id"}', "not json"])
def test_only_the_broken_record_comes_back(box: Outbox, poison: str) -> None:
    first, second = queued(box, 2)
    assert came_back(worker.handler(a_batch(first, poison, second), CONTEXT)) == ["1"]
    assert len(box.texts) == 2


def test_a_batch_of_broken_records_comes_back_whole_and_the_function_does_not_fail(box: Outbox) -> None:
    assert came_back(worker.handler(a_batch("{", "["), CONTEXT)) == ["0", "1"]


def test_one_batch_knows_nothing_of_the_failures_of_the_one_before(box: Outbox) -> None:
    assert came_back(worker.handler(a_batch("{"), CONTEXT)) == ["0"]
    assert came_back(worker.handler(a_batch(*queued(box)), CONTEXT)) == []


def test_the_recorded_batch_whose_messages_are_gone_is_done(box: Outbox) -> None:
    assert came_back(worker.handler(recorded("queue"), CONTEXT)) == []
    assert box.texts == []


def test_a_text_that_is_refused_is_done_and_not_tried_again(box: Outbox) -> None:
    box.providers["amazonsns"].answers = [Refused("opted_out")]
    (body,) = queued(box)
    assert came_back(worker.handler(a_batch(body), CONTEXT)) == []
    assert [message.status for message in box.journal.messages.values()] == [Status.FAILED]


def test_what_the_journal_could_not_give_comes_back_and_the_rest_is_sent(box: Outbox) -> None:
    first, second = queued(box, 2)
    unread = json.loads(first)["id"]
    get = box.journal.get

    def refusing(message_id: str) -> Message | None:
        if message_id == unread:
            raise ConnectionError
        return get(message_id)

    box.journal.get = refusing  # type: ignore[method-assign]
    assert came_back(worker.handler(a_batch(first, second), CONTEXT)) == ["0"]
    assert [text.id for text in box.texts] == [json.loads(second)["id"]]


def test_a_message_that_waits_for_its_time_goes_back_to_the_queue(box: Outbox) -> None:
    sent = box.herald().send(
        {"to": TO, "body": "Hi", "send_at": "2026-11-22T12:05:00Z"}, caller="a", entrypoint="https"
    )
    assert came_back(worker.handler(a_batch(json.dumps({"id": sent.message.id})), CONTEXT)) == []
    assert (box.texts, box.queue.waiting) == ([], [(sent.message.id, 300.0)])


def test_the_ids_of_the_recorded_events_look_like_ids() -> None:
    from herald.message.ids import ID as PATTERN

    recorded_ids = [json.loads(record["body"])["id"] for record in recorded("queue")["Records"]]
    assert all(PATTERN.fullmatch(each) for each in [ID, *recorded_ids, recorded("invoke-status")["id"]])


def test_a_batch_is_sent_side_by_side(box: Outbox) -> None:
    together = Barrier(10, timeout=30)

    class Slow(FakeProvider):
        def send(self, message: Message, callback: str | None = None) -> Sent:
            together.wait()  # Nobody gets on before all ten are here.
            return super().send(message, callback)

    box.providers["amazonsns"] = slow = Slow("amazonsns")
    assert came_back(worker.handler(a_batch(*queued(box, 10)), CONTEXT)) == []
    assert len({text.id for text in slow.texts}) == 10


# ---- the time that a function has


def soon_over(milliseconds: float) -> SimpleNamespace:
    """The context of a function that is about to be stopped."""
    return SimpleNamespace(**vars(CONTEXT), get_remaining_time_in_millis=lambda: milliseconds)


def test_a_request_that_comes_late_in_a_functions_time_is_queued_not_broken_off(box: Outbox) -> None:
    answer = api.handler(recorded("api-post-json"), soon_over(5000))
    assert (answer["statusCode"], json.loads(answer["body"])["status"]) == (202, "accepted")
    invoked = invoke.handler(recorded("invoke"), soon_over(5000)) or {}
    assert invoked["status"] == "accepted"
    assert box.texts == []
    assert {each for each, _ in box.queue.waiting} == set(box.journal.messages)


def test_a_batch_that_comes_late_in_a_functions_time_goes_back_whole(box: Outbox) -> None:
    bodies = queued(box, 3)
    assert came_back(worker.handler(a_batch(*bodies), soon_over(1000))) == []
    assert (box.texts, [what for what, _ in box.queue.posted]) == ([], [json.loads(body) for body in bodies])
    assert came_back(worker.handler(a_batch(*bodies), soon_over(300_000))) == []
    assert len(box.texts) == 3


@pytest.mark.parametrize("path", [p for p in APPS if p.parent.name != "authorize"], ids=lambda p: p.parent.name)
def test_each_function_hands_on_how_much_time_it_has(path: Path) -> None:
    """The authorizer begins nothing that could be broken off."""
    (handler,) = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
    opened = [ast.unparse(node.items[0]) for node in handler.body if isinstance(node, ast.With)]
    assert opened == ["deadline.of(context)"]
