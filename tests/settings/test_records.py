"""Records of API keys: at a path of their own; those of a version of before are found, replaced, revoked and moved."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from herald.errors import NotAccepted
from herald.settings.parameters import AGAIN_SECONDS, KEEP_SECONDS, LATE, Parameters
from herald.settings.records import Records
from tests.failing import Down
from tests.settings.test_parameters import Seconds, Ssm, calls
from tests.tables import client

LONG_AGO = 10_000.0


class Paths(Ssm):
    """An SSM that may be read below some paths only: ``denied`` is one of the others."""

    denied: str | None = None

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        call = super().__getattr__(operation)

        def allowed(**request: Any) -> Any:
            if self.denied and request.get("Path", "").startswith(self.denied):
                raise Down
            return call(**request)

        return allowed


class Stage:
    """A stage that a version of before made: its SSM, where that version keeps its records, and one process of ours."""

    def __init__(self, engine: str) -> None:
        self.ssm, self.name, self.clock = Paths(client("ssm", engine)), f"s{uuid.uuid4().hex[:8]}", Seconds()
        self.old = Parameters(self.ssm, f"/herald/{self.name}/keys")
        self.operator, self.process = Records(self.ssm, self.name), self.a_process()

    def a_process(self) -> Records:
        return Records(self.ssm, self.name, clock=self.clock)


@pytest.fixture
def stage(engine: str) -> Stage:
    return Stage(engine)


def test_a_key_of_before_is_found_and_stays_where_a_version_of_before_finds_it(stage: Stage) -> None:
    stage.old.write("shop", "one")
    assert stage.process.current() == {}
    assert stage.process.again() == stage.operator.all() == {"shop": "one"}
    assert stage.process.still("shop", LONG_AGO) == "one"
    assert stage.old.refresh() == {"shop": "one"}


def test_who_knows_the_key_at_its_new_path_does_not_read_the_old_one(stage: Stage) -> None:
    stage.operator.write("shop", "one", replace=False)
    stage.ssm.denied = f"/herald/{stage.name}"
    assert stage.process.current() == {"shop": "one"}
    assert stage.process.still("shop", 0) == "one"


def test_a_key_of_before_that_is_replaced_or_revoked_is_dead_at_both_paths(stage: Stage) -> None:
    for name in ("shop", "bank"):
        stage.old.write(name, "old")
    stage.operator.write("shop", "new", replace=True)
    stage.operator.delete("bank")
    assert stage.operator.all() == {"shop": "new"}
    assert stage.old.refresh() == {}
    with pytest.raises(stage.ssm.exceptions.ParameterNotFound):
        stage.operator.delete("bank")


@pytest.mark.parametrize("act", ["replace", "revoke"])
def test_a_key_that_cannot_be_deleted_at_the_old_path_never_comes_alive_again(stage: Stage, act: str) -> None:
    stage.operator.write("shop", "new", replace=False)
    stage.old.write("shop", "old")
    stage.ssm.down = {"delete_parameter"}
    with pytest.raises(Down):
        if act == "replace":
            stage.operator.write("shop", "newer", replace=True)
        else:
            stage.operator.delete("shop")
    assert "old" not in {**stage.process.current(), **stage.process.again()}.values()


def test_what_is_moved_is_text_that_needs_no_decryption(stage: Stage) -> None:
    stage.old.write("shop", "one")
    assert stage.operator.move() == ["shop"]
    assert stage.ssm.get_parameter(Name=f"/herald-keys/{stage.name}/shop")["Parameter"]["Type"] == "String"
    assert (stage.old.refresh(), stage.operator.current()) == ({}, {"shop": "one"})


def test_what_is_at_both_paths_keeps_the_new_record_when_it_is_moved(stage: Stage) -> None:
    stage.operator.write("shop", "new", replace=False)
    stage.old.write("shop", "old")
    stage.operator.move()
    assert (stage.old.refresh(), stage.operator.all()) == ({}, {"shop": "new"})


@pytest.mark.parametrize("down", ["put_parameter", "delete_parameter"])
def test_a_move_that_broke_off_lost_nothing_and_is_run_again(stage: Stage, down: str) -> None:
    stage.old.write("shop", "one")
    stage.ssm.down = {down}
    with pytest.raises(Down):
        stage.operator.move()
    assert stage.process.again() == {"shop": "one"}
    stage.ssm.down = set()
    assert stage.operator.move() == ["shop"]
    assert stage.a_process().current() == {"shop": "one"}


class Meanwhile(Ssm):
    """Before the first ``put_parameter`` somebody else does something."""

    def __init__(self, real: Any, act: Callable[[], object]) -> None:
        super().__init__(real)
        self._act: Callable[[], object] | None = act

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        if operation == "put_parameter" and self._act:
            act, self._act = self._act, None
            act()
        return super().__getattr__(operation)


def test_a_key_that_is_revoked_while_it_is_moved_is_dead(stage: Stage) -> None:
    stage.old.write("shop", "one")
    Records(Meanwhile(stage.ssm._real, lambda: stage.operator.delete("shop")), stage.name).move()
    assert stage.operator.all() == {}


def test_a_key_that_is_replaced_while_it_is_moved_is_the_new_one(stage: Stage) -> None:
    stage.old.write("shop", "one")
    replace = lambda: stage.operator.write("shop", "two", replace=True)  # noqa: E731
    Records(Meanwhile(stage.ssm._real, replace), stage.name).move()
    assert stage.operator.all() == {"shop": "two"}


@pytest.mark.parametrize("known", ["", "current", "again", "still"])
def test_whatever_a_process_has_read_before_a_key_that_is_moved_is_known_at_each_moment(
    stage: Stage, known: str
) -> None:
    stage.old.write("shop", "one")
    if known:
        getattr(stage.process, known)(*(("shop", LONG_AGO) if known == "still" else ()))
    stage.clock.now += 0.001
    stage.operator.move()
    for _ in range(3):
        assert {**stage.process.current(), **stage.process.again()} == {"shop": "one"}
        assert stage.process.still("shop", LONG_AGO) == "one"
        stage.clock.now += KEEP_SECONDS / 2


def test_what_a_revoked_key_has_waiting_costs_no_call_for_each_message(stage: Stage) -> None:
    stage.operator.write("shop", "one", replace=False)
    for _ in range(20):
        assert stage.process.still("gone", LONG_AGO) is None
        assert stage.process.still("shop", LONG_AGO) == "one"
        stage.clock.now += 1
    assert calls(stage.ssm) == 2


def test_a_key_made_after_the_records_were_read_is_looked_for(stage: Stage) -> None:
    assert stage.process.still("shop", LONG_AGO) is None
    stage.operator.write("shop", "one", replace=False)
    assert stage.process.still("shop", LATE - 1) == "one"


# ---- While an update is rolled back


def test_with_the_role_of_before_keys_of_before_work(stage: Stage) -> None:
    stage.old.write("shop", "one")
    stage.ssm.denied = "/herald-keys"
    assert stage.process.current() == {"shop": "one"}
    with pytest.raises(NotAccepted):  # Whether there is another key cannot be told.
        stage.process.again()


def test_where_neither_path_can_be_read_nothing_is_said(stage: Stage) -> None:
    stage.ssm.denied = "/herald"
    for ask in (stage.process.current, stage.process.again, stage.operator.all, stage.operator.move):
        with pytest.raises(NotAccepted):
            ask()


# ---- Whatever is done, in whatever order

NAMES = st.sampled_from(["shop", "bank"])
ACTS = st.one_of(
    st.tuples(st.just("made before"), NAMES),
    st.tuples(st.just("made"), NAMES),
    st.tuples(st.just("revoked"), NAMES),
    st.tuples(st.just("moved"), st.just("")),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(acts=st.lists(ACTS, max_size=8))
def test_the_last_key_of_a_name_works_and_no_other(engine: str, acts: list[tuple[str, str]]) -> None:
    stage, alive = Stage(engine), {}
    for number, (act, name) in enumerate(acts):
        if act == "made before" and name not in stage.operator.all():
            stage.old.write(name, f"record {number}")
            alive[name] = f"record {number}"
        elif act == "made":
            stage.operator.write(name, f"record {number}", replace=True)
            alive[name] = f"record {number}"
        elif act == "revoked" and alive.pop(name, None):
            stage.operator.delete(name)
        elif act == "moved":
            stage.operator.move()
        stage.clock.now += AGAIN_SECONDS + KEEP_SECONDS
        assert stage.process.again() == stage.operator.all() == alive
        assert {name: stage.process.still(name, LONG_AGO) for name in alive} == alive
