"""The authorizer of the HTTPS API, with its keys in the engine's parameter store: who has a key comes in, by name."""

import json
import uuid
from typing import Any

import pytest

from functions.authorize import app
from herald import wiring
from herald.errors import NotAccepted
from herald.keys.key import create, digest
from herald.settings.parameters import AGAIN_SECONDS, Parameters
from herald.settings.records import KEYS_KEEP_SECONDS, Records
from local.deploy import client
from tests.entrypoints.conftest import recorded
from tests.settings.test_parameters import Seconds, Ssm


@pytest.fixture
def store(engine: str, monkeypatch: pytest.MonkeyPatch) -> Parameters:
    """The records of a stage that nobody had before."""
    stage = f"s{uuid.uuid4().hex[:8]}"
    monkeypatch.setenv("HERALD_STAGE", stage)
    monkeypatch.setenv("AWS_ENDPOINT_URL", engine)
    return Parameters(client("ssm", engine), f"/herald-keys/{stage}")


def add(store: Parameters, name: str) -> str:
    """A key of this name, which is in the store from now on."""
    made = create(live=False)
    store.write(name, made.record, secret=False)
    return made.key


def ask(authorization: str) -> dict[str, Any]:
    answer: dict[str, Any] = app.handler({**recorded("authorize"), "authorizationToken": authorization}, None)
    return answer


def test_the_owner_of_a_key_comes_in_by_the_keys_name(store: Parameters) -> None:
    answer = ask(f"Bearer {add(store, 'shop')}")
    assert answer["principalId"] == "shop"
    (statement,) = answer["policyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Allow", "execute-api:Invoke")


def test_the_answer_opens_every_method_of_this_api_and_stage_and_no_other(store: Parameters) -> None:
    # API Gateway keeps the answer for the key, whatever is asked for next: it must not name one method only.
    (statement,) = ask(f"Bearer {add(store, 'shop')}")["policyDocument"]["Statement"]
    assert statement["Resource"] == "arn:aws:execute-api:ap-south-1:123456789012:a1b2c3d4e5/dev/*"


def test_each_key_has_its_own_name(store: Parameters) -> None:
    made = {name: add(store, name) for name in ("shop", "warehouse")}
    assert {name: ask(f"Bearer {key}")["principalId"] for name, key in made.items()} == {name: name for name in made}


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", " Bearer"])
def test_the_scheme_may_be_written_in_any_case(store: Parameters, scheme: str) -> None:
    assert ask(f"{scheme} {add(store, 'shop')}")["principalId"] == "shop"


WRONG = ["", "Bearer", "Bearer ", "Basic {key}", "{key}", "Bearer {key}x", "Bearer x{key}", "Bearer {hash}", "Bearer é"]


@pytest.mark.parametrize("authorization", WRONG)
def test_who_has_no_key_is_told_so_in_the_words_that_become_a_401(store: Parameters, authorization: str) -> None:
    key = add(store, "shop")
    with pytest.raises(Exception, match="^Unauthorized$"):
        ask(authorization.format(key=key, hash=digest(key)))


def test_the_recorded_key_is_nobodys(store: Parameters) -> None:
    add(store, "shop")
    with pytest.raises(Exception, match="^Unauthorized$"):
        app.handler(recorded("authorize"), None)


def test_a_stage_without_keys_lets_nobody_in(store: Parameters) -> None:
    with pytest.raises(Exception, match="^Unauthorized$"):
        ask(f"Bearer {create().key}")


def test_a_key_of_another_stage_is_none_of_this(store: Parameters, monkeypatch: pytest.MonkeyPatch) -> None:
    key = add(store, "shop")
    monkeypatch.setenv("HERALD_STAGE", "another")
    with pytest.raises(Exception, match="^Unauthorized$"):
        ask(f"Bearer {key}")


def test_a_record_that_somebody_broke_shuts_out_its_owner_only(store: Parameters) -> None:
    key = add(store, "shop")
    store.write("broken", "{")
    store.write("empty", json.dumps({"hash": ""}))
    assert ask(f"Bearer {key}")["principalId"] == "shop"


def test_the_key_itself_is_nowhere_in_the_store(store: Parameters) -> None:
    key = add(store, "shop")
    assert key.removeprefix("hk_test_") not in json.dumps(store.current())


# ---- A key that was just made, or revoked


class Process:
    """One process of the authorizer: its SSM counts, and its clock stands still."""

    def __init__(self, store: Parameters, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.stage, self.ssm, self.clock = store.path.rpartition("/")[2], Ssm(client("ssm", engine)), Seconds()
        kept = Records(self.ssm, self.stage, keep=KEYS_KEEP_SECONDS, clock=self.clock)
        monkeypatch.setattr(wiring, "keys", lambda *_: kept)

    def knows(self, key: str) -> bool:
        try:
            return bool(ask(f"Bearer {key}"))
        except PermissionError:
            return False

    def reads(self) -> int:
        return self.ssm.calls.count("get_parameters_by_path")


@pytest.fixture
def process(store: Parameters, engine: str, monkeypatch: pytest.MonkeyPatch) -> Process:
    return Process(store, engine, monkeypatch)


def test_a_key_that_was_just_made_works_at_once(store: Parameters, process: Process) -> None:
    assert process.knows(add(store, "shop"))
    process.clock.now += AGAIN_SECONDS + 0.1
    assert process.knows(add(store, "bank"))


def test_guessing_makes_a_process_ask_ssm_once_a_second_at_most(store: Parameters, process: Process) -> None:
    key = add(store, "shop")
    for _ in range(100):
        process.clock.now += 0.1
        assert not process.knows(create().key)
    assert process.knows(key)
    seconds, by_itself = 10, 2  # Both paths once; ten seconds are less than the records are kept.
    assert process.reads() <= seconds + by_itself


@pytest.mark.parametrize("header", [header for header in WRONG if header != "Bearer {key}x"])
def test_what_cannot_be_a_key_is_not_looked_for_again(store: Parameters, process: Process, header: str) -> None:
    key = add(store, "shop")
    assert process.knows(key)
    reads = process.reads()
    for _ in range(3):
        process.clock.now += AGAIN_SECONDS + 0.1
        with pytest.raises(PermissionError):
            ask(header.format(key=key, hash=digest(key)))
    assert process.reads() == reads


@pytest.mark.parametrize("guessed", [False, True])
def test_a_revoked_key_is_unknown_after_half_a_minute(store: Parameters, process: Process, guessed: bool) -> None:
    key = add(store, "shop")
    assert process.knows(key)
    Records(process.ssm, process.stage).delete("shop")
    for _ in range(30):
        process.clock.now += 1
        if guessed:
            process.knows(create().key)
    assert not process.knows(key)


def test_while_ssm_fails_a_key_that_may_be_new_is_not_said_to_be_nobodys(store: Parameters, process: Process) -> None:
    assert process.knows(add(store, "shop"))
    process.ssm.down = {"get_parameters_by_path"}
    process.clock.now += AGAIN_SECONDS + 0.1
    for _ in range(2):
        with pytest.raises(NotAccepted):
            process.knows(create().key)
