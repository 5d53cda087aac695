"""AWS End User Messaging: each disease of an account is found, by its twin's JSON; a healthy one has none."""

from typing import Any

import pytest

from herald.cli.diagnosis.running import found
from local.carrier.vendors._endusermessaging_account import number
from local.carrier.vendors._endusermessaging_json import refusal
from tests.cli.doctor.aws import Aws
from tests.cli.doctor.conftest import Twins
from tests.cli.doctor.place import a_place, alarms, said, the

CHECKS = [name for name in found() if name.startswith("endusermessaging_")]
RULE = {"Name": "herald-dev-ReceiptsFunctionTextsFared", "State": "ENABLED"}
ARN = "arn:aws:sms-voice:ap-south-1:123456789012"
KIND = "endusermessaging"


@pytest.fixture
def healthy(twins: Twins) -> Twins:
    twins.answers |= {"ListRuleNamesByTarget": {"RuleNames": [RULE["Name"]]}, "DescribeRule": RULE}
    return twins


def a_set(name: str, **more: Any) -> dict[str, Any]:
    about = {"ConfigurationSetArn": f"{ARN}:configuration-set/{name}", "CreatedTimestamp": 1.0}
    return {"ConfigurationSetName": name, "EventDestinations": [], **about, **more}


@pytest.mark.parametrize("check", CHECKS)
def test_a_healthy_account_has_no_alarm(healthy: Twins, check: str) -> None:
    here = healthy.place(KIND)
    assert alarms(here, check) == []
    assert said(here, check).startswith("ok: ")


def test_the_sandbox_and_a_spend_limit_that_is_reached_are_found(healthy: Twins) -> None:
    healthy.messaging.account.attributes["ACCOUNT_TIER"] = "SANDBOX"
    assert the(healthy.place(KIND), "endusermessaging_account")[0] == "warning"
    healthy.messaging.account.attributes["ACCOUNT_TIER"] = "PRODUCTION"
    healthy.spent(100)
    assert the(healthy.place(KIND), "endusermessaging_account")[0] == "failure"


def test_the_limit_that_aws_begins_with_is_a_note(healthy: Twins) -> None:
    healthy.messaging.account.limit = 1
    here = healthy.place(KIND)
    assert not alarms(here, "endusermessaging_account") and "1 USD a month" in said(here, "endusermessaging_account")


def test_a_number_that_is_not_there_or_not_in_force_is_found(healthy: Twins) -> None:
    block = {"origination_identity": "+15005550006"}
    assert "is not in this account" in the(healthy.place(KIND, block=block), "endusermessaging_senders")[1]
    healthy.messaging.account.numbers.append(number("+15005550006", "US", "PENDING"))
    assert "is PENDING" in the(healthy.place(KIND, block=block), "endusermessaging_senders")[1]
    healthy.messaging.account.numbers[:] = [number("+15005550006", "US")]
    assert not alarms(healthy.place(KIND, "default_region: US", block=block), "endusermessaging_senders")


def test_the_us_without_a_number_is_found(healthy: Twins) -> None:
    level, text = the(healthy.place(KIND, "default_region: US"), "endusermessaging_senders")
    assert level == "failure" and text.startswith("US: ")


def test_a_channel_that_names_no_sender_is_a_note(healthy: Twins) -> None:
    here = a_place(healthy._client, eum={"type": KIND, "endpoint_url": healthy.url})
    assert not alarms(here, "endusermessaging_senders") and "AWS chooses" in said(here, "endusermessaging_senders")


def test_a_sender_id_that_is_not_the_accounts_is_a_note(healthy: Twins) -> None:
    here = healthy.place(KIND, block={"origination_identity": "ANOTHER"})
    assert not alarms(here, "endusermessaging_senders") and "ANOTHER" in said(here, "endusermessaging_senders")


def test_a_registration_that_waits_for_somebody_is_found(healthy: Twins) -> None:
    registration = {
        "RegistrationArn": f"{ARN}:registration/registration-1", "RegistrationId": "registration-1",
        "RegistrationType": "US_TOLL_FREE_REGISTRATION", "RegistrationStatus": "REQUIRES_UPDATES",
        "CurrentVersionNumber": 1, "CreatedTimestamp": 1.0,
    }  # fmt: skip
    healthy.messaging.account.registrations.append(registration)
    assert "AWS wants changes" in the(healthy.place(KIND), "endusermessaging_senders")[1]


def test_half_of_what_dlt_asks_for_is_found(healthy: Twins) -> None:
    here = healthy.place(KIND, block={"dlt_entity_id": "1101"})
    assert "without dlt_template_id" in the(here, "endusermessaging_senders")[1]


def test_a_country_that_is_blocked_though_the_settings_allow_it_is_found(healthy: Twins) -> None:
    healthy.messaging.account.protect(IN=False, US=True)
    assert "blocks IN" in the(healthy.place(KIND), "endusermessaging_protect")[1]
    assert not alarms(healthy.place(KIND, "default_region: US"), "endusermessaging_protect")
    everywhere = healthy.place(KIND, "countries: all")
    assert not alarms(everywhere, "endusermessaging_protect")
    assert "blocks 1 countries" in said(everywhere, "endusermessaging_protect")


def test_the_protect_configuration_of_the_configuration_set_goes_before_the_accounts(healthy: Twins) -> None:
    healthy.messaging.account.sets.append(a_set("herald-dev", ProtectConfigurationId="protect-gone"))
    here = healthy.place(KIND, block={"configuration_set": "herald-dev"})
    assert "no protect configuration protect-gone" in the(here, "endusermessaging_protect")[1]


def test_events_that_reach_nobody_are_found(healthy: Twins) -> None:
    healthy.answers["DescribeRule"] = {**RULE, "State": "DISABLED"}
    assert "is disabled" in the(healthy.place(KIND), "endusermessaging_events")[1]
    healthy.answers["ListRuleNamesByTarget"] = {"RuleNames": []}
    assert "no rule" in the(healthy.place(KIND), "endusermessaging_events")[1]


def test_a_configuration_set_that_is_gone_is_found_and_a_destination_that_is_off_is_a_note(healthy: Twins) -> None:
    block = {"configuration_set": "herald-dev"}
    assert "no configuration set" in the(healthy.place(KIND, block=block), "endusermessaging_events")[1]
    off = {"EventDestinationName": "logs", "Enabled": False, "MatchingEventTypes": ["TEXT_ALL"]}
    healthy.messaging.account.sets.append(a_set("herald-dev", EventDestinations=[off]))
    here = healthy.place(KIND, block=block)
    assert not alarms(here, "endusermessaging_events") and "logs" in said(here, "endusermessaging_events")


def test_an_opt_out_list_that_is_gone_and_who_is_unknown_are_found(healthy: Twins) -> None:
    here = healthy.place(KIND, block={"opt_out_list": "herald-dev"})
    assert "no opt-out list herald-dev" in the(here, "endusermessaging_optouts")[1]
    healthy.messaging.opted_out["Default"]["+919741552552"] = None
    assert the(healthy.place(KIND), "endusermessaging_optouts")[0] == "warning"


def test_an_account_that_aws_has_switched_off_is_found(healthy: Twins) -> None:
    def switched_off(_: object) -> Any:
        return refusal("AccessDeniedException", "ACCOUNT_DISABLED")

    healthy.messaging._operations = {**healthy.messaging._operations, "DescribeAccountAttributes": switched_off}
    level, text = the(healthy.place(KIND), "endusermessaging_account")
    assert level == "failure" and "ACCOUNT_DISABLED" in text


def test_of_a_region_without_the_service_nothing_is_claimed_to_be_right() -> None:
    here = a_place(Aws({}), eum={"type": KIND})
    assert [level for level, _ in alarms(here, "endusermessaging_account")] == ["warning"]
