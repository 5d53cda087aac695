"""Limits: prices are exact, and a guard that is set wrongly is named with what it takes."""

import pytest

from tests.settings.reading import mistake, read

WRONG_GUARDS = [
    ("max_segments: 0", "max_segments"), ("max_segments: -1", "max_segments"), ("max_segments: many", "max_segments"),
    ("limits: 5", "limits"), ("limits: {number_day: 0}", "number_day"), ("limits: {day: 1.5}", "limits.day"),
    ("limits: {per_day: 7}", "no such limit"), ("prices: {INDIA: 1}", "two-letter"), ("prices: {IN: cheap}", "prices"),
    ("prices: 0.01", "prices"), ("max_price: 1", "prices is missing"), ("limits: {spend_day: 5}", "prices is missing"),
    ("prices: {IN: 1}\nmax_price: free", "max_price"), ("guests: '+447700900123'", "guests"),
    ("guests: [07700900123]", "guests"), ("mobile_prefixes: [91600]", "mobile_prefixes"),
    ("mobile_prefixes: ['+']", "mobile_prefixes"), ("send_uncounted: [all]", "send_uncounted"),
    ("prices: {IN: 1}\nlimits: {spend_day: -5}", "limits.spend_day"), ("countries: everywhere", "countries"),
    ("prices: {UK: 1}", "did you mean GB?"), ("prices: {XX: 1}", "countries that there are"),
    ("prices: {in: 1}", "countries that there are"), ("mobile_prefixes: ['+999']", "calling codes"),
    ("mobile_prefixes: ['+91600', '+21098']", "calling codes"), ("limits: {day: 5, day: unlimited}", "given twice"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "named"), WRONG_GUARDS)
def test_a_guard_that_is_set_wrongly_is_named_with_what_it_takes_and_never_with_its_value(
    text: str, named: str
) -> None:
    found = mistake(text)
    assert found.field == "settings"
    assert named in found.detail
    assert "(line " in found.detail or "missing" in found.detail
    assert "7700900123" not in found.detail


def test_a_price_is_the_countrys_own_or_that_of_all_others_for_each_segment() -> None:
    settings = read("prices: {IN: 0.0025, '*': 0.08}")
    assert (settings.cost("IN", 3), settings.cost("US", 1)) == (7500, 80_000)
    assert read("prices: {IN: 0.0025}").cost("US", 1) is None


def test_no_fraction_of_a_price_is_free() -> None:
    assert read("prices: {IN: 0.0000001}").cost("IN", 1) == 1


def test_numbers_of_no_country_have_a_price_and_a_range_may_begin_like_several_countries() -> None:
    found = read("prices: {'001': 2, '*': 1}\nmobile_prefixes: ['+97', '+88216']")
    assert (found.cost("001", 1), found.mobile_prefixes) == (2_000_000, ("+97", "+88216"))
