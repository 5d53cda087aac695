"""The sweep: each minute, the messages that nobody else looks after any more are looked after here."""

from typing import Any

from herald import wiring
from herald.aws import deadline
from herald.pipeline.ports import LITTLE


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Sweep until nothing is due or little time is left. Returns how many messages met which end.

    While the settings in SSM are wrong it fails after that, each minute: so the alarm on the sweep tells somebody.
    """
    with deadline.of(context):
        swept = wiring.herald().sweep(lambda: deadline.left() < LITTLE)
        wiring.check()
        return swept._asdict()
