"""Senders: the sender ids that a country allows, as YAML says them."""

import re

# A name that phones show, with a letter in it; a number in E.164; a short code, or a header of digits as in India.
_ID = re.compile(
    r"(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9_.&+-]([A-Za-z0-9 _.&+-]{0,9}[A-Za-z0-9_.&+-])?|\+[1-9]\d{6,14}|\d{3,8}", re.ASCII
)
ID = (
    "a sender id: a name of 1 to 11 letters and digits such as HERALD, a number such as '+15005550006', or a short code"
)


def is_id(text: str) -> bool:
    """Whether a text can be a sender id."""
    return bool(_ID.fullmatch(text))
