"""A desk that is closed at the end."""

from collections.abc import Iterator

import pytest

from tests.local.figures.desk import Desk


@pytest.fixture
def desk(engine: str) -> Iterator[Desk]:
    desk = Desk(engine)
    yield desk
    desk.close()
