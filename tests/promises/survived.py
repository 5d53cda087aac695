"""Survived: the world in which processes are killed: its clock, callers, queue and schedules, and the provider's mood.

Whatever a world does it does with all of its messages, so that thousands share a few sweeps.
"""

import json
import signal
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from herald.aws.schedule import expression
from herald.errors import StillSending
from herald.journal.item import id_of
from herald.journal.messages import DynamoJournal
from herald.journal.turns import DynamoTurns
from herald.message import Message
from herald.message.ids import message_id
from herald.message.status import Status
from herald.message.times import rfc3339
from herald.settings.values import Rate
from herald.testing.fakes import Clock
from tests.builders import NUMBER
from tests.promises.killed import CALLER, MAX_RECEIVES, Broken, EntryPoints, Job, Manner, Place, clients
from tests.promises.ledger import Ledger
from tests.tables import a_table

# So far ahead that the engine fires none of the schedules by itself.
START = datetime(2050, 1, 1, 12, 0, tzinfo=UTC)
MOST_SWEEPS = 100
Record = Mapping[str, Any]
Process = Callable[[Job], list[str] | int | str]


class World:
    """Some messages, called by names that are also their keys and texts, and all that outlives who sends them.

    ``fields`` are those of every request. ``stuck`` names the messages that a sweep should have looked after.
    """

    def __init__(self, engine: str, provider: Ledger, *names: str, **fields: object) -> None:
        self.names, self.clock = names, Clock(START)
        self.stuck: set[str] = set()
        self._fields, self._provider = fields, provider
        self._dynamodb, self._sqs, self._scheduler = clients(engine)
        own = f"killed-{uuid.uuid4().hex[:8]}"
        self._scheduler.create_schedule_group(Name=own)
        queue = self._sqs.create_queue(QueueName=own)["QueueUrl"]
        self.place = Place(engine, a_table(self._dynamodb), own, queue, provider.url)
        self.journal = DynamoJournal(self._dynamodb, self.place.table)
        self._herald = EntryPoints(self.place, self.clock, Manner())
        self._held: dict[str, Record] = {}

    def messages(self) -> dict[str, Message]:
        """All that were claimed, by their names, as they stand."""
        found = [self.journal.get(id_of(item)) for item in self._items()]
        return {str(message.reference): message for message in found if message}

    def job(self, act: str, name: str, stop: int | str | None = None, **manner: Any) -> Job:
        """What a process is to do with a message. ``give_up`` is the worker's last try at a record."""
        given: dict[str, Callable[[], Any]] = {
            "ask": lambda: self._request(name),
            "work": lambda: (_times(1, self._held[name]),),
            "give_up": lambda: (_times(MAX_RECEIVES, self._held[name]),),
        }
        does = "work" if act == "give_up" else act
        return Job(self.place, self.clock.now, does, given.get(act, lambda: (_id(name),))(), stop, Manner(**manner))

    # ---- What happens before somebody is killed

    def ask(self, fault: str = "") -> None:
        """Each caller asks; if there is an attempt it meets this fault."""
        for name in self.names:
            self.fault(fault)
            self._ask(name)

    def fault(self, fault: str) -> None:
        """What the next call to the provider meets. If an answer is lost the provider has taken the text."""
        self._provider.fault = (fault, fault == "drop_reply") if fault else None

    def receive(self) -> None:
        """The worker holds a record of each message: the queue's, else one that somebody puts there now."""
        self._held = self._received()
        for name in set(self.names) - self._held.keys():
            self._sqs.send_message(QueueUrl=self.place.queue, MessageBody=json.dumps({"id": _id(name)}))
        self._held |= self._received()

    def lose(self) -> None:
        """The queue loses all that is in it."""
        for record in self._received().values():
            self._remove(record)

    def give_up(self) -> None:
        """The worker fails at each record for the last time."""
        self.receive()
        broken = EntryPoints(self.place, self.clock, Manner(broken=True))
        for name in self.names:
            with suppress(Broken):
                broken.work(*self.job("give_up", name).given)
            self.gone(name)

    def occupy(self) -> None:
        """Somebody else has the channel's turns for the next seconds."""
        now = self.clock.now
        assert DynamoTurns(self._dynamodb, self.place.table).take("exotel", Rate(1, 10.0), now=now, latest=now) == now

    def crash(self, process: Process) -> None:
        """Each caller asks a process that is killed before it calls the provider."""
        for name in self.names:
            assert process(self.job("ask", name, "http.post")) == signal.SIGKILL

    # ---- What happens afterwards

    def gone(self, name: str) -> None:
        """The record that the worker holds was handled, or is among the dead letters."""
        if name in self._held:
            self._remove(self._held[name])

    def back(self, name: str) -> None:
        """Nobody has handled the record that the worker holds: it comes out of the queue once more."""
        if name in self._held:
            self._sqs.change_message_visibility(
                QueueUrl=self.place.queue, ReceiptHandle=self._held[name]["receiptHandle"], VisibilityTimeout=0
            )

    def settle(self) -> int:
        """Each minute all goes on, until nobody need look after anything. Returns the minutes."""
        self.fault("")
        minutes = 0
        while any("due_at" in item for item in self._items()):
            assert minutes < MOST_SWEEPS, "something waits for ever"
            self.clock.pass_(minutes=1)
            self._fire()
            self._work()
            self._swept()
            minutes += 1
        return minutes

    def sweep(self) -> None:
        """The sweep runs."""
        self._herald.sweep()

    def _swept(self) -> None:
        """The sweep runs. What is overdue afterwards is stuck, and what waits and was overdue unless it is queued."""
        overdue = self._overdue()
        self.sweep()
        queued = self._work()
        waiting = {name for name, status in overdue.items() if status != Status.SENDING}
        self.stuck |= self._overdue().keys() | (waiting - queued)

    def _overdue(self) -> dict[str, str]:
        """Whom somebody should have looked after by now: the messages' names, with their states."""
        now = rfc3339(self.clock.now)
        items = [item for item in self._items() if "due_at" in item and item["due_at"]["S"] <= now]
        return {item["reference"]["S"]: item["status"]["S"] for item in items}

    def _items(self) -> list[dict[str, Any]]:
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=self.place.table)
        return [item for page in pages for item in page["Items"] if "reference" in item]

    def _ask(self, name: str) -> None:
        with suppress(StillSending):
            self._herald.ask(*self._request(name))

    def _request(self, name: str) -> tuple[str, dict[str, object]]:
        return name, {"to": NUMBER, "body": name, "reference": name, **self._fields}

    def _work(self) -> set[str]:
        """The worker handles what is in the queue. Returns the messages' names."""
        received = self._received()
        for record in received.values():
            self._herald.work(_times(1, record))
            self._remove(record)
        return set(received)

    def _received(self) -> dict[str, Record]:
        """All records that are in the queue, by their messages' names. Of several of one message only one is kept."""
        names = {_id(name): name for name in self.names}
        found: dict[str, Record] = {}
        while page := self._sqs.receive_message(
            QueueUrl=self.place.queue, MaxNumberOfMessages=10, VisibilityTimeout=3600
        ).get("Messages"):
            for each in page:
                record = {"body": each["Body"], "receiptHandle": each["ReceiptHandle"]}
                name = names[json.loads(each["Body"])["id"]]
                if name in found:
                    self._remove(record)
                found.setdefault(name, record)
        return found

    def _remove(self, record: Record) -> None:
        self._sqs.delete_message(QueueUrl=self.place.queue, ReceiptHandle=record["receiptHandle"])

    def _fire(self) -> None:
        """Scheduler fires what is due, and forgets it."""
        if "send_at" not in self._fields:
            return
        group = {"GroupName": self.place.schedules}
        for page in self._scheduler.get_paginator("list_schedules").paginate(**group):
            for listed in page["Schedules"]:
                schedule = self._scheduler.get_schedule(Name=listed["Name"], **group)
                if schedule["ScheduleExpression"] <= expression(self.clock.now):
                    self._herald.resume(json.loads(schedule["Target"]["Input"])["id"])
                    self._scheduler.delete_schedule(Name=listed["Name"], **group)


def _id(name: str) -> str:
    return message_id(CALLER, name, START)


def _times(receives: int, record: Record) -> Record:
    """A record as the worker's function gets it, received so often."""
    return {**record, "attributes": {"ApproximateReceiveCount": str(receives)}}
