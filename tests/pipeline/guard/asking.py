"""Asking: outboxes with guards, and what is let in or refused there."""

from typing import Any

import pytest

from herald.errors import NotAllowed
from herald.keys.grant import Grant
from herald.message import Message
from herald.settings.values import Limits, Settings
from herald.testing.outbox import Outbox
from tests.builders import FIELDS, a_box

ABROAD, NEIGHBOUR = "+6591234567", "+919741552553"
OPEN = Grant("shop")


def a_gated_box(**changes: Any) -> Outbox:
    """An outbox with these settings beside its own."""
    box = a_box()
    fields = {"limits": Limits(), "channels": box.settings.channels, "routes": box.settings.routes}
    box.settings = Settings(**{**fields, **changes})
    return box


def limited(**limits: int) -> Outbox:
    """An outbox with these limits; a segment costs a cent."""
    return a_gated_box(limits=Limits(**limits), prices={"*": 10_000})


def ask(box: Outbox, grant: Grant | None = None, *, key: str | None = None, **fields: object) -> Message:
    """The message that is let in."""
    caller = grant.name if grant else "shop"
    return box.herald().send({**FIELDS, **fields}, caller=caller, entrypoint="https", key=key, grant=grant).message


def refused(box: Outbox, grant: Grant | None = None, **fields: Any) -> NotAllowed:
    """How the next message is refused; nobody is texted."""
    texts = len(box.texts)
    with pytest.raises(NotAllowed) as caught:
        ask(box, grant, **fields)
    assert len(box.texts) == texts
    return caught.value
