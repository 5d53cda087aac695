"""EMF: the metrics that a log line holds, in CloudWatch's embedded metric format."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Dimensions = tuple[tuple[str, str], ...]


class Datum(NamedTuple):
    """The values of one metric with one set of dimensions. ``at`` is in seconds since 1970."""

    namespace: str
    name: str
    dimensions: Dimensions
    unit: str
    at: float
    values: tuple[float, ...]


def read(line: str) -> list[Datum]:
    """What a line says, each set of dimensions by itself; nothing if it is no such line."""
    try:
        said = json.loads(line)
        return list(_data(said)) if isinstance(said, dict) and "_aws" in said else []
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return []


def _data(said: Mapping[str, Any]) -> Iterator[Datum]:
    at = said["_aws"]["Timestamp"] / 1000
    for directive in said["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            dimensions = tuple((name, str(said[name])) for name in names)
            for metric in directive["Metrics"]:
                if values := _values(said.get(metric["Name"])):
                    unit = metric.get("Unit", "None")
                    yield Datum(directive["Namespace"], metric["Name"], dimensions, unit, at, values)


def _values(value: Any) -> tuple[float, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(float(each) for each in values if type(each) in (int, float) and abs(each) < float("inf"))
