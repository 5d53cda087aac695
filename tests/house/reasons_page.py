"""``python -m tests.house.reasons_page`` writes docs/reasons.md anew, from the reasons and the providers' tables."""

from collections.abc import Iterator, Mapping

from herald.message.reasons import ADVICE, REASONS, Reason
from herald.providers import load, types
from tests.house import ROOT

PAGE = ROOT / "docs" / "reasons.md"
COMMAND = "PYTHONPATH=layers/herald .venv/bin/python -m tests.house.reasons_page"
TITLES = {
    "caller": "The caller: the message itself",
    "account": "The account at the provider, and its channel",
    "sender": "The sender id and its registration",
    "recipient": "The person who should get it",
    "carrier": "The carrier",
    "provider": "The provider",
}
OPENING = f"""# Reasons

A message that did not arrive has a `reason`: `{{code, text, who, retryable}}`. It is one of those on this page,
whichever provider it went through: each provider's own words are translated into them. `code` is stable, and for
programs; `text` is a sentence for people, and may change. `who` must act. `retryable` says whether a new message can
help later, with nothing else done.

The provider's own words are kept as well: in `response`, and in the trace of each receipt, without number and text.

This page is made from the code: `{COMMAND}`.
"""
WORDS = """## Whose words mean what

Codes, HTTP statuses and texts of the providers, in the answer to a send and in receipts. In words that are not here,
a refusal to send is `request_refused`, and a failure to deliver `unexplained`. By HTTP, every provider's 429 is
`throttled` and its 503 `provider_unavailable`; after a 500, or no answer, nobody knows: the message is `unknown`. A
receipt that says neither that a text arrived nor that it failed is only noted in the trace.
"""


def page() -> str:
    """The whole page."""
    groups = "\n".join(group(who, title) for who, title in TITLES.items())
    vendors = "\n".join(vendor(name, load(name).words) for name in types())
    return f"{OPENING}\n{groups}\n{WORDS}\n{vendors}"


def group(who: str, title: str) -> str:
    """The reasons for which somebody must act."""
    lines = [row(reason) for reason in REASONS.values() if reason.who == who]
    return table(title, ("code", "what happened", "can it help later?", "what to do"), lines)


def row(reason: Reason) -> tuple[str, ...]:
    return f"`{reason.code}`", reason.text, "yes" if reason.retryable else "no", ADVICE[reason.code]


def vendor(name: str, words: Mapping[str, str]) -> str:
    """What a provider says, and what it becomes."""
    return "#" + table(f"`{name}`", ("reason", "the provider's words"), list(translated(words)))


def translated(words: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for code in REASONS:
        said = [f"`{word}`" for word, meaning in words.items() if meaning == code]
        if said:
            yield f"`{code}`", " · ".join(said)


def table(title: str, heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = (heads, tuple("---" for _ in heads), *rows)
    return f"## {title}\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
