"""Providers: one file a vendor. A file that is here is a type that a channel may have; nothing else registers it."""

from importlib import import_module
from pkgutil import iter_modules

from herald.errors import InvalidSettings, Problem
from herald.providers._base import Provider


def types() -> tuple[str, ...]:
    """The types that a channel may have: the names of the vendors' files, sorted."""
    return tuple(sorted(module.name for module in iter_modules(__path__) if not module.name.startswith("_")))


def load(name: str) -> type[Provider]:
    """The vendor's class; only this vendor's file is imported. Raises ``InvalidSettings`` for an unknown type."""
    if name not in types():
        raise InvalidSettings([Problem("type", "unknown_type", f"must be one of {', '.join(types())}")])
    provider: type[Provider] = import_module(f"{__name__}.{name}").PROVIDER
    return provider
