"""Person: whom a number means, as the keyed hash by which the journal knows them."""

from herald.errors import InvalidRequest
from herald.message.phone import read
from herald.message.secret import recipient
from herald.pipeline.ports import Ports
from herald.pipeline.validate.fields import Fields, string


def person(ports: Ports, number: object, field: str) -> str:
    """The person with this number, in any form that people write. Raises ``InvalidRequest``, which names ``field``."""
    fields = Fields({field: number})
    found = named(ports, fields, field)
    if found is None:
        raise InvalidRequest(fields.problems)
    return found


def named(ports: Ports, fields: Fields, field: str) -> str | None:
    """The person whose number is in a field; None if that is a problem, which is noted."""
    numbering = ports.settings.numbering
    number = fields.required(field, lambda value: read(string(value), *numbering))
    return recipient(ports.secret, number.e164) if number else None
