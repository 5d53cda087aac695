"""API keys: random, shown once, kept as a hash; what is no key opens nothing and breaks nothing."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.keys.grant import SCOPES, Grant
from herald.keys.key import create, described, digest, granted

KEY = create()


def owner(authorization: str, records: Mapping[str, str]) -> str | None:
    """The name of a key's owner, if it is somebody's."""
    grant = granted(authorization, records)
    return grant.name if grant else None


def test_a_key_says_whether_it_is_live() -> None:
    assert re.fullmatch(r"hk_live_[A-Za-z0-9]{40}", create().key)
    assert re.fullmatch(r"hk_test_[A-Za-z0-9]{40}", create(live=False).key)


def test_no_two_keys_are_the_same() -> None:
    assert len({create().key for _ in range(200)}) == 200


def test_the_record_holds_the_hash_and_not_the_key() -> None:
    assert json.loads(KEY.record)["hash"] == digest(KEY.key)
    assert KEY.key not in KEY.record
    assert KEY.key not in repr(described(KEY.record))
    assert re.fullmatch(r"[0-9a-f]{64}", digest(KEY.key))


def test_a_key_opens_for_its_owner_among_others() -> None:
    records = {"other": create().record, "shop": KEY.record}
    assert owner(f"Bearer {KEY.key}", records) == "shop"


@pytest.mark.parametrize("header", ["bearer {}", "BEARER {}", "Bearer  {}", "  Bearer {}  "])
def test_the_scheme_is_read_as_http_reads_it(header: str) -> None:
    assert owner(header.format(KEY.key), {"shop": KEY.record}) == "shop"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        KEY.key,
        f"Basic {KEY.key}",
        f"Bearer {KEY.key}x",
        f"Bearer {KEY.key[:-1]}",
        f"Bearer {KEY.key} {KEY.key}",
        f"Bearer {KEY.key.upper()}",
        f"Bearer {digest(KEY.key)}",
        f"Bearer {create().key}",
        "Bearer hk_live_" + "é" * 40,
        "Bearer hk_live_" + "\u0661" * 40,
    ],
    ids=range(13),  # Keys are random, and names of tests must not be.
)
def test_anything_else_opens_nothing(header: str) -> None:
    assert owner(header, {"shop": KEY.record}) is None


def test_without_records_nothing_opens() -> None:
    assert owner(f"Bearer {KEY.key}", {}) is None


@pytest.mark.parametrize(
    "record",
    ["", "null", "[]", "{}", "{", '"hash"', "7", '{"hash": null}', '{"hash": ""}', '{"hash": "é"}', '{"hash": [1]}',
     '{"hash": "\\ud800"}', "[" * 4000],
)  # fmt: skip
def test_a_record_that_somebody_broke_opens_nothing_and_keeps_nobody_else_out(record: str) -> None:
    assert owner(f"Bearer {KEY.key}", {"broken": record}) is None
    assert owner(f"Bearer {KEY.key}", {"broken": record, "shop": KEY.record}) == "shop"


@given(st.text(), st.text())
def test_no_header_and_no_record_breaks_the_authorizer(header: str, record: str) -> None:
    assert owner(header, {"broken": record, "shop": KEY.record}) is None


LIMITED = Grant(
    "shop",
    scopes=frozenset({"send"}),
    channels=frozenset({"exotel"}),
    countries=frozenset({"IN", "SG"}),
    kinds=frozenset({"otp"}),
    per_minute=30,
    per_day=2000,
    spend_day=12.5,
    spend_month=100,
)


def test_what_a_key_was_made_for_is_what_its_owner_may_do() -> None:
    made = create(LIMITED)
    assert granted(f"Bearer {made.key}", {"shop": made.record}) == LIMITED


def test_a_key_of_which_nothing_was_said_may_send_read_and_cancel_but_not_erase() -> None:
    grant = granted(f"Bearer {KEY.key}", {"shop": json.dumps({"hash": digest(KEY.key)})})
    assert grant == Grant("shop")
    assert set(SCOPES) - Grant("shop").scopes == {"erase"}


@pytest.mark.parametrize("test", [True, False])
def test_a_test_key_is_one_by_its_own_prefix_whatever_its_record_says(test: bool) -> None:
    made = create(Grant("shop", test=test))
    lying = json.dumps({**json.loads(made.record), "test": not test})
    grant = granted(f"Bearer {made.key}", {"shop": lying})
    assert grant is not None
    assert (grant.test, made.key.startswith("hk_test_")) == (test, test)


def test_a_key_with_the_other_prefix_is_another_key() -> None:
    other = KEY.key.replace("hk_live_", "hk_test_")
    assert granted(f"Bearer {other}", {"shop": KEY.record}) is None


WRONG = [
    {"scopes": ["everything"]}, {"scopes": "send"}, {"scopes": None}, {"countries": [1]}, {"countries": "IN"},
    {"per_day": -1}, {"per_day": 1.5}, {"per_day": "1"}, {"per_minute": True}, {"spend_day": "12"}, {"perday": 1},
    {"channels": [""]}, {"spend_month": None},
]  # fmt: skip


@pytest.mark.parametrize("limits", WRONG, ids=repr)
def test_a_limit_that_cannot_be_understood_opens_nothing(limits: dict[str, object]) -> None:
    record = json.dumps({"hash": digest(KEY.key), **limits})
    assert granted(f"Bearer {KEY.key}", {"shop": record}) is None


def test_a_record_says_when_its_key_was_made_and_what_it_may_do() -> None:
    made = create(LIMITED, now=datetime(2026, 11, 26, 9, 30, tzinfo=UTC))
    said = described(made.record)
    assert said is not None
    assert said["created_at"] == "2026-11-26T09:30:00+00:00"
    assert said["countries"] == ["IN", "SG"]
    assert "hash" not in said


def test_a_record_that_is_none_says_nothing() -> None:
    assert described("{") is None


def test_a_test_key_erases_nobody_whatever_its_record_says() -> None:
    made = create(Grant("ci", test=True, scopes=frozenset(SCOPES)))
    grant = granted(f"Bearer {made.key}", {"ci": made.record})
    assert grant and grant.scopes == frozenset(SCOPES) - {"erase"}
