"""EventBridge: hands an event of AWS to the functions whose rules on the engine's default bus ask for it.

The engine takes no event from a source ``aws.*``, as AWS takes none of ours: so its rules are read, and what they name
is called.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from local.engine import asking_once


class DefaultBus:
    """The default bus of one engine."""

    def __init__(self, engine_url: str) -> None:
        self._url = engine_url

    def put(self, event: Mapping[str, object]) -> None:
        """Call each function once, and wait for it. Raises ``OSError`` if the engine, or a function, fails."""
        from botocore.exceptions import BotoCoreError, ClientError

        said = json.dumps(event)
        try:
            for function in self._targets(said):
                if "FunctionError" in self._functions.invoke(FunctionName=function, Payload=said):
                    raise OSError("The function failed at the event.")
        except (BotoCoreError, ClientError) as error:
            raise OSError("The engine does not take the event.") from error

    def close(self) -> None:
        """Close the connections to the engine."""
        for name in ("_events", "_functions"):
            if name in self.__dict__:
                getattr(self, name).close()

    @cached_property
    def _events(self) -> Any:
        return asking_once("events", self._url)

    @cached_property
    def _functions(self) -> Any:
        return asking_once("lambda", self._url)

    def _targets(self, said: str) -> Iterator[str]:
        for rule in self._events.list_rules()["Rules"]:
            pattern = rule.get("EventPattern") if rule["State"] == "ENABLED" else None
            if pattern and self._events.test_event_pattern(EventPattern=pattern, Event=said)["Result"]:
                for target in self._events.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
                    yield target["Arn"]
