"""``herald keys``: the key is shown once, and only its hash is kept."""

import json
import uuid
from collections.abc import Iterator

import pytest

from herald import wiring
from herald.cli.frame import main
from herald.cli.keys import LIMITS, LISTS
from herald.keys.grant import Grant
from herald.keys.key import create, granted
from herald.settings.parameters import Parameters
from herald.testing.outbox import Outbox
from local.deploy import client
from tests.cli.conftest import beside
from tests.failing import Unreachable


@pytest.fixture
def stage(engine: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AWS_ENDPOINT_URL", engine)
    wiring.parameters.cache_clear()
    wiring.keys.cache_clear()
    return f"stage-{uuid.uuid4().hex[:8]}"


def kept(engine: str, stage: str, name: str) -> str:
    """The parameter's value, as SSM keeps it."""
    ssm = client("ssm", engine)
    parameter = ssm.get_parameter(Name=f"/herald-keys/{stage}/{name}")["Parameter"]
    assert parameter["Type"] == "String"
    return str(parameter["Value"])


def test_the_key_on_standard_output_opens_the_api(engine: str, stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "create", "--stage", stage, "--name", "shop"]) == 0
    key = capsys.readouterr().out.strip()
    record = kept(engine, stage, "shop")
    assert granted(f"Bearer {key}", {"shop": record}) == Grant("shop")
    assert key not in record
    assert set(json.loads(record)) == {"hash", "created_at", "test", "scopes"}


def test_a_name_that_is_taken_keeps_its_key(engine: str, stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["keys", "create", "--stage", stage, "--name", "shop"])
    before = kept(engine, stage, "shop")
    capsys.readouterr()
    assert main(["keys", "create", "--stage", stage, "--name", "shop"]) == 1
    said = capsys.readouterr()
    assert (said.out, "--replace" in said.err) == ("", True)
    assert kept(engine, stage, "shop") == before
    assert main(["keys", "create", "--stage", stage, "--name", "shop", "--replace"]) == 0
    assert kept(engine, stage, "shop") != before


@pytest.mark.parametrize("name", ["", "a/b", "a b", "x" * 65, "ключ"])
def test_a_name_that_ssm_would_not_take_is_refused(stage: str, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "create", "--stage", stage, "--name", name]) == 2
    assert "letters, digits" in capsys.readouterr().err


def test_without_a_region_one_line_says_what_to_set(
    stage: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert main(["keys", "create", "--stage", stage, "--name", "shop"]) == 1
    said = capsys.readouterr()
    assert "AWS_DEFAULT_REGION" in said.err
    assert (said.out, said.err.count("\n")) == ("", 1)


def made(stage: str, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """A new key of this stage."""
    assert main(["keys", "create", "--stage", stage, *options]) == 0
    return capsys.readouterr().out.strip()


def test_what_a_key_may_do_is_said_when_it_is_made(engine: str, stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    limits = ["--scopes", "send,read", "--countries", "IN,SG", "--kinds", "otp", "--channels", "exotel"]
    amounts = ["--per-minute", "30", "--per-day", "2000", "--spend-day", "12.50", "--spend-month", "100"]
    key = made(stage, capsys, "--name", "shop", *limits, *amounts)
    grant = granted(f"Bearer {key}", {"shop": kept(engine, stage, "shop")})
    assert grant == Grant(
        "shop",
        scopes=frozenset({"send", "read"}),
        channels=frozenset({"exotel"}),
        countries=frozenset({"IN", "SG"}),
        kinds=frozenset({"otp"}),
        per_minute=30,
        per_day=2000,
        spend_day=12.5,
        spend_month=100.0,
    )


def test_a_test_key_is_told_from_a_live_one(stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert made(stage, capsys, "--name", "shop").startswith("hk_live_")
    assert made(stage, capsys, "--name", "ci", "--test").startswith("hk_test_")


MISTAKES = [
    ("--scopes", "send,evrything"), ("--countries", "India"), ("--kinds", "sms"), ("--per-day", "-1"),
    ("--per-minute", "1.5"), ("--spend-day", "free"), ("--channels", "a b"),
    ("--countries", "IN,UK"), ("--countries", "XX"), ("--countries", "in"),
    *((f"--{name.replace('_', '-')}", nothing) for name in (*LISTS, *LIMITS) for nothing in ("", " ", ",")),
]  # fmt: skip


@pytest.mark.parametrize(("option", "value"), MISTAKES)
def test_a_limit_that_is_none_is_refused_before_anything_is_made(
    stage: str, option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["keys", "create", "--stage", stage, "--name", "shop", option, value]) == 2
    assert option in capsys.readouterr().err
    assert main(["keys", "list", "--stage", stage]) == 0
    assert capsys.readouterr().out == ""


def test_a_country_that_has_another_code_is_told_it(stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "create", "--stage", stage, "--name", "shop", "--countries", "IN,UK"]) == 2
    assert "did you mean GB?" in capsys.readouterr().err


def test_keys_are_listed_by_name_with_what_they_may_do_and_without_their_hashes(
    engine: str, stage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    made(stage, capsys, "--name", "shop", "--per-day", "2000")
    made(stage, capsys, "--name", "ci", "--test")
    client("ssm", engine).put_parameter(Name=f"/herald-keys/{stage}/broken", Value="{", Type="String")
    assert main(["keys", "list", "--stage", stage]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["broken", "ci", "shop"]
    assert "cannot be read" in lines[0]
    assert lines[1].startswith("ci: test, made 20")
    assert lines[2].startswith("shop: live, made 20")
    assert "per_day 2000" in lines[2]
    assert json.loads(kept(engine, stage, "shop"))["hash"] not in lines[2]


def test_a_stage_without_keys_is_told_how_to_make_one(stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "list", "--stage", stage]) == 0
    assert "make key" in capsys.readouterr().err


def test_a_revoked_key_is_gone(engine: str, stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    made(stage, capsys, "--name", "shop")
    assert main(["keys", "revoke", "--stage", stage, "--name", "shop"]) == 0
    assert "five minutes" in capsys.readouterr().out
    with pytest.raises(Exception, match="ParameterNotFound"):
        kept(engine, stage, "shop")


def test_a_key_that_is_not_there_cannot_be_revoked(stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "revoke", "--stage", stage, "--name", "shop"]) == 1
    assert "make keys" in capsys.readouterr().err


def test_a_test_key_that_could_erase_people_is_not_made(stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "create", "--stage", stage, "--name", "ci", "--test", "--scopes", "send,erase"]) == 2
    said = capsys.readouterr()
    assert (said.out, "cannot erase" in said.err) == ("", True)


# ---- Keys that a version of before made


@pytest.fixture
def old(engine: str, stage: str) -> Parameters:
    """Where a version of before keeps the stage's records; it has made the key ``shop``."""
    kept = Parameters(client("ssm", engine), f"/herald/{stage}/keys")
    kept.write("shop", create(Grant("shop", per_day=7)).record)
    return kept


def test_keys_of_before_are_listed_and_it_is_said_how_to_move_them(
    stage: str, old: Parameters, capsys: pytest.CaptureFixture[str]
) -> None:
    made(stage, capsys, "--name", "bank")
    assert main(["keys", "list", "--stage", stage]) == 0
    said = capsys.readouterr()
    assert [line.partition(":")[0] for line in said.out.splitlines()] == ["bank", "shop"]
    assert f"herald keys move --stage {stage}" in said.err
    assert "bank" not in said.err


def test_keys_of_before_are_moved_once(
    engine: str, stage: str, old: Parameters, capsys: pytest.CaptureFixture[str]
) -> None:
    record = old.current()["shop"]
    assert main(["keys", "move", "--stage", stage]) == 0
    said = capsys.readouterr()
    assert (said.out, "1 moved" in said.err) == (f"/herald-keys/{stage}/shop\n", True)
    assert (kept(engine, stage, "shop"), old.refresh()) == (record, {})
    assert main(["keys", "move", "--stage", stage]) == 0
    assert beside(capsys.readouterr().err) == ["There is nothing to move."]
    assert main(["keys", "list", "--stage", stage]) == 0
    assert "herald keys move" not in capsys.readouterr().err


def test_a_name_that_is_taken_by_a_key_of_before_keeps_its_key(
    stage: str, old: Parameters, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["keys", "create", "--stage", stage, "--name", "shop"]) == 1
    said = capsys.readouterr()
    assert (said.out, "--replace" in said.err) == ("", True)
    made(stage, capsys, "--name", "shop", "--replace")
    assert old.refresh() == {}


def test_a_revoked_key_of_before_is_gone(stage: str, old: Parameters, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "revoke", "--stage", stage, "--name", "shop"]) == 0
    assert old.refresh() == {}
    assert main(["keys", "revoke", "--stage", stage, "--name", "shop"]) == 1


# ---- What a key has waiting


@pytest.fixture
def box() -> Iterator[Outbox]:
    made = Outbox()
    with wiring.replaced(made):
        yield made


def asked(box: Outbox, name: str, **fields: object) -> str:
    fields = {"to": "+919741552552", "body": "Your table is ready.", **fields}
    return box.herald().send(fields, caller=f"key:{name}", entrypoint="https").message.id


def test_what_a_key_has_waiting_is_listed_without_its_number_and_text(
    box: Outbox, capsys: pytest.CaptureFixture[str]
) -> None:
    later, queued = asked(box, "shop", send_at="2026-11-23T12:00:00Z"), asked(box, "shop", mode="async")
    asked(box, "bank", mode="async")
    assert main(["keys", "waiting", "--stage", "dev", "--name", "shop"]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        f"{queued} accepted 2026-11-22T12:00:00.000Z +91*****2552",
        f"{later} scheduled 2026-11-23T12:00:00.000Z +91*****2552",
    ]
    assert "2 messages of it wait; once a key is revoked they are not sent" in said.err
    assert "9741552552" not in said.out + said.err


def test_what_a_key_has_waiting_is_canceled(box: Outbox, capsys: pytest.CaptureFixture[str]) -> None:
    mine, theirs = asked(box, "shop", mode="async"), asked(box, "bank", mode="async")
    assert main(["keys", "waiting", "--stage", "dev", "--name", "shop", "--cancel"]) == 0
    assert beside(capsys.readouterr().err) == ["1 canceled."]
    assert [str(box.herald().find(each).status) for each in (mine, theirs)] == ["canceled", "accepted"]
    assert main(["keys", "waiting", "--stage", "dev", "--name", "shop"]) == 0
    said = capsys.readouterr()
    assert (said.out, beside(said.err)) == ("", ["Nothing of it waits."])


@pytest.mark.parametrize(("still", "word"), [(False, "not sent"), (True, "still sent")])
def test_revoking_says_what_waits_what_becomes_of_it_and_what_can_be_done(
    stage: str, box: Outbox, still: bool, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    box.settings = box.settings._replace(send_revoked=still)
    made(stage, capsys, "--name", "shop")
    asked(box, "shop", mode="async")
    assert main(["keys", "revoke", "--stage", stage, "--name", "shop"]) == 0
    said = capsys.readouterr().err
    assert f"1 message of it waits; once a key is revoked they are {word}" in said
    assert f"herald keys waiting --stage {stage} --name shop" in said


def test_revoking_may_cancel_what_waits(stage: str, box: Outbox, capsys: pytest.CaptureFixture[str]) -> None:
    made(stage, capsys, "--name", "shop")
    mine = asked(box, "shop", mode="async")
    assert main(["keys", "revoke", "--stage", stage, "--name", "shop", "--cancel"]) == 0
    assert str(box.herald().find(mine).status) == "canceled"
    assert "1 canceled." in capsys.readouterr().err


@pytest.mark.parametrize("command", ["revoke", "waiting"])
def test_what_cannot_be_read_is_said_so_and_a_revoked_key_is_revoked(
    engine: str, stage: str, box: Outbox, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    made(stage, capsys, "--name", "shop")
    box.journal = Unreachable()  # type: ignore[assignment]
    assert main(["keys", command, "--stage", stage, "--name", "shop"]) == (command == "waiting")
    assert "What it has waiting: not read (Down)" in capsys.readouterr().err
    if command == "revoke":
        with pytest.raises(Exception, match="ParameterNotFound"):
            kept(engine, stage, "shop")
