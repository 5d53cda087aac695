"""AWS End User Messaging's account: its tier, limit, senders and protection, as its JSON API tells them."""

from collections.abc import Callable, Mapping
from typing import Any

from local.carrier.vendors._endusermessaging_json import ACCOUNT, done, refusal
from local.engine import REGION
from local.server import Reply

BLOCK, ALLOW = {"ProtectStatus": "BLOCK"}, {"ProtectStatus": "ALLOW"}
PROTECTION = "protect-laptop"


class Account:
    """One account and region. What it has can be changed; ``rules`` is its own protect configuration's."""

    def __init__(self) -> None:
        self.attributes = {"ACCOUNT_TIER": "PRODUCTION"}
        self.limit = 100
        self.numbers: list[dict[str, Any]] = []
        self.sender_ids = [sender_id("HERALD", "IN")]
        self.pools: list[dict[str, Any]] = []
        self.registrations: list[dict[str, Any]] = []
        self.sets: list[dict[str, Any]] = []
        self.rules: dict[str, dict[str, str]] = {}

    def operations(self) -> Mapping[str, Callable[[Mapping[str, Any]], Reply]]:
        """What it answers, by the name of the operation."""
        return {
            "DescribeAccountAttributes": lambda _: done(
                AccountAttributes=[{"Name": name, "Value": value} for name, value in self.attributes.items()]
            ),
            "DescribeSpendLimits": lambda _: done(SpendLimits=[self._limit()]),
            "DescribePhoneNumbers": lambda _: done(PhoneNumbers=self.numbers),
            "DescribeSenderIds": lambda _: done(SenderIds=self.sender_ids),
            "DescribePools": lambda _: done(Pools=self.pools),
            "DescribeRegistrations": lambda _: done(Registrations=self.registrations),
            "DescribeConfigurationSets": lambda _: done(ConfigurationSets=self.sets),
            "GetProtectConfigurationCountryRuleSet": self._rules,
        }

    def protect(self, **countries: bool) -> None:
        """Have a protect configuration for the whole account: ``protect(US=False)`` blocks the US."""
        self.attributes["DEFAULT_PROTECT_CONFIGURATION_ID"] = PROTECTION
        self.rules |= {country: ALLOW if allowed else BLOCK for country, allowed in countries.items()}

    def _limit(self) -> dict[str, object]:
        limit = {"EnforcedLimit": self.limit, "MaxLimit": self.limit, "Overridden": False}
        return {"Name": "TEXT_MESSAGE_MONTHLY_SPEND_LIMIT", **limit}

    def _rules(self, asked: Mapping[str, Any]) -> Reply:
        if asked.get("ProtectConfigurationId") != PROTECTION:
            return refusal("ResourceNotFoundException")
        return done(
            ProtectConfigurationArn=f"arn:aws:sms-voice:{REGION}:{ACCOUNT}:protect-configuration/{PROTECTION}",
            ProtectConfigurationId=PROTECTION,
            NumberCapability=asked.get("NumberCapability"),
            CountryRuleSet=self.rules,
        )


def sender_id(name: str, country: str) -> dict[str, Any]:
    """A sender id as DescribeSenderIds tells it."""
    return {
        "SenderIdArn": f"arn:aws:sms-voice:{REGION}:{ACCOUNT}:sender-id/{name}/{country}", "SenderId": name,
        "IsoCountryCode": country, "MessageTypes": ["TRANSACTIONAL"], "MonthlyLeasingPrice": "0.00",
        "DeletionProtectionEnabled": False, "Registered": True,
    }  # fmt: skip


def number(text: str, country: str, status: str = "ACTIVE") -> dict[str, Any]:
    """A number as DescribePhoneNumbers tells it."""
    return {
        "PhoneNumberArn": f"arn:aws:sms-voice:{REGION}:{ACCOUNT}:phone-number/phone-1", "PhoneNumberId": "phone-1",
        "PhoneNumber": text, "Status": status, "IsoCountryCode": country, "MessageType": "TRANSACTIONAL",
        "NumberCapabilities": ["SMS"], "NumberType": "TOLL_FREE", "MonthlyLeasingPrice": "2.00",
        "TwoWayEnabled": False, "SelfManagedOptOutsEnabled": False, "OptOutListName": "Default",
        "DeletionProtectionEnabled": False, "CreatedTimestamp": 1.0,
    }  # fmt: skip
