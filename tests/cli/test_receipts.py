"""``herald receipts enable``: SNS is told to write its logs; nobody's own role is taken away unasked."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from herald.cli.frame import Stopped, main
from herald.cli.receipts import PART, RATE, ROLE, current, delivery_role, foreign, run, wanted
from herald.errors import NotAccepted
from local.deploy import client

OURS = "arn:aws:iam::123456789012:role/herald-dev-DeliveryRole"
THEIRS = "arn:aws:iam::123456789012:role/somebodys-own"
DONE = {ROLE: OURS, RATE: "100"}


@contextmanager
def an_account(before: dict[str, str], *, changes: bool) -> Iterator[Any]:
    """SNS as it answers in an account with these attributes. It must be asked for them, and be changed or not."""
    sns = boto3.client("sns", region_name="us-east-1")
    with Stubber(sns) as stubber:
        stubber.add_response("get_sms_attributes", {"attributes": before}, {"attributes": [ROLE, RATE]})
        if changes:
            stubber.add_response("set_sms_attributes", {}, {"attributes": DONE})
        yield sns
        stubber.assert_no_pending_responses()
    sns.close()


@pytest.fixture
def ssm(engine: str) -> Iterator[Any]:
    made = client("ssm", engine)
    yield made
    made.close()


def a_stage(ssm: Any, value: str) -> str:
    """The name of a stage whose stack says this of itself."""
    name = f"stage-{uuid.uuid4().hex[:8]}"
    ssm.put_parameter(Name=f"/herald/{name}/stack", Type="String", Value=value)
    return name


@pytest.fixture
def stage(ssm: Any) -> str:
    return a_stage(ssm, json.dumps({PART: OURS, "table": "herald"}))


# ---- what is done


@pytest.mark.parametrize("before", [{}, {RATE: "10"}, {ROLE: "", RATE: ""}], ids=["never set", "rate alone", "empty"])
def test_where_nobody_switched_it_on_it_is_switched_on(
    ssm: Any, stage: str, before: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with an_account(before, changes=True) as sns:
        assert run(ssm, sns, stage) == 0
    said = capsys.readouterr().out
    assert f"{ROLE}: not set -> {OURS}" in said
    assert f"{RATE}: {before.get(RATE) or 'not set'} -> 100" in said
    assert "Changed." in said


def test_what_is_as_it_should_be_is_not_touched(ssm: Any, stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    with an_account(DONE, changes=False) as sns:
        assert run(ssm, sns, stage) == 0
    assert capsys.readouterr().out.count("\n") == 1


def test_our_own_role_with_another_rate_is_set_to_write_all(
    ssm: Any, stage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with an_account({ROLE: OURS, RATE: "0"}, changes=True) as sns:
        assert run(ssm, sns, stage) == 0
    assert f"{ROLE}: {OURS}\n{RATE}: 0 -> 100\n" in capsys.readouterr().out


def test_another_role_stays_until_somebody_says_so(ssm: Any, stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    with an_account({ROLE: THEIRS, RATE: "100"}, changes=False) as sns, pytest.raises(Stopped) as stopped:
        run(ssm, sns, stage)
    assert (stopped.value.code, "--replace" in stopped.value.said) == (1, True)
    assert f"{ROLE}: {THEIRS} -> {OURS}" in capsys.readouterr().out
    with an_account({ROLE: THEIRS, RATE: "100"}, changes=True) as sns:
        assert run(ssm, sns, stage, replace=True) == 0


def test_attributes_of_other_matters_are_neither_read_nor_written() -> None:
    with an_account({**DONE, "DefaultSenderID": "SHOP"}, changes=False) as sns:
        assert current(sns) == DONE
    assert wanted(OURS) == DONE


def test_a_role_is_foreign_only_if_there_is_one() -> None:
    assert [foreign(before, OURS) for before in ({}, {ROLE: OURS}, {ROLE: THEIRS})] == [False, False, True]


# ---- what can be wrong


def test_a_stack_that_is_not_there_is_named(ssm: Any) -> None:
    with pytest.raises(NotAccepted, match="There is no /herald/nowhere/stack"):
        delivery_role(ssm, "nowhere")


@pytest.mark.parametrize("value", ["not JSON", '{"table": "herald"}'])
def test_a_stack_of_before_is_to_be_deployed_again(ssm: Any, value: str) -> None:
    with pytest.raises(NotAccepted, match="deploy the stack again"):
        delivery_role(ssm, a_stage(ssm, value))


def test_a_stack_that_does_not_read_the_logs_says_by_which_parameter(ssm: Any) -> None:
    with pytest.raises(NotAccepted, match="SnsDeliveryLogs is none"):
        delivery_role(ssm, a_stage(ssm, json.dumps({PART: ""})))


def test_who_may_not_ask_sns_changes_nothing(ssm: Any, stage: str) -> None:
    sns = boto3.client("sns", region_name="us-east-1")
    with Stubber(sns) as stubber:
        stubber.add_client_error("get_sms_attributes", "AuthorizationError", http_status_code=403)
        with pytest.raises(ClientError):
            run(ssm, sns, stage)
    sns.close()


def test_an_error_of_aws_becomes_one_line_that_says_what_is_needed(
    engine: str, stage: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", engine)  # It knows no attributes of texts.
    assert main(["receipts", "enable", "--stage", stage]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert "It can be run again." in said.err
    assert "sns:SetSMSAttributes" in said.err


def test_what_is_wrong_with_the_stack_is_one_line_too(
    engine: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", engine)
    assert main(["receipts", "enable", "--stage", "nowhere"]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert "is the stack deployed?" in said.err


def test_without_a_region_one_line_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert main(["receipts", "enable", "--stage", "dev"]) == 1
    assert "AWS_DEFAULT_REGION" in capsys.readouterr().err
