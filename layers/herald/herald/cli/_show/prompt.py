"""Prompt: asking whoever sits at the terminal for a secret, which is not shown and stands in no argument."""

import sys

from herald.cli._client.service import WRONG
from herald.cli._where import Stopped


def secret(question: str) -> str:
    """What is typed. Raises ``Stopped`` where nobody sits."""
    if not sys.stdin.isatty():
        raise Stopped(
            "There is no API key for this URL: set HERALD_KEY (and HERALD_URL, if it is another one's).", WRONG
        )
    from getpass import getpass

    return getpass(question)
