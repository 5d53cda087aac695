"""Hunt: reads all that the engine keeps of Herald, and looks in it for what must be nowhere."""

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from tests.providers.server import Call

Aws = Callable[[str], Any]
STAGE = "herald-local"
# SNS's own logs name the number by SNS's own form.
NOT_OURS = "sns/"
SEPARATORS = re.compile(r"[\s().+-]")


class Place(NamedTuple):
    """Something that is kept or told. ``excepted`` are the names of what has to be there."""

    where: str
    text: str
    excepted: frozenset[str] = frozenset()


def found(planted: Mapping[str, str], places: Iterable[Place]) -> list[str]:
    """Where something of ``planted`` (name -> text) can be read, in clear or in base64: ``["number in logs", ...]``."""
    shapes = {name: shapes_of(text) for name, text in planted.items()}
    hits = []
    for place in places:
        hay = place.text + "\n" + SEPARATORS.sub("", place.text)
        hits += [
            f"{name} in {place.where}"
            for name in planted
            if name not in place.excepted and any(shape in hay for shape in shapes[name])
        ]
    return hits


def shapes_of(text: str) -> set[str]:
    """A text as it may be written; of an Indian number the ten digits, which are in each of its forms."""
    bare = text.removeprefix("+91")
    cores = {core(encode, bare.encode(), start) for encode in ENCODINGS for start in range(3)}
    return {bare, bare.encode().hex(), *cores}


ENCODINGS = (base64.b64encode, base64.urlsafe_b64encode)


def core(encode: Callable[[bytes], bytes], text: bytes, start: int) -> str:
    """What is always the same of a text in base64 that begins at this place of a group of three."""
    whole = encode(b"\0" * start + text).decode().rstrip("=")
    first, last = -(-start * 8 // 6), (start + len(text)) * 8 // 6
    return whole[first:last]


# ---------------------------------------------------------------------------------------------------------- places


def everywhere(aws: Aws, table: str) -> Iterator[Place]:
    """Logs, metrics, journal and its indexes, schedules, variables, and what waits in the queues of failures."""
    yield from logs(aws)
    yield Place("metrics", dumped(pages(aws("cloudwatch"), "list_metrics")))
    yield from journal(aws, table)
    yield Place("schedules", dumped(schedules(aws)))
    yield Place("variables", dumped(pages(aws("lambda"), "list_functions")))
    yield Place("dead letters", dumped(waiting(aws, f"{STAGE}-dead")))
    yield Place("dead webhooks", dumped(waiting(aws, f"{STAGE}-dead-hooks")), frozenset({"url"}))
    # Lambda keeps requests whole, so that they can be repeated.
    requests = frozenset({"number", "text", "code", "url"})
    yield Place("failed invocations", dumped(waiting(aws, f"{STAGE}-failed-invocations")), requests)


def logs(aws: Aws) -> Iterator[Place]:
    """Each log group of a function, all its streams."""
    for page in pages(aws("logs"), "describe_log_groups"):
        for name in (group["logGroupName"] for group in page["logGroups"]):
            if not name.startswith(NOT_OURS):
                lines = pages(aws("logs"), "filter_log_events", logGroupName=name)
                yield Place(f"logs {name}", "\n".join(event["message"] for part in lines for event in part["events"]))


def journal(aws: Aws, table: str) -> Iterator[Place]:
    """Each item without the number, its text while that waits, and its webhook; and the indexes as they are."""
    dynamodb = aws("dynamodb")
    for page in pages(dynamodb, "scan", TableName=table):
        for item in page["Items"]:
            needed = {"to", "callback_url"} | ({"body"} if item.get("due") else set())
            kept = {name: value for name, value in item.items() if name not in needed}
            yield Place(f"journal {item['pk']['S']}", dumped(kept))
    for index in ("recipient", "due"):
        yield Place(f"index {index}", dumped(pages(dynamodb, "scan", TableName=table, IndexName=index)))


def schedules(aws: Aws) -> Iterator[Any]:
    """Each schedule whole."""
    scheduler = aws("scheduler")
    for page in pages(scheduler, "list_schedules", GroupName=STAGE):
        yield from (scheduler.get_schedule(Name=each["Name"], GroupName=STAGE) for each in page["Schedules"])


def waiting(aws: Aws, queue: str, seconds: int = 0) -> list[dict[str, Any]]:
    """The records of a queue; they stay there, hidden for so many seconds."""
    sqs = aws("sqs")
    page = sqs.receive_message(
        QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"],
        MaxNumberOfMessages=10,
        VisibilityTimeout=seconds,
        MessageAttributeNames=["All"],
    )
    records: list[dict[str, Any]] = page.get("Messages", [])
    return records


def called(calls: Iterable[Call]) -> Iterator[Place]:
    """Webhooks, without the URL that they went to."""
    for call in calls:
        yield Place("webhook", call.body.decode() + dumped(dict(call.headers)))


def pages(client: Any, operation: str, **asked: Any) -> list[Any]:
    """All pages of an answer."""
    return list(client.get_paginator(operation).paginate(**asked))


def dumped(value: Any) -> str:
    """Anything as JSON."""
    return json.dumps(list(value) if isinstance(value, Iterator) else value, default=str, ensure_ascii=False)


@contextmanager
def stopped(aws: Aws, function: str) -> Iterator[None]:
    """While open, what is queued for a function stays in its queue."""
    functions = aws("lambda")
    (source,) = functions.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
    functions.update_event_source_mapping(UUID=source["UUID"], Enabled=False)
    try:
        yield
    finally:
        functions.update_event_source_mapping(UUID=source["UUID"], Enabled=True)
