"""Delivery logs: Amazon SNS is told to write down what became of its texts.

These are attributes of a whole account in a region. CloudFormation cannot set them (November 2026).
"""

from collections.abc import Mapping
from typing import Any

ROLE = "DeliveryStatusIAMRole"
# Percent of the texts that were delivered; those that were not are always written down.
RATE = "DeliveryStatusSuccessSamplingRate"


def wanted(role: str) -> dict[str, str]:
    """The attributes with which SNS writes all of its delivery logs; ``role`` is an ARN."""
    return {ROLE: role, RATE: "100"}


def current(sns: Any) -> dict[str, str]:
    """The attributes as they are: those that nobody ever set are missing. Raises the client's own errors."""
    attributes = sns.get_sms_attributes(attributes=[ROLE, RATE])["attributes"]
    return {name: attributes[name] for name in (ROLE, RATE) if attributes.get(name)}


def foreign(before: Mapping[str, str], role: str) -> bool:
    """True if SNS writes with a role that is not this one: another stack's, or somebody's own."""
    return before.get(ROLE, role) != role


def switch_on(sns: Any, role: str) -> None:
    """Let SNS write all of its delivery logs with this role. Raises the client's own errors."""
    sns.set_sms_attributes(attributes=wanted(role))
