"""``herald send``: send one text."""

import secrets
from collections.abc import Mapping

from herald.cli._asking import asks, give
from herald.cli._client.service import CODES, UNKNOWN
from herald.cli._client.target import Target
from herald.cli._show import message as shown
from herald.cli._show.progress import working
from herald.cli._text import TextCommand, of_a_message
from herald.cli.frame import alone, tell

app = alone()


@asks(app, cls=TextCommand)
@of_a_message
def send(target: Target, fields: Mapping[str, object], key: str | None) -> int:
    """Send one text. TO is a number, TEXT what is sent; - reads it from standard input.

    It is sent at most once, also if the network breaks off: then the command repeats it under one idempotency key.
    """
    key = key or f"cli-{secrets.token_hex(12)}"
    try:
        with working("Sending"):
            found = target.service.send(fields, key)
    except KeyboardInterrupt:
        tell(f"It may have been sent. To send it at most once, repeat it with --idempotency-key {key}")
        raise
    give(target, found, lambda screen: shown.message(found, screen))
    code = CODES.get(str(found.get("status")), 0)
    if code == UNKNOWN:
        tell("It may have been sent: do not send it again before you know. herald status shows what is learnt.")
    elif not code:
        tell(f"Follow it: herald status {found.get('id')} --watch")
    return code
