"""Hostile: requests by callers who mean no good, or know no better: from any bytes up to almost a message."""

import base64
import json
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import strategies as st

from herald.entrypoints.api.routes import ROUTES
from tests.entrypoints.conftest import TO, recorded

KNOWN = sorted({route.path for route in ROUTES})
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
FIELDS = (
    "to", "body", "subject", "sender", "channel", "kind", "send_at", "valid_for", "reference", "tags", "on_unknown",
    "callback_url", "mode", "idempotency_key", "opted_out", "smart", "deliver_by",
)  # fmt: skip
HEADERS = ("Content-Type", "Idempotency-Key", "Prefer", "Accept", "If-Match", "Content-Length", "X-Forwarded-For")
KINDS = ("application/json", "application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", "")

chars = st.characters()  # Halves of surrogate pairs too.
words = st.text(chars, max_size=20)
ids = st.one_of(
    st.sampled_from(["msg_01KB1SWAC0QXJ7C6W7DM1F5G7T", TO, quote(TO), "0", ".."]), words, st.text("M01_sg", max_size=40)
)
values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), words,
        st.sampled_from([TO, "2026-11-22T13:00:00Z", "now", "otp", "async", "hold", "amazonsns", "https://x.test/"]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
# What a caller would write, field by field; each of them may be anything else instead.
PLAUSIBLE: dict[str, st.SearchStrategy[Any]] = {
    "to": st.sampled_from([TO, "09741552552", "+91 97415-52552", "1909", "+18005550123"]),
    "body": words,
    "sender": st.sampled_from(["HERALD", "56767", "A-B", "x" * 12]),
    "channel": st.sampled_from(["exotel", "amazonsns", "none"]),
    "kind": st.sampled_from(["otp", "promotional", "transactional"]),
    "send_at": st.sampled_from(["2026-11-23T12:00:00Z", "2026-11-22T12:00:01+05:30", "2024-01-01T00:00:00Z"]),
    "valid_for": st.integers(-1, 300_000),
    "reference": words,
    "tags": st.dictionaries(words, words, max_size=3),
    "on_unknown": st.sampled_from(["hold", "resend"]),
    "callback_url": st.sampled_from(["https://hooks.test/x", "http://169.254.169.254/", "https://[::1]/"]),
    "mode": st.sampled_from(["sync", "async"]),
    "smart": st.booleans(),
    "deliver_by": st.integers(-1, 90_000),
}
almost = st.dictionaries(st.sampled_from(FIELDS) | words, values, max_size=5)
right = st.fixed_dictionaries({}, optional=PLAUSIBLE).map(lambda fields: {"to": TO, "body": "Hi", **fields})
messages = st.one_of(
    st.just({"to": TO, "body": "Hi"}),
    *[good.map(lambda value, name=name: {"to": TO, "body": "Hi", name: value}) for name, good in PLAUSIBLE.items()],
    right,
    st.tuples(right, almost).map(lambda both: both[0] | both[1]),
)
deep = st.sampled_from(["[" * 50_000, '{"a":' * 50_000, "[" * 500 + "]" * 500, '{"to": 1e999999}', "9" * 5_000])
long = st.sampled_from(["a" * 300_000, "\u2028" * 3_000, "%00" * 9_000, "&" * 5_000, "a=b&" * 3_000])


def dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


texts = st.one_of(messages.map(dumped), messages.map(dumped), almost.map(dumped), values.map(dumped), words, deep, long)
forms = almost.map(lambda fields: urlencode({name: str(value) for name, value in fields.items()}, errors="replace"))
bodies = st.one_of(
    st.none().map(lambda nothing: (nothing, False)),
    texts.map(lambda text: (text, False)),
    forms.map(lambda text: (text, False)),
    st.binary(max_size=200).map(lambda raw: (base64.b64encode(raw).decode(), True)),
)
headers = st.dictionaries(st.sampled_from(HEADERS) | words, words | st.sampled_from(KINDS), max_size=4)
queries = st.dictionaries(
    st.sampled_from(["to", "limit", "after", "refresh", "since", "status"]) | words,
    st.lists(words | st.sampled_from([TO, "true", "5", "0", "-1"]), min_size=1, max_size=2),
    max_size=3,
)


ROUTES = st.one_of(
    st.just(("POST", "/messages")),
    st.sampled_from(sorted((route.method, route.path) for route in ROUTES if route.scope)),
    st.tuples(st.sampled_from(METHODS), st.sampled_from(KNOWN)),
)


@st.composite
def requests(draw: st.DrawFn, routes: st.SearchStrategy[tuple[str, str]] = ROUTES) -> dict[str, Any]:
    """An event of API Gateway's for a request to one of these, whatever is in it."""
    (method, resource), (body, encoded) = draw(routes), draw(bodies)
    event, query = recorded("api-post-json"), draw(queries)
    kind = KINDS[0] if str(body).startswith("{") and draw(st.booleans()) else draw(st.sampled_from(KINDS))
    name = resource.rpartition("{")[2].rstrip("}") if "{" in resource else ""
    event |= {
        "httpMethod": method,
        "resource": resource,
        "path": resource,
        "pathParameters": {name: draw(ids)} if name else None,
        "headers": {"Content-Type": kind, **draw(headers)},
        "multiValueQueryStringParameters": query or None,
        "queryStringParameters": {key: given[-1] for key, given in query.items()} or None,
        "body": body,
        "isBase64Encoded": encoded,
    }
    return event


def callbacks(tokens: list[tuple[str, str]]) -> st.SearchStrategy[dict[str, Any]]:
    """Events for receipts, and for what people write, at these (channel, token), or at any."""

    def at(event: dict[str, Any], place: tuple[str, str]) -> dict[str, Any]:
        return event | {"pathParameters": {"channel": place[0], "token": place[1]}}

    paths = st.sampled_from(["/receipts/{channel}/{token}", "/inbound/{channel}/{token}"])
    routes = st.tuples(st.just("POST") | st.sampled_from(METHODS), paths)
    return st.builds(at, requests(routes), st.sampled_from(tokens) | st.tuples(words, words))


def events(proof: str) -> st.SearchStrategy[dict[str, Any]]:
    """What EventBridge, SNS and CloudWatch Logs may hand over, with a proof that is good, almost, or none."""
    context = st.dictionaries(
        st.just("herald_receipts") | words, st.just(proof) | st.just(proof[:-1]) | values, max_size=3
    )
    said = st.fixed_dictionaries(
        {"context": context | values},
        optional={
            **dict.fromkeys(("eventType", "messageStatus", "messageStatusDescription", "isFinal"), values),
            **dict.fromkeys(("eventTimestamp", "messageRequestTimestamp", "totalMessagePrice"), values),
            "messageId": st.just("6f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f1") | values,
            "destinationPhoneNumber": st.just(TO) | values,
        },
    )
    of_the_bus = st.fixed_dictionaries(
        {
            "source": st.just("aws.sms-voice") | words,
            "detail-type": st.just("Text Message Delivery Status Updated") | words,
            "detail": said | values,
        }
    )
    record = st.fixed_dictionaries(
        {"Sns": st.fixed_dictionaries({"Message": said.map(dumped) | words | values}) | values}
    )
    of_a_topic = st.fixed_dictionaries({"Records": st.lists(record | values, max_size=3) | values})
    return of_the_bus | of_a_topic


@st.composite
def invocations(draw: st.DrawFn) -> Any:
    """Payloads for the invoke function."""
    detail = {"detail-type": draw(st.sampled_from(["SMS Requested", "x"])), "detail": draw(messages | values)}
    act = {"action": draw(st.sampled_from(["status", "cancel", "search", "erase", "opt_out", "resume"]) | values)}
    rest = draw(
        st.dictionaries(st.sampled_from(["id", "to", "refresh", "limit", "schedule"]), ids | values, max_size=3)
    )
    return draw(st.sampled_from([detail, {**act, **rest}, draw(messages), draw(values)]))
