"""Promise 1, over HTTP to the engine's DynamoDB: fifty at once with one key send once; a key belongs to its caller."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from herald.entrypoints.api.routes import Https
from herald.errors import StillSending
from herald.journal.messages import DynamoJournal
from herald.testing.outbox import Outbox
from tests.entrypoints.conftest import ROOT, TO, Answer, Caller, an_outbox
from tests.promises.figures import Figures
from tests.tables import a_table, client

THREADS = 50


@pytest.fixture
def box(engine: str) -> Iterator[Outbox]:
    """Herald whose journal is a table of its own."""
    dynamodb = client("dynamodb", engine)
    box = an_outbox()
    box.journal = DynamoJournal(dynamodb, a_table(dynamodb))  # type: ignore[assignment]
    yield box
    dynamodb.close()


@pytest.fixture
def shop(box: Outbox) -> Caller:
    return Caller(Https(box.herald, {}, ROOT / "functions" / "api"))


@pytest.fixture
def clinic(shop: Caller) -> Caller:
    """The owner of another API key."""
    return Caller(shop.api, "clinic")


def send(caller: Caller, key: str, body: str = "Your table is ready.") -> Answer:
    return caller.send({"Idempotency-Key": key}, body=body)


def test_fifty_at_once_with_one_key_send_once(box: Outbox, size: Callable[[int, int], int], figures: Figures) -> None:
    keys, start, herald = [f"order-{number}" for number in range(size(10, 200))], Barrier(THREADS), box.herald()

    def race(_: int) -> list[str | None]:
        answers: list[str | None] = []
        for key in keys:
            start.wait(60)
            try:
                answer = herald.send({"to": TO, "body": key}, caller="key:shop", entrypoint="https", key=key)
            except StillSending:
                answers.append(None)
            else:
                answers.append(answer.message.id)
        return answers

    with ThreadPoolExecutor(THREADS) as threads:
        answers = list(threads.map(race, range(THREADS)))
    sent, told = Counter(text.body for text in box.texts), [answer for each in answers for answer in each]
    figures(
        f"{THREADS} threads at once on one key, DynamoDB of the local engine",
        promise="1",
        keys=len(keys),
        requests=len(told),
        told_still_sending=told.count(None),
        sends=sent.total(),
    )
    assert sent == dict.fromkeys(keys, 1)
    assert [len(set(each) - {None}) for each in zip(*answers, strict=True)] == [1] * len(keys)
    assert told.count(None) > 0


def test_the_same_key_of_two_callers_is_two_messages_and_neither_sees_the_others(
    box: Outbox, shop: Caller, clinic: Caller, size: Callable[[int, int], int], figures: Figures
) -> None:
    keys = [f"order-{number}" for number in range(size(10, 200))]
    seen = 0
    for key in keys:
        ours, theirs = send(shop, key, f"To a guest: {key}"), send(clinic, key, f"To a patient: {key}")
        assert (ours.status, theirs.status) == (201, 201)
        for caller, own, other in ((shop, ours, theirs), (clinic, theirs, ours)):
            assert caller("GET", f"/messages/{own.body['id']}").status == 200
            for method in ("GET", "DELETE"):
                hidden = caller(method, f"/messages/{other.body['id']}")
                seen += hidden.status != 404 or "message" in hidden.body
    figures("The same key of two callers", promise="1", keys=len(keys), sends=len(box.texts), seen_by_the_other=seen)
    assert {text.body for text in box.texts} == {f"To a {who}: {key}" for who in ("guest", "patient") for key in keys}
    assert len(box.texts) == 2 * len(keys)
    assert seen == 0


def test_a_repetition_gets_its_own_callers_answer(shop: Caller, clinic: Caller) -> None:
    answers = {caller.name: send(caller, "order-1") for caller in (shop, clinic)}
    for caller in (shop, clinic):
        again = send(caller, "order-1")
        assert again.headers["Idempotency-Replayed"] == "true"
        assert again.body["id"] == answers[caller.name].body["id"]
        assert again.body["response"]["Sid"] == answers[caller.name].body["response"]["Sid"]
    assert len({answer.body["id"] for answer in answers.values()}) == 2


def test_another_content_under_a_key_is_refused_and_the_first_stands(
    box: Outbox, shop: Caller, clinic: Caller, size: Callable[[int, int], int], figures: Figures
) -> None:
    keys, refused = [f"order-{number}" for number in range(size(10, 200))], 0
    for key in keys:
        first = send(shop, key)
        other = send(shop, key, "Another text.")
        refused += (other.status, other.body["code"]) == (422, "idempotency_key_reused")
        assert "id" not in other.body
        assert send(shop, key).body["id"] == first.body["id"]
    figures("Another content under a used key", promise="1", requests=len(keys), refused=refused)
    assert refused == len(keys) == len(box.texts)
    assert send(clinic, keys[0], "Another text.").status == 201


@pytest.mark.parametrize("change", [{"to": "+919741552553"}, {"sender": "JUNGLE"}, {"kind": "otp"}, {"mode": "async"}])
def test_whatever_is_asked_for_otherwise_is_another_content(shop: Caller, change: dict[str, str]) -> None:
    send(shop, "order-1")
    assert shop.send({"Idempotency-Key": "order-1"}, **change).status == 422
