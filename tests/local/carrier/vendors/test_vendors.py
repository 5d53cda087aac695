"""The laptop's vendors: one file each, which has words for whatever becomes of a text, and nothing else names them."""

import re
from pathlib import Path

import pytest

from herald.pipeline.send import simulate
from herald.providers import types
from local.carrier.carrier import Carrier
from local.carrier.fates import FATES
from local.carrier.vendors import load, names

LOCAL = Path(__file__).resolve().parents[4] / "local"
OTHERS = sorted(path for path in LOCAL.rglob("*.py") if LOCAL / "carrier" / "vendors" not in path.parents)
NAMED = re.compile("|".join(sorted({*types(), *names(), "sns"})), re.IGNORECASE)


def test_each_vendor_is_a_type_that_a_channel_may_have() -> None:
    assert names() and set(names()) <= set(types())
    assert [load(name).name for name in names()] == list(names())


@pytest.mark.parametrize("name", names())
def test_each_vendor_has_words_for_every_ending_of_a_magic_number(name: str) -> None:
    assert set(simulate.FATES.values()) <= set(load(name).words)


@pytest.mark.parametrize("name", names())
def test_each_vendor_has_words_for_whatever_is_told_and_for_nothing_else(name: str) -> None:
    assert set(load(name).words) == {told.word for told in FATES.values() if told.receipt}


def test_without_an_engine_there_are_the_vendors_that_need_none() -> None:
    assert list(Carrier(None).vendors) == [name for name in names() if not load(name).needs_engine]
    assert list(Carrier("http://127.0.0.1:9").vendors) == list(names())


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: str(path.relative_to(LOCAL)))
def test_only_a_vendors_own_files_name_it(path: Path) -> None:
    assert not NAMED.findall(path.read_text(encoding="utf-8"))


def test_the_files_that_name_no_vendor_are_all_the_others() -> None:
    assert {"stack.py", "front.py", "__main__.py"} <= {path.name for path in OTHERS}
