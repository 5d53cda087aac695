"""Quiet: whether an error keeps number and text to itself, with all that would be printed of it."""

import traceback

from herald.errors import (
    HeraldError,
)
from tests.builders import NUMBER, TEXT


def quiet(error: HeraldError) -> bool:
    """True if neither the error nor what would be printed of its causes tells number or text."""
    printed = "".join(traceback.format_exception(error))
    return not [word for word in (NUMBER, TEXT) if word in printed]
