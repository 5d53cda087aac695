"""Look: what a check is handed: the stage, its settings, and the means to ask, each of which it has declared."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from herald.aws.client import ACCESS, client
from herald.cli._where import LAPTOP, Where
from herald.cli.diagnosis.asking import Access, Asked, action
from herald.errors import InvalidSettings
from herald.pipeline.route.rules import usual
from herald.providers import load
from herald.providers._http import Http
from herald.settings import stack
from herald.settings.read import read_settings
from herald.settings.values import Channel, Field, Settings

FUNCTIONS = ("api", "authorize", "invoke", "worker", "receipts", "announce", "sweep")
DAY, MINUTES = timedelta(days=1), timedelta(minutes=10)


class Here(NamedTuple):
    """What all checks of one run share. ``parameters`` are those of the stage, as SSM has them.

    ``opted_out`` says whether a number opted out, by the stage's own journal; ``fetch`` the status and body of a page
    on the web.
    """

    stage: str
    where: Where
    parameters: Mapping[str, str]
    asked: Asked
    http: Callable[[], Http]
    opted_out: Callable[[str], bool]
    fetch: Callable[[str], tuple[int, bytes]]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


class Look:
    """What one check looks at; with a ``channel``, at one of those of its type. ``needs`` is what it may ask AWS."""

    def __init__(self, here: Here, needs: Collection[str], channel: Channel | None = None) -> None:
        self.here, self.stage, self._needs, self._channel = here, here.stage, needs, channel

    @property
    def channel(self) -> Channel:
        """The channel that is looked at."""
        if self._channel is None:
            raise LookupError("this check is for the stack")
        return self._channel

    @property
    def values(self) -> Mapping[str, str]:
        """The fields of its block."""
        return self.channel.values

    @property
    def on_the_laptop(self) -> bool:
        return self.stage == LAPTOP

    @cached_property
    def settings(self) -> Settings:
        """The stage's settings. Raises ``InvalidSettings``."""
        return settings(self.here)

    def part(self, name: str) -> str:
        """The name, URL or ARN of a part of the stack. Raises ``NotAccepted``."""
        return stack.part(stack.path(self.stage), self.here.parameters.get(stack.NAME), name)

    def ask(self, service: str, operation: str, **asked: Any) -> dict[str, Any]:
        """Ask AWS as whoever runs the command. Raises ``NotAnswered``, or botocore's errors of the way there."""
        return self._ask(service, {}, operation, asked)

    def ask_there(self, service: str, operation: str, **asked: Any) -> dict[str, Any]:
        """Ask AWS in the account and region of the channel: at its endpoint, if it has one and it is its service's."""
        access = {name: self.values[name] for name in ACCESS if self.values.get(name)}
        if service != load(self.channel.type).transport:
            access.pop("endpoint_url", None)
        return self._ask(service, access, operation, asked)

    def all_there(self, service: str, operation: str, listed: str, token: str, **asked: Any) -> Iterator[Any]:
        """The entries of all pages of an answer; ``token`` is how the next page is called."""
        more: dict[str, Any] = {}
        while True:
            page = self.ask_there(service, operation, **asked, **more)
            yield from page.get(listed, ())
            if not page.get(token):
                return
            more = {token: page[token]}

    def highest(self, namespace: str, metric: str, since: timedelta, **dimensions: str) -> float | None:
        """The highest value of a metric lately, in the account of the channel, or the stack's; None without any."""
        said = {
            "Namespace": namespace,
            "MetricName": metric,
            "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
        }
        query = {"Id": "asked", "MetricStat": {"Metric": said, "Period": 300, "Stat": "Maximum"}}
        now = self.here.now()
        asking = self.ask_there if self._channel else self.ask
        found = asking(
            "cloudwatch", "get_metric_data", MetricDataQueries=[query], StartTime=now - since, EndTime=now
        )  # fmt: skip
        return max((value for each in found["MetricDataResults"] for value in each["Values"]), default=None)

    def month_to_date(self, namespace: str, metric: str) -> float | None:
        """The value of a metric that begins at zero each month, as it was lately in this one; None without any."""
        now = self.here.now()
        begun = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return self.highest(namespace, metric, max(MINUTES, min(2 * DAY, now - begun)))

    def reached(self, countries: Collection[str] | None = None) -> tuple[str, ...]:
        """The countries, of these, that the channel texts; without these, of all that the settings name.

        A channel to which no rule leads texts whatever it is asked for by name.
        """
        allowed = self.settings.countries
        wanted = (allowed or ()) if countries is None else countries
        known = {each for each in wanted if allowed is None or each in allowed}
        return tuple(sorted(each for each in known if self._only_by_name or self._leads(each)))

    @property
    def everywhere(self) -> bool:
        """Whether the stage texts every country, so that none is meant in particular."""
        return self.settings.countries is None

    @property
    def _only_by_name(self) -> bool:
        named = {name for rule in self.settings.routes for name in _named(rule.channels)}
        return self.channel.name not in named | {self._default(self.settings.default_region)}

    def _leads(self, country: str) -> bool:
        """Whether a text to a country may go by the channel though nobody names it."""
        for rule in self.settings.routes:
            if not rule.countries or country in rule.countries:
                if self.channel.name in _named(rule.channels):
                    return True
                if not any((rule.prefixes, rule.kinds, rule.callers, rule.senders)):
                    return False
        return self.channel.name == self._default(country)

    def _default(self, country: str) -> str:
        """The channel of what no rule fits."""
        return usual(self.settings._replace(default_region=country, routes=()))

    def _ask(self, service: str, access: Access, operation: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        name = action(self.here.asked.client(service, access), service, operation)
        if name not in self._needs:
            raise LookupError(f"{name} is not among the NEEDS of this check")
        return self.here.asked.answer(service, access, operation, asked)


def clients(service: str, access: Access) -> Any:
    """The real clients: three attempts, as End User Messaging takes one question a second of each kind."""
    options: dict[str, Any] = {**access}
    return client(service, **options)


def settings(here: Here) -> Settings:
    """The settings of a stage. Raises ``InvalidSettings`` with every mistake."""
    return read_settings(here.parameters, fields, lambda kind: load(kind).rate, local=here.stage == LAPTOP)


def fields(kind: str) -> Sequence[Field]:
    return load(kind).fields


def channels(here: Here) -> Mapping[str, Channel]:
    """The channels of a stage; where its settings are wrong, those that can be read by themselves."""
    with suppress(InvalidSettings):
        return settings(here).channels
    right: dict[str, Channel] = {}
    for name in here.parameters:
        if name.startswith("channels/"):
            with suppress(InvalidSettings):
                right |= settings(here._replace(parameters={name: here.parameters[name]})).channels
    return right


def _named(ranks: Sequence[str | Mapping[str, int]]) -> set[str]:
    return {name for rank in ranks for name in ([rank] if isinstance(rank, str) else rank)}
