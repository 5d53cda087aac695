"""Schedule: a message comes back once, at its time and never before."""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from herald.aws.schedule import Schedule, expression
from tests.builders import NOW, NUMBER, TEXT, a_message
from tests.strategies import times
from tests.tables import client

ROLE = "arn:aws:iam::000000000000:role/herald-schedule"
FAILED = "arn:aws:sqs:us-east-1:000000000000:herald-failed-invocations"
TARGET = "arn:aws:lambda:us-east-1:000000000000:function:herald-invoke"
IST = timezone(timedelta(hours=5, minutes=30))


@pytest.mark.parametrize(
    ("at", "written"),
    [
        (datetime(2026, 11, 25, 3, 30, tzinfo=UTC), "at(2026-11-25T03:30:00)"),
        (datetime(2026, 11, 25, 9, 0, tzinfo=IST), "at(2026-11-25T03:30:00)"),
        (datetime(2026, 11, 25, 3, 30, 0, 1, tzinfo=UTC), "at(2026-11-25T03:30:01)"),
        (datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), "at(2027-01-01T00:00:00)"),
    ],
)
def test_a_time_is_written_in_utc_and_rounded_up(at: datetime, written: str) -> None:
    assert expression(at) == written


@given(times(2000, 2100, st.timezones()), st.sampled_from([0, 1]))
def test_a_schedule_is_never_early_and_never_a_second_late(at: datetime, fold: int) -> None:
    at = at.replace(fold=fold)
    due = datetime.strptime(expression(at), "at(%Y-%m-%dT%H:%M:%S)").replace(tzinfo=UTC)
    assert timedelta() <= due - at.astimezone(UTC) < timedelta(seconds=1)


@pytest.fixture
def scheduler(engine: str) -> Any:
    return client("scheduler", engine)


@pytest.fixture
def schedule(scheduler: Any) -> Iterator[Schedule]:
    group = f"herald-{uuid.uuid4().hex[:8]}"
    scheduler.create_schedule_group(Name=group)
    yield Schedule(scheduler, group=group, role=ROLE, target=TARGET, failed=FAILED)
    scheduler.delete_schedule_group(Name=group)


AT = datetime(2036, 11, 25, 9, 0, tzinfo=IST)


def found(scheduler: Any, schedule: Schedule, message_id: str) -> dict[str, Any]:
    answer: dict[str, Any] = scheduler.get_schedule(Name=message_id, GroupName=schedule._group)
    return answer


def test_a_message_comes_back_once_by_its_id_and_its_schedule_removes_itself(
    scheduler: Any, schedule: Schedule
) -> None:
    message = a_message()
    schedule.put(message.id, AT)
    made = found(scheduler, schedule, message.id)
    assert made["ScheduleExpression"] == "at(2036-11-25T03:30:00)"
    assert made["ScheduleExpressionTimezone"] == "UTC"
    assert made["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert made["ActionAfterCompletion"] == "DELETE"
    assert made["Target"]["Arn"] == TARGET
    assert made["Target"]["RoleArn"] == ROLE
    assert json.loads(made["Target"]["Input"]) == {"action": "resume", "id": message.id}
    assert not [word for word in (NUMBER, TEXT) if word in made["Target"]["Input"]]


def test_a_removed_schedule_is_gone(scheduler: Any, schedule: Schedule) -> None:
    message = a_message()
    schedule.put(message.id, AT)
    schedule.remove(message.id)
    with pytest.raises(scheduler.exceptions.ResourceNotFoundException):
        found(scheduler, schedule, message.id)


def test_removing_what_is_not_there_is_well(schedule: Schedule) -> None:
    schedule.remove(a_message().id)


def test_a_schedule_that_is_there_already_gets_the_new_time(scheduler: Any, schedule: Schedule) -> None:
    message = a_message()
    schedule.put(message.id, AT)
    schedule.put(message.id, AT + timedelta(days=1))
    assert found(scheduler, schedule, message.id)["ScheduleExpression"] == "at(2036-11-26T03:30:00)"


def test_a_group_that_is_not_there_is_the_clients_own_error(scheduler: Any) -> None:
    with pytest.raises(ClientError):
        Schedule(scheduler, group="nowhere", role=ROLE, target=TARGET, failed=FAILED).put("msg_1", NOW)
