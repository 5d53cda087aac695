"""Failing: parts of Herald that cannot be reached, now or for ever, and clients whose answers get lost."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from herald.journal import MayStand
from herald.message import Message
from herald.settings.values import Settings
from herald.testing.memory import MemoryJournal, MemoryQueue, MemorySchedule
from herald.testing.outbox import Outbox
from tests.builders import NUMBER, TEXT


class Down(Exception):
    """A part of Herald that cannot be reached. Its text repeats what it was given, as errors of real clients may."""

    def __init__(self) -> None:
        super().__init__(f"could not send {TEXT!r} to {NUMBER}")


class FailingJournal(MemoryJournal):
    """A journal whose named operations fail, as often as it is said; ``late`` ones fail after they were done."""

    def __init__(self) -> None:
        super().__init__()
        self.failing: dict[str, int] = {}
        self.late = False

    def _do(self, operation: str, *given: Message) -> Any:
        method: Callable[..., Any] = getattr(MemoryJournal, operation)
        if not self.failing.get(operation):
            return method(self, *given)
        self.failing[operation] -= 1
        if not self.late:
            raise Down
        method(self, *given)
        if operation == "claim":
            raise MayStand from Down()
        raise Down

    def claim(self, message: Message) -> Message | None:
        before: Message | None = self._do("claim", message)
        return before

    def get(self, message_id: str) -> Message | None:
        if self.failing.get("get"):
            raise Down
        return super().get(message_id)

    def move(self, old: Message, new: Message) -> Message:
        moved: Message = self._do("move", old, new)
        return moved


class FailingQueue(MemoryQueue):
    """A queue that cannot be reached while ``down``; ``on_put`` sees each id that arrives even so."""

    down = True
    on_put: Callable[[str], object] | None = None

    def put(self, message_id: str, delay: float = 0) -> None:
        if self.on_put:
            self.on_put(message_id)
        if self.down:
            raise Down
        super().put(message_id, delay)

    def post(self, what: Mapping[str, Any], delay: float = 0) -> None:
        if self.down:
            raise Down
        super().post(what, delay)

    def again(self, handle: str, delay: float) -> None:
        if self.down:
            raise Down
        super().again(handle, delay)


class FailingSchedule(MemorySchedule):
    """Schedules that cannot be reached while ``down``."""

    down = True

    def put(self, message_id: str, at: datetime) -> None:
        if self.down:
            raise Down
        super().put(message_id, at)

    def remove(self, message_id: str) -> None:
        if self.down:
            raise Down
        super().remove(message_id)


class Unsettled(Outbox):
    """An outbox whose settings cannot be read while ``wrong`` says why."""

    wrong: Exception | None = None

    @property
    def settings(self) -> Settings:  # type: ignore[override]
        if self.wrong:
            raise self.wrong
        return self._settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        self._settings = settings


class Unreachable:
    """A part of Herald of which nothing can be had."""

    def __getattr__(self, name: str) -> Any:
        raise Down


class AnswersLost:
    """A client whose next answers get lost: the call goes through, and the SDK's repetition of it is what answers.

    That is what a retrying client does by itself when the connection breaks after the request has arrived.
    """

    def __init__(self, real: Any, lost: int = 1) -> None:
        self._real, self.lost = real, lost
        self.exceptions = real.exceptions

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        call: Callable[..., Any] = getattr(self._real, operation)

        def repeated(**request: Any) -> Any:
            for _ in range(self.lost):
                call(**request)
            self.lost = 0
            return call(**request)

        return repeated
