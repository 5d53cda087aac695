"""Claims whose answers never come, while others ask: nothing that a caller was told of is taken back by them."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from herald.errors import HeraldError, NotAccepted
from herald.journal.messages import DynamoJournal
from herald.journal.tally import number
from herald.message import Message
from herald.message.counted import HELD
from herald.message.ids import message_id
from herald.message.status import Status
from herald.settings.values import Limits
from herald.testing.memory import MemoryCounters
from herald.testing.outbox import Outbox
from tests.builders import FIELDS, NOW, NUMBER, a_box
from tests.failing import Down
from tests.tables import a_table

WAYS: dict[str, dict[str, Any]] = {
    "sync": {},
    "async": {"mode": "async"},
    "scheduled": {"send_at": "2026-11-23T12:00:00Z"},
}


class Unanswered:
    """A client whose put is written and never answered; ``meanwhile`` runs at each place where others may act."""

    def __init__(self, real: Any, meanwhile: list[Callable[[], object]], *, taken_back: bool = True) -> None:
        self._real, self._meanwhile, self._taken_back = real, meanwhile, taken_back
        self.exceptions = real.exceptions

    def __getattr__(self, operation: str) -> Any:
        return getattr(self._real, operation)

    def put_item(self, **request: Any) -> None:
        self._real.put_item(**request)
        for act in self._meanwhile:
            act()
        raise Down

    def delete_item(self, **request: Any) -> Any:
        if not self._taken_back:
            raise Down
        return self._real.delete_item(**request)


class World:
    """A request whose claim gets no answer, and others that act before it is taken back. Notes what each was told."""

    def __init__(self, dynamodb: Any, way: str) -> None:
        self.fields, self.dynamodb, self.table = WAYS[way], dynamodb, a_table(dynamodb)
        self.counters = MemoryCounters()
        self.others = self.box(DynamoJournal(dynamodb, self.table))
        self.told: list[str] = []

    def box(self, journal: DynamoJournal) -> Outbox:
        box = a_box(journal=journal, counters=self.counters)
        box.settings = box.settings._replace(limits=Limits(day=100))
        return box

    @property
    def counted(self) -> int:
        """How many texts are counted in all."""
        return sum(
            number(item, name)
            for key, item in self.counters.items.items()
            for name in item
            if key.startswith("count#all#") and name.startswith("sent_")
        )

    def ask(self, box: Outbox) -> Message:
        return box.herald().send({**FIELDS, **self.fields}, caller="key:shop", entrypoint="https", key="k").message

    def run(self, acts: list[str], *, taken_back: bool = True) -> None:
        """The first request, whose own answer is 503, with the acts of others in between."""
        meanwhile = [getattr(self, act) for act in acts]
        client = Unanswered(self.dynamodb, meanwhile, taken_back=taken_back)
        with pytest.raises(NotAccepted):
            self.ask(self.box(DynamoJournal(client, self.table)))

    def repeats(self) -> None:
        try:
            self.told.append(self.ask(self.others).id)
        except HeraldError as error:
            assert error.code in ("still_sending", "not_accepted", "opted_out")

    def searches(self) -> None:
        found = self.others.herald().search({"to": NUMBER}, caller="key:shop")
        self.told += [message.id for message in found.messages if message.status is not Status.SENDING]

    def cancels(self) -> None:
        for message in self.there():
            try:
                self.told.append(self.others.herald().cancel(message.id).id)
            except HeraldError as error:
                assert error.code == "not_cancelable"

    def resumes(self) -> None:
        for message in self.there():
            self.others.herald().resume(message.id)

    def sweeps(self) -> None:
        self.others.herald().sweep(lambda: False)

    def waits(self) -> None:
        self.others.clock.pass_(seconds=61)

    def there(self) -> list[Message]:
        found = self.others.journal.get(message_id("key:shop", "k", NOW))
        return [found] if found else []


ACTS = ["repeats", "searches", "cancels", "resumes", "sweeps", "waits"]


@pytest.mark.parametrize("way", ["async", "scheduled"])
def test_a_message_that_another_was_told_of_is_not_deleted_by_the_first_requests_trouble(
    dynamodb: Any, way: str
) -> None:
    world = World(dynamodb, way)
    world.run(["repeats"])
    (told,) = world.told
    assert world.others.herald().find(told).status in (Status.ACCEPTED, Status.SCHEDULED)
    world.others.clock.pass_(days=1) if way == "scheduled" else None
    resumed = world.others.herald().resume(told)
    assert resumed and resumed.status is Status.SENT
    assert len(world.others.texts) == 1


@pytest.mark.parametrize("way", WAYS)
def test_what_nobody_was_told_of_is_taken_back_and_the_repetition_sends_once(dynamodb: Any, way: str) -> None:
    world = World(dynamodb, way)
    world.run([])
    assert world.there() == []
    assert not world.others.texts
    world.repeats()
    assert len(world.told) == 1


@pytest.mark.parametrize("way", ["async", "scheduled"])
def test_who_finds_a_claim_just_before_it_is_taken_back_is_told_to_ask_again(dynamodb: Any, way: str) -> None:
    world = World(dynamodb, way)
    journal = world.others.journal

    class TakenBack:
        """The journal of a repetition, which finds the claim and comes too late to keep it."""

        def __getattr__(self, name: str) -> Any:
            return getattr(journal, name)

        def keep(self, message: Message) -> bool:
            dynamodb.delete_item(TableName=world.table, Key={"pk": {"S": f"message#{message.id}"}})
            return journal.keep(message)

    first = world.ask(world.others)
    world.others.journal = TakenBack()  # type: ignore[assignment]
    with pytest.raises(NotAccepted):
        world.ask(world.others)
    world.others.journal = journal
    assert world.ask(world.others).id == first.id


@settings(max_examples=40)
@given(
    way=st.sampled_from(sorted(WAYS)),
    acts=st.lists(st.sampled_from(ACTS), max_size=5),
    after=st.lists(st.sampled_from(ACTS), max_size=3),
)
@example(way="async", acts=["repeats", "resumes"], after=["repeats"])
@example(way="scheduled", acts=["searches"], after=["repeats"])
@example(way="sync", acts=["waits", "sweeps", "repeats"], after=[])
def test_in_any_order_what_was_told_stays_and_nothing_is_sent_twice(
    dynamodb: Any, way: str, acts: list[str], after: list[str]
) -> None:
    world = World(dynamodb, way)
    world.run(acts, taken_back=len(acts) < 4)
    for act in after:
        getattr(world, act)()
    for told in world.told:
        assert world.others.herald().find(told).id == told
    assert len(world.others.texts) <= 1
    assert world.counted == sum(bool(there.counted and there.counted.state in HELD) for there in world.there())


@pytest.mark.parametrize("way", WAYS)
def test_what_may_be_sent_after_all_stays_counted_and_what_cannot_is_given_back(dynamodb: Any, way: str) -> None:
    world = World(dynamodb, way)
    world.run([])
    assert (world.there(), world.counted) == ([], 0)
    world.run([], taken_back=False)
    assert (len(world.there()), world.counted) == (1, 1)


def test_a_claim_that_failed_beside_another_request_with_its_key_leaves_that_ones_count(dynamodb: Any) -> None:
    world = World(dynamodb, "async")

    class Never(Unanswered):
        """A client whose put is never written, because another request's is."""

        def put_item(self, **request: Any) -> None:
            world.others.clock.pass_(seconds=1)
            world.repeats()
            raise Down

    with pytest.raises(NotAccepted):
        world.ask(world.box(DynamoJournal(Never(dynamodb, []), world.table)))
    assert (len(world.there()), world.counted) == (1, 1)
