"""Redrive: every record goes on its way again, none is lost or shown, and nothing that was sent is sent again."""

import io
import json
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald import wiring
from herald.aws.dead_letters import Redriven, asked, asked_at, of_a_log, recipient, rehook, repeat, requeue, waiting
from herald.cli.frame import Stopped, main
from herald.cli.redrive import agreed
from herald.entrypoints.invocation import answer
from herald.errors import HeraldError
from herald.message.times import rfc3339
from herald.testing.fakes import Clock
from herald.testing.outbox import Outbox
from local.deploy import client
from tests.builders import NOW, NUMBER, TEXT
from tests.cli.conftest import beside
from tests.failing import Unreachable
from tests.strategies import texts

REQUEST_ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
EVENT = {"id": "e-1", "source": "shop", "detail-type": "SMS Requested", "detail": {"to": NUMBER, "body": TEXT}}
SCHEDULED = {"to": NUMBER, "body": TEXT, "schedule": "arn:aws:scheduler:x:1:schedule/g/s 2026-11-23T03:30:00Z"}
# Sends what it was invoked with to the queue that is in its environment.
ECHO = """
import json, os, boto3
def handler(event, context):
    boto3.client("sqs").send_message(QueueUrl=os.environ["ECHO"], MessageBody=json.dumps(event))
"""


def wrapped(payload: object, request_id: str | None = REQUEST_ID) -> str:
    """What Lambda keeps of an asynchronous invocation that failed each time."""
    context = {"requestId": request_id, "condition": "RetriesExhausted", "approximateInvokeCount": 3}
    return json.dumps({"version": "1.0", "requestContext": context, "requestPayload": payload})


class Queues:
    """A stage's queues on the engine, with its function, which tells in ``echo`` what it was invoked with."""

    def __init__(self, engine: str) -> None:
        self.stage = f"stage-{uuid.uuid4().hex[:8]}"
        self.sqs, self.functions, self.ssm = (client(service, engine) for service in ("sqs", "lambda", "ssm"))
        names = ("", "-dead", "-dead-hooks", "-failed", "-echo")
        self.queue, self.dead, self.hooks, self.failed, self.echo = (
            self.sqs.create_queue(QueueName=f"{self.stage}{name}")["QueueUrl"] for name in names
        )
        self.function = self._function()
        self.parts = {
            "queue": self.queue,
            "dead_letters": self.dead,
            "dead_hooks": self.hooks,
            "failed_invocations_url": self.failed,
            "invoke_function": self.function,
        }
        self.write(**self.parts)

    def write(self, **parts: str) -> None:
        """What the stack says of itself."""
        name = f"/herald/{self.stage}/stack"
        self.ssm.put_parameter(Name=name, Type="String", Value=json.dumps(parts), Overwrite=True)

    def put(self, url: str, *bodies: str) -> None:
        """Records that failed."""
        for body in bodies:
            self.sqs.send_message(QueueUrl=url, MessageBody=body)

    def bodies(self, url: str, count: int) -> list[str]:
        """The next records of a queue, as soon as there are so many."""
        found: list[str] = []
        for _ in range(20):
            page = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            found += [record["Body"] for record in page.get("Messages", [])]
            if len(found) >= count:
                break
        return sorted(found)

    def _function(self) -> str:
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr("app.py", ECHO)
        made = self.functions.create_function(
            FunctionName=f"{self.stage}-invoke",
            Runtime="python3.13",
            Handler="app.handler",
            Role="arn:aws:iam::000000000000:role/any",
            Code={"ZipFile": content.getvalue()},
            Timeout=30,
            Environment={"Variables": {"ECHO": self.echo}},
        )
        return str(made["FunctionArn"])


@pytest.fixture
def queues(engine: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Queues]:
    for name in ("AWS_ENDPOINT_URL", "HERALD_ENGINE"):
        monkeypatch.setenv(name, engine)
    made = Queues(engine)
    yield made
    made.functions.delete_function(FunctionName=made.function)


# ------------------------------------------------------------------------------------- what a record asked for


def test_a_payload_without_a_key_keeps_the_one_that_it_had_by_its_request() -> None:
    payload = {"to": NUMBER, "body": TEXT}
    assert asked(wrapped(payload), "record") == {**payload, "idempotency_key": REQUEST_ID}


@pytest.mark.parametrize(
    "payload",
    [EVENT, SCHEDULED, {"to": NUMBER, "idempotency_key": "mine"}, {"action": "resume", "id": "msg_1"}],
    ids=["event", "schedule", "own key", "action"],
)
@pytest.mark.parametrize("request_id", [REQUEST_ID, None])
def test_what_has_its_own_key_or_needs_none_is_repeated_as_it_was(payload: Any, request_id: str | None) -> None:
    assert asked(wrapped(payload, request_id), "record") == payload
    assert asked(json.dumps(payload), "record") == payload


def test_what_nobody_has_seen_gets_the_records_id_as_its_key() -> None:
    payload = {"to": NUMBER, "body": TEXT}
    assert asked(json.dumps(payload), "record") == {**payload, "idempotency_key": "record"}


def test_without_the_requests_id_what_may_have_been_sent_is_not_repeated() -> None:
    payload = {"to": NUMBER, "body": TEXT}
    assert asked(wrapped(payload, None), "record") is None
    assert asked(json.dumps({"requestPayload": payload}), "record") is None
    assert asked(json.dumps({"requestContext": "?", "requestPayload": payload}), "record") is None


@pytest.mark.parametrize("body", ["", "{", "[]", "null", "7", '"text"', wrapped(None), wrapped([1]), wrapped("text")])
def test_what_is_no_payload_asks_for_nothing(body: str) -> None:
    assert asked(body, "record") is None


payloads = st.fixed_dictionaries(
    {"to": st.just(NUMBER), "body": st.just(TEXT)},
    optional={
        "idempotency_key": st.none() | st.from_regex(r"[a-z0-9]{1,40}", fullmatch=True),
        "schedule": st.none() | st.from_regex(r"arn:[a-z]{1,9} 2026", fullmatch=True),
    },
)
events = st.fixed_dictionaries(
    {"source": texts, "detail-type": st.just("SMS Requested"), "detail": payloads, "id": st.uuids().map(str)}
)


@given(st.one_of(payloads, events), st.uuids().map(str), st.uuids().map(str))
def test_what_was_sent_after_all_is_never_sent_again(payload: Mapping[str, Any], before: str, after: str) -> None:
    box = Outbox()
    first = answer(payload, before, box.herald())
    again = asked(wrapped(payload, before), "record")
    assert first is not None
    assert first == {**(answer(again, after, box.herald()) or {}), "response": first["response"]}
    assert len(box.texts) == 1


@given(payloads, st.lists(st.uuids().map(str), min_size=2, max_size=3))
def test_what_scheduler_could_not_hand_over_is_sent_once_however_often_it_is_repeated(
    payload: Mapping[str, Any], request_ids: list[str]
) -> None:
    box = Outbox()
    for request_id in request_ids:
        answer(asked(json.dumps(payload), "record"), request_id, box.herald())
    assert len(box.texts) == 1


# ---------------------------------------------------------------------------------------------- on real queues


def test_every_dead_letter_is_back_on_the_queue_as_it_was(queues: Queues) -> None:
    bodies = sorted(json.dumps({"id": f"msg_{n}"}) for n in range(23))
    queues.put(queues.dead, *bodies)
    assert requeue(queues.sqs, queues.dead, queues.queue) == Redriven(23, 0)
    assert waiting(queues.sqs, queues.dead) == 0
    assert queues.bodies(queues.queue, 23) == bodies


def test_every_webhook_is_back_on_the_queue_with_another_day_before_it(queues: Queues) -> None:
    hooks = [{"url": f"https://hooks.example.com/{n}", "event": {"id": "msg_1"}} for n in range(3)]
    queues.put(queues.hooks, *(json.dumps({"hook": {**h, "tries": 104, "since": rfc3339(NOW)}}) for h in hooks))
    later = NOW + timedelta(days=3)
    assert rehook(queues.sqs, queues.hooks, queues.queue, later) == Redriven(3, 0)
    found = [json.loads(body)["hook"] for body in queues.bodies(queues.queue, 3)]
    assert sorted(found, key=lambda hook: hook["url"]) == [{**h, "tries": 0, "since": rfc3339(later)} for h in hooks]
    assert waiting(queues.sqs, queues.hooks) == 0


@pytest.mark.parametrize("body", ["", "[]", "null", "{}", '{"hook": null}', '{"hook": "x"}', '{"id": "msg_1"}'])
def test_what_is_no_webhook_stays(queues: Queues, body: str) -> None:
    queues.put(queues.hooks, body or " ")
    assert rehook(queues.sqs, queues.hooks, queues.queue, NOW) == Redriven(0, 1)
    assert waiting(queues.sqs, queues.queue) == 0


def test_a_failed_invocation_reaches_the_function_again(queues: Queues) -> None:
    queues.put(queues.failed, wrapped({"to": NUMBER, "body": TEXT}), json.dumps(EVENT), json.dumps(SCHEDULED))
    assert repeat(queues.sqs, queues.failed, queues.functions, queues.function) == Redriven(3, 0)
    keyed = {"to": NUMBER, "body": TEXT, "idempotency_key": REQUEST_ID}
    assert queues.bodies(queues.echo, 3) == sorted(json.dumps(payload) for payload in (keyed, EVENT, SCHEDULED))
    assert waiting(queues.sqs, queues.failed) == 0


def of_log(payload: object, function: str) -> str:
    """What Lambda keeps of a batch of SNS's delivery log that failed each time."""
    record = json.loads(wrapped(payload))
    return json.dumps({**record, "requestContext": {**record["requestContext"], "functionArn": function}})


def test_a_batch_of_snss_log_reaches_the_function_that_it_was_for_as_it_was(queues: Queues) -> None:
    batch = {"awslogs": {"data": "H4sIAAAA"}}
    queues.put(queues.failed, of_log(batch, f"{queues.function}:$LATEST"))
    elsewhere = "arn:aws:lambda:us-east-1:000000000000:function:herald-nowhere-invoke"
    assert repeat(queues.sqs, queues.failed, queues.functions, elsewhere) == Redriven(1, 0)
    assert [json.loads(body) for body in queues.bodies(queues.echo, 1)] == [batch]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "7",
        json.dumps({"awslogs": {}}),
        wrapped({"awslogs": {}}),
        of_log({"to": NUMBER, "body": TEXT}, "arn"),
        of_log("awslogs", "arn"),
    ],
)
def test_what_is_no_batch_of_a_log_is_for_the_invoke_function(body: str) -> None:
    assert of_a_log(body) is None


def test_a_place_in_the_tables_stream_asks_for_nothing_to_be_sent() -> None:
    place = {"requestContext": {"requestId": REQUEST_ID}, "DDBStreamBatchInfo": {"batchSize": 3}, "version": "1.0"}
    assert asked(json.dumps(place), "record") is None


def test_a_record_that_cannot_be_told_stays_and_the_others_go(queues: Queues) -> None:
    queues.put(queues.failed, "not json", wrapped(EVENT))
    assert repeat(queues.sqs, queues.failed, queues.functions, queues.function) == Redriven(1, 1)
    attributes = queues.sqs.get_queue_attributes(QueueUrl=queues.failed, AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessagesNotVisible"] == "1"


class Endless:
    """SQS as seen by a redrive whose every record fails again at once. Whatever was deleted or sent is in ``log``."""

    def __init__(self, count: int, *, broken: str = "") -> None:
        self.count, self.broken, self.log = count, broken, list[str]()

    def get_queue_attributes(self, **_: Any) -> dict[str, dict[str, str]]:
        return {"Attributes": {"ApproximateNumberOfMessages": str(self.count)}}

    def receive_message(self, **asked: Any) -> dict[str, Any]:
        records = range(asked["MaxNumberOfMessages"] if self.count else 0)
        return {"Messages": [{"MessageId": str(n), "Body": "{}", "ReceiptHandle": str(n)} for n in records]}

    def send_message(self, **_: Any) -> None:
        self._do("send")

    def delete_message(self, **_: Any) -> None:
        self._do("delete")

    def _do(self, what: str) -> None:
        if what == self.broken:
            raise ConnectionError(TEXT)
        self.log.append(what)


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 25])
def test_as_many_are_taken_up_as_waited_at_the_start_and_no_more(count: int) -> None:
    assert requeue(sqs := Endless(count), "dead", "queue") == Redriven(count, 0)
    assert sqs.log == ["send", "delete"] * count


@pytest.mark.parametrize(("broken", "log"), [("send", []), ("delete", ["send"])])
def test_a_record_is_removed_only_after_it_was_handed_on(broken: str, log: list[str]) -> None:
    sqs = Endless(3, broken=broken)
    with pytest.raises(ConnectionError):
        requeue(sqs, "dead", "queue")
    assert sqs.log == log


def test_a_count_that_was_too_high_ends_with_the_queue(queues: Queues) -> None:
    class Exaggerating(Endless):
        def receive_message(self, **asked: Any) -> dict[str, Any]:
            answered: dict[str, Any] = queues.sqs.receive_message(QueueUrl=queues.dead)
            return answered

    queues.put(queues.dead, "{}")
    assert requeue(Exaggerating(40), queues.dead, queues.queue) == Redriven(1, 0)


# ------------------------------------------------------------------------------------------------- the command


def said(capsys: pytest.CaptureFixture[str]) -> tuple[list[str], list[str]]:
    """The lines on standard output, and those on standard error beside where it acts."""
    captured = capsys.readouterr()
    return captured.out.splitlines(), beside(captured.err)


def test_the_command_takes_up_all_queues_and_tells_counts_only(
    queues: Queues, capsys: pytest.CaptureFixture[str]
) -> None:
    queues.put(queues.dead, *(json.dumps({"id": f"msg_{n}"}) for n in range(3)))
    queues.put(queues.hooks, *[json.dumps({"hook": {"url": "https://hooks.example.com/?key=s3cr3t"}})] * 2)
    queues.put(queues.failed, wrapped(EVENT))
    assert main(["redrive", "--stage", queues.stage, "--yes"]) == 0
    out, err = said(capsys)
    assert out[-3:] == ["3 messages queued again.", "2 webhooks queued again.", "1 invocation repeated."]
    assert (err, [line for line in out if "s3cr3t" in line or NUMBER in line]) == ([], [])
    assert len(queues.bodies(queues.queue, 5)) == 5
    assert queues.bodies(queues.echo, 1) == [json.dumps(EVENT)]


@pytest.fixture
def box() -> Iterator[Outbox]:
    made = Outbox(clock=Clock(datetime.now(UTC)))
    with wiring.replaced(made):
        yield made


OTHER = "+919812345678"
STOP = {"action": "opt_out", "to": NUMBER}


def test_what_was_asked_for_an_erased_person_is_removed_and_never_sent(
    queues: Queues, box: Outbox, capsys: pytest.CaptureFixture[str]
) -> None:
    queues.write(**queues.parts, table="a table")
    event = {**EVENT, "detail": {"to": "09741 552 552", "body": TEXT}}
    others = [{"to": OTHER, "body": TEXT, "idempotency_key": "k"}, {"to": "nobody", "idempotency_key": "l"}, STOP]
    erased = [wrapped({"to": NUMBER, "body": TEXT}), wrapped(event), json.dumps(SCHEDULED)]
    queues.put(queues.failed, *erased, *map(wrapped, others))
    box.clock.now = datetime.now(UTC) + timedelta(seconds=5)
    box.herald().erase(NUMBER)
    assert main(["redrive", "--stage", queues.stage, "--yes"]) == 0
    out, _ = said(capsys)
    assert out[-2:] == ["3 invocations to people who were erased since removed.", "3 invocations repeated."]
    assert "  3: it is to a person who was erased since: it will be removed." in out
    assert queues.bodies(queues.echo, 3) == sorted(map(json.dumps, others))
    assert waiting(queues.sqs, queues.failed) == 0


def test_what_was_asked_for_after_an_erasure_is_repeated(
    queues: Queues, box: Outbox, capsys: pytest.CaptureFixture[str]
) -> None:
    queues.write(**queues.parts, table="a table")
    box.clock.now = datetime.now(UTC) - timedelta(seconds=5)
    box.herald().erase(NUMBER)
    queues.put(queues.failed, wrapped({"to": NUMBER, "body": TEXT}))
    assert main(["redrive", "--stage", queues.stage, "--yes"]) == 0
    assert said(capsys)[0][-1] == "1 invocation repeated."


def test_an_event_was_asked_for_when_it_says_so_however_late_it_failed(queues: Queues) -> None:
    asked: list[datetime] = []

    def erased(number: object, since: datetime) -> bool:
        asked.append(since)
        return True

    queues.put(queues.failed, wrapped({**EVENT, "time": "2026-11-22T12:00:00Z"}), wrapped({**EVENT, "time": "soon"}))
    assert repeat(queues.sqs, queues.failed, queues.functions, queues.function, erased) == Redriven(0, 0, 2)
    assert min(asked) == NOW
    assert abs(max(asked) - datetime.now(UTC)) < timedelta(minutes=5)


def test_where_it_cannot_be_known_who_was_erased_nothing_is_repeated(
    queues: Queues, box: Outbox, capsys: pytest.CaptureFixture[str]
) -> None:
    queues.write(**queues.parts, table="a table")
    box.journal = Unreachable()  # type: ignore[assignment]
    queues.put(queues.failed, wrapped(EVENT))
    assert main(["redrive", "--stage", queues.stage, "--yes"]) == 1
    assert said(capsys)[1] == ["The journal could not be read."]


payloads = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
known = st.sampled_from(["to", "time", "detail", "detail-type", "action"])


@given(st.dictionaries(known, payloads, max_size=4))
def test_whatever_a_payload_is_whom_it_was_for_and_when_can_be_asked(payload: dict[str, Any]) -> None:
    recipient(payload)
    assert asked_at({"Attributes": {"SentTimestamp": "1764041400000"}}, payload).tzinfo is UTC


def test_where_nothing_waits_the_command_says_so(queues: Queues, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["redrive", "--stage", queues.stage]) == 0
    assert said(capsys)[0] == [f"Nothing waits in {queues.stage}-{name}." for name in ("dead", "dead-hooks", "failed")]


def test_a_dry_run_judges_and_moves_nothing(queues: Queues, capsys: pytest.CaptureFixture[str]) -> None:
    queues.put(queues.dead, "{}")
    queues.put(queues.hooks, "{}", "{}", "{}")
    queues.put(queues.failed, wrapped(EVENT), wrapped(EVENT))
    for _ in range(2):  # What was looked at is there again at once.
        assert main(["redrive", "--stage", queues.stage, "--dry-run"]) == 0
        out, _ = said(capsys)
        heads = [line.partition(",")[0].partition(": ")[2] for line in out if line.startswith(queues.stage)]
        assert heads == ["1 message", "3 webhooks", "2 invocations"]
        assert "  2: RetriesExhausted." in out
        assert "  3: not known. Cannot be repeated: it is no webhook of Herald's: delete it in SQS's console." in out
    assert [waiting(queues.sqs, url) for url in (queues.dead, queues.hooks, queues.failed)] == [1, 3, 2]
    assert waiting(queues.sqs, queues.queue) == 0


def test_a_record_that_stays_is_counted_and_ends_the_command_with_1(
    queues: Queues, capsys: pytest.CaptureFixture[str]
) -> None:
    queues.put(queues.failed, wrapped({"to": NUMBER, "body": TEXT}, None), wrapped(EVENT))
    assert main(["redrive", "--stage", queues.stage, "--yes"]) == 1
    out, _ = said(capsys)
    assert out[-1] == f"1 invocation repeated; 1 cannot be repeated and stayed in {queues.stage}-failed, see above."
    assert [line for line in out if "Look for the message by its number" in line]
    assert not [line for line in out if NUMBER in line or TEXT in line]


def test_without_a_terminal_nothing_is_done_unless_yes_is_said(
    queues: Queues, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y"))
    queues.put(queues.failed, wrapped(EVENT))
    assert main(["redrive", "--stage", queues.stage]) == 2
    assert said(capsys)[1] == ["Nothing was done: without a terminal, say --yes (make redrive ARGS=--yes)."]
    assert waiting(queues.sqs, queues.failed) == 1


@pytest.mark.parametrize(("answer", "wanted"), [("y", True), ("Yes", True), ("", False), ("n", False), (None, False)])
def test_on_a_terminal_it_is_asked(answer: str | None, wanted: bool) -> None:
    def ask(question: str) -> str:
        assert question == "Hand on these 2? [y/N] "
        if answer is None:
            raise EOFError
        return answer

    assert agreed(2, ask) is wanted


def test_where_nobody_can_be_asked_it_stops() -> None:
    with pytest.raises(Stopped):
        agreed(1, None)


def test_what_cannot_be_repeated_alone_is_not_asked_about(queues: Queues, capsys: pytest.CaptureFixture[str]) -> None:
    queues.put(queues.failed, "not json")
    assert main(["redrive", "--stage", queues.stage]) == 1
    out, err = said(capsys)
    assert (out[-1].partition("Cannot")[2], err) == (
        " be repeated: it holds no request of Herald's: delete it in SQS's console.",
        [],
    )


def test_what_somebody_looks_at_is_counted_too(queues: Queues, capsys: pytest.CaptureFixture[str]) -> None:
    queues.put(queues.dead, "{}")
    queues.sqs.receive_message(QueueUrl=queues.dead, VisibilityTimeout=30)
    assert main(["redrive", "--stage", queues.stage]) == 0
    assert said(capsys)[0][:2] == [
        f"Nothing waits in {queues.stage}-dead.",
        "  1 more was looked at by somebody a moment ago: it is to be seen again within a minute.",
    ]


def test_a_stage_without_a_stack_is_one_line(queues: Queues, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["redrive", "--stage", "nowhere"]) == 1
    out, err = said(capsys)
    assert (out, len(err), "There is no stack herald-nowhere" in err[0]) == ([], 1, True)


@pytest.mark.parametrize(
    "missing", ["dead_letters", "dead_hooks", "failed_invocations_url", "queue", "invoke_function"]
)
def test_a_stack_of_before_is_told_to_be_deployed_again(
    queues: Queues, capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    parts = {
        "queue": "q",
        "dead_letters": "d",
        "dead_hooks": "h",
        "failed_invocations_url": "f",
        "invoke_function": "i",
    }
    queues.write(**{name: part for name, part in parts.items() if name != missing})
    assert main(["redrive", "--stage", queues.stage]) == 1
    (line,) = said(capsys)[1]
    assert "deploy the stack again" in line


def test_an_error_of_aws_is_one_line_without_its_text(queues: Queues, capsys: pytest.CaptureFixture[str]) -> None:
    queues.sqs.delete_queue(QueueUrl=queues.dead)
    assert main(["redrive", "--stage", queues.stage]) == 1
    out, (line,) = said(capsys)
    assert (out, line.endswith("Nothing is lost: run the command again.")) == ([], True)
    assert queues.dead not in line


def test_without_a_region_one_line_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert main(["redrive", "--stage", "dev"]) == 1
    (line,) = said(capsys)[1]
    assert "AWS_DEFAULT_REGION" in line


def test_a_payload_that_herald_refuses_is_refused_again_and_not_swallowed() -> None:
    with pytest.raises(HeraldError):
        answer(asked(wrapped({"to": NUMBER}), "record"), "another", Outbox().herald())


def test_what_was_just_put_back_is_taken_up_although_sqs_still_counts_it_as_hidden() -> None:
    class Late(Endless):
        def get_queue_attributes(self, **_: Any) -> dict[str, dict[str, str]]:
            return {"Attributes": {"ApproximateNumberOfMessages": "1", "ApproximateNumberOfMessagesNotVisible": "11"}}

    assert requeue(Late(12), "dead", "queue") == Redriven(12, 0)
