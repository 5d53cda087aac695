"""The bridge from log lines to metrics, on the bare engine."""

import pytest

from local.figures.bridge import Bridge
from local.figures.figures import Figures
from tests.local.figures.desk import Desk, line
from tests.local.waiting import threads, until


class TestBridge:
    def test_a_line_becomes_metrics_on_the_engine_and_only_once(self, desk: Desk) -> None:
        desk.write("START", line(channel=desk.name, Sent=1, Segments=3), "END")
        desk.bridge.bring()
        desk.bridge.bring()
        assert desk.measured("Sent", service="herald-local", channel=desk.name) == {"Sum": 1, "SampleCount": 1}
        assert desk.measured("Segments", service="herald-local", channel=desk.name) == {"Sum": 3, "SampleCount": 1}

    def test_every_value_of_a_line_counts(self, desk: Desk) -> None:
        desk.write(line(channel=desk.name, Failed=[0, 0, 1, 0]))
        desk.bridge.bring()
        assert desk.measured("Failed", service="herald-local", channel=desk.name) == {"Sum": 1, "SampleCount": 4}

    def test_more_than_fit_into_one_request_arrive_all_the_same(self, desk: Desk) -> None:
        desk.write(*[line(channel=desk.name, Sent=1)] * 700)  # Two metrics each.
        desk.bridge.bring()
        assert desk.measured("Sent", service="herald-local", channel=desk.name) == {"Sum": 700, "SampleCount": 700}

    def test_it_brings_by_itself_and_no_thread_survives(self, desk: Desk) -> None:
        others = threads("bridge")
        desk.bridge.start()
        assert threads("bridge") > others
        desk.write(line(channel=desk.name, Sent=1))
        until(lambda: desk.measured("Sent", service="herald-local", channel=desk.name)["Sum"] == 1)
        desk.bridge.stop()
        assert threads("bridge") <= others

    def test_an_engine_that_is_gone_is_an_error_of_the_system(self) -> None:
        bridge = Bridge("http://127.0.0.1:9")
        figures = Figures("http://127.0.0.1:9", bridge)
        for ask in (bridge.bring, figures.public):
            with pytest.raises(OSError, match="cannot be asked"):
                ask()
        bridge.stop()
        figures.close()
