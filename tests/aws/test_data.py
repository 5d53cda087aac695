"""The built data is never the reason of an outage: where it is of no use, botocore reads its own."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from botocore import xform_name
from botocore.awsrequest import AWSResponse
from botocore.exceptions import InvalidRegionError

from herald.aws import client
from herald.errors import InvalidSettings
from tests.aws.conftest import read_from

SERVICES = tuple(client.OPERATIONS)
ONCE = {"GroupName": "g", "ClientToken": "t"}
KEY = {"pk": {"S": "message#1"}}
# What each operation is called with: the endpoint of some depends on it.
CALLS: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("dynamodb", "BatchGetItem"): {"RequestItems": {"t": {"Keys": [KEY]}}},
    ("dynamodb", "DeleteItem"): {"TableName": "t", "Key": KEY},
    ("dynamodb", "GetItem"): {"TableName": "t", "Key": KEY},
    ("dynamodb", "PutItem"): {"TableName": "t", "Item": KEY},
    ("dynamodb", "Query"): {"TableName": "t", "KeyConditionExpression": "pk = :pk"},
    ("dynamodb", "UpdateItem"): {"TableName": "t", "Key": KEY},
    ("events", "PutEvents"): {"Entries": [{"Source": "herald", "EventBusName": "b"}]},
    ("pinpoint-sms-voice-v2", "SendTextMessage"): {"DestinationPhoneNumber": "+919741552552", "MessageBody": "m"},
    ("scheduler", "CreateSchedule"): {"Name": "n", **ONCE, "ScheduleExpression": "at(2027-01-01T00:00:00)"},
    ("scheduler", "DeleteSchedule"): {"Name": "n", **ONCE},
    ("sns", "Publish"): {"PhoneNumber": "+919741552552", "Message": "m"},
    ("sqs", "ChangeMessageVisibility"): {"QueueUrl": "https://q/1", "ReceiptHandle": "h", "VisibilityTimeout": 1},
    ("sqs", "SendMessage"): {"QueueUrl": "https://q/1", "MessageBody": "m"},
    ("ssm", "DeleteParameter"): {"Name": "/n"},
    ("ssm", "GetParametersByPath"): {"Path": "/p"},
    ("ssm", "PutParameter"): {"Name": "/n", "Value": "v"},
}


class Asked(NamedTuple):
    """A request as it would leave: where to, what for, and what is in it."""

    url: str
    target: object
    body: object


def called(made: Any, operation: str, said: Mapping[str, Any]) -> Asked:
    """What a call sends, by pages where the package asks for pages; nothing leaves this process."""
    asked = []

    def keep(request: Any, **_: Any) -> AWSResponse:
        asked.append(Asked(request.url, request.headers.get("X-Amz-Target"), request.body))
        empty = b"<PublishResponse><PublishResult/></PublishResponse>" if "sns" in request.url else b"{}"
        return AWSResponse(request.url, 200, {}, Raw(empty))

    if operation == "Query":
        pages = made.get_paginator("query")
        pages._method.__self__.meta.events.register_first("before-send", keep)
        list(pages.paginate(**said))
        pages._method.__self__.meta.events.unregister("before-send", keep)
    else:
        made.meta.events.register_first("before-send", keep)
        getattr(made, xform_name(operation))(**said)
        made.meta.events.unregister("before-send", keep)
    (only,) = asked
    return only


class Raw:
    """What comes over the network."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self) -> Iterator[bytes]:
        yield self._content


Requests = Mapping[tuple[str, str], Asked]


def all_called(*services: str) -> Requests:
    """What each of the operations sends, by clients that are made now."""
    made = {service: client.client(service) for service in services or SERVICES}
    return {each: called(made[each[0]], each[1], CALLS[each]) for each in CALLS if each[0] in made}


@pytest.fixture(autouse=True)
def _an_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)


@pytest.fixture
def data(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The built data, to be broken."""
    return read_from(Path(shutil.copytree(built, tmp_path / "data")), monkeypatch)


@pytest.fixture(scope="module")
def right() -> Requests:
    """What botocore's own clients send."""
    return all_called()


def told(log: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """What the log says, and whose it is."""
    return [(record.name, record.getMessage()) for record in log.records]


def test_every_operation_is_called_here() -> None:
    assert CALLS.keys() == {(service, name) for service, listed in client.OPERATIONS.items() for name in listed}


def test_clients_of_the_built_data_send_what_botocores_own_send_and_nothing_is_told(
    data: Path, right: Requests, caplog: pytest.LogCaptureFixture
) -> None:
    assert all_called() == right
    assert told(caplog) == []


# ---- What may be wrong with a file

Break = Callable[[Path], object]


def half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


BREAKS: Mapping[str, Break] = {
    "missing": Path.unlink,
    "empty": lambda path: path.write_text(""),
    "half": half,
    "no text": lambda path: path.write_bytes(b"\xff\xfe\x00" * 100),
    "nothing in it": lambda path: path.write_text("{}"),
}
# Without rules botocore knows by another file where a service is.
DISPENSABLE = ("endpoint-rule-set-1.json", "missing")
SAID = ("herald-dev", "the layer's data does not suit this botocore: its own is read")
FILES = [
    *(f"{service}/*/{name}.json" for service in SERVICES for name in ("service-2", "endpoint-rule-set-1")),
    "dynamodb/*/paginators-1.json",
    "partitions.json",
    "endpoints.json",
    "amazon-roots.pem",
]


def concerned(file: str) -> tuple[str, ...]:
    """The services whose clients read a file: any two, if all do."""
    folder = file.partition("/")[0]
    return (folder,) if folder in SERVICES else ("dynamodb", "sns")


@pytest.mark.parametrize("broken", BREAKS)
@pytest.mark.parametrize("file", FILES)
def test_whichever_file_is_broken_every_call_is_made_and_it_is_told_once(
    file: str, broken: str, data: Path, right: Requests, caplog: pytest.LogCaptureFixture
) -> None:
    (path,) = data.glob(file)
    BREAKS[broken](path)
    sent = all_called(*concerned(file))
    assert sent == {each: right[each] for each in sent}
    assert told(caplog) == ([] if (path.name, broken) == DISPENSABLE else [SAID])


# ---- A format of later years


def edited(path: Path, change: Callable[[Any], object]) -> None:
    """A file with a change of its JSON."""
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def first_rule(rules: Any, rule: Mapping[str, Any]) -> None:
    rules["rules"].insert(0, rule)


LATER: Mapping[str, tuple[str, Callable[[Any], object]]] = {
    "a parameter of a new type": (
        "endpoint-rule-set-1", lambda rules: rules["parameters"].update(New={"type": "stringSet", "documentation": ""})
    ),
    "a parameter that the client is to fill in and does not know": (
        "endpoint-rule-set-1", lambda rules: rules["parameters"].update(New={"type": "string", "builtIn": "AWS::New"})
    ),
    "a rule of a new kind": ("endpoint-rule-set-1", lambda rules: first_rule(rules, {"type": "new", "conditions": []})),
    "a new function": (
        "endpoint-rule-set-1",
        lambda rules: first_rule(
            rules, {"type": "error", "error": "", "conditions": [{"fn": "aws.isNew", "argv": [{"ref": "Region"}]}]}
        ),
    ),
    "a new way to sign": (
        "endpoint-rule-set-1",
        lambda rules: first_rule(
            rules,
            {
                "type": "endpoint", "conditions": [],
                "endpoint": {"url": "https://new", "properties": {"authSchemes": [{"name": "sigv9"}]}, "headers": {}},
            },
        ),
    ),
    "rules without rules": ("endpoint-rule-set-1", lambda rules: rules.pop("rules")),
    "a new protocol": ("service-2", lambda model: model["metadata"].update(protocol="new", protocols=["new"])),
    "a model of another shape": ("service-2", lambda model: model.update(metadata={"version": "3.0"})),
}  # fmt: skip


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("what", LATER)
def test_of_a_later_format_every_call_is_made_and_it_is_told_once(
    what: str, service: str, data: Path, right: Requests, caplog: pytest.LogCaptureFixture
) -> None:
    file, change = LATER[what]
    (path,) = data.glob(f"{service}/*/{file}.json")
    edited(path, change)
    sent = all_called(service)
    assert sent == {each: right[each] for each in sent}
    assert told(caplog) == [SAID]


def test_where_many_clients_fail_it_is_told_once_and_no_more_are_made_of_the_data(
    data: Path, right: Requests, caplog: pytest.LogCaptureFixture
) -> None:
    for path in data.glob("*/*/endpoint-rule-set-1.json"):
        half(path)
    assert all_called() == right
    shutil.rmtree(data / "ssm")
    data.joinpath("ssm").mkdir()
    assert all_called("ssm", "sqs") == {each: right[each] for each in right if each[0] in ("ssm", "sqs")}
    assert told(caplog) == [SAID]


def test_a_mistake_of_the_callers_is_no_failure_of_the_data(data: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ValueError, match="Invalid endpoint"):
        client.client("sns", endpoint_url="nowhere")
    with pytest.raises(InvalidRegionError):
        client.client("sns", region_name="of the south")
    assert told(caplog) == []
    assert client.client("sns").meta.service_model.operation_names == ["Publish"]


def test_without_a_region_it_is_not_the_data_that_is_blamed(
    data: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(InvalidSettings):
        client.client("sns")
    assert told(caplog) == []
