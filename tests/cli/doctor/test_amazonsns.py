"""Amazon SNS: each disease of an account is found, by its twin's XML; a healthy one has none."""

import pytest

from herald.cli.diagnosis.running import Job, found, run
from herald.settings.values import DEFAULT_CHANNELS
from tests.cli.doctor.aws import Aws
from tests.cli.doctor.conftest import Twins
from tests.cli.doctor.place import ACCOUNT, PARTS, REGION, a_place, alarms, said, the
from tests.cli.doctor.test_stack import a_role

CHECKS = [name for name in found() if name.startswith("amazonsns_")]
GROUP = f"sns/{REGION}/{ACCOUNT}/DirectPublishToPhoneNumber"
NUMBER = {"PhoneNumber": "+15005550006", "Status": "ACTIVE", "Iso2CountryCode": "US", "RouteType": "Transactional"}


@pytest.fixture
def healthy(twins: Twins) -> Twins:
    """Out of the sandbox, with delivery logs that this stage reads."""
    role = f"arn:aws:iam::{ACCOUNT}:role/herald-sns-delivery-{REGION}"
    twins.sns.account.attributes |= {"DeliveryStatusIAMRole": role, "DeliveryStatusSuccessSamplingRate": "100"}
    twins.answers |= {"GetRole": a_role, "DescribeSubscriptionFilters": readers(PARTS["receipts_function"])}
    return twins


def readers(arn: str) -> dict[str, list[dict[str, str]]]:
    return {"subscriptionFilters": [{"filterName": "herald-dev", "destinationArn": arn}]}


@pytest.mark.parametrize("check", CHECKS)
def test_a_healthy_account_has_no_alarm(healthy: Twins, check: str) -> None:
    here = healthy.place("amazonsns")
    assert alarms(here, check) == []
    assert said(here, check)


def test_the_sandbox_is_found(healthy: Twins) -> None:
    healthy.sns.account.in_sandbox = True
    level, text = the(healthy.place("amazonsns"), "amazonsns_sandbox")
    assert level == "warning" and "never sent" in text


def test_a_region_in_which_sns_sends_no_texts_is_found() -> None:
    here = a_place(Aws({"GetSMSSandboxAccountStatus": "InvalidAction"}), amazonsns={"type": "amazonsns"})
    assert the(here, "amazonsns_sandbox") == ("failure", f"Amazon SNS sends no texts in {REGION}")


def test_a_limit_that_is_reached_or_near_is_found(healthy: Twins) -> None:
    healthy.spent(100.0)
    assert the(healthy.place("amazonsns"), "amazonsns_spend")[0] == "failure"
    healthy.spent(85.0)
    assert the(healthy.place("amazonsns"), "amazonsns_spend")[0] == "warning"
    healthy.spent(12.5)
    assert "12.50 of 100 USD" in said(healthy.place("amazonsns"), "amazonsns_spend")


def test_the_limit_that_aws_begins_with_is_a_note(healthy: Twins) -> None:
    healthy.sns.account.attributes.pop("MonthlySpendLimit")
    here = healthy.place("amazonsns")
    assert not alarms(here, "amazonsns_spend") and "1 USD a month" in said(here, "amazonsns_spend")


def test_delivery_logs_that_were_never_switched_on_are_a_note(twins: Twins) -> None:
    here = twins.place("amazonsns")
    assert not alarms(here, "amazonsns_receipts")
    assert "herald receipts enable --stage dev" in said(here, "amazonsns_receipts")


def test_a_role_that_is_gone_a_sample_and_another_reader_are_found(healthy: Twins) -> None:
    healthy.answers["GetRole"] = "NoSuchEntity"
    assert "does not exist" in the(healthy.place("amazonsns"), "amazonsns_receipts")[1]
    healthy.answers["GetRole"] = a_role
    healthy.sns.account.attributes["DeliveryStatusSuccessSamplingRate"] = "10"
    assert the(healthy.place("amazonsns"), "amazonsns_receipts")[0] == "warning"
    healthy.sns.account.attributes["DeliveryStatusSuccessSamplingRate"] = "100"
    healthy.answers["DescribeSubscriptionFilters"] = readers(PARTS["invoke_function"])
    assert {level for level, _ in alarms(healthy.place("amazonsns"), "amazonsns_receipts")} == {"failure"}


def test_log_groups_that_this_stage_does_not_read_are_a_note(healthy: Twins) -> None:
    healthy.answers["DescribeSubscriptionFilters"] = "ResourceNotFoundException"
    here = healthy.place("amazonsns")
    assert not alarms(here, "amazonsns_receipts") and GROUP in said(here, "amazonsns_receipts")


def test_texts_to_the_us_without_a_number_are_found(healthy: Twins) -> None:
    here = healthy.place("amazonsns", "default_region: US")
    level, text = the(here, "amazonsns_senders")
    assert level == "failure" and text.startswith("US: ")
    healthy.sns.account.numbers.append(NUMBER)
    assert not alarms(healthy.place("amazonsns", "default_region: US"), "amazonsns_senders")
    healthy.sns.account.numbers[:] = [{**NUMBER, "Status": "PENDING"}]
    assert alarms(healthy.place("amazonsns", "default_region: US"), "amazonsns_senders")


def test_where_every_country_is_allowed_the_us_is_a_note(healthy: Twins) -> None:
    here = healthy.place("amazonsns", "countries: all")
    assert not alarms(here, "amazonsns_senders") and "note: PR, US" in said(here, "amazonsns_senders")


def test_a_country_that_goes_by_another_channel_is_not_asked_for(healthy: Twins) -> None:
    block = {"type": "exotel", "sid": "s", "token": "t"}
    settings = "countries: [IN, US]\nroutes: [{country: US, channels: [exotel]}]"
    assert not alarms(healthy.place("amazonsns", settings, exotel=block), "amazonsns_senders")


def test_a_number_that_is_not_the_accounts_is_found(healthy: Twins) -> None:
    here = healthy.place("amazonsns", block={"origination_number": "+15005550009"})
    assert the(here, "amazonsns_senders")[0] == "failure"


def test_half_of_what_dlt_asks_for_is_found_and_a_sender_id_in_singapore_is_a_note(healthy: Twins) -> None:
    here = healthy.place("amazonsns", block={"sender": "GRMNER", "dlt_entity_id": "1101"})
    assert "IN: without dlt_template_id" in the(here, "amazonsns_senders")[1]
    singapore = healthy.place("amazonsns", "default_region: SG", block={"sender": "HERALD"})
    assert not alarms(singapore, "amazonsns_senders") and "SSIR" in said(singapore, "amazonsns_senders")


def test_who_opted_out_at_sns_and_is_unknown_to_herald_is_found_and_not_named(healthy: Twins) -> None:
    healthy.sns.account.opted_out += ["+919741552552", "+919741552553"]
    level, text = the(healthy.place("amazonsns", opted_out=frozenset({"+919741552552"})), "amazonsns_optouts")
    assert level == "warning" and "2 numbers" in text and "not know 1" in text and "9741" not in text
    both = frozenset({"+919741552552", "+919741552553"})
    assert not alarms(healthy.place("amazonsns", opted_out=both), "amazonsns_optouts")


def test_a_channel_that_sends_all_as_promotional_is_a_note(healthy: Twins) -> None:
    assert "note: " in said(healthy.place("amazonsns", block={"smstype": "Promotional"}), "amazonsns_type")


def test_a_channel_of_another_region_says_that_its_receipts_are_not_read(healthy: Twins) -> None:
    here = healthy.place("amazonsns", block={"region_name": "eu-west-1"})
    assert "another account or region" in said(here, "amazonsns_receipts")


def test_two_checks_of_the_same_attributes_ask_once() -> None:
    aws = Aws({"GetSMSAttributes": {"attributes": {}}, "GetMetricData": {"MetricDataResults": []}})
    here, known = a_place(aws), found()
    names = ("amazonsns_spend", "amazonsns_type", "amazonsns_receipts")
    run(here, [Job(name, known[name], DEFAULT_CHANNELS["amazonsns"]) for name in names])
    assert aws.asked.count("GetSMSAttributes") == 1
