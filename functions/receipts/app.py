"""The providers' door: what became of a text, told by a callback or by SNS's delivery logs."""

from typing import Any


def handler(event: dict[str, Any], context: object) -> dict[str, Any] | None:
    """Take note of what a provider says."""
    return None if "awslogs" in event else {"statusCode": 503}
