"""Twilio: each disease of an account is found, over real HTTP; a healthy one has none."""

import pytest

from herald.cli.diagnosis.running import found
from local.carrier.vendors._twilio_forms import OWN_SENDER
from tests.cli.doctor.conftest import Twins
from tests.cli.doctor.place import PARTS, alarms, said, the

CHECKS = [name for name in found() if name.startswith("twilio_")]
SERVICE = "MG" + "1" * 32
CLOSED = "http://127.0.0.1:9"


@pytest.mark.parametrize("check", CHECKS)
def test_a_healthy_account_has_no_alarm(twins: Twins, check: str) -> None:
    twins.twilio.account.numbers[OWN_SENDER] = f"{PARTS['url']}/inbound/twilio/token"
    here = twins.place("twilio")
    assert alarms(here, check) == []
    assert "note: " not in said(here, check)


@pytest.mark.parametrize("status", ["suspended", "closed"])
def test_an_account_that_is_not_active_is_found(twins: Twins, status: str) -> None:
    twins.twilio.account.status = status
    level, text = the(twins.place("twilio"), "twilio_account")
    assert level == "failure" and status in text


def test_a_trial_is_found(twins: Twins) -> None:
    twins.twilio.account.type = "Trial"
    assert the(twins.place("twilio"), "twilio_account")[0] == "warning"


def test_an_empty_balance_is_found(twins: Twins) -> None:
    twins.twilio.account.balance = "-0.01"
    assert the(twins.place("twilio"), "twilio_account") == ("failure", "balance -0.01 USD: texts are refused")


def test_a_wrong_auth_token_is_found_and_not_repeated(twins: Twins) -> None:
    level, text = the(twins.place("twilio", block={"auth_token": "geheim"}), "twilio_account")
    assert level == "failure" and "callbacks" in text and "geheim" not in text


def test_a_key_that_is_refused_is_found_beside_a_right_token(twins: Twins) -> None:
    here = twins.place("twilio", block={"api_key": "SK1", "api_secret": "wrong"})
    assert the(here, "twilio_account")[1].startswith("api_key and api_secret are refused")


def test_a_country_that_is_not_enabled_is_found(twins: Twins) -> None:
    twins.twilio.account.off = {"IN"}
    assert the(twins.place("twilio"), "twilio_countries")[1].startswith("not enabled: IN")
    here = twins.place("twilio", "countries: all")
    assert not alarms(here, "twilio_countries") and "1 countries are not enabled" in said(here, "twilio_countries")
    assert not alarms(twins.place("twilio", "default_region: SG"), "twilio_countries")


def test_a_number_of_somebody_elses_is_found(twins: Twins) -> None:
    here = twins.place("twilio", block={"sender": "+15005550009"})
    assert the(here, "twilio_sender") == ("failure", "sender is no number of this account: texts are refused")


def test_a_channel_without_a_sender_is_found_unless_the_settings_have_one(twins: Twins) -> None:
    bare = {"type": "twilio", **{k: v for k, v in twins.twilio.channel(twins.url).items() if k != "sender"}}
    assert the(twins.place("exotel", twilio=bare), "twilio_sender")[0] == "failure"
    assert not alarms(twins.place("exotel", "senders: {IN: GRMNER}", twilio=bare), "twilio_sender")


def test_a_service_that_is_gone_or_empty_is_found(twins: Twins) -> None:
    block = {"messaging_service_sid": SERVICE}
    assert the(twins.place("twilio", block=block), "twilio_sender")[1].startswith("there is no such messaging service")
    twins.twilio.account.services[SERVICE] = []
    assert "has no sender" in the(twins.place("twilio", block=block), "twilio_sender")[1]
    twins.twilio.account.services[SERVICE] = [OWN_SENDER]
    assert not alarms(twins.place("twilio", block=block), "twilio_sender")


def test_a_number_whose_inbound_texts_go_elsewhere_is_a_note(twins: Twins) -> None:
    here = twins.place("twilio")
    assert not alarms(here, "twilio_sender")
    assert "herald optouts url --channel twilio --stage dev" in said(here, "twilio_sender")


@pytest.mark.parametrize(("check", "grave"), [("twilio_account", "warning"), ("twilio_countries", None)])
def test_without_an_answer_nothing_is_claimed(twins: Twins, check: str, grave: str | None) -> None:
    here = twins.place("twilio", block={"endpoint_url": CLOSED})
    assert [level for level, _ in alarms(here, check)] == ([grave] if grave else [])
