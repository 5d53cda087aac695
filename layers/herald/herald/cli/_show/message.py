"""Message: how a message, a list of them, and what would happen to one are shown."""

from collections.abc import Mapping, Sequence
from typing import Any

from herald.cli._show.screen import Screen

HEADS = ("when", "id", "status", "channel", "reason")
HEALTH = ("channel", "provider", "state", "share", "attempts", "failed", "unclear", "why")


def message(found: Mapping[str, Any], screen: Screen) -> list[str]:
    """What is known of a message, without its steps."""
    reason = found.get("reason") or {}
    encoding, segments = found.get("encoding"), found.get("segments")
    return screen.pairs(
        [
            ("status", found.get("status")),
            ("id", found.get("id")),
            ("to", _joined(found.get("to"), found.get("country"))),
            ("channel", found.get("channel")),
            ("provider id", found.get("provider_id")),
            ("text", f"{encoding}, {segments} segment{'' if segments == 1 else 's'}" if encoding else None),
            ("sent", found.get("sent_at")),
            ("delivered", found.get("delivered_at")),
            ("waits until", found.get("send_at") if found.get("status") == "scheduled" else None),
            ("reference", found.get("reference")),
            ("reason", _joined(reason.get("code"), reason.get("text"), ": ")),
            ("test", "yes: it reaches nobody" if found.get("test") else None),
        ]
    )


def trace(steps: Sequence[Mapping[str, str]], screen: Screen) -> list[str]:
    """A line for each step of its way."""
    return screen.steps([(step["at"], step["step"], step.get("detail") or "") for step in steps])


def messages(found: Sequence[Mapping[str, Any]], screen: Screen) -> list[str]:
    """A line for each message."""
    rows = [
        (m["created_at"], m["id"], m["status"], m.get("channel"), (m.get("reason") or {}).get("code")) for m in found
    ]
    return screen.table(HEADS, rows)


def explained(found: Mapping[str, Any], screen: Screen) -> list[str]:
    """What would happen, and each step's part in it."""
    steps = [("ok" if step["ok"] else "no", step["step"], step["detail"]) for step in found.get("steps", ())]
    summary = screen.pairs([("would", found.get("would")), ("because", found.get("summary"))])
    return [*summary, *(["", *screen.steps(steps)] if steps else [])]


def health(found: Sequence[Mapping[str, Any]], screen: Screen) -> list[str]:
    """A line for each channel."""
    rows = [
        (
            each["name"], each["provider"], each["state"], f"{each['share']} of {each['share_at_rest']}",
            each["attempts"], each["failed"], each["uncertain"], each.get("why") or "",
        )
        for each in found
    ]  # fmt: skip
    return screen.table(HEALTH, rows)


def _joined(first: object, second: object, between: str = " ") -> str | None:
    """Both, if both are there."""
    return between.join(str(part) for part in (first, second) if part) or None
