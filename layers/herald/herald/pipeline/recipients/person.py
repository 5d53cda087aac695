"""Person: whom a number means, as the keyed hash by which the journal knows them."""

from herald.errors import InvalidRequest
from herald.message.phone import stands_for
from herald.message.secret import recipient
from herald.pipeline.ports import Ports
from herald.pipeline.validate.fields import Fields, string


def person(ports: Ports, number: object, field: str, region: str | None = None) -> str:
    """The person with this number, in any form that people write, also if it may get no texts, or no longer.

    One without a country code is of ``region``, by default the stage's own. Raises ``InvalidRequest``, which names
    ``field``.
    """
    fields = Fields({field: number})
    found = named(ports, fields, field, region)
    if found is None:
        raise InvalidRequest(fields.problems)
    return found


def named(ports: Ports, fields: Fields, field: str, region: str | None = None) -> str | None:
    """The person whose number is in a field; None if that is a problem, which is noted."""
    home = region or ports.settings.default_region
    e164 = fields.required(field, lambda value: stands_for(string(value), home))
    return recipient(ports.secret, e164) if e164 else None
