"""The metrics that a log line holds, by value."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.figures import emf
from tests.local.figures.desk import line

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.sampled_from(["_aws", "Metrics"]), inner)
    ),
    max_leaves=8,
)


NUMBERS = st.floats(-1e9, 1e9) | st.integers(-(10**9), 10**9)


class TestEmf:
    def test_each_set_of_dimensions_is_a_metric_of_its_own(self) -> None:
        both, alone = emf.read(line(12.5, channel="exotel", Sent=1))
        assert both == ("Herald", "Sent", (("service", "herald-local"), ("channel", "exotel")), "Count", 12.5, (1.0,))
        assert alone == both._replace(dimensions=(("service", "herald-local"),))

    @given(values=st.lists(NUMBERS, min_size=1, max_size=100))
    def test_many_values_stay_as_many(self, values: list[float]) -> None:
        assert [datum.values for datum in emf.read(line(channel="a", Latency=values))] == [
            tuple(map(float, values))
        ] * 2

    def test_a_metric_without_unit_or_value_or_with_a_value_that_is_no_number(self) -> None:
        said = json.loads(line(channel="a", Sent=1, Gone=2, Word="x", Truth=True, Nothing=[]))
        said["_aws"]["CloudWatchMetrics"][0]["Metrics"].append({"Name": "Bare"})
        said["Bare"] = 3
        del said["Gone"]
        read = {datum.name: datum for datum in emf.read(json.dumps(said))}
        assert set(read) == {"Sent", "Bare"}
        assert (read["Bare"].unit, read["Bare"].values) == ("None", (3.0,))

    @pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
    def test_what_cloudwatch_does_not_take_is_left_out(self, value: str) -> None:
        assert emf.read(line(channel="a", Sent=1).replace('"Sent": 1', f'"Sent": {value}')) == []

    @given(text=st.text() | JSON.map(json.dumps) | JSON.map(lambda value: json.dumps({"_aws": value})))
    def test_any_other_line_says_nothing_and_harms_nobody(self, text: str) -> None:
        for datum in emf.read(text):
            assert all(map(math.isfinite, datum.values))

    def test_a_line_that_only_mentions_it_says_nothing(self) -> None:
        assert emf.read("START RequestId: _aws") == []
        assert emf.read(json.dumps({"message": "_aws"})) == []
