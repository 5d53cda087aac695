"""Read settings: YAML texts -> values, or InvalidSettings that lists every mistake by parameter, field and line."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from herald.errors import InvalidSettings
from herald.settings.block import Problems, block, root
from herald.settings.channel import FieldsOf, RateOf, read_channel, unlimited
from herald.settings.general import NAMES, General
from herald.settings.parameters import Parameters
from herald.settings.values import DEFAULT_CHANNELS, Settings

if TYPE_CHECKING:
    from herald.settings.wrong import Wrong

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


class Served:
    """The settings that a process uses: those that SSM holds; while these are wrong, the last that were right.

    ``read`` is as ``read_settings``, of a stage; ``trouble`` tells the operator, as the observer's does.
    """

    def __init__(self, read: Callable[[Mapping[str, str]], Settings], trouble: Callable[..., object]) -> None:
        self._read, self._trouble = read, trouble
        self._known: tuple[Mapping[str, str], Settings] | None = None
        self._wrong: Wrong | None = None

    def by(self, parameters: Parameters) -> Settings:
        """The settings, read anew only when the parameters were fetched anew.

        Raises ``InvalidSettings`` where none were right since the process began, and ``NotAccepted``.
        """
        found = parameters.current()
        if self._known is None or self._known[0] is not found:
            self._known = found, self._newly(found, parameters)
        return self._known[1]

    def check(self, parameters: Parameters) -> None:
        """Raises ``InvalidSettings`` while what SSM holds now is wrong, also where other settings are used."""
        parameters.look()
        if self.by(parameters) and self._wrong:
            raise InvalidSettings(self._wrong.problems)

    def _newly(self, found: Mapping[str, str], parameters: Parameters) -> Settings:
        try:
            settings, self._wrong = self._read(found), None
        except InvalidSettings as error:
            from herald.settings.wrong import Wrong

            self._wrong = (self._wrong or Wrong(self._trouble)).met(error, parameters)
            if self._known is None:
                raise
            return self._known[1]
        return settings
