"""Troubled: the latest messages of each caller that ended badly are noted, for who asks for them without a number.

Here, so that a send writes and reads nothing more; what is noted wakes nobody.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from herald.journal.item import id_of
from herald.message.status import TROUBLED
from herald.pipeline.ports import LITTLE, Ports
from herald.pipeline.trouble import told


def note_troubled(ports: Ports, changes: Iterable[Mapping[str, Any]]) -> None:
    """Note what these changes of the table say, by one write for each caller. It raises nothing."""
    with told(ports.observer, "trouble not noted"):
        for caller, ended in _by_caller(changes).items():
            if ports.left() < LITTLE:
                return
            ports.journal.note_troubled(caller, ended)


def _by_caller(changes: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, datetime]]:
    """The ids of messages that came into such a state, and when, by caller."""
    found: dict[str, dict[str, datetime]] = defaultdict(dict)
    for change in changes:
        before, after = change.get("OldImage", {}), change.get("NewImage", {})
        status, caller, at = (after.get(name, {}).get("S", "") for name in ("status", "caller", "updated_at"))
        new = status in TROUBLED and after.get("status") != before.get("status")
        if new and caller and at and "erased" not in after:
            found[caller][id_of(after)] = datetime.fromisoformat(at)
    return found
