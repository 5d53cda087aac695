"""Policy: what may be sent at all, by the stage's settings and by the caller's grant. Pure."""

from collections.abc import Collection, Iterator

from herald.errors import NotAllowed
from herald.keys.grant import Grant
from herald.message import Message
from herald.message.text import forcing, measure, named, smart
from herald.settings.values import Settings


def guard(message: Message, settings: Settings, grant: Grant | None = None) -> None:
    """Raises ``NotAllowed`` if the settings, or the grant of who asks, do not allow this message."""
    for refused in refusals(message, settings, grant):
        raise refused


def refusals(message: Message, settings: Settings, grant: Grant | None = None) -> Iterator[NotAllowed]:
    """Each thing in which the settings, or the grant of who asks, do not allow this message."""
    if settings.countries is not None and message.country not in settings.countries:
        allowed = ", ".join(sorted(settings.countries)) or "none"
        detail = f"Messages to {message.country} are not allowed here; allowed countries: {allowed}."
        hint = "List the country in the setting countries, if messages there are meant."
        yield NotAllowed("country_not_allowed", detail, field="to", hint=hint)
    if grant:
        yield from _granted(message, grant)
    if settings.max_segments is not None and message.segments > settings.max_segments:
        yield _too_long(message, settings.max_segments)
    yield from _priced(message, settings, grant)


def sender_refused(message: Message, settings: Settings, barred: Collection[str]) -> NotAllowed:
    """What is told where the sender ids of the country keep a message from these channels, and there are no others."""
    country = message.country
    allowed = dict.fromkeys(sender for channel in barred for sender in settings.senders_of(channel, country) or ())
    if not allowed:
        detail = f"{country} allows no sender id that could be used: no message is sent there."
        hint = "Write a sender id in place of none in senders, once you have one that the country allows."
        return NotAllowed("sender_not_allowed", detail, field="to", hint=hint)
    detail = f"This sender id is not allowed in {country}; allowed: {', '.join(allowed)}."
    hint = "Name one of these, or leave sender out; or add this one to senders, if the country allows it."
    return NotAllowed("sender_not_allowed", detail, field="sender", hint=hint)


def _granted(message: Message, grant: Grant) -> Iterator[NotAllowed]:
    asked = (
        ("country", "to", message.country, grant.countries),
        ("kind", "kind", message.kind, grant.kinds),
        ("channel", "channel", message.asked_channel, grant.channels),
    )
    for what, field, value, allowed in asked:
        if value is not None and allowed is not None and value not in allowed:
            detail = f"This API key may not use this {what}; it may use: {', '.join(sorted(allowed)) or 'none'}."
            yield NotAllowed(f"{what}_not_allowed", detail, field=field, status=403, hint="Use another API key.")


def _too_long(message: Message, most: int) -> NotAllowed:
    detail = f"The text takes {message.segments} segments; at most {most} are allowed."
    hint = "Shorten the text, or raise the setting max_segments."
    body = message.body or ""
    if forcing(body):
        detail += f" It is UCS-2, with 70 characters a segment instead of 160, because of {named(forcing(body))}."
    if measure(smart(body)).segments <= most:
        hint = "Send it with smart: true, which replaces these characters."
    return NotAllowed("too_many_segments", detail, field="body", hint=hint)


def _priced(message: Message, settings: Settings, grant: Grant | None) -> Iterator[NotAllowed]:
    cost, limits = settings.cost(message.country, message.segments), settings.limits
    if cost is None:
        caps = [settings.max_price, limits.spend_day, limits.spend_month]
        caps += [limits.caller_spend_day, limits.caller_spend_month]
        own = [grant.spend_day, grant.spend_month] if grant else []
        if any(cap is not None for cap in (*caps, *own)):
            detail = f"What a message to {message.country} costs is not known, and money is limited here."
            hint = "Add the country, or '*' for all others, to the setting prices."
            yield NotAllowed("price_unknown", detail, field="to", hint=hint)
    elif settings.max_price is not None and cost > settings.max_price:
        detail = "The message costs more than the setting max_price allows."
        hint = "Shorten the text, or raise max_price."
        yield NotAllowed("price_above_maximum", detail, field="body", hint=hint)
