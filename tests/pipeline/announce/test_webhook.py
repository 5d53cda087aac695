"""Webhook: it is called until it is answered, never where the settings do not allow it, and is never lost."""

import json
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import InvalidSettings, NotAccepted
from herald.message.status import Status
from herald.message.times import rfc3339
from herald.pipeline.announce.signature import verify
from herald.pipeline.announce.webhook import LONGEST_DELAY, Way, Webhooks
from herald.settings.values import DEFAULT_CHANNELS, Settings
from herald.testing.fakes import Clock, Notes
from herald.testing.memory import MemoryQueue
from tests.builders import NOW, a_message
from tests.failing import Down, FailingQueue, Unreachable, Unsettled
from tests.pipeline.announce.test_call import named
from tests.providers.server import Reply, Vendor, closed_port, vendor

SECRET = "whsec_of-the-tests"
EVENT = {"type": "SMS Delivered", "event_id": "msg_1.delivered.1", "id": "msg_1", "to": "+91*****2552"}
CERTIFICATE = Path(__file__).parent / "certificates" / "server.pem"


class Observer(Notes):
    """What an operator reads, whole."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, str, Mapping[str, object]]] = []

    def trouble(self, phrase: str, error: BaseException, **extra: object) -> None:
        self.lines.append((phrase, type(error).__name__, extra))


@dataclass
class World:
    """Hooks and their parts; ``hosts`` are those that the settings allow."""

    hosts: tuple[str, ...] = ("127.0.0.1",)
    secrets: tuple[str, ...] = (SECRET,)
    queue: MemoryQueue = field(default_factory=MemoryQueue)
    dead: MemoryQueue = field(default_factory=MemoryQueue)
    notes: Observer = field(default_factory=Observer)
    clock: Clock = field(default_factory=lambda: Clock(NOW))
    wrong: Exception | None = None
    seconds: float = 5.0
    resolve: Any = field(default_factory=lambda: named("127.0.0.1"))
    context: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        settings = Settings(channels=DEFAULT_CHANNELS, callback_hosts=self.hosts, webhook_secrets=self.secrets)
        self.ports = Unsettled(settings=settings, queue=self.queue, observer=self.notes, clock=self.clock)
        way = Way(self.resolve, self.context, self.seconds)
        self.hooks = Webhooks(self.ports, lambda: self.dead, agent="Herald/9.9", way=way)

    def deliver(self, url: str, **changes: Any) -> None:
        self.ports.wrong = self.wrong
        self.hooks.deliver({"url": url, "event": EVENT, "tries": 0, "since": rfc3339(NOW), **changes})

    @property
    def waits(self) -> list[tuple[int, float]]:
        """The tries of the hooks that wait, and for how long."""
        return [(what["hook"]["tries"], delay) for what, delay in self.queue.posted]

    @property
    def given_up(self) -> list[int]:
        return [what["hook"]["tries"] for what, _ in self.dead.posted]


@pytest.fixture
def receiver() -> Iterator[Vendor]:
    with vendor() as server:
        yield server.answers(Reply(204))


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_a_webhook_that_was_taken_is_done(receiver: Vendor, status: int) -> None:
    world = World()
    receiver.answers(Reply(status))
    world.deliver(f"{receiver.url}/sms?key=1")
    assert (len(receiver.calls), world.queue.posted, world.dead.posted, world.notes.lines) == (1, [], [], [])


def test_the_receiver_gets_the_event_with_a_proof_that_it_is_ours(receiver: Vendor) -> None:
    world = World(secrets=("whsec_new", "whsec_old"))
    world.deliver(f"{receiver.url}/sms?key=1")
    (got,) = receiver.calls
    assert (got.path, json.loads(got.body)) == ("/sms?key=1", EVENT)
    assert (got.headers["user-agent"], got.headers["herald-event-id"]) == ("Herald/9.9", "msg_1.delivered.1")
    header, now = got.headers["herald-signature"], NOW.timestamp()
    assert header.startswith(f"t={int(now)},v1=")
    assert verify(got.body, header, "whsec_new", now=now) and verify(got.body, header, "whsec_old", now=now)
    assert not verify(got.body, header, SECRET, now=now)


@pytest.mark.parametrize("status", [300, 301, 307, 400, 401, 404, 408, 429, 500, 502, 503])
def test_what_was_not_taken_waits(receiver: Vendor, status: int) -> None:
    world = World()
    receiver.answers(Reply(status, headers={"Location": f"{receiver.url}/elsewhere"}))
    world.deliver(f"{receiver.url}/sms")
    assert (len(receiver.calls), world.waits, world.dead.posted) == (1, [(1, 10)], [])
    waiting = world.queue.posted[0][0]["hook"]
    assert waiting == {"url": f"{receiver.url}/sms", "event": EVENT, "tries": 1, "since": rfc3339(NOW)}


@pytest.mark.parametrize("fault", ["drop", "reset"])
def test_a_connection_that_breaks_took_nothing(receiver: Vendor, fault: Any) -> None:
    world = World()
    receiver.answers(Reply(fault=fault))
    world.deliver(receiver.url)
    assert world.waits == [(1, 10)]


def test_where_nobody_listens_or_the_name_is_not_known_it_waits() -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise OSError("Name or service not known")

    for world in (World(), World(resolve=unknown)):
        world.deliver(f"http://127.0.0.1:{closed_port()}/")
        assert (world.waits, world.dead.posted) == ([(1, 10)], [])


def test_the_waits_grow_and_a_hook_is_given_up_after_a_day() -> None:
    world, url = World(), f"http://127.0.0.1:{closed_port()}/"
    world.deliver(url)
    while world.queue.posted:
        what, delay = world.queue.posted[-1]
        if world.dead.posted:
            break
        world.clock.pass_(seconds=delay)
        world.hooks.deliver(what["hook"])
    delays = [delay for _, delay in world.queue.posted]
    assert delays[:8] == [10, 20, 40, 80, 160, 320, 640, 900] and set(delays[8:]) == {LONGEST_DELAY}
    assert timedelta(days=1) <= world.clock.now - NOW < timedelta(days=1, seconds=900)
    assert world.given_up == [len(delays) + 1]


@pytest.mark.parametrize(("late", "given_up"), [(86_399, False), (86_400, True), (200_000, True)])
def test_what_fails_after_a_day_is_given_up_and_not_before(late: int, given_up: bool) -> None:
    world, url = World(), f"http://127.0.0.1:{closed_port()}/"
    world.clock.pass_(seconds=late)
    world.deliver(url, tries=7)
    assert (bool(world.dead.posted), bool(world.queue.posted)) == (given_up, not given_up)


def test_what_was_taken_late_is_done(receiver: Vendor) -> None:
    world = World()
    world.clock.pass_(days=3)
    world.deliver(receiver.url, tries=99)
    assert (world.queue.posted, world.dead.posted) == ([], [])


@given(st.integers(0, 10**9))
def test_no_wait_is_too_long_for_the_queue(tries: int) -> None:
    world = World(hosts=("127.0.0.1",), secrets=())
    world.deliver("http://127.0.0.1/", tries=tries)
    assert 10 <= world.queue.posted[0][1] <= LONGEST_DELAY


def test_a_receiver_that_is_gone_is_given_up_at_once(receiver: Vendor) -> None:
    world = World()
    receiver.answers(Reply(410))
    world.deliver(receiver.url)
    assert (world.waits, world.given_up) == ([], [1])


@pytest.mark.parametrize("hosts", [(), ("hooks.example.com",), ("127.0.0.1:1",)])
def test_a_host_that_is_not_allowed_any_more_is_not_called(receiver: Vendor, hosts: tuple[str, ...]) -> None:
    world = World(hosts=hosts)
    world.deliver(receiver.url)
    assert (receiver.calls, world.waits, world.given_up) == ([], [], [1])
    assert world.notes.lines[0][1] == "Wrong"


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "169.254.169.254", "127.0.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"]
)
def test_a_name_that_leads_into_a_private_network_is_not_called(receiver: Vendor, address: str) -> None:
    world = World(hosts=(f"hooks.example.com:{receiver.port}",), resolve=named(address))
    world.deliver(f"https://hooks.example.com:{receiver.port}/")
    assert (receiver.calls, world.waits, world.given_up) == ([], [], [1])
    assert world.notes.lines[0][1] == "PrivateAddress"


def test_a_name_that_changes_its_mind_is_called_where_it_led_when_it_was_judged(receiver: Vendor) -> None:
    asked = []

    def rebinding(host: str, port: int, **_: Any) -> Any:
        asked.append(host)
        return named("10.0.0.1" if len(asked) > 1 else "127.0.0.1")(host, port)

    world = World(hosts=("localhost",), resolve=rebinding)
    world.deliver(f"http://localhost:{receiver.port}/")
    assert (asked, len(receiver.calls), world.waits) == (["localhost"], 1, [])


@pytest.mark.parametrize("wrong", [InvalidSettings([]), NotAccepted()], ids=lambda error: type(error).__name__)
def test_where_the_settings_cannot_be_read_nobody_is_called_and_it_waits(receiver: Vendor, wrong: Exception) -> None:
    world = World(wrong=wrong)
    world.deliver(receiver.url)
    assert (receiver.calls, world.waits, world.dead.posted) == ([], [(1, 10)], [])


def test_without_a_secret_nobody_is_called_and_it_waits(receiver: Vendor) -> None:
    world = World(secrets=())
    world.deliver(receiver.url)
    assert (receiver.calls, world.waits) == ([], [(1, 10)])


def test_over_tls_the_whole_way_is_the_same() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    trusting = ssl.create_default_context(cafile=str(CERTIFICATE.with_name("ca.pem")))
    with vendor(context) as receiver:
        receiver.answers(Reply(204))
        world = World(hosts=("localhost",), context=trusting)
        world.deliver(f"https://localhost:{receiver.port}/sms")
        assert verify(receiver.calls[0].body, receiver.calls[0].headers["herald-signature"], SECRET, NOW.timestamp())
    assert (world.queue.posted, world.dead.posted) == ([], [])


def test_a_host_that_hangs_is_left_alone_for_a_while(receiver: Vendor) -> None:
    world = World(seconds=0.1)
    receiver.answers(Reply(fault="slow"))
    for _ in range(5):
        world.deliver(receiver.url)
    assert (len(receiver.calls), world.waits) == (1, [(1, 10)] * 5)
    world.ports.settings = world.ports.settings._replace(callback_hosts=("127.0.0.1", "localhost"))
    receiver.answers(Reply(204))
    world.deliver(f"http://localhost:{receiver.port}/")
    assert len(receiver.calls) == 2


@pytest.mark.parametrize("hangs", [True, False])
def test_a_host_whose_name_is_not_resolved_in_time_or_at_all_is_left_alone_for_a_while(hangs: bool) -> None:
    over, asked = Event(), []

    def resolve(host: str, *_: Any, **__: Any) -> Any:
        asked.append(host)
        if hangs:
            over.wait(60)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    world = World(seconds=0.1, resolve=resolve)
    begun = time.monotonic()
    for _ in range(5):
        world.deliver("http://127.0.0.1:9/")
    assert time.monotonic() - begun < 15
    over.set()
    assert (asked, world.waits) == (["127.0.0.1"], [(1, 10)] * 5)


def test_what_can_neither_wait_nor_be_given_up_is_told_to_the_queue(receiver: Vendor) -> None:
    receiver.answers(Reply(500), Reply(410))
    world = World(queue=FailingQueue(), dead=FailingQueue())
    for _ in range(2):
        with pytest.raises(Down):
            world.deliver(receiver.url)


@pytest.mark.parametrize("hook", [{}, {"url": "http://127.0.0.1/"}, {"url": 5, "event": {}, "tries": 0}])
def test_what_is_no_hook_is_told_to_the_queue(hook: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError)):
        World().hooks.deliver(hook)


def test_an_operator_is_told_of_the_first_failure_and_of_the_end(receiver: Vendor) -> None:
    world = World()
    receiver.answers(Reply(503))
    for tries in range(4):
        world.deliver(f"{receiver.url}/s3cr3t?key=s3cr3t", tries=tries)
    receiver.answers(Reply(410))
    world.deliver(f"{receiver.url}/s3cr3t?key=s3cr3t", tries=4)
    told = {"host": "127.0.0.1", "message_id": "msg_1"}
    assert world.notes.lines == [
        ("webhook not delivered", "Answered", {**told, "tries": 1, "http_status": 503}),
        ("webhook given up", "Answered", {**told, "tries": 5, "http_status": 410}),
    ]
    assert "s3cr3t" not in repr(world.notes.lines)


def test_of_an_erased_message_nobody_is_told_any_more(receiver: Vendor) -> None:
    world, message = World(), a_message(status=Status.SENT)
    world.ports.journal.claim(message)
    world.ports.journal.erase(message)
    for tries in (0, 3):
        world.deliver(f"{receiver.url}/hook", event={**EVENT, "id": message.id}, tries=tries)
    assert (receiver.calls, world.queue.posted, world.dead.posted) == ([], [], [])


def test_while_it_cannot_be_known_whether_a_message_was_erased_its_webhook_waits(receiver: Vendor) -> None:
    world = World()
    world.ports.journal = Unreachable()  # type: ignore[assignment]
    world.deliver(f"{receiver.url}/hook")
    assert (receiver.calls, len(world.queue.posted)) == ([], 1)
