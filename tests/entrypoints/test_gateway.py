"""Gateway: what API Gateway never hands over is a clear 400 at every entry point, and no mistake of ours."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.receipts import app
from herald.entrypoints.api.routes import Https
from herald.entrypoints.callbacks import Callbacks
from tests.entrypoints.conftest import ROOT, an_outbox, recorded

PARTS = [
    "body", "headers", "httpMethod", "isBase64Encoded", "multiValueHeaders", "multiValueQueryStringParameters",
    "pathParameters", "queryStringParameters", "requestContext", "resource",
]  # fmt: skip
ODD: list[dict[str, Any]] = [
    {"multiValueQueryStringParameters": {"to": []}},
    {"multiValueQueryStringParameters": {"to": None}},
    {"multiValueQueryStringParameters": ["to"]},
    {"multiValueHeaders": {"Prefer": None}},
    {"isBase64Encoded": True, "body": "a"},
    {"isBase64Encoded": True, "body": "!!!!"},
    {"isBase64Encoded": True, "body": "\u00e9"},
    {"body": {"to": "x"}},
    {"body": 5},
    {"headers": ["Content-Type"]},
    {"pathParameters": "id"},
    {"requestContext": "x"},
    {"requestContext": {"authorizer": "x"}},
]


def entry_points(box: Any) -> list[Any]:
    return [Https(box.herald, {}, ROOT / "functions" / "api"), Callbacks(box.herald)]


@pytest.mark.parametrize("event", [[], ["httpMethod"], "x", None, 5])
def test_an_event_that_is_no_mapping_is_a_400(event: Any) -> None:
    box = an_outbox()
    for entry_point in entry_points(box):
        answer = entry_point.answer(event)
        assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (400, "malformed_event")
    assert box.observer.told == []


@pytest.mark.parametrize("odd", ODD, ids=str)
@pytest.mark.parametrize("name", ["api-search", "api-post-json", "api-erase", "receipt-exotel-delivered"])
def test_an_event_whose_parts_are_odd_is_a_400(name: str, odd: dict[str, Any]) -> None:
    box = an_outbox()
    entry_point = entry_points(box)["receipt" in name]
    answer = entry_point.answer({**recorded(name), **odd})
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (400, "malformed_event")
    assert box.observer.told == []


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(PARTS), anything, max_size=3), st.sampled_from(["api-search", "api-post-json"]))
def test_whatever_an_event_holds_no_mistake_of_ours_is_made(changes: dict[str, Any], name: str) -> None:
    box = an_outbox()
    for entry_point in entry_points(box):
        assert entry_point.answer({**recorded(name), **changes})["statusCode"] < 500


@pytest.mark.parametrize("event", [[], "httpMethod", None])
def test_the_function_of_the_providers_says_what_it_cannot_read(event: Any) -> None:
    answer = app.handler(event, None) or {}
    assert answer["statusCode"] == 400
