"""Dead letters: what failed is handed on again: messages and webhooks to the queue, failed invocations to the function.

A record is handed on first and removed then: one that is interrupted in between is handed on twice, and the journal
knows the message the second time. Payloads are handed on, never shown.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from herald.message.times import rfc3339

# As many as SQS gives at once.
BATCH = 10


class Redriven(NamedTuple):
    """How many records were handed on, how many stay because they cannot be repeated, and how many were
    removed because the person that they were to reach was erased since.
    """

    done: int
    left: int
    erased: int = 0


Erased = Callable[[object, datetime], bool]
"""Whether the person with a number was erased after a time."""


def waiting(sqs: Any, url: str) -> int:
    """About how many records wait in a queue. Raises the client's own errors."""
    return _count(sqs, url, "ApproximateNumberOfMessages")


def _count(sqs: Any, url: str, *attributes: str) -> int:
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(attributes))["Attributes"]
    return sum(int(told.get(name, 0)) for name in attributes)


def requeue(sqs: Any, dead: str, queue: str) -> Redriven:
    """Put every record of the queue ``dead`` back on ``queue``; both are URLs. Raises the client's own errors."""

    def back(record: Mapping[str, Any]) -> bool:
        sqs.send_message(QueueUrl=queue, MessageBody=record["Body"])
        return True

    return _drain(sqs, dead, back)


def rehook(sqs: Any, dead: str, queue: str, now: datetime) -> Redriven:
    """Put every webhook of the queue ``dead`` back on ``queue``, to be tried for a day from ``now`` on."""

    def back(record: Mapping[str, Any]) -> bool:
        try:
            hook = {**json.loads(record["Body"])["hook"], "tries": 0, "since": rfc3339(now)}
        except (ValueError, TypeError, KeyError):
            return False
        sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({"hook": hook}))
        return True

    return _drain(sqs, dead, back)


def repeat(
    sqs: Any, failed: str, functions: Any, function: str, erased: Erased = lambda number, since: False
) -> Redriven:
    """Invoke ``function`` again, asynchronously, with what each record of the queue ``failed`` asked for.

    A batch of SNS's delivery log goes to the function that it was for. A text to somebody who was ``erased`` after it
    was asked for is removed.

    ``sqs`` and ``functions`` are clients of SQS and Lambda. Raises the clients' own errors.
    """

    def again(record: Mapping[str, Any]) -> bool | None:
        log, payload = of_a_log(record["Body"]), asked(record["Body"], record["MessageId"])
        name, payload = log or (function, payload)
        number = None if log or payload is None else recipient(payload)
        if payload is not None and number is not None and erased(number, asked_at(record, payload)):
            return None
        if payload is not None:
            functions.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(payload))
        return payload is not None

    return _drain(sqs, failed, again)


class Taken(NamedTuple):
    """The payload of a failed invocation, under the key that it had; None if it is ``stuck``, and why."""

    payload: dict[str, Any] | None
    stuck: str = ""


FOREIGN = Taken(None, "it holds no request of Herald's: delete it in SQS's console")
OF_THE_STREAM = Taken(
    None,
    "it names a place in the table's stream, whose events and webhooks were given up, not what they were: delete it "
    "in SQS's console; no text is concerned",
)
WITHOUT_KEY = Taken(
    None,
    "the id of its request is missing, which was its idempotency key: it may have been sent, and would be sent twice. "
    "Look for the message by its number; if it is not there, send it anew; then delete this in SQS's console",
)


def asked(body: str, record_id: str) -> dict[str, Any] | None:
    """The payload that ``taken_apart`` finds."""
    return taken_apart(body, record_id).payload


def taken_apart(body: str, record_id: str) -> Taken:
    """What a failed invocation asked for.

    Lambda wraps the payload, and names the request: its id was the key of a payload without one, so that what was
    sent after all is not sent again. EventBridge and Scheduler leave what they could not hand over as it was: nobody
    has seen it, so the record's own id serves as key.
    """
    try:
        record = json.loads(body)
    except ValueError:
        return FOREIGN
    if not isinstance(record, dict):
        return FOREIGN
    if "DDBStreamBatchInfo" in record:
        return OF_THE_STREAM
    if "requestPayload" not in record:
        return Taken(_under(record_id, record))
    context, payload = record.get("requestContext"), record["requestPayload"]
    if not isinstance(payload, dict):
        return FOREIGN
    keyed = _under(context.get("requestId") if isinstance(context, dict) else None, payload)
    return WITHOUT_KEY if keyed is None else Taken(keyed)


def recipient(payload: Mapping[str, Any]) -> object:
    """Whom a payload is to text, as it was said; None if it asks for something else."""
    fields = payload.get("detail") if "detail-type" in payload else payload
    return fields.get("to") if isinstance(fields, Mapping) and "action" not in fields else None


def asked_at(record: Mapping[str, Any], payload: Mapping[str, Any]) -> datetime:
    """When something was asked for: an event says so; else when it was put into the queue. Without either: now."""
    try:
        return datetime.fromisoformat(payload["time"]).astimezone(UTC)
    except (KeyError, ValueError, TypeError):
        sent = record.get("Attributes", {}).get("SentTimestamp")
        return datetime.fromtimestamp(int(sent) / 1000, UTC) if sent else datetime.now(UTC)


def of_a_log(body: str) -> tuple[str, dict[str, Any]] | None:
    """The function that a batch of SNS's delivery log was for, by its ARN, and the batch as it was; else None."""
    try:
        record = json.loads(body)
        payload, function = record["requestPayload"], record["requestContext"]["functionArn"]
    except (ValueError, TypeError, KeyError):
        return None
    return (str(function), payload) if isinstance(payload, dict) and "awslogs" in payload else None


def _under(key: str | None, payload: dict[str, Any]) -> dict[str, Any] | None:
    """The payload with this key, unless it needs none or has its own; None if it needs one and there is none."""
    if any(payload.get(name) for name in ("action", "idempotency_key", "schedule")):
        return payload
    name = "id" if "detail-type" in payload else "idempotency_key"
    if payload.get(name):
        return payload
    return {**payload, name: key} if key else None


def _drain(sqs: Any, url: str, hand_on: Callable[[Mapping[str, Any]], bool | None]) -> Redriven:
    """Hand on as many records as wait now, and no more: one that fails once more is there again at the end.

    ``hand_on`` says that a record stays by False, and that it is only removed by None.
    """
    # SQS's figures are late by seconds: what was just looked at, and put back, may still be told to be hidden.
    count = _count(sqs, url, "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    ends, seen = {True: 0, False: 0, None: 0}, 0
    while seen < count:
        found = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=min(BATCH, count - seen),
            VisibilityTimeout=60,
            WaitTimeSeconds=1,
            AttributeNames=["SentTimestamp"],
        )
        records = found.get("Messages", [])
        if not records:
            break
        for record in records:
            end = hand_on(record)
            ends[end] += 1
            if end is not False:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=record["ReceiptHandle"])
        seen += len(records)
    return Redriven(ends[True], ends[False], ends[None])
