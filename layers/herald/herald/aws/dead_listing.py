"""Dead listing: what waits in the queues of what failed: why, since when, and what cannot be handed on again.

SQS shows a record only by hiding it from others: what was looked at is put back at once. No payload is shown.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from herald.aws.dead_letters import BATCH, Erased, asked_at, of_a_log, recipient, taken_apart

# So many records of a queue are looked at; the rest is only counted.
MOST = 300
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,60}", re.ASCII)


class Judged(NamedTuple):
    """Why a record waits, and why it cannot be handed on; ``stuck`` is empty if it can."""

    why: str
    stuck: str = ""


class Listing(NamedTuple):
    """What waits in a queue: how many for each reason, since when, how many ``more`` were not looked at, and how many
    are ``hidden``, because somebody looks at them or did within the last minute.
    """

    found: Counter[Judged]
    since: datetime | None
    more: int
    hidden: int

    @property
    def able(self) -> int:
        """How many can be handed on, as far as they were looked at, and the rest."""
        return sum(count for judged, count in self.found.items() if not judged.stuck) + self.more

    @property
    def stuck(self) -> int:
        """How many cannot."""
        return sum(count for judged, count in self.found.items() if judged.stuck)


Judge = Callable[[Mapping[str, Any]], Judged]


def look(sqs: Any, url: str, judge: Judge, most: int = MOST) -> Listing:
    """What waits in a queue now. Raises the client's own errors."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    visible, hidden = map(
        int, map(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"].get, names)
    )
    seen: dict[str, Mapping[str, Any]] = {}
    try:
        for record in _records(sqs, url, min(visible, most)):
            seen[record["MessageId"]] = record
        found = Counter(map(judge, seen.values()))
    finally:
        _put_back(sqs, url, [record["ReceiptHandle"] for record in seen.values()])
    since = min((int(record["Attributes"]["SentTimestamp"]) for record in seen.values()), default=None)
    at = None if since is None else datetime.fromtimestamp(since / 1000, UTC)
    return Listing(found, at, max(0, visible - len(seen)) if len(seen) >= most else 0, hidden)


def of_a_message(record: Mapping[str, Any]) -> Judged:
    """Of the queue of dead letters."""
    return Judged("the worker failed at it each time: its log says why, in lines `record not handled`")


def of_a_webhook(record: Mapping[str, Any]) -> Judged:
    """Of the queue of dead webhooks; of its URL the host alone is told."""
    try:
        host = urlsplit(json.loads(record["Body"])["hook"]["url"]).hostname
    except (ValueError, TypeError, KeyError, AttributeError):
        return Judged("not known", "it is no webhook of Herald's: delete it in SQS's console")
    return Judged(f"{host} did not take it for a day")


def of_an_invocation(record: Mapping[str, Any], erased: Erased) -> Judged:
    """Of the queue of failed invocations. Raises what ``erased`` raises."""
    why, taken = _failure(record), taken_apart(record["Body"], record["MessageId"])
    if taken.payload is None:
        return Judged(why, taken.stuck)
    number = None if of_a_log(record["Body"]) else recipient(taken.payload)
    if number is not None and erased(number, asked_at(record, taken.payload)):
        return Judged("it is to a person who was erased since: it will be removed")
    return Judged(why)


def _failure(record: Mapping[str, Any]) -> str:
    """What AWS says of it, in words that hold nothing of the payload."""
    try:
        said = json.loads(record["Body"])
        words = [said["requestContext"]["condition"], (said.get("responsePayload") or {}).get("errorType")]
    except (ValueError, TypeError, KeyError, AttributeError):
        code = record.get("MessageAttributes", {}).get("ERROR_CODE", {}).get("StringValue")
        words = ["it could not be handed to the function", code]
    told = [word for word in words if isinstance(word, str) and (_WORD.fullmatch(word) or " " in word)]
    return ", ".join(told) or "AWS does not say why"


def _records(sqs: Any, url: str, count: int) -> Iterator[Mapping[str, Any]]:
    seen = 0
    while seen < count:
        found = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=min(BATCH, count - seen), VisibilityTimeout=60, WaitTimeSeconds=1,
            AttributeNames=["SentTimestamp"], MessageAttributeNames=["ERROR_CODE"],
        )  # fmt: skip
        if not found.get("Messages"):
            return
        yield from found["Messages"]
        seen += len(found["Messages"])


def _put_back(sqs: Any, url: str, handles: list[str]) -> None:
    for handle in handles:  # One by one: IAM knows no action of its own for a batch, and not every engine knows that.
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
