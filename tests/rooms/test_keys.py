"""API keys: random, shown once, kept as a hash; what is no key opens nothing and breaks nothing."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.keys import create, digest, owner

KEY = create()


def test_a_key_says_whether_it_is_live() -> None:
    assert re.fullmatch(r"hk_live_[A-Za-z0-9]{40}", create().key)
    assert re.fullmatch(r"hk_test_[A-Za-z0-9]{40}", create(live=False).key)


def test_no_two_keys_are_the_same() -> None:
    assert len({create().key for _ in range(200)}) == 200


def test_the_record_holds_the_hash_and_not_the_key() -> None:
    assert json.loads(KEY.record) == {"hash": digest(KEY.key)}
    assert KEY.key not in KEY.record
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
def test_no_header_and_no_record_breaks_the_door(header: str, record: str) -> None:
    assert owner(header, {"broken": record, "shop": KEY.record}) is None
