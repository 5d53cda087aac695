"""``python -m tests.docs.problems_page`` writes the reasons into docs/errors.md anew, each with its mend."""

import re

from herald.message.reasons import ADVICE, REASONS, Reason
from tests.docs import DOCS, headings

PAGE = DOCS / "errors.md"
COMMAND = "PYTHONPATH=layers/herald .venv/bin/python -m tests.docs.problems_page"
_BLOCK = re.compile(r"(?<=<!-- reasons -->\n).*?(?=<!-- /reasons -->)", re.DOTALL)


def page() -> str:
    """The page as it should be."""
    text = PAGE.read_text(encoding="utf-8")
    by_hand = set(headings(_BLOCK.sub("", text)))
    return _BLOCK.sub(lambda _: f"\n{reasons(by_hand)}\n", text)


def reasons(told: set[str]) -> str:
    """The reasons that have no heading yet."""
    return "\n".join(_place(reason) for reason in REASONS.values() if f"`{reason.code}`" not in told)


def _place(reason: Reason) -> str:
    again = "with a new key, later" if reason.retryable else "when the cause is gone, with a new key"
    return f"### `{reason.code}`\n\n`422` · not sent · {again}\n\n{reason.text} {ADVICE[reason.code]}\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
