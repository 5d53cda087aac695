"""Strategies: what Hypothesis makes messages, times and JSON of."""

from datetime import UTC, datetime
from typing import Any, get_args

from hypothesis import strategies as st

from herald.message import Message
from herald.message.counted import Counted
from herald.message.earlier import Earlier
from herald.message.kinds import Encoding, Kind, OnUnknown
from herald.message.reasons import REASONS
from herald.message.status import Status, Step
from herald.pipeline.guard.ledger import NAMES

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


def times(first: int, last: int, zones: st.SearchStrategy[Any] | None = None) -> st.SearchStrategy[datetime]:
    """Aware times between two years; in UTC without other zones."""
    ends = (datetime.fromisoformat(f"{year}-01-01") for year in (first, last))
    return st.datetimes(*ends, timezones=st.just(UTC) if zones is None else zones)


moments = times(2020, 2090).map(lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
counted = st.builds(
    Counted,
    at=moments,
    names=st.lists(st.sampled_from(NAMES), unique=True).map(tuple),
    moment=st.none() | st.integers(0, 2**31),
    cost=st.none() | st.integers(0, 10**12),
    state=st.sampled_from(["kept", "left", "priced", "back"]),
)
messages = st.builds(
    Message,
    id=st.uuids().map(lambda made: f"msg_{made.hex[:26].upper()}"),
    caller=names,
    to=st.from_regex(r"\+[1-9]\d{6,14}", fullmatch=True),
    country=st.from_regex(r"[A-Z]{2}", fullmatch=True),
    body=st.none() | texts,
    encoding=st.sampled_from(get_args(Encoding)),
    segments=st.integers(1, 12),
    length=st.integers(0, 1600),
    created_at=moments,
    updated_at=moments,
    expires_at=moments,
    status=st.sampled_from(Status),
    entrypoint=names,
    kind=st.sampled_from(get_args(Kind)),
    sender=st.none() | names,
    asked_channel=st.none() | names,
    channel=st.none() | names,
    provider=st.none() | names,
    provider_id=st.none() | names,
    send_at=st.none() | moments,
    sent_at=st.none() | moments,
    delivered_at=st.none() | moments,
    attempts=st.integers(0, 400),
    due_at=st.none() | moments,
    retry_at=st.none() | moments,
    turn_at=st.none() | moments,
    reason=st.none() | st.sampled_from(list(REASONS.values())),
    reference=st.none() | texts,
    counted=st.none() | counted,
    tags=st.dictionaries(names, texts, max_size=3),
    on_unknown=st.sampled_from(get_args(OnUnknown)),
    possible_duplicate=st.booleans(),
    deliver_by=st.none() | st.integers(5, 86_400),
    second_channel=st.booleans(),
    earlier=st.none()
    | st.builds(
        Earlier,
        st.integers(1, 400),
        st.none() | names,
        st.none() | names,
        st.none() | names,
        st.none() | st.dictionaries(texts, json_values, max_size=3),
    ),
    price=st.none() | texts,
    fingerprint=texts,
    recipient=names,
    callback_url=st.none() | names,
    trace=st.lists(st.builds(Step, moments, st.from_regex("[a-z]+", fullmatch=True), texts), max_size=4).map(tuple),
    response=st.none() | st.dictionaries(texts, json_values, max_size=3),
)
