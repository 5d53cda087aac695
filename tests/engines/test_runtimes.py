"""With other versions of botocore and of Python than those of the tests: the runtime is AWS's to replace."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engines.account import Account
from tests.engines.conftest import Made, interpreter, packages
from tests.engines.lambdas import Runtime

# By its environment; does it read the layer's data? The newest is moto's own.
BOTOCORES = {"botocore-1-34": False, "botocore-1-35": False, "botocore-1-40": True, "moto": True}
PYTHONS = ("3.12", "3.13", "3.14")
SAID = "the layer's data does not suit this botocore: its own is read"


def core(account: Account, record_property: Callable[[str, object], None]) -> None:
    """Each service is called: a key, a text by each provider, one that waits, one at a time, a sweep, an event."""
    runs = account.lambdas.runs()
    record_property("ran with", f"Python {runs['python']} and botocore {runs['botocore']}")
    allowed = account.authorized(account.key.key)
    assert allowed and allowed["principalId"] == "shop"
    sent = account.sent("once", body="Sent.").body
    assert sent["status"] == "sent"
    assert account.sent("once", body="Sent.").body["id"] == sent["id"]
    assert account.sent(channel="amazonsns").body["status"] == "sent"
    queued = account.sent(mode="async", body="Queued.").body
    assert queued["status"] == "accepted"
    account.worked()
    assert account.status(queued["id"]) == "sent"
    planned = account.sent(send_at="2027-06-01T09:00:00Z").body
    assert account.api("DELETE", f"/messages/{planned['id']}").body["status"] == "canceled"
    assert account.called_back(sent["id"]) == 204
    assert account.announced(sent["id"]) == {"batchItemFailures": []}
    assert account.lambdas("sweep", {})["troubled"] == 0
    assert account.api("GET", "/messages?to=%2B919741552552").status == 200
    assert account.bodies() == ["Sent.", "Queued."]


def wrong(account: Account) -> list[str]:
    """What the log says that is no step of a message."""
    return [line["message"] for line in account.lambdas.log() if line["level"] != "INFO"]


@pytest.mark.parametrize("name", BOTOCORES)
def test_with_any_botocore_the_functions_work_and_say_once_if_they_do_without_the_data(
    name: str, engine: str, made: Made, record_property: Callable[[str, object], None]
) -> None:
    account = made(engine, Runtime(sys.executable, packages(name)))
    core(account, record_property)
    assert wrong(account) == ([] if BOTOCORES[name] else [SAID])


@pytest.mark.parametrize("version", PYTHONS)
def test_with_any_python_the_functions_work(
    version: str, engine: str, made: Made, layer: Path, record_property: Callable[[str, object], None]
) -> None:
    account = made(engine, Runtime(interpreter(version), packages("botocore-1-40")))
    core(account, record_property)
    assert wrong(account) == []
    assert account.lambdas.runs() == {
        "python": version, "botocore": "1.40.4", "herald": str(layer / "python" / "herald" / "__init__.py"),
    }  # fmt: skip
