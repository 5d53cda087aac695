"""Empty: a name with nothing behind it is a mistake that is told, wherever it stands; it never takes a limit away."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import InvalidSettings
from herald.settings.general import SETTINGS
from herald.settings.values import Limits
from tests.settings.reading import mistake, mistakes, read

EMPTY = ["", "~", "null", "NULL", "''", '""', "' '", "!!null x", "# a comment", '"\\t"']
# What an empty list and an empty mapping mean; None: a mistake.
LISTS: dict[str, Any] = {
    "routes": (), "countries": frozenset(), "callback_hosts": (), "events": (), "mobile_prefixes": (),
    "guests": frozenset(), "send_uncounted": frozenset(),
}  # fmt: skip
MAPPINGS = {"prices", "limits", "senders"}
FIELDS = {"guests": "guests", "send_uncounted": "uncounted"}


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("empty", EMPTY)
def test_a_setting_with_nothing_behind_it_is_told_with_its_name_and_line(name: str, empty: str) -> None:
    found = mistake(f"# a comment\n{name}: {empty}")
    detail = f"{name} has nothing behind it: write a value, or remove the name (line 2)"
    assert found == ("settings", "empty", detail)


@pytest.mark.parametrize("name", Limits._fields)
@pytest.mark.parametrize("empty", EMPTY)
def test_a_limit_with_nothing_behind_it_is_told_with_its_own_line(name: str, empty: str) -> None:
    found = mistake(f"limits:\n  {name}: {empty}")
    detail = f"{name} has nothing behind it: write a value, or remove the name (line 2)"
    assert found == ("settings", "empty", detail)


@pytest.mark.parametrize("empty", EMPTY)
@pytest.mark.parametrize(
    "text", ["prices:\n  IN: {}\n", "prices:\n  '*': {}\n", "routes:\n- country: {}\n  channels: [amazonsns]\n"]
)
def test_a_price_or_a_country_of_a_route_may_not_be_empty(text: str, empty: str) -> None:
    assert mistake(text.format(empty)).code == "empty"


@pytest.mark.parametrize("name", SETTINGS)
def test_an_empty_list_means_none_where_a_list_is_meant_and_is_a_mistake_elsewhere(name: str) -> None:
    if name in LISTS:
        assert getattr(read(f"{name}: []"), FIELDS.get(name, name)) == LISTS[name]
    else:
        assert mistake(f"{name}: []").detail.endswith("(line 1)")


@pytest.mark.parametrize("name", SETTINGS)
def test_an_empty_mapping_changes_nothing_where_a_mapping_is_meant_and_is_a_mistake_elsewhere(name: str) -> None:
    if name in MAPPINGS:
        assert read(f"{name}: {{}}") == read()
    else:
        assert mistake(f"{name}: {{}}").detail.endswith("(line 1)")


@pytest.mark.parametrize("name", SETTINGS)
def test_a_list_of_nothing_is_a_mistake_everywhere(name: str) -> None:
    for item in ("~", "''", "[]", "{}"):
        assert mistakes(f"{name}: [{item}]")


names = st.sampled_from(SETTINGS)
inner_names = st.sampled_from([*Limits._fields, "IN", "'*'", "country", "kind", "channels"])
shapes: Any = st.recursive(
    st.sampled_from(["", "~", "''", '""', "null", "' '"]),
    lambda inner: (
        st.lists(inner, max_size=2).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(inner_names, inner, max_size=2)
        .map(lambda found: f"{{{', '.join(f'{name}: {value}' for name, value in found.items())}}}")
    ),
    max_leaves=4,
)  # fmt: skip


@given(st.dictionaries(names, shapes, min_size=1, max_size=3))
def test_nothing_however_it_is_nested_never_takes_a_guard_away(said: dict[str, str]) -> None:
    try:
        found = read("\n".join(f"{name}: {value}" for name, value in said.items()))
    except InvalidSettings:
        return
    usual = read()
    assert (found.limits, found.max_segments, found.max_price) == (usual.limits, usual.max_segments, usual.max_price)
    assert found.guests in (None, frozenset()) and (found.guests is None) == ("guests" not in said)
    assert found.countries is not None and found.countries <= {"IN"}
    assert (found.uncounted, found.mobile_prefixes, found.callback_hosts) == (frozenset(), (), ())
