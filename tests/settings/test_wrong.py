"""Wrong settings in a real SSM: the last good ones are used meanwhile, and what is mended works within seconds."""

import uuid
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import InvalidSettings, NotAccepted
from herald.settings.parameters import KEEP_SECONDS, Parameters
from herald.settings.read import Served
from herald.settings.values import Settings
from herald.settings.wrong import LOOK_AGAIN, TELL_AGAIN
from herald.wiring import read
from tests.settings.reading import SECRET
from tests.settings.test_parameters import Nothing, Seconds, Ssm
from tests.tables import client

GOOD, OTHER, WRONG = "keep_days: 40", "keep_days: 50", "valid_for: 60\nkeep_days: " + SECRET
MISTAKE = "settings: keep_days must be a whole number from 1 to 366 (line 2)"
READ = "get_parameters_by_path"


class Process:
    """A process of a stage, with a clock of its own; ``told`` is what the operator was told."""

    def __init__(self, ssm: Any, path: str, clock: Seconds) -> None:
        self.clock, self.told = clock, list[Any]()
        self.parameters = Parameters(ssm, path, clock=clock)
        self._served = Served(partial(read, "dev"), self._trouble)

    def settings(self, later: float = 0) -> Settings:
        """What it uses, so many seconds later."""
        self.clock.now += later
        return self._served.by(self.parameters)

    def check(self) -> None:
        self._served.check(self.parameters)

    def _trouble(self, phrase: str, error: BaseException, **extra: object) -> None:
        self.told.append((phrase, type(error).__name__, extra))


class Stage:
    """A stage's settings in SSM; its processes share a clock."""

    def __init__(self, engine: str) -> None:
        self.clock, self.ssm = Seconds(), Ssm(client("ssm", engine))
        self._path = f"/herald/s{uuid.uuid4().hex[:8]}"

    def write(self, settings: str) -> None:
        Parameters(self.ssm, self._path).write("settings", settings, secret=False)

    def process(self) -> Process:
        return Process(self.ssm, self._path, self.clock)

    def reads(self) -> int:
        return self.ssm.calls.count(READ)


@pytest.fixture
def stage(engine: str) -> Stage:
    return Stage(engine)


@pytest.fixture
def warm(stage: Stage) -> Process:
    """A process that has good settings, while SSM holds wrong ones."""
    stage.write(GOOD)
    process = stage.process()
    assert process.settings().keep_days == 40
    stage.write(WRONG)
    return process


def test_a_process_that_has_good_settings_goes_on_with_them(stage: Stage, warm: Process) -> None:
    for _ in range(5):
        assert warm.settings(later=KEEP_SECONDS).keep_days == 40


def test_a_process_that_never_had_good_ones_lists_the_mistakes(stage: Stage) -> None:
    stage.write(WRONG)
    process = stage.process()
    for _ in range(2):
        with pytest.raises(InvalidSettings) as wrong:
            process.settings()
        assert wrong.value.detail == MISTAKE
        assert SECRET not in str(wrong.value)


def test_what_is_mended_works_within_five_seconds_in_both(stage: Stage, warm: Process) -> None:
    warm.settings(later=KEEP_SECONDS)
    cold = stage.process()
    with pytest.raises(InvalidSettings):
        cold.settings()
    stage.write(OTHER)
    assert cold.settings(later=LOOK_AGAIN).keep_days == 50
    assert warm.settings().keep_days == 50
    before = stage.reads()
    assert warm.settings(later=KEEP_SECONDS - 1).keep_days == 50
    assert stage.reads() == before


def test_good_settings_are_asked_for_no_more_often_than_before(stage: Stage) -> None:
    stage.write(GOOD)
    process = stage.process()
    for _ in range(1000):
        process.settings(later=0.29)
    assert stage.reads() == 1
    assert process.told == []


def test_the_operator_is_told_by_parameter_and_line_once_a_minute_and_never_with_a_value(warm: Process) -> None:
    warm.settings(later=KEEP_SECONDS)
    assert warm.told == [("settings are wrong", "InvalidSettings", {"mistakes": [MISTAKE]})]
    for _ in range(int(TELL_AGAIN / LOOK_AGAIN)):
        warm.settings(later=LOOK_AGAIN)
    assert len(warm.told) == 2
    assert SECRET not in str(warm.told)


def test_another_mistake_is_told_at_once(stage: Stage, warm: Process) -> None:
    warm.settings(later=KEEP_SECONDS)
    stage.write("nonsense: 1")
    warm.settings(later=LOOK_AGAIN)
    assert len(warm.told) == 2


def test_who_checks_is_told_of_the_mistakes_although_good_ones_are_used(stage: Stage, warm: Process) -> None:
    warm.check()
    warm.settings(later=KEEP_SECONDS)
    for _ in range(2):
        with pytest.raises(InvalidSettings) as wrong:
            warm.check()
        assert wrong.value.detail == MISTAKE
    stage.write(OTHER)
    warm.settings(later=LOOK_AGAIN)
    warm.check()


def test_a_channel_that_is_wrong_is_told_in_the_same_way(stage: Stage, warm: Process) -> None:
    stage.write(GOOD)
    warm.parameters.write("channels/exotel", f"type: exotel\nsid: a\ntokn: {SECRET}\n")
    assert warm.settings(later=KEEP_SECONDS).keep_days == 40
    ((_, _, told),) = warm.told
    assert told == {
        "mistakes": [
            "channels/exotel: there is no such field: did you mean token? (line 3)",
            "channels/exotel: token is missing",
        ]
    }


def test_while_ssm_fails_as_well_it_is_asked_less_and_less_often_and_the_good_ones_are_used(
    stage: Stage, warm: Process
) -> None:
    warm.settings(later=KEEP_SECONDS)
    stage.ssm.down = {READ}
    before = stage.reads()
    for _ in range(600):
        assert warm.settings(later=1).keep_days == 40
    assert stage.reads() - before <= 8
    stage.ssm.down = set()
    stage.write(OTHER)
    assert warm.settings(later=KEEP_SECONDS).keep_days == 50


def test_a_process_that_ssm_tells_nothing_says_so_as_before(stage: Stage) -> None:
    stage.ssm.down = {READ}
    with pytest.raises(NotAccepted):
        stage.process().settings()


class Held(Nothing):
    """SSM with wrong settings, or one that fails."""

    def get_parameters_by_path(self, **request: object) -> dict[str, list[object]]:
        super().get_parameters_by_path(**request)
        return {"Parameters": [{"Name": "/herald/x/settings", "Value": WRONG}]}


@given(st.lists(st.floats(0, 60), min_size=1, max_size=80))
def test_however_often_a_process_is_asked_ssm_is_asked_every_two_and_a_half_seconds_at_most(
    moments: list[float],
) -> None:
    clock = Seconds()
    ssm = Held(False, clock)
    process = Process(ssm, "/herald/x", clock)
    for moment in sorted(moments):
        clock.now = 1000 + moment
        with pytest.raises(InvalidSettings):
            process.settings()
    assert all(later - earlier >= LOOK_AGAIN / 2 for earlier, later in pairwise(ssm.asked))
