"""The commands' stages are on the engine, on purpose, and have a stack."""

from contextlib import suppress
from typing import Any

import pytest

from local.deploy import client


def deploy(engine: str, stage: str, said: str = "{}") -> str:
    """What tells that a stage has a stack. Returns the stage."""
    ssm: Any = client("ssm", engine)
    with suppress(ssm.exceptions.ParameterAlreadyExists):
        ssm.put_parameter(Name=f"/herald/{stage}/stack", Type="String", Value=said)
    ssm.close()
    return stage


def beside(said: str) -> list[str]:
    """The lines that are told beside what a command gives on, without the first: where it acts."""
    first, *lines = said.splitlines() or [""]
    return lines if first.startswith("Stage ") else [first, *lines]


@pytest.fixture(autouse=True)
def _on_the_engine(request: pytest.FixtureRequest, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stage of a test, if it has one, is deployed there."""
    monkeypatch.delenv("HERALD_STAGE", raising=False)
    for name in ("AWS_ENDPOINT_URL", "HERALD_ENGINE"):
        monkeypatch.setenv(name, engine)
    deploy(engine, "dev")
    if "stage" in request.fixturenames:
        deploy(engine, request.getfixturevalue("stage"))
