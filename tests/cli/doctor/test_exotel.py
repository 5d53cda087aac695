"""Exotel: each disease of an account is found, over real HTTP; a healthy one has none."""

import pytest

from herald.cli.diagnosis.checks.exotel_account import examined
from herald.cli.diagnosis.findings import Level
from herald.cli.diagnosis.look import Look, channels
from tests.cli.doctor.conftest import Twins
from tests.cli.doctor.place import alarms, said, the

DLT = {"sender": "GRMNER", "dlt_entity_id": "1101", "dlt_template_id": "1107"}
CLOSED = "http://127.0.0.1:9"


@pytest.mark.parametrize("check", ["exotel_account", "exotel_india"])
def test_a_healthy_account_has_no_alarm(twins: Twins, check: str) -> None:
    here = twins.place("exotel", block=DLT)
    assert alarms(here, check) == []
    assert said(here, check).startswith("ok: ")


def test_its_balance_is_told(twins: Twins) -> None:
    assert "balance 1000 INR" in said(twins.place("exotel"), "exotel_account")


def test_an_empty_balance_is_found(twins: Twins) -> None:
    twins.exotel.balance = "0.00"
    assert the(twins.place("exotel"), "exotel_account") == ("failure", "balance 0 INR: texts are refused")


def test_wrong_credentials_are_found_and_not_repeated(twins: Twins) -> None:
    level, text = the(twins.place("exotel", block={"token": "geheim"}), "exotel_account")
    assert level == "failure" and "refuses the credentials (401)" in text and "geheim" not in text


def test_an_account_of_the_other_cluster_is_found_with_its_name(twins: Twins) -> None:
    another = Twins(None)
    try:
        here = twins.place("exotel")
        twins.exotel.accounts, another.exotel.accounts = {}, dict(twins.exotel.accounts)
        look = Look(here, (), channels(here)["exotel"])
        (finding,) = examined(look, twins.url, (twins.url, another.url))
    finally:
        another.carrier.stop()
    assert finding.level is Level.FAILURE and another.url in finding.said
    assert f"domain: {another.url.removeprefix('http://')}" in finding.mend


def test_a_host_that_does_not_answer_is_found(twins: Twins) -> None:
    assert the(twins.place("exotel", block={"endpoint_url": CLOSED}), "exotel_account")[1].startswith(CLOSED)


def test_texts_to_india_without_dlt_are_found(twins: Twins) -> None:
    texts = [text for _, text in alarms(twins.place("exotel"), "exotel_india")]
    assert [text.split(":")[0] for text in texts] == ["no sender", "no dlt_entity_id"]
    here = twins.place("exotel", block={**DLT, "dlt_template_id": "1", "sms_type": "transactional"})
    assert not alarms(here, "exotel_india")


def test_a_type_without_a_template_is_found(twins: Twins) -> None:
    block = {"sender": "GRMNER", "dlt_entity_id": "1101", "sms_type": "transactional"}
    assert "sms_type without" in the(twins.place("exotel", block=block), "exotel_india")[1]


def test_a_sender_of_the_setting_senders_is_one(twins: Twins) -> None:
    here = twins.place("exotel", "senders: {IN: GRMNER}", block={"dlt_entity_id": "1101"})
    assert not alarms(here, "exotel_india")


def test_a_stage_that_texts_elsewhere_is_asked_nothing_of_india(twins: Twins) -> None:
    assert said(twins.place("exotel", "default_region: SG"), "exotel_india") == ""


def test_on_the_laptop_where_nobody_asks_for_dlt_it_is_a_note(twins: Twins) -> None:
    here = twins.place("exotel", stage="local")
    assert not alarms(here, "exotel_india") and "note: no sender" in said(here, "exotel_india")
