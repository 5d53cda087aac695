"""Parameters: those of a real SSM, read whole, kept for a while, and served on when SSM fails."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import pairwise
from threading import Barrier
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import NotAccepted
from herald.settings.parameters import AGAIN_SECONDS, HASH_KEY, KEEP_SECONDS, LATE, Parameters
from tests.failing import Down
from tests.tables import client

SECRET = "Zq9-s3cr3t"


class Ssm:
    """A real SSM client that counts its calls and can be cut off: ``down`` names the operations that fail."""

    def __init__(self, real: Any) -> None:
        self._real, self.exceptions = real, real.exceptions
        self.calls: list[str] = []
        self.down: set[str] = set()

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**request: Any) -> Any:
            self.calls.append(operation)
            if operation in self.down:
                raise Down
            return getattr(self._real, operation)(**request)

        return call


class Nothing:
    """SSM without any parameter, or one that fails; ``clock`` is when it was asked."""

    def __init__(self, fails: bool, clock: Callable[[], float]) -> None:
        self._fails, self._clock = fails, clock
        self.asked: list[float] = []

    def get_parameters_by_path(self, **_: object) -> dict[str, list[object]]:
        self.asked.append(self._clock())
        if self._fails:
            raise Down
        return {"Parameters": []}


class Seconds:
    """A clock in seconds."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ssm(engine: str) -> Ssm:
    return Ssm(client("ssm", engine))


@pytest.fixture
def path() -> str:
    return f"/herald/{uuid.uuid4().hex[:8]}"


@pytest.fixture
def clock() -> Seconds:
    return Seconds()


@pytest.fixture
def store(ssm: Ssm, path: str, clock: Seconds) -> Parameters:
    return Parameters(ssm, path, clock=clock)


def test_parameters_are_named_relative_to_their_path_and_secrets_are_decrypted(store: Parameters, ssm: Ssm) -> None:
    store.write("settings", "default_region: IN", secret=False)
    store.write("channels/exotel", SECRET)
    assert store.current() == {"settings": "default_region: IN", "channels/exotel": SECRET}


@pytest.mark.parametrize(("secret", "kind"), [(True, "SecureString"), (False, "String")])
def test_a_secret_is_written_as_a_secure_string(
    store: Parameters, ssm: Ssm, path: str, secret: bool, kind: str
) -> None:
    store.write("channels/x", SECRET, secret=secret)
    assert ssm.get_parameter(Name=f"{path}/channels/x")["Parameter"]["Type"] == kind


def test_more_parameters_than_ssm_gives_at_once_are_all_read(store: Parameters, ssm: Ssm) -> None:
    expected = {f"channels/c{number:02}": str(number) for number in range(25)}
    for name, value in expected.items():
        store.write(name, value)
    assert store.current() == expected
    assert ssm.calls.count("get_parameters_by_path") == 3


def test_the_parameters_of_another_stage_are_none_of_ours(store: Parameters, ssm: Ssm, path: str) -> None:
    Parameters(ssm, f"{path}-other").write("settings", "x")
    assert store.current() == {}


def test_nothing_is_read_before_it_is_needed_and_then_once_in_five_minutes(
    store: Parameters, ssm: Ssm, clock: Seconds
) -> None:
    assert ssm.calls == []
    first = store.current()
    clock.now += KEEP_SECONDS - 1
    assert store.current() is first
    assert len(ssm.calls) == 1
    clock.now += 1
    store.current()
    assert len(ssm.calls) == 2


def test_a_change_is_seen_when_the_time_is_over(store: Parameters, ssm: Ssm, clock: Seconds, path: str) -> None:
    store.write("settings", "old")
    store.current()
    Parameters(ssm, path).write("settings", "new")
    assert store.current() == {"settings": "old"}
    clock.now += KEEP_SECONDS
    assert store.current() == {"settings": "new"}


def test_a_refresh_sees_a_change_at_once_and_starts_the_time_anew(store: Parameters, ssm: Ssm, clock: Seconds) -> None:
    store.write("settings", "old")
    store.current()
    clock.now += KEEP_SECONDS - 1
    store.write("settings", "new")
    assert store.refresh() == {"settings": "new"}
    clock.now += KEEP_SECONDS - 1
    assert store.current() == {"settings": "new"}
    assert ssm.calls.count("get_parameters_by_path") == 2


def test_when_ssm_fails_the_last_known_values_are_served_on(store: Parameters, ssm: Ssm, clock: Seconds) -> None:
    store.write("settings", "known")
    store.current()
    ssm.down = {"get_parameters_by_path"}
    clock.now += KEEP_SECONDS
    assert store.current() == {"settings": "known"}


def test_while_ssm_fails_it_is_not_asked_for_each_message(store: Parameters, ssm: Ssm, clock: Seconds) -> None:
    store.write("settings", "known")
    store.current()
    ssm.down = {"get_parameters_by_path"}
    clock.now += KEEP_SECONDS
    before = len(ssm.calls)
    for _ in range(10):
        store.current()
    assert len(ssm.calls) == before + 1


def test_when_ssm_is_back_the_new_values_are_served(store: Parameters, ssm: Ssm, clock: Seconds) -> None:
    store.write("settings", "known")
    store.current()
    store.write("settings", "new")
    ssm.down = {"get_parameters_by_path"}
    clock.now += KEEP_SECONDS
    store.current()
    ssm.down = set()
    clock.now += KEEP_SECONDS
    assert store.current() == {"settings": "new"}


@pytest.mark.parametrize("ask", [Parameters.current, Parameters.refresh])
def test_when_ssm_fails_and_nothing_is_known_nothing_is_accepted(
    store: Parameters, ssm: Ssm, ask: Callable[[Parameters], object]
) -> None:
    ssm.down = {"get_parameters_by_path"}
    with pytest.raises(NotAccepted) as refused:
        ask(store)
    assert "Down" in str(refused.value)
    assert "table" not in str(refused.value)
    assert refused.value.__suppress_context__
    ssm.down = set()
    assert store.current() == {}


def test_a_refresh_that_fails_says_so_and_keeps_what_is_known(store: Parameters, ssm: Ssm) -> None:
    store.write("settings", "known")
    store.current()
    ssm.down = {"get_parameters_by_path"}
    with pytest.raises(NotAccepted):
        store.refresh()
    assert store.current() == {"settings": "known"}


# ---- Whether something is there still


def calls(ssm: Ssm) -> int:
    return ssm.calls.count("get_parameters_by_path")


def test_what_is_there_is_there_without_asking_again(store: Parameters, ssm: Ssm) -> None:
    store.write("keys/shop", "{}")
    assert store.current() and store.still("keys/shop", 0)
    assert calls(ssm) == 1


def test_what_is_missing_since_the_parameters_were_fetched_is_gone_without_asking_again(
    store: Parameters, ssm: Ssm, clock: Seconds
) -> None:
    store.current()
    assert store.still("keys/shop", LATE + 1) is None
    clock.now += 100
    assert store.still("keys/shop", LATE + 101) is None
    assert calls(ssm) == 1


@pytest.mark.parametrize("ago", [0, 1, LATE])
def test_what_may_have_been_made_after_the_parameters_were_fetched_is_looked_for(
    store: Parameters, ssm: Ssm, clock: Seconds, ago: float
) -> None:
    store.current()
    store.write("keys/shop", "{}")
    clock.now += 10
    assert store.still("keys/shop", 10 + ago)
    assert store.still("keys/another", 10 + ago) is None


def test_what_was_deleted_is_seen_to_be_gone_when_the_time_is_over(store: Parameters, ssm: Ssm, clock: Seconds) -> None:
    store.write("keys/shop", "{}")
    assert store.still("keys/shop", 0)
    store.delete("keys/shop")
    assert store.still("keys/shop", 1000)
    clock.now += KEEP_SECONDS
    assert store.still("keys/shop", 1000) is None


def test_while_ssm_fails_nothing_is_said_to_be_gone(store: Parameters, ssm: Ssm, clock: Seconds) -> None:
    store.write("keys/shop", "{}")
    store.current()
    ssm.down = {"get_parameters_by_path"}
    clock.now += KEEP_SECONDS
    assert store.still("keys/shop", 10)
    with pytest.raises(NotAccepted):
        store.still("keys/another", 10)


def test_what_is_replaced_is_there(store: Parameters, ssm: Ssm, clock: Seconds) -> None:
    for value in ("one", "two"):
        store.write("keys/shop", value)
        clock.now += KEEP_SECONDS
        assert store.still("keys/shop", 1000)


def test_what_is_there_is_replaced_only_if_that_is_meant(store: Parameters, ssm: Ssm) -> None:
    store.write("settings", "first")
    with pytest.raises(ssm.exceptions.ParameterAlreadyExists):
        store.write("settings", "second", replace=False)
    assert store.current() == {"settings": "first"}


# ------------------------------------------------------------------------------------------------------- the hash key


def test_a_fresh_stack_gets_a_hash_key_that_stays(ssm: Ssm, path: str) -> None:
    made = Parameters(ssm, path).hash_key()
    assert len(bytes.fromhex(made)) == 32
    assert Parameters(ssm, path).hash_key() == made
    assert ssm.get_parameter(Name=f"{path}/{HASH_KEY}")["Parameter"]["Type"] == "SecureString"
    assert ssm.calls.count("put_parameter") == 1


def test_two_stacks_have_different_hash_keys(ssm: Ssm, path: str) -> None:
    assert len({Parameters(ssm, each).hash_key() for each in (path, f"{path}-other")}) == 2


def test_who_needs_no_hash_key_makes_none(store: Parameters, ssm: Ssm) -> None:
    assert (store.current(), store.refresh(), store.find(HASH_KEY)) == ({}, {}, None)
    assert "put_parameter" not in ssm.calls


def test_functions_that_start_at_once_agree_on_one_hash_key(ssm: Ssm, path: str) -> None:
    together = Barrier(10)

    class Together(Ssm):
        """All have seen that there is no key before any makes one."""

        def __getattr__(self, operation: str) -> Callable[..., Any]:
            if operation == "put_parameter":
                together.wait()
            return super().__getattr__(operation)

    def start(_: int) -> str:
        return Parameters(Together(ssm._real), path).hash_key()

    with ThreadPoolExecutor(10) as crowd:
        assert len(set(crowd.map(start, range(10)))) == 1


def test_a_hash_key_that_another_function_made_since_is_found(store: Parameters, ssm: Ssm, clock: Seconds) -> None:
    store.current()
    made = Parameters(ssm, store.path).hash_key()
    clock.now += AGAIN_SECONDS + 1
    assert store.find(HASH_KEY) == store.hash_key() == made
    assert ssm.calls.count("put_parameter") == 1


def test_a_hash_key_that_is_made_but_cannot_be_seen_yet_is_waited_for(ssm: Ssm, path: str) -> None:
    class Behind(Ssm):
        """SSM may show a parameter a moment after it was written."""

        behind = True

        def __getattr__(self, operation: str) -> Callable[..., Any]:
            if operation == "get_parameters_by_path" and self.behind:
                return lambda **_: {"Parameters": []}
            return super().__getattr__(operation)

    made = Parameters(ssm, path).hash_key()
    behind = Behind(ssm._real)
    store = Parameters(behind, path)
    with pytest.raises(NotAccepted):
        store.hash_key()
    behind.behind = False
    assert store.hash_key() == made


def test_the_function_that_makes_the_hash_key_uses_it_without_seeing_it(ssm: Ssm, store: Parameters) -> None:
    made = store.hash_key()
    assert ssm.calls == ["get_parameters_by_path", "put_parameter"]
    assert store.current()[HASH_KEY] == store.hash_key() == made


def test_a_function_that_may_not_make_the_hash_key_accepts_nothing(ssm: Ssm, store: Parameters) -> None:
    ssm.down = {"put_parameter"}
    with pytest.raises(NotAccepted, match="hash-key could not be made"):
        store.hash_key()


# ---- What is missing is looked for again


def test_what_was_made_since_is_found_at_once(store: Parameters, ssm: Ssm, clock: Seconds) -> None:
    store.write("settings", "x")
    store.current()
    Parameters(ssm, store.path).write("channels/new", "y")
    clock.now += AGAIN_SECONDS + 0.1
    assert store.find("channels/new") == "y"


@given(moments=st.lists(st.floats(0, 20), min_size=1, max_size=60), fails=st.booleans())
def test_however_often_what_is_missing_is_asked_for_ssm_is_asked_once_a_second(
    moments: list[float], fails: bool
) -> None:
    clock = Seconds()
    ssm = Nothing(fails, clock)
    store = Parameters(ssm, "/herald/x", clock=clock)
    for moment in sorted(moments):
        clock.now = 1000 + moment
        with suppress(NotAccepted):
            assert store.again() == {}
    assert all(later - earlier >= AGAIN_SECONDS for earlier, later in pairwise(ssm.asked))


def test_while_ssm_fails_nothing_is_said_to_be_missing(store: Parameters, ssm: Ssm, clock: Seconds) -> None:
    store.current()
    ssm.down = {"get_parameters_by_path"}
    clock.now += AGAIN_SECONDS + 0.1
    for _ in range(3):
        with pytest.raises(NotAccepted):
            store.find("settings")
    assert calls(ssm) == 2
