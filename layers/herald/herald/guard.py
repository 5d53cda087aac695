"""Guard: what may be sent at all, before money is spent."""

from herald.errors import InvalidMessage, Problem
from herald.message import Message
from herald.settings import Settings


def guard(message: Message, settings: Settings) -> None:
    """Raises ``InvalidMessage`` if the settings do not allow this message."""
    if settings.countries is not None and message.country not in settings.countries:
        allowed = ", ".join(sorted(settings.countries)) or "none"
        detail = f"messages to {message.country} are not allowed here; allowed countries: {allowed}"
        raise InvalidMessage([Problem("to", "country_not_allowed", detail)])
