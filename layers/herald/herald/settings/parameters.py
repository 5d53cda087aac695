"""Parameters: those of a stage in SSM: fetched at the first need, kept 5 minutes, served stale when SSM fails."""

import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

from herald.errors import NotAccepted

KEEP_SECONDS = 300.0
# What is missing is looked for again, but no more often: SSM answers 40 such calls a second, for the whole account.
AGAIN_SECONDS = 1.0
HASH_KEY = "hash-key"
# By so many seconds the clocks of two machines may differ, and SSM may be late to show what was written.
LATE = 60.0


class Parameters:
    """The parameters below one path, read whole, and kept for ``keep`` seconds.

    ``client`` is an SSM client; names are relative to the path. ``clock`` gives seconds.
    """

    def __init__(
        self,
        client: Any,
        path: str,
        *,
        keep: float = KEEP_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._keep, self.clock = client, keep, clock
        self.path = path
        self._parameters: dict[str, str] = {}
        self._versions: dict[str, int | None] = {}
        self._wait = keep
        self._until = self._fetched = self._failed = self.read_at = float("-inf")

    def current(self) -> dict[str, str]:
        """``{"settings": ..., "channels/exotel": ..., "hash-key": ..., "stack": ...}``, no older than ``keep``.

        If SSM fails, the last known values are served on; if there are none, raises ``NotAccepted``. After ``hasten``
        it is asked again half as often each time that it fails, as it does when it is asked too often.
        """
        if self.clock() >= self._until:
            try:
                self.refresh()
            except NotAccepted:
                if not self._parameters:
                    raise
                self._wait = min(self._keep, 2 * self._wait)
                self._until = self.clock() + self._wait
        return self._parameters

    def hasten(self, seconds: float) -> None:
        """Fetch anew after so many seconds at most: for whoever found that what was fetched cannot be used."""
        self._wait = min(self._wait, seconds)
        self._until = min(self._until, self.clock() + seconds)

    def refresh(self) -> dict[str, str]:
        """Fetch now, whatever is kept. Raises ``NotAccepted`` if SSM fails."""
        asked = self.clock()
        try:
            parameters = self._fetch()
        except Exception as error:
            self._failed = asked
            raise _unread(type(error).__name__) from None
        self.read_at = self.clock()
        self._parameters, self._fetched = parameters, asked
        self._wait, self._until = self._keep, self.read_at + self._keep
        return parameters

    def look(self) -> None:
        """Fetch anew if any of them was changed since. To look decrypts nothing, so it costs nothing.

        If SSM fails, nothing is done.
        """
        now = self.clock()
        if now < self._fetched + AGAIN_SECONDS:
            return
        with suppress(Exception):
            if _versions(self._listed(decrypted=False)) == self._versions:
                self._until = now + self._keep
            else:
                self.refresh()

    def since(self, moment: float) -> dict[str, str]:
        """The parameters as they were at ``moment`` or later. Raises ``NotAccepted`` if SSM failed since then."""
        if self._fetched >= moment:
            return self._parameters
        if self._failed >= moment:
            raise _unread("a moment ago")
        return self.refresh()

    def again(self, since: float = float("-inf")) -> dict[str, str]:
        """The parameters as they were a second ago at most, and at ``since`` or later. Raises ``NotAccepted``."""
        return self.since(max(since, self.clock() - AGAIN_SECONDS))

    def find(self, name: str) -> str | None:
        """A parameter; one that is missing may be new, and is looked for again. Raises ``NotAccepted``."""
        return self.current().get(name) or self.again().get(name)

    def hash_key(self) -> str:
        """The stage's secret for keyed hashes: the first that needs it makes it. Raises ``NotAccepted``."""
        return self.find(HASH_KEY) or self._made_hash_key()

    def still(self, name: str, age: float) -> str | None:
        """A parameter that was there ``age`` seconds ago, if it is still there.

        One that is missing is looked for again, unless the parameters were fetched after that. Raises ``NotAccepted``
        if SSM fails then: what cannot be known is not said.
        """
        if name not in self.current() and self.clock() - self._fetched + LATE >= age:
            self.refresh()
        return self._parameters.get(name)

    def write(self, name: str, value: str, *, secret: bool = True, replace: bool = True) -> None:
        """Write one parameter. Raises the client's own errors."""
        kind = "SecureString" if secret else "String"
        self._client.put_parameter(Name=f"{self.path}/{name}", Value=value, Type=kind, Overwrite=replace)

    def delete(self, name: str) -> None:
        """Delete one parameter. Raises the client's own errors."""
        self._client.delete_parameter(Name=f"{self.path}/{name}")

    def _fetch(self) -> dict[str, str]:
        found = list(self._listed(decrypted=True))
        self._versions = _versions(found)
        return {each["Name"].removeprefix(self.path + "/"): each["Value"] for each in found}

    def _listed(self, *, decrypted: bool) -> Iterator[Any]:
        more: dict[str, str] = {}
        while True:
            page = self._client.get_parameters_by_path(Path=self.path, Recursive=True, WithDecryption=decrypted, **more)
            yield from page["Parameters"]
            if not page.get("NextToken"):
                return
            more = {"NextToken": page["NextToken"]}

    def _made_hash_key(self) -> str:
        made = secrets.token_hex(32)
        try:
            try:
                self.write(HASH_KEY, made, replace=False)
            except self._client.exceptions.ParameterAlreadyExists:  # Another function was faster: its key is the one.
                made = self._fetch()[HASH_KEY]
        except Exception as error:
            raise NotAccepted(f"{self.path}/{HASH_KEY} could not be made ({type(error).__name__}).") from None
        self._parameters = {**self._parameters, HASH_KEY: made}
        return made


def _versions(found: Iterable[Any]) -> dict[str, int | None]:
    return {each["Name"]: each.get("Version") for each in found}


def _unread(why: str) -> NotAccepted:
    return NotAccepted(f"The settings could not be read from SSM ({why}).")
