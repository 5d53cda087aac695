"""Records: what SSM keeps of a stage's API keys, by name: hashes and grants, at a path of their own.

Until 28 November 2026 they lay below ``/herald/{stage}/keys``. Those of such a stage are found there too, until
``move`` brings them along: so nothing is lost by an update, nor by going back. A name that is at the new path is not
looked for at the old one.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from herald.errors import NotAccepted
from herald.keys.grant import Grant
from herald.keys.key import granted, owned, well_formed
from herald.settings import stack
from herald.settings.parameters import KEEP_SECONDS, Parameters

# For the authorizer: API Gateway keeps its answer for 270 s, and this adds 30: a revoked key is dead after 5 minutes.
KEYS_KEEP_SECONDS = 30.0


class Records:
    """The records of a stage's API keys. ``client`` is an SSM client; what is read is kept for ``keep`` seconds."""

    def __init__(
        self, client: Any, stage: str, *, keep: float = KEEP_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._gone = client.exceptions.ParameterNotFound
        self._taken = client.exceptions.ParameterAlreadyExists
        self._here = Parameters(client, stack.keys_path(stage), keep=keep, clock=clock)
        self._before = Parameters(client, f"{stack.path(stage)}/keys", keep=keep, clock=clock)

    def owner(self, authorization: str) -> Grant | None:
        """What the owner of the key in a header may do; None if it is nobody's. One just made is known at once.

        Raises ``NotAccepted`` if SSM fails.
        """
        grant = granted(authorization, self.current())
        return grant or (granted(authorization, self.again()) if well_formed(authorization) else None)

    def grant(self, name: str, age: float) -> Grant | None:
        """What a key of this name, which there was ``age`` seconds ago, may do now; None if it is gone."""
        record = self.still(name, age)
        return None if record is None else owned(name, record)

    def current(self) -> dict[str, str]:
        """The records at the new path, no older than ``keep`` unless SSM fails. Raises ``NotAccepted``."""
        try:
            return self._here.current()
        except NotAccepted:
            # While an update is rolled back this code has the role of before, which may read the old path alone.
            before = self._before.current()
            if not before:
                raise
            return before

    def again(self) -> dict[str, str]:
        """All records: those at the new path as they were a second ago at most. Raises ``NotAccepted`` if SSM fails."""
        before = self._before.current()  # First: what is moved meanwhile is at the new path by then.
        return {**before, **self._here.again(self._before.read_at)}

    def still(self, name: str, age: float) -> str | None:
        """The record of a key that there was ``age`` seconds ago, if it is still there; as ``Parameters.still``."""
        found = self._here.still(name, age) or self._before.still(name, age)
        return found or self._here.since(self._before.read_at).get(name)

    def all(self) -> dict[str, str]:
        """All records as they are now. Raises ``NotAccepted``."""
        before = self._before.refresh()
        return {**before, **self._here.refresh()}

    def of_before(self) -> dict[str, str]:
        """Those that are at the old path now. Raises ``NotAccepted``."""
        return self._before.refresh()

    def write(self, name: str, record: str, *, replace: bool) -> None:
        """Write a record, in place of the one there is only if that is meant. Raises the client's own errors."""
        self._here.write(name, record, secret=False, replace=replace)
        with suppress(self._gone):  # It is hidden there already; now it is gone.
            self._before.delete(name)

    def delete(self, name: str) -> None:
        """Delete a record at both paths. Raises the client's own errors; ``ParameterNotFound`` if it is at neither."""
        was_before = True
        try:
            self._before.delete(name)  # First: at the new path it hides this one until then.
        except self._gone:
            was_before = False
        try:
            self._here.delete(name)
        except self._gone:
            if not was_before:
                raise

    def move(self) -> list[str]:
        """Bring the records of the old path along. Safe to repeat; returns their names, sorted.

        Raises the client's own errors, and ``NotAccepted``.
        """
        before = self._before.refresh()
        for name, record in before.items():
            with suppress(self._taken):
                self._here.write(name, record, secret=False, replace=False)
        here = self._here.refresh()
        for name in before.keys() & here.keys():  # Not before it can be seen there: at no time is a key at neither.
            self._remove(name, here[name] == before[name])
        return sorted(before)

    def _remove(self, name: str, moved: bool) -> None:
        try:
            self._before.delete(name)
        except self._gone:  # Revoked, or replaced, while it was moved.
            if moved:
                self._here.delete(name)
