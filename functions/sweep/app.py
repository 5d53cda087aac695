"""The sweep: each minute, the messages that nobody else looks after any more are looked after here."""

from typing import Any

from herald import wiring

# Milliseconds that are left for the page that is under way.
LITTLE = 10_000


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Sweep until nothing is due or little time is left. Returns how many messages met which end."""
    return wiring.herald().sweep(lambda: context.get_remaining_time_in_millis() < LITTLE)._asdict()
