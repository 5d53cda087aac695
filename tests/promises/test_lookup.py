"""Promise 3: what is unknown is settled by the provider's list only if it is true, and then it is not sent again.

The flow and the adapter are the real ones, and so is the list: that of the laptop's twin.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from herald.message.status import Status
from herald.pipeline.send import lookup
from tests.promises.figures import Figures
from tests.promises.lists import FOUND, World

ALIKE = "settled by another program's very text in those seconds"


def total(first: int, count: int, **how: Any) -> tuple[Counter[str], list[World]]:
    """What became of so many worlds together, and the last of them."""
    found: Counter[str] = Counter()
    worlds = []
    for seed in range(first, first + count):
        world = World(seed, **how).live()
        found += world.audit()
        worlds = [*worlds, world][-50:]
    return found, worlds


def test_whatever_else_was_sent_nothing_is_settled_that_is_not_true(
    size: Callable[[int, int], int], figures: Figures
) -> None:
    worlds = size(60, 10_000)
    found, _ = total(0, worlds, clear=False)
    figures(
        "unknown, looked up in a list of texts that are alike", promise="3", worlds=worlds, messages=found["messages"],
        once_unknown=found["once unknown"], settled=found["settled"], by_a_text_that_is_alike=found[ALIKE], untrue=0,
    )  # fmt: skip
    assert found["settled"] > found["once unknown"] / 10
    assert found["not settled by the list"] > found["settled"] / 10
    assert found[ALIKE] < found["settled"] / 3


def test_where_texts_differ_and_the_list_can_be_had_all_that_was_taken_is_found_and_nothing_is_sent_twice(
    size: Callable[[int, int], int], figures: Figures
) -> None:
    count = size(40, 2_000)
    found: Counter[str] = Counter()
    for seed in range(count):
        world = World(seed, clear=True).live()
        found += world.audit()
        taken = {text.owner for text in world.owners.values()}
        for message in world.box.journal.messages.values():
            assert (message.status is Status.UNKNOWN) <= (message.id not in taken), "taken, and not found"
    figures(
        "unknown, looked up in a list of texts that differ", promise="3", worlds=count, messages=found["messages"],
        once_unknown=found["once unknown"], settled=found["settled"], doubled=found["doubled"],
    )  # fmt: skip
    assert found["settled"] > 0
    assert found["doubled"] == found[ALIKE] == 0


# ---- The proof can fail


def believing(*_: Any) -> bool:
    return True


@pytest.mark.parametrize("careless", ["others", "says", "window"])
def test_a_look_that_is_careless_is_seen_to_be(careless: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if careless == "others":
        monkeypatch.setattr(lookup.Lookup, "_others", lambda *_: [])
    elif careless == "says":
        monkeypatch.setattr(lookup.Lookup, "_says", believing)
    else:
        monkeypatch.setattr(lookup, "_may_be_there", lambda *_: False)
    with pytest.raises(AssertionError):
        total(0, 400, clear=False)


def test_who_does_not_look_sends_twice_what_a_look_would_have_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup, "lists", lambda _: False)
    found, worlds = total(0, 100, clear=True)
    assert found["doubled"] > 0 and found["settled"] == 0
    messages = [each for world in worlds for each in world.box.journal.messages.values()]
    assert not [message for message in messages if any(step.detail == FOUND for step in message.trace)]
