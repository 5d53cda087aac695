"""Keywords: the words by which people say that they want no texts any more, or want them again."""

import re
from enum import Enum

# What Amazon SNS obeys, and what carriers ask for; each alone, in any case.
STOP = frozenset(
    {"ARRET", "CANCEL", "END", "OPT-OUT", "OPTOUT", "QUIT", "REMOVE", "STOP", "STOPALL", "TD", "UNSUBSCRIBE"}
)
START = frozenset({"START", "UNSTOP", "OPT-IN", "OPTIN", "SUBSCRIBE"})
_AROUND = re.compile(r"^[\W_]+|[\W_]+$")


class Wish(Enum):
    """What a person wants."""

    STOP = "stop"
    START = "start"


def read(text: str) -> Wish | None:
    """What a person asks for by this text; None if it is neither STOP nor START."""
    word = _AROUND.sub("", text).upper()
    if word in STOP:
        return Wish.STOP
    return Wish.START if word in START else None
