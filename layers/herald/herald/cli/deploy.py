"""``herald deploy``: build, and deploy the stack of a stage by its own section of ``samconfig.toml``.

The first time it asks for the region and for the e-mail of the alarms. The region is written into that section; the
e-mail is kept by the stack alone, since the file is in the repository.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

from typer import Argument

from herald.aws.client import client
from herald.cli import _samconfig
from herald.cli._regions import WITH_TEXTS
from herald.cli._where import LAPTOP, Find, Where, find
from herald.cli.frame import Here, Stopped, alone, command, tell

ROOT = _samconfig.FILE.parent
BUILD = ("make", "--no-print-directory", "build")
SAM = (str(ROOT / ".venv-sam/bin/python"), str(ROOT / ".venv-sam/bin/sam"), "deploy")
# What would lead elsewhere than it was said and looked: each has its place in samconfig.toml or in the shell.
ELSEWHERE = ("--region", "--stack-name", "--config-env", "--config-file", "--profile")
# States of a stack that can only be deleted.
DEAD = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED")

Run = Callable[[Sequence[str]], int]
Ask = Callable[[str], str]


app = alone()


@command(app, after="It can be run again.", deployed=False, named=True, as_json="none")
def deploy(
    here: Here, *, words: Annotated[list[str] | None, Argument(help="after --: options of sam deploy")] = None
) -> int:
    """Build, then deploy the stack; asks for region and e-mail the first time."""
    ask = input if sys.stdin.isatty() else None
    return run(here.stage, here.where, words or (), ask=ask)


def run(
    stage: str,
    where: Where,
    words: Sequence[str],
    *,
    ask: Ask | None,
    execute: Run | None = None,
    samconfig: Path = _samconfig.FILE,
    again: Find = find,
) -> int:
    """Deploy; ``ask`` asks whoever sits there, if somebody does. Returns the exit code of what ended it."""
    if stage in (LAPTOP, "default"):
        why = "is the laptop's: make run, make up" if stage == LAPTOP else "would be dev's section of samconfig.toml"
        raise Stopped(f"The stage {stage} is not deployed: it {why}. Choose another name.", 2)
    if away := [word for word in words if word.partition("=")[0] in ELSEWHERE]:
        raise Stopped(f"{away[0]}: not here. The region is samconfig.toml's, the profile AWS_PROFILE's.", 2)
    noted = _samconfig.region(stage, samconfig)
    if noted and noted != where.region:
        raise Stopped(
            f"The stage {stage} is in {noted}, by samconfig.toml: change it there, or choose another name.", 2
        )
    if ask and not noted:
        where = _asked_where(stage, where, ask, again)
    fresh = _is_fresh(client("cloudformation"), stage, where)
    if where.region not in WITH_TEXTS:
        tell(
            f"Amazon SNS may send no texts in {where.region}: it is not in the list of November 2026 (docs/deploy.md)."
        )
    _samconfig.note(stage, where.region, samconfig)
    told = [*SAM, "--config-env", stage, *_words(stage, words, fresh=fresh, ask=ask, samconfig=samconfig)]
    execute = execute or _run
    code = execute(BUILD) or execute(told)
    if not code:
        print(f"For a key to its API: make key NAME=me STAGE={stage}")
    return code


def _asked_where(stage: str, where: Where, ask: Ask, again: Find) -> Where:
    region = ask(f"Region of the stage {stage} [{where.region}]: ").strip()
    if region in ("", where.region):
        return where
    where = again(stage, region, deployed=False)
    tell(f"Stage {stage}: {where}.")
    return where


def _is_fresh(cloudformation: Any, stage: str, where: Where) -> bool:
    """Whether there is no stack yet. Raises ``Stopped`` if there is the rest of one, or the client's own errors."""
    name = f"herald-{stage}"
    try:
        state = str(cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
    except cloudformation.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return True
        raise
    if state in DEAD:
        raise Stopped(
            f"{name} in {where} is {state}: nothing can be deployed over it. make remove STAGE={stage}, wait a minute "
            "(SQS gives a deleted queue's name away after 60 seconds), then deploy again."
        )
    return state == "REVIEW_IN_PROGRESS"


def _words(stage: str, words: Sequence[str], *, fresh: bool, ask: Ask | None, samconfig: Path) -> list[str]:
    """What ``sam deploy`` is told beside its section."""
    told: list[str] = []
    if fresh:
        told += ["--on-failure", "DELETE"]  # What is left of a first try that failed would stop the second one.
    if not ask:
        told.append("--no-confirm-changeset")  # Nobody is there to confirm it.
    elif fresh and not any(word.startswith("--parameter-overrides") for word in words):
        told += _alarm_email(stage, ask, samconfig)
    return [*told, *words]


def _alarm_email(stage: str, ask: Ask, samconfig: Path) -> list[str]:
    """The parameters with the e-mail that was asked for. CloudFormation keeps its value in later deployments."""
    kept = _samconfig.section(stage, samconfig).get("parameter_overrides", "")
    given = " ".join(kept) if isinstance(kept, list) else str(kept)
    if "AlarmEmail=" in given:
        return []
    email = ask("Who gets an e-mail when something waits for a person (empty: nobody): ").strip()
    if email.count("@") != 1 or any(mark.isspace() or mark in "\"'" for mark in email):
        if email:
            raise Stopped("That is no e-mail address. Nothing was deployed.", 2)
        return []
    return ["--parameter-overrides", f"{given} AlarmEmail={email}".strip()]


def _run(words: Sequence[str]) -> int:
    return subprocess.run(list(words), cwd=ROOT, env=dict(os.environ), check=False).returncode
