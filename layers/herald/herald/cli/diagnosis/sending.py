"""Sending: one text by the usual way, through the stage's own function, and what came of it."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import uuid4

from herald.cli.diagnosis.asking import NotAllowed
from herald.cli.diagnosis.findings import Finding, failure, note, ok, warning
from herald.cli.diagnosis.look import Here, Look
from herald.cli.diagnosis.running import broken
from herald.message.phone import mask
from herald.message.status import Status

NEEDS = ("lambda:InvokeFunction",)
BODY = "Herald says hello: this text was sent by herald doctor."
REASONS = "docs/reasons.md"


class Sending:
    """``find`` looks a message up by its id; ``wait`` is how many seconds a receipt is waited for."""

    def __init__(
        self, here: Here, find: Callable[[str], Any], *, wait: float, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._look, self._find, self._wait, self._sleep = Look(here, NEEDS), find, wait, sleep

    def send(self, number: str, channel: str | None) -> Iterator[Finding]:
        """Send, wait, and say what became of it. It is asked for once, under a key of its own: so it is sent once."""
        try:
            yield from self._send(number, channel)
        except NotAllowed as error:
            yield broken(error, local=self._look.on_the_laptop)
        except Exception as error:
            found = broken(error, local=self._look.on_the_laptop)
            yield found._replace(mend="It may have been sent: look it up by its number, GET /messages?to=...")

    def _send(self, number: str, channel: str | None) -> Iterator[Finding]:
        fields = {"to": number, "body": BODY, "idempotency_key": f"doctor-{uuid4()}"}
        fields |= {"channel": channel} if channel else {}
        answer = self._look.ask(
            "lambda", "invoke", FunctionName=self._look.part("invoke_function"), Payload=json.dumps(fields).encode()
        )
        said = json.loads(answer["Payload"].read())
        if answer.get("FunctionError"):
            yield failure(_refused(said), "The reason says what to do.", REASONS)
            return
        yield ok(f"to {mask(str(said['to']))} by {said.get('channel') or 'no channel yet'}: {said['status']}")
        yield self._became(str(said["id"]))

    def _became(self, message_id: str) -> Finding:
        until = time.monotonic() + self._wait
        while not (message := self._find(message_id)).status.final and time.monotonic() < until:
            self._sleep(1)
        status = Status(message.status)
        if status is Status.DELIVERED:
            return ok(f"{message_id}: delivered")
        if status is Status.SENT:
            said = f"{message_id}: sent, and no receipt within {self._wait:g} seconds"
            return note(said, "A receipt may take up to 72 hours: look it up again with GET /messages/{id}.")
        if status.final:
            why = message.reason.text if message.reason else "for no reason that is known"
            return failure(f"{message_id}: {status}: {why}", "The reason says what to do.", REASONS)
        return warning(
            f"{message_id}: still {status} after {self._wait:g} seconds", "Its trace says what it waits for."
        )


def _refused(said: object) -> str:
    """Herald's own sentence; its errors repeat neither number nor text."""
    text = said.get("errorMessage") if isinstance(said, Mapping) else None
    return f"not sent: {text or 'the function broke off'}"
