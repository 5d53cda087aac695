"""Delivery log: what SNS writes into CloudWatch Logs about each text, written into the engine's."""

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any

from local.engine import REGION, asking_once

Entry = Mapping[str, Any]


class DeliveryLog:
    """The two log groups of one engine, with a stream of its own in each."""

    def __init__(self, engine_url: str) -> None:
        self._url, self._stream = engine_url, str(uuid.uuid4())
        self._ready: set[str] = set()

    def write(self, entries: Sequence[Entry]) -> None:
        """Write entries, failures into their own group. Raises ``OSError`` if the engine does not take them."""
        from botocore.exceptions import BotoCoreError, ClientError

        failures = [entry for entry in entries if entry["status"] == "FAILURE"]
        others = [entry for entry in entries if entry["status"] != "FAILURE"]
        try:
            for ending, some in (("", others), ("/Failure", failures)):
                if some:
                    self._append(self._group + ending, some)
        except (BotoCoreError, ClientError) as error:
            raise OSError("The engine does not take SNS's delivery log.") from error

    def close(self) -> None:
        """Close the connections to the engine."""
        if "_logs" in self.__dict__:
            self._logs.close()

    @cached_property
    def _logs(self) -> Any:
        return asking_once("logs", self._url)

    @cached_property
    def _group(self) -> str:
        sts = asking_once("sts", self._url)
        try:
            return f"sns/{REGION}/{sts.get_caller_identity()['Account']}/DirectPublishToPhoneNumber"
        finally:
            sts.close()

    def _append(self, group: str, entries: Sequence[Entry]) -> None:
        if group not in self._ready:
            exists = self._logs.exceptions.ResourceAlreadyExistsException
            with suppress(exists):
                self._logs.create_log_group(logGroupName=group)
            with suppress(exists):
                self._logs.create_log_stream(logGroupName=group, logStreamName=self._stream)
            self._ready.add(group)
        now = time.time_ns() // 1_000_000
        events = [{"timestamp": now, "message": json.dumps(entry)} for entry in entries]
        self._logs.put_log_events(logGroupName=group, logStreamName=self._stream, logEvents=events)
