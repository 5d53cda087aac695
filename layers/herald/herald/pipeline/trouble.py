"""Trouble: what breaks off is told to the operator; then the way goes on, or the caller gets an error to read."""

from types import TracebackType

from herald.errors import HeraldError
from herald.pipeline.ports import Observer

Passes = type[Exception] | tuple[type[Exception], ...]


class told:  # noqa: N801 - it reads as a verb: `with told(...)`
    """Inside, whatever fails is told by ``phrase`` and left at that, but for the errors that ``passes`` names."""

    def __init__(self, observer: Observer, phrase: str, *, passes: Passes = (), **extra: object) -> None:
        self._observer, self._phrase, self._passes, self._extra = observer, phrase, passes, extra

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: TracebackType | None) -> bool:
        if not isinstance(error, Exception) or isinstance(error, self._passes):
            return False
        self._observer.trouble(self._phrase, error, **self._extra)
        return True


class needed:  # noqa: N801
    """Inside, whatever fails is told, and the caller gets ``otherwise``."""

    def __init__(
        self, observer: Observer, phrase: str, otherwise: HeraldError, *, passes: Passes = (), **extra: object
    ) -> None:
        self._told, self._otherwise = told(observer, phrase, passes=passes, **extra), otherwise

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._told.__exit__(kind, error, trace):
            raise self._otherwise from None
