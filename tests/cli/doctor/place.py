"""A stage to be looked at: its parameters as they would be in SSM, and what a check finds there."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import requests

from herald.cli._where import Where
from herald.cli.diagnosis import running
from herald.cli.diagnosis.asking import Asked, Clients
from herald.cli.diagnosis.findings import Finding, Level
from herald.cli.diagnosis.look import Here, channels
from herald.providers._http import Http

ACCOUNT, REGION = "123456789012", "ap-south-1"
HERE = f"{REGION}:{ACCOUNT}"
NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
PARTS = {
    "queue": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/herald-dev",
    "dead_letters": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/herald-dev-dead",
    "dead_hooks": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/herald-dev-dead-hooks",
    "failed_invocations_url": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/herald-dev-failed-invocations",
    "schedule_role": f"arn:aws:iam::{ACCOUNT}:role/herald-dev-ScheduleRole-1A2B",
    "receipts_function": f"arn:aws:lambda:{HERE}:function:herald-dev-receipts",
    "invoke_function": f"arn:aws:lambda:{HERE}:function:herald-dev-invoke",
    "url": f"https://a1b2c3.execute-api.{REGION}.amazonaws.com/dev",
}
HEALTHY = b'{"status": "ok", "stage": "dev", "version": "0.1.0"}'


@cache
def http() -> Http:
    return Http(requests.Session(), timeout=(1, 2))


def nobody(service: str, access: Mapping[str, str]) -> Any:
    """For checks that ask AWS nothing."""
    raise AssertionError(f"{service} was asked")


def a_place(
    clients: Clients = nobody,
    *,
    settings: str = "",
    stage: str = "dev",
    page: tuple[int, bytes] | OSError = (200, HEALTHY),
    opted_out: frozenset[str] = frozenset(),
    now: datetime = NOW,
    **blocks: Mapping[str, str],
) -> Here:
    """A stage with these channels: ``exotel={"type": "exotel", ...}``."""

    def fetch(url: str) -> tuple[int, bytes]:
        if isinstance(page, OSError):
            raise page
        return page

    written = {f"channels/{name}": json.dumps(block) for name, block in blocks.items()}
    parameters = {"stack": json.dumps(PARTS), "settings": settings, **written}
    place = Where(ACCOUNT, REGION)
    return Here(stage, place, parameters, Asked(clients), http, opted_out.__contains__, fetch, lambda: now)


def found(here: Here, check: str) -> list[Finding]:
    """What a check finds, of the stack or of the first channel of its type."""
    jobs = [job for job in running.jobs(channels(here), running.found()) if job.name == check]
    return [result.finding for result in running.run(here, jobs[:1])]


def alarms(here: Here, check: str) -> list[tuple[str, str]]:
    """The warnings and failures of a check: how grave, and what it says."""
    return [(each.level.value, each.said) for each in found(here, check) if each.level.rank > Level.NOTE.rank]


def the(here: Here, check: str) -> tuple[str, str]:
    """The one warning or failure of a check."""
    (alarm,) = alarms(here, check)
    return alarm


def said(here: Here, check: str) -> str:
    """All that a check says."""
    return "\n".join(f"{each.level}: {each.said} {each.mend}" for each in found(here, check))
