"""Parameters: those of a stage in SSM: fetched at the first need, kept 5 minutes, served stale when SSM fails."""

import secrets
import time
from collections.abc import Callable
from typing import Any

from herald.errors import NotAccepted

KEEP_SECONDS = 300.0
HASH_KEY = "hash-key"
# By so many seconds the clocks of two machines may differ, and SSM may be late to show what was written.
LATE = 60.0


class Parameters:
    """The parameters below one path, read whole. ``client`` is an SSM client; names are relative to the path.

    Parameters are kept for ``keep`` seconds. With ``hash_key``, the stage's secret for keyed hashes is made if missing.
    """

    def __init__(
        self,
        client: Any,
        path: str,
        *,
        keep: float = KEEP_SECONDS,
        hash_key: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._keep, self._hash_key, self._clock = client, keep, hash_key, clock
        self.path = path
        self._parameters: dict[str, str] = {}
        self._until = self._fetched = float("-inf")

    def current(self) -> dict[str, str]:
        """``{"settings": ..., "channels/exotel": ..., "hash-key": ..., "stack": ...}``, no older than ``keep``.

        If SSM fails, the last known values are served on; if there are none, raises ``NotAccepted``.
        """
        if self._clock() >= self._until:
            try:
                self.refresh()
            except NotAccepted:
                if not self._parameters:
                    raise
                self._until = self._clock() + self._keep
        return self._parameters

    def refresh(self) -> dict[str, str]:
        """Fetch now, whatever is kept. Raises ``NotAccepted`` if SSM fails."""
        asked = self._clock()
        try:
            parameters = self._fetch()
            if self._hash_key and HASH_KEY not in parameters:
                parameters = self._with_hash_key(parameters)
        except Exception as error:
            raise NotAccepted(f"The settings could not be read from SSM ({type(error).__name__}).") from None
        self._parameters, self._fetched, self._until = parameters, asked, self._clock() + self._keep
        return parameters

    def still(self, name: str, age: float) -> str | None:
        """A parameter that was there ``age`` seconds ago, if it is still there.

        One that is missing is looked for again, unless the parameters were fetched after that. Raises ``NotAccepted``
        if SSM fails then: what cannot be known is not said.
        """
        if name not in self.current() and self._clock() - self._fetched + LATE >= age:
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
        found: dict[str, str] = {}
        more: dict[str, str] = {}
        while True:
            page = self._client.get_parameters_by_path(Path=self.path, Recursive=True, WithDecryption=True, **more)
            found.update({p["Name"].removeprefix(self.path + "/"): p["Value"] for p in page["Parameters"]})
            if not page.get("NextToken"):
                return found
            more = {"NextToken": page["NextToken"]}

    def _with_hash_key(self, parameters: dict[str, str]) -> dict[str, str]:
        """All parameters, after the first function of a fresh stack made the secret that contents are hashed with."""
        made = secrets.token_hex(32)
        try:
            self.write(HASH_KEY, made, replace=False)
        except self._client.exceptions.ParameterAlreadyExists:  # Another function was faster: its key is the one.
            parameters = self._fetch()
            made = parameters[HASH_KEY]
        return {**parameters, HASH_KEY: made}
