"""A carrier whose time stands still, and somebody who speaks to it."""

from collections.abc import Iterator

import pytest

from tests.local.carrier.caller import Caller, Clock, running
from tests.local.carrier.listener import Listener


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def caller(clock: Clock) -> Iterator[Caller]:
    with running(clock=clock) as (_, caller):
        yield caller


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.stop()
