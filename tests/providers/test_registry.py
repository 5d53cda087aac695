"""A new provider is one new file and its test: nothing registers it, and nothing else is imported for it."""

import subprocess
import sys
from importlib import import_module
from inspect import getmembers, isabstract, isclass
from pathlib import Path

import pytest

import herald.providers
from herald.errors import InvalidSettings
from herald.providers import load, types
from herald.providers._base import Provider
from herald.settings.values import Field
from tests.providers.contract import ProviderContract
from tests.providers.listing_contract import ListingContract

VENDORS = Path(herald.providers.__file__).parent


def test_the_types_are_the_vendors_files() -> None:
    assert types() == tuple(sorted(file.stem for file in VENDORS.glob("[!_]*.py")))
    assert {"amazonsns", "exotel"} <= set(types())


@pytest.mark.parametrize("name", types())
class TestEach:
    def test_each_is_a_complete_provider_with_the_name_of_its_file(self, name: str) -> None:
        provider = load(name)
        assert issubclass(provider, Provider)
        assert not isabstract(provider)
        assert provider.name == name
        assert provider.transport

    def test_each_file_holds_one_provider(self, name: str) -> None:
        module = import_module(f"herald.providers.{name}")
        own = {value for _, value in getmembers(module, isclass) if value.__module__ == module.__name__}
        assert {value for value in own if issubclass(value, Provider)} == {load(name)}

    def test_each_has_fields_whose_names_are_unique_and_not_common_to_all(self, name: str) -> None:
        fields = load(name).fields
        assert all(isinstance(field, Field) for field in fields)
        names = [field.name for field in fields]
        assert len(names) == len(set(names))
        assert not {"type", "sender", "endpoint_url"} & set(names)

    def test_each_keeps_the_contract(self, name: str) -> None:
        test = import_module(f"tests.providers.test_{name}")
        kept = [value for _, value in getmembers(test, isclass) if issubclass(value, ProviderContract)]
        assert name in {case.name for case in kept if hasattr(case, "name")}

    def test_each_that_lists_what_it_took_keeps_the_contract_of_lists(self, name: str) -> None:
        test = import_module(f"tests.providers.test_{name}")
        kept = [value for _, value in getmembers(test, isclass) if issubclass(value, ListingContract)]
        assert (name in {case.name for case in kept if hasattr(case, "name")}) == load(name).lists

    def test_loading_one_imports_neither_the_others_nor_what_is_heavy(self, name: str) -> None:
        code = f"import sys; from herald.providers import load; load({name!r}); print(*sys.modules)"
        loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={
            "PYTHONPATH": str(VENDORS.parent.parent)}).stdout.split()  # fmt: skip
        assert f"herald.providers.{name}" in loaded
        assert not {f"herald.providers.{other}" for other in types() if other != name} & set(loaded)
        assert not {"requests", "urllib3", "botocore", "boto3", "yaml"} & set(loaded)


@pytest.mark.parametrize("name", ["", "_base", "_http", "nosuch", "os", "..message", "Exotel", "exotel.x", "t0ken"])
def test_anything_else_is_no_type_and_is_not_repeated(name: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        load(name)
    assert str(caught.value) == f"invalid_settings: type: must be one of {', '.join(types())}"
