"""Promise 6: whatever providers say, in whatever order, however often and however early, the end is the same.

Many receipts for one message are shuffled, repeated, and scattered around our own note that it was sent: before it,
between its two writes, after it. Nobody who forges a token is believed.
"""

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from herald.journal.messages import DynamoJournal
from herald.message import Message
from herald.message.ids import message_id
from herald.message.status import Status
from herald.pipeline.ports import Journal
from herald.pipeline.receive.receipts import Receipts
from herald.pipeline.receive.token import read, sign
from herald.providers import load
from herald.providers._base import Callback
from herald.settings.values import Channel, Settings
from herald.testing.fakes import FakeProvider
from herald.testing.memory import MemoryJournal
from herald.testing.outbox import SECRET, Outbox
from tests.builders import NOW, NUMBER
from tests.failing import Down
from tests.promises.figures import Figures

if TYPE_CHECKING:
    from herald.message.receipt import Receipt

# What Exotel may say of one text, and the state that this means.
SAYS = {
    "queued": ({"Status": "queued", "DetailedStatusCode": "21010"}, Status.SENT),
    "submitted": ({"Status": "submitted", "DetailedStatusCode": "21020"}, Status.SENT),
    "delivered": ({"Status": "sent", "DetailedStatusCode": "20005"}, Status.DELIVERED),
    "off": ({"Status": "failed", "DetailedStatusCode": "23035"}, Status.UNDELIVERED),
    "dnd": ({"Status": "failed-dnd", "DetailedStatusCode": "23005"}, Status.UNDELIVERED),
    "odd": ({"Status": "teleported", "DetailedStatusCode": "31337"}, Status.UNKNOWN),
}
# When a receipt comes: while the provider is still being called, while our own note is written, or later.
EARLY, BETWEEN, LATE = range(3)
arrivals = st.lists(st.tuples(st.sampled_from([*SAYS]), st.integers(EARLY, LATE)), max_size=7)


class Witness:
    """A journal that notes every state that the message was ever in, and lets receipts come between its writes."""

    def __init__(self, journal: Journal) -> None:
        self._journal, self.seen = journal, [Status.SENDING]
        self.between: Callable[[], None] = lambda: None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    def move(self, old: Message, new: Message) -> Message:
        if new.status in (Status.SENT, Status.UNKNOWN):
            self.come()
        moved = self._journal.move(old, new)
        self.seen.append(moved.status)
        return moved

    def come(self) -> None:
        """Let come what comes between the writes, once."""
        come, self.between = self.between, lambda: None
        come()


class Talkative(FakeProvider):
    """A provider whose receipts may be faster than its own answer, which may get lost."""

    def __init__(self, early: Callable[[str], None], lost: bool) -> None:
        super().__init__("exotel")
        self._early, self._lost = early, lost

    def send(self, message: Message, callback: str | None = None) -> Any:
        answer = super().send(message, callback)
        self._early(str(callback))
        if self._lost:
            raise Down
        return answer


def the_end(journal: Journal, order: list[tuple[str, int]], lost: bool) -> tuple[list[Status], Message]:
    """Every state of a message whose receipts come so, and how it ends."""
    witness = Witness(journal)
    box = Outbox(settings=Settings(channels={"exotel": Channel("exotel", "exotel")}))
    box.journal = witness  # type: ignore[assignment]

    def come(url: str, when: int) -> None:
        *_, channel, token = url.split("/")
        for said in (name for name, arrival in order if arrival == when):
            Receipts(box).callback(channel, token, Callback(url, {}, {"SmsSid": "exotel-1", **SAYS[said][0]}))

    def early(url: str) -> None:
        come(url, EARLY)
        witness.between = lambda: come(url, BETWEEN)

    provider = Talkative(early, lost)
    box.providers = {"exotel": provider}
    message = box.herald().send({"to": NUMBER, "body": "Hi"}, caller="key:shop", entrypoint="https").message
    witness.come()
    come(str(provider.callbacks[0]), LATE)
    found = journal.get(message.id)
    assert found is not None
    return witness.seen, found


def expected(order: list[tuple[str, int]], lost: bool) -> Status:
    """The end, whatever the order: the best that anybody said."""
    said = {SAYS[name][1] for name, _ in order}
    for status in (Status.DELIVERED, Status.UNDELIVERED, Status.SENT):
        if status in said:
            return status
    return Status.UNKNOWN if lost else Status.SENT


def check(journal: Journal, order: list[tuple[str, int]], lost: bool) -> None:
    seen, end = the_end(journal, order, lost)
    assert end.status is expected(order, lost)
    assert [status.rank for status in seen] == sorted(status.rank for status in seen)
    assert len([step for step in end.trace if step.step == "receipt"]) == len({name for name, _ in order})
    assert end.body is None
    assert (end.reason is not None) == (end.status in (Status.UNDELIVERED, Status.UNKNOWN))
    if not lost:
        assert (end.provider_id, end.response) == ("exotel-1", {"Sid": "exotel-1"})
        assert end.sent_at is not None


def test_in_any_order_the_end_is_the_same(size: Callable[[int, int], int], figures: Figures) -> None:
    orders = 0

    @settings(max_examples=size(1000, 10_000), phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(arrivals, st.booleans(), st.randoms(use_true_random=False))
    def run(order: list[tuple[str, int]], lost: bool, chance: random.Random) -> None:
        nonlocal orders
        orders += 1
        check(MemoryJournal(), order, lost)
        shuffled = [(name, chance.randint(EARLY, LATE)) for name, _ in chance.sample(order * 2, len(order) * 2)]
        check(MemoryJournal(), shuffled, lost)

    run()
    figures("receipts repeated, reordered and early", promise="6", orders=2 * orders, other_ends=0, went_back=0)


def test_in_any_order_the_end_is_the_same_in_the_table(
    dynamodb: Any, table: str, size: Callable[[int, int], int], figures: Figures
) -> None:
    chance, orders = random.Random(4), size(20, 500)
    for _ in range(orders):
        order = [(chance.choice([*SAYS]), chance.randint(EARLY, LATE)) for _ in range(chance.randint(0, 6))]
        check(DynamoJournal(dynamodb, table), order, chance.random() < 0.5)
    figures("the same in DynamoDB", promise="6", orders=orders, other_ends=0, went_back=0)


def test_nobody_who_changes_a_token_is_believed(size: Callable[[int, int], int], figures: Figures) -> None:
    chance, tried, believed = random.Random(6), size(10_000, 100_000), 0
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/= .%é"
    for number in range(tried):
        good = sign(SECRET, "exotel", message_id("key:shop", str(number), NOW), 1, NOW.replace(year=2027))
        assert read(SECRET, "exotel", good, NOW) is not None
        bad = mutated(good, chance, alphabet)
        believed += bad != good and read(SECRET, "exotel", bad, NOW) is not None
    assert believed == 0
    figures("tokens changed a little", promise="6", tokens=tried, accepted=believed)


def mutated(token: str, chance: random.Random, alphabet: str) -> str:
    """A token in which something is changed: characters replaced, left out, added or swapped."""
    made = list(token)
    for _ in range(chance.choice([1, 1, 1, 2, 3, 8])):
        place = chance.randrange(len(made))
        match chance.randrange(4):
            case 0:
                made[place] = chance.choice(alphabet)
            case 1:
                del made[place]
            case 2:
                made.insert(place, chance.choice(alphabet))
            case _:
                other = chance.randrange(len(made))
                made[place], made[other] = made[other], made[place]
    return "".join(made)


def test_the_words_of_this_proof_mean_what_it_says() -> None:
    for said, status in SAYS.values():
        receipt: Receipt = load("exotel").parse_receipt(said)
        assert receipt.status is status
