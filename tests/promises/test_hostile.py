"""Promise 8: whatever comes, every entry point answers it: nothing breaks off, and what is refused is a problem."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from herald import wiring
from herald.entrypoints import invocation
from herald.entrypoints.api.routes import Https
from herald.entrypoints.callbacks import Callbacks
from herald.errors import HeraldError
from herald.keys.grant import SCOPES, Grant, written
from herald.pipeline.receive.token import inbound
from herald.providers import types
from herald.settings.values import Channel, Settings
from herald.testing.outbox import SECRET, Outbox
from tests.entrypoints.conftest import ROOT, TO, an_outbox
from tests.promises.figures import Figures
from tests.promises.hostile import callbacks, events, invocations, requests

# RFC 9457, and what this house adds.
MEMBERS = {"type", "title", "status", "code", "detail", "errors", "retryable", "hint", "request_id"}
ALL = written(Grant("shop", scopes=frozenset(SCOPES)))
Size = Callable[[int, int], int]


@pytest.fixture
def box() -> Outbox:
    made = an_outbox()
    made.settings = Settings(channels={name: Channel(name, name) for name in types()})
    return made


def every(strategy: st.SearchStrategy[Any], count: int, check: Callable[[Any], object]) -> None:
    """Check so many examples; the same ones each time."""
    profile = settings(
        max_examples=count, phases=[Phase.generate], database=None, derandomize=True, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    profile(given(strategy)(check))()


def is_right(answer: dict[str, Any], counted: Counter[str]) -> None:
    """An answer that API Gateway can give: no failure of ours, and a problem if it is a refusal."""
    status, body = answer["statusCode"], answer["body"]
    counted["asked"] += 1
    counted["answers_5xx"] += status >= 500
    counted["sent"] += status == 201
    assert status < 500, body
    if status < 400:
        return
    counted["refused"] += 1
    if body:  # None after HEAD, nor where a provider would send it on.
        assert answer["headers"]["Content-Type"] == "application/problem+json"
        said = json.loads(body)
        assert said.keys() >= MEMBERS
        assert (said["status"], bool(said["code"]), bool(said["title"])) == (status, True, True)
    counted["problems"] += 1


def tell(figures: Figures, entry_point: str, counted: Counter[str]) -> None:
    figures(f"Requests of any shape to {entry_point}", promise="8", **counted)
    assert counted["refused"] == counted["problems"]
    assert 0.2 * counted["asked"] < counted["refused"] < counted["asked"]


def test_the_https_api_answers_whatever_comes(box: Outbox, size: Size, figures: Figures) -> None:
    api, counted = Https(box.herald, {}, ROOT / "functions" / "api"), Counter[str](answers_5xx=0)

    def check(event: dict[str, Any]) -> None:
        event["requestContext"]["authorizer"]["grant"] = ALL
        is_right(api.answer(event), counted)
        box.journal.messages.clear()

    every(requests(), size(6_000, 60_000), check)
    tell(figures, "the HTTPS API", counted)
    assert not [told for told in box.observer.told if "broke off" in told[0]]


def test_the_entry_point_of_providers_answers_whatever_comes(box: Outbox, size: Size, figures: Figures) -> None:
    message = box.herald().send({"to": TO, "body": "Hi"}, caller="shop", entrypoint="https").message
    tokens = [(name, box.callback(message.with_(channel=name)).rpartition("/")[2]) for name in types()]
    places = [*tokens, *((name, inbound(SECRET, name)) for name in types())]
    counted = Counter[str](answers_5xx=0)
    with wiring.replaced(box):
        called_back = Callbacks(wiring.herald)
        every(callbacks(places), size(2_000, 20_000), lambda event: is_right(called_back.answer(event), counted))
    tell(figures, "the entry point of providers", counted)
    assert not [told for told in box.observer.told if "broke off" in told[0]]


def test_events_of_aws_are_taken_whatever_is_in_them(box: Outbox, size: Size, figures: Figures) -> None:
    message = box.herald().send({"to": TO, "body": "Hi"}, caller="shop", entrypoint="https").message
    proof = "/".join(box.callback(message.with_(channel="endusermessaging")).rsplit("/", 2)[1:])
    counted, herald = Counter[str](uncaught=0), box.herald()

    def check(event: dict[str, Any]) -> None:
        counted["asked"] += 1
        herald.receipts(event)

    every(events(proof), size(2_000, 20_000), check)
    figures("Events of any shape to the function for receipts", promise="8", **counted)
    assert not [told for told in box.observer.told if "broke off" in told[0]]


def test_the_entry_point_for_invocations_answers_whatever_comes(box: Outbox, size: Size, figures: Figures) -> None:
    herald, counted = box.herald(), Counter[str](uncaught=0)

    def check(payload: Any) -> None:
        counted["asked"] += 1
        try:
            json.dumps(invocation.answer(payload, f"request-{counted['asked']}", herald))
        except HeraldError as error:
            counted["refused"] += 1
            assert error.code != "error", "a mistake of ours"
        box.journal.messages.clear()

    every(invocations(), size(2_000, 20_000), check)
    figures("Payloads of any shape to the invoke function", promise="8", **counted)
    assert 0.2 * counted["asked"] < counted["refused"] < counted["asked"]
    assert not [told for told in box.observer.told if "broke off" in told[0]]
