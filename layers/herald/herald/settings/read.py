"""Read settings: YAML texts -> values, or InvalidSettings that lists every mistake by parameter, field and line."""

from collections.abc import Mapping

from herald.errors import InvalidSettings
from herald.settings.block import Problems, block, root
from herald.settings.channel import FieldsOf, RateOf, read_channel, unlimited
from herald.settings.general import NAMES, General
from herald.settings.values import DEFAULT_CHANNELS, Settings

# The parameter with the secrets that webhooks are signed with, one a line: two while the old one is being replaced.
WEBHOOK_SECRET = "webhook-secret"  # noqa: S105 - the parameter's name


def read_settings(
    parameters: Mapping[str, str], fields: FieldsOf, rates: RateOf = unlimited, *, local: bool = False
) -> Settings:
    """The settings of a stage from its parameters, ``{"settings": yaml, "channels/<name>": yaml}``.

    On the laptop (``local``) the machine itself may be called back. Raises ``InvalidSettings`` that lists every mistake
    of every parameter, never with a value.
    """
    problems = Problems()
    channels = {}
    for parameter, text in sorted(parameters.items()):
        prefix, _, name = parameter.partition("/")
        if prefix == "channels":
            found = block(parameter, root(parameter, text, problems), problems)
            channels[name] = read_channel(name, parameter, found, fields, problems, rates=rates)
    general = block("settings", root("settings", parameters.get("settings", ""), problems), problems, NAMES)
    settings = General(general, channels or DEFAULT_CHANNELS, problems, local=local).settings()
    if problems:
        raise InvalidSettings(problems)
    return settings._replace(webhook_secrets=tuple(parameters.get(WEBHOOK_SECRET, "").split()))
