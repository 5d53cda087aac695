"""Faults: what the next sends shall suffer, asked for by a test or a curious person."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from threading import Lock


@dataclass(frozen=True, slots=True)
class Fault:
    """The next ``count`` sends at ``provider`` end as ``fault`` says."""

    provider: str
    fault: str
    count: int

    def public(self) -> dict[str, object]:
        """``{provider, fault, count}``."""
        return asdict(self)


class NotAFault(Exception):
    """What was asked for is no fault; the text is a sentence that says what would be right."""


class Faults:
    """The faults that wait for a send, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._pending: list[Fault] = []

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._pending.append(fault)

    def take(self, provider: str) -> str:
        """The fault of this very send, used up by it; empty if it shall go well."""
        with self._lock:
            for place, fault in enumerate(self._pending):
                if fault.provider == provider:
                    left = replace(fault, count=fault.count - 1)
                    self._pending[place : place + 1] = [left] if left.count else []
                    return fault.fault
        return ""

    def pending(self) -> list[Fault]:
        with self._lock:
            return list(self._pending)

    def clear(self) -> None:
        with self._lock:
            self._pending.clear()


def read(asked: object, offered: Mapping[str, tuple[str, ...]]) -> Fault:
    """``{"provider", "fault", "count"}`` as a ``Fault``; ``offered`` maps provider -> faults. Raises ``NotAFault``."""
    if not isinstance(asked, dict):
        example = next(iter(offered), "")
        raise NotAFault(f'Send a JSON object: {{"provider": "{example}", "fault": "500", "count": 1}}.')
    if unknown := sorted(set(asked) - {"provider", "fault", "count"}):
        raise NotAFault(f"Unknown field {unknown[0]!r}: a fault has provider, fault and count.")
    provider, fault, count = str(asked.get("provider")), str(asked.get("fault")), asked.get("count", 1)
    if provider not in offered:
        raise NotAFault(f"provider must be one of: {', '.join(offered)}.")
    if fault not in offered[provider]:
        raise NotAFault(f"fault must be one of: {', '.join(offered[provider])}.")
    if type(count) is not int or not 1 <= count <= 1000:
        raise NotAFault("count must be a whole number from 1 to 1000.")
    return Fault(provider, fault, count)
