"""Where: the account and the region in which a command acts on a stage; it stops where it cannot be meant."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from herald.aws.client import client, own
from herald.cli import _samconfig
from herald.errors import HeraldError, NotAccepted
from herald.settings import stack

LAPTOP = "local"
ON_THE_LAPTOP = "The stage local is on this laptop alone: make up, then: set -a; . .local/env; set +a"
# Who sets it says that other stages than the laptop's may be on this engine.
ON_PURPOSE = "HERALD_ENGINE"


class Stopped(Exception):
    """The command cannot go on: a sentence for whoever runs it, the exit code, and what a program is told."""

    def __init__(self, said: str, code: int = 1, problem: Mapping[str, object] | None = None) -> None:
        self.said, self.code, self.problem = said, code, problem
        super().__init__(said)


class Where(NamedTuple):
    """An account and a region."""

    account: str
    region: str

    def __str__(self) -> str:
        return f"account {self.account}, {self.region}"


class Find(Protocol):
    """What ``find`` is, to those who are handed another one."""

    def __call__(self, stage: str, region: str | None, *, deployed: bool) -> Where: ...


def find(stage: str, region: str | None, *, deployed: bool, samconfig: Path = _samconfig.FILE) -> Where:
    """Where a stage is: in the region that is named, else that of ``samconfig.toml``'s section, else AWS's usual one.

    From then on this process acts there. Raises ``Stopped`` without region or credentials; where the shell points at
    the laptop's engine and another stage is meant, or the other way round; and, for what is ``deployed``, without a
    stack.
    """
    try:
        named = region or (stage != LAPTOP and _samconfig.region(stage, samconfig))
    except (OSError, ValueError, AttributeError) as error:
        raise Stopped(f"{samconfig}: cannot be read ({type(error).__name__})") from None
    if named:
        os.environ["AWS_REGION"] = os.environ["AWS_DEFAULT_REGION"] = named
    try:
        ssm = client("ssm")
    except HeraldError:
        raise Stopped(
            ON_THE_LAPTOP if stage == LAPTOP else "No AWS region is known: set AWS_DEFAULT_REGION, or say --region."
        ) from None
    except Exception as error:  # botocore's own: a profile that is not there, a region that is none.
        raise Stopped(f"AWS cannot be asked from this shell ({type(error).__name__}): {error}") from None
    _check_address(stage, ssm.meta.endpoint_url)
    where = Where(_account(), ssm.meta.region_name)
    if deployed:
        _check_deployed(ssm, stage, where)
    return where


def _check_deployed(ssm: Any, stage: str, where: Where) -> None:
    """Raises ``Stopped`` if there is no stack of this stage, or it cannot be told."""
    try:
        stack.parts(ssm, stage)
    except NotAccepted:
        raise Stopped(
            f"There is no stack herald-{stage} in {where}. Another region? Say --region. Not deployed yet? make deploy "
            f"STAGE={stage}"
        ) from None
    except Exception as error:
        raise Stopped(f"/herald/{stage}/{stack.NAME} in {where}: not read ({type(error).__name__})") from None


def _check_address(stage: str, address: str) -> None:
    """Raises ``Stopped`` if it is not the address of where the stage is."""
    host = urlsplit(address).hostname or ""
    if amazons(host):
        if stage == LAPTOP:
            raise Stopped(ON_THE_LAPTOP)
    elif stage != LAPTOP and os.environ.get(ON_PURPOSE) != address:
        raise Stopped(
            f"This shell addresses {host}, which is not AWS, and the stage is {stage}: nothing was done. Use another "
            f"shell (or unset AWS_ENDPOINT_URL). If {stage} is meant to be there, set {ON_PURPOSE} to that address too."
        )


def amazons(host: str) -> bool:
    """Whether a host is AWS's, in any of its partitions; a VPC's endpoints are."""
    known = own().get_component("data_loader").load_data("partitions")["partitions"]
    ends = {partition["outputs"][kind] for partition in known for kind in ("dnsSuffix", "dualStackDnsSuffix")}
    return host.endswith(tuple(f".{end}" for end in ends))


def _account() -> str:
    sts: Any = client("sts")
    try:
        return str(sts.get_caller_identity()["Account"])
    except Exception as error:  # The texts of AWS's errors may name the key.
        raise Stopped(
            f"AWS does not take this shell's credentials ({type(error).__name__}): aws configure, aws sso login, or "
            "set AWS_PROFILE"
        ) from None
