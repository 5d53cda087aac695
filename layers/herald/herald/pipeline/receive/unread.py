"""Unread: a callback that proves itself and cannot be understood is counted and told; nobody is thanked for it."""

from collections.abc import Iterable

from herald.errors import HeraldError, InvalidRequest, Problem
from herald.pipeline.ports import Observer
from herald.providers._base import Callback


def unread(observer: Observer, provider: str, what: str, callback: Callback, missing: Iterable[str]) -> HeraldError:
    """What the provider is answered that was to tell a ``what``: a receipt, or a reply.

    ``missing`` names what is not said, or not so that it can be read. The log line has the shape of the callback, and
    no value of it.
    """
    missing = list(missing)
    detail = f"This cannot be read as a {what}, which has: {', '.join(missing)}."
    answer = callback.refusal or InvalidRequest([Problem("", "not_understood", detail)], code="not_understood")
    shape = {"code": answer.code, "missing": missing, "fields": len(callback.fields)}
    observer.count("CallbacksUnread", provider=provider, what=what, **shape)
    return answer
