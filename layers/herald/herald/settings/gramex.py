"""Gramex: the channels of a ``gramex.yaml``, whose blocks are those of a stage."""

from herald.errors import InvalidSettings
from herald.settings.block import Problems, block, entries, root
from herald.settings.channel import NAME, FieldsOf, read_channel
from herald.settings.values import Channel


def read_gramex(text: str, fields: FieldsOf) -> dict[str, Channel]:
    """The channels in the ``sms:`` section of a Gramex configuration. Raises ``InvalidSettings`` with every mistake."""
    import yaml

    problems, file = Problems(), "gramex.yaml"
    section = entries(file, root(file, text, problems), problems).get("sms")
    found = entries("sms", section.node, problems) if section else {}
    channels = {}
    for name, (node, line) in found.items():
        if not isinstance(node, yaml.MappingNode):
            problems.add("sms", "wrong_type", "a channel must be a mapping with a type", line)
        elif not NAME.fullmatch(name):
            problems.add("sms", "invalid_name", "a channel's name is 1 to 64 letters, digits or _ . -", line)
        else:
            where = f"sms.{name}"
            channels[name] = read_channel(name, where, block(where, node, problems), fields, problems, lenient=True)
    if not found and not problems:
        problems.add(file, "missing", "has no sms: section with channels")
    if problems:
        raise InvalidSettings(problems)
    return channels
