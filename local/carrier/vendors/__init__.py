"""Vendors: the simulated ends of the providers' contracts; a file that is here is a vendor, nothing registers it."""

from importlib import import_module
from pkgutil import iter_modules

from local.carrier.vendors._base import Vendor


def names() -> tuple[str, ...]:
    """The names of the vendors' files, sorted: each is the type of a channel too."""
    return tuple(sorted(module.name for module in iter_modules(__path__) if not module.name.startswith("_")))


def load(name: str) -> type[Vendor]:
    """The vendor's class."""
    vendor: type[Vendor] = import_module(f"{__name__}.{name}").VENDOR
    return vendor
