"""Keywords: the words by which people say that they want no texts any more, or want them again."""

import re
import unicodedata
from enum import Enum

# What the FCC takes for a wish to get no more texts (47 CFR 64.1200(a)(10), since April 2025), what Amazon SNS obeys,
# and what carriers ask for. Compared by letters and digits alone: OPT OUT and opt-out are OPTOUT.
STOP = frozenset(
    {"ARRET", "CANCEL", "END", "OPTOUT", "QUIT", "REMOVE", "REVOKE", "STOP", "STOPALL", "TD", "UNSUBSCRIBE"}
)
# Whoever gets no texts and writes YES wants them again, as at other services; of anybody else it changes nothing.
START = frozenset({"OPTIN", "START", "SUBSCRIBE", "UNSTOP", "YES"})
# These make no sentence of a word for STOP. START is read alone: in doubt, nobody gets texts.
_POLITE = re.compile(r"\b(?:thank ?you|thanks|thx|please|pls|plz|kindly)\b", re.IGNORECASE)
_UNSEEN = ("Mn", "Me", "Cf")


class Wish(Enum):
    """What a person wants."""

    STOP = "stop"
    START = "start"


def read(text: str) -> Wish | None:
    """What a person asks for by this text; None if it is neither STOP nor START."""
    words = _folded(text)
    if "".join(words.split()) in START:
        return Wish.START
    asked = _POLITE.sub("", words).split()
    stops = "".join(asked) in STOP or (asked and STOP.issuperset(asked))
    return Wish.STOP if stops else None


def _folded(text: str) -> str:
    """The words of a text in capitals, without accents, width, marks and punctuation (Unicode's NFKD)."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    kept = "".join(c for c in plain if unicodedata.category(c) not in _UNSEEN)
    return " ".join("".join(c if c.isalnum() else " " for c in kept).upper().split())
