"""Faulty: an AWS that throttles, breaks off, drops its answers and restarts, below the functions as they are deployed.

Only the functions speak to AWS through the proxy (microburst). The tests look past it, at what really is.
"""

import os
import signal
import time
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from herald.journal.item import id_of
from herald.message.status import Status
from herald.message.times import rfc3339
from local.deploy import STAGE, client
from local.engine import Engine
from local.stack import Stack
from tests.promises.proxy import Faults
from tests.system.conftest import Carrier, until

# Where a message still waits for somebody.
WAITING = {Status.ACCEPTED, Status.SCHEDULED, Status.SENDING}
MOMENTS = ("due_at", "retry_at", "turn_at")


class Faulty:
    """The whole stack on an engine that fails as told and keeps its state when it is started again.

    ``aws`` makes clients of the engine itself, past the proxy.
    """

    def __init__(self, folder: Path) -> None:
        self.faults = Faults(folder)
        kept = {"PERSIST_STATE": "1", "STATE_DIR": str(folder / "state")}
        few = {"LAMBDA_ACCOUNT_CONCURRENCY": "12"}  # Each function that the engine starts unpacks the whole layer.
        self.engine = Engine(folder, {"AWS_ENDPOINT_URL": self.faults.url, **kept, **few})
        self.stack = Stack(folder, port=0, engine=self.engine)
        self.aws = cache(lambda service: client(service, self.engine.url))

    def start(self) -> None:
        """Deploy, then put the proxy between, also before SNS: no function runs before."""
        self.stack.start()
        self.aws("ssm").put_parameter(
            Name=f"/herald/{STAGE}/channels/amazonsns", Type="SecureString", Value="type: amazonsns\n", Overwrite=True
        )
        self.faults.start(self.engine.url)
        self.carrier = Carrier(self.stack.carrier_url)

    def stop(self) -> None:
        """Stop everything that was started."""
        self.faults.stop()
        self.stack.stop()

    def restart(self) -> None:
        """End every function and the engine at once, wherever they are, and start the engine again.

        The engine keeps its tables and queues in memory and writes them down when it gets SIGTERM (ministack 1.5,
        November 2026): AWS's own would survive. A function has no handler for SIGTERM: it dies as of SIGKILL.
        """
        os.killpg(self.engine.pid, signal.SIGTERM)
        self.engine.stop(patience=60)
        self.engine.start()

    def statuses(self) -> dict[str, Status]:
        """What the journal says of each message, by the reference that the caller gave it."""
        return {item["reference"]["S"]: Status(item["status"]["S"]) for item in self._items()}

    def texts(self) -> Counter[str]:
        """How often each text arrived on the phone."""
        return Counter(self.carrier.bodies())

    def settle(self, seconds: float = 240) -> dict[str, Status]:
        """Let time pass and the sweep do its work until no message waits for anybody. Returns what became of each."""
        seen: dict[str, str] = {}

        def settled() -> bool:
            nonlocal seen
            if not WAITING & set(self.statuses().values()):
                return True
            seen = self._later(seen)
            with suppress(self.aws("lambda").exceptions.TooManyRequestsException):  # All functions are at work.
                self.sweep()
            time.sleep(0.5)  # What is under way gets the time to end.
            return False

        until(settled, "end of all messages", seconds)
        return self.statuses()

    def sweep(self) -> None:
        """Run the sweep now, and not only when the minute is over."""
        answer = self.aws("lambda").invoke(FunctionName=f"herald-{STAGE}-sweep", Payload=b"{}")
        assert "FunctionError" not in answer, answer["Payload"].read()

    def _items(self) -> list[dict[str, Any]]:
        pages = self.aws("dynamodb").get_paginator("scan").paginate(TableName=self.stack.env["HERALD_TABLE"])
        return [item for page in pages for item in page["Items"] if item["pk"]["S"].startswith("message#")]

    def _later(self, seen: dict[str, str]) -> dict[str, str]:
        """Bring forward what each message waits for, if it waits as it did when it was ``seen``. Returns it as seen."""
        past = rfc3339(datetime.now(UTC) - timedelta(seconds=1))
        waiting = [item for item in self._items() if "due_at" in item]
        for item in waiting:
            if seen.get(id_of(item)) == item["token"]["S"]:
                self._bring_forward(item, [name for name in MOMENTS if name in item], past)
        return {id_of(item): item["token"]["S"] for item in waiting}

    def _bring_forward(self, item: dict[str, Any], names: list[str], to: str) -> None:
        dynamodb = self.aws("dynamodb")
        with suppress(dynamodb.exceptions.ConditionalCheckFailedException):  # It goes on by itself.
            dynamodb.update_item(
                TableName=self.stack.env["HERALD_TABLE"],
                Key={"pk": item["pk"]},
                UpdateExpression="SET " + ", ".join(f"{name} = :to" for name in names),
                ConditionExpression="#token = :token",
                ExpressionAttributeNames={"#token": "token"},
                ExpressionAttributeValues={":to": {"S": to}, ":token": item["token"]},
            )
