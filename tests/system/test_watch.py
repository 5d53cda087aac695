"""What watches is a stack of its own: it is deployed with the stack that it watches."""

import json
from collections.abc import Callable
from typing import Any


def test_ten_alarms_watch_the_queues_and_functions_of_the_deployed_stack(aws: Callable[[str], Any]) -> None:
    alarms = aws("cloudwatch").describe_alarms()["MetricAlarms"]
    watched = {alarm["AlarmName"]: {each["Value"] for each in alarm["Dimensions"]} for alarm in alarms}
    assert watched == {
        "herald-local-dead-letters": {"herald-local-dead"},
        "herald-local-dead-hooks": {"herald-local-dead-hooks"},
        "herald-local-failed-invocations": {"herald-local-failed-invocations"},
        "herald-local-queue-age": {"herald-local"},
        "herald-local-failure-rate": {"herald-local"},
        "herald-local-unknown": {"herald-local"},
        "herald-local-receipts-forbidden": {"herald-local"},
        "herald-local-spend": {"herald-local"},
        "herald-local-sweep": {"herald-local-sweep"},
        "herald-local-announce": {"herald-local-announce"},
    }
    assert [alarm["Threshold"] for alarm in alarms if alarm["AlarmName"] == "herald-local-spend"] == [50]


def test_the_deployed_dashboard_shows_the_deployed_alarms_and_log_groups(aws: Callable[[str], Any]) -> None:
    alarms = aws("cloudwatch").describe_alarms()["MetricAlarms"]
    body = json.loads(aws("cloudwatch").get_dashboard(DashboardName="herald-local")["DashboardBody"])
    (shown,) = [widget["properties"]["alarms"] for widget in body["widgets"] if widget["type"] == "alarm"]
    assert sorted(shown) == sorted(alarm["AlarmArn"] for alarm in alarms)
    (query,) = [widget["properties"]["query"] for widget in body["widgets"] if widget["type"] == "log"]
    for function in ("api", "invoke", "worker", "receipts", "sweep"):
        assert f"SOURCE '/aws/lambda/herald-local-{function}'" in query
