"""A service that plays Herald for the page: it serves the real page, and tells of each message what a test says."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock, Thread
from urllib.parse import parse_qs, unquote

from herald.entrypoints.api.routes import Https
from herald.message import Message
from herald.message.status import Status, Step
from local.server import Reply, Request, Server

FILES = Path(__file__).resolve().parents[2] / "functions" / "api"
KEY = "hk_test_page"
PAGE_OF = 2  # messages in one page of an answer


def _no_herald() -> None:
    raise AssertionError("the page alone asks nothing of the pipeline")


class Service:
    """The routes that the page asks, and their answers: attributes that a test sets.

    ``figures``, ``fates`` and ``channels`` are answered as they are, and 404 while they are None; ``refresh`` is called
    with a message that shall be refreshed, and returns what became of it, or None if the provider cannot be asked;
    ``texts`` lie on the phones; ``born`` is the message that a send answers; ``left`` is how many messages an erasure
    leaves. ``asked`` holds the requests for messages and recipients, oldest first.
    """

    refresh: Callable[[Message], Message | None]

    def __init__(self) -> None:
        self.messages: dict[str, Message] = {}
        self.texts: list[dict[str, object]] = []
        self.figures: dict[str, object] | None = None
        self.fates: list[dict[str, str]] | None = None
        self.channels: dict[str, object] | None = None
        self.refresh = lambda _: None
        self.born = a_message()
        self.stage = "local"
        self.left = 0
        self.asked: list[Request] = []
        self._https = Https(_no_herald, {}, FILES)  # type: ignore[arg-type]
        self._lock = Lock()
        self._server = Server(0, self.answer, 0)

    @property
    def url(self) -> str:
        """Its address, on loopback."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        """Listen in a thread of its own."""
        Thread(target=self._server.serve_forever, args=(0.05,), name="service", daemon=True).start()

    def stop(self) -> None:
        """Stop listening."""
        self._server.stop()

    def tell(self, message: Message) -> Message:
        """From now on this is what is known of a message."""
        with self._lock:
            self.messages[message.id] = message
        return message

    def answer(self, request: Request) -> Reply:
        """What is answered to the browser."""
        first, _, rest = request.path.lstrip("/").partition("/")
        if first in ("messages", "recipients"):
            self.asked.append(request)
            if request.headers.get("Authorization") != f"Bearer {KEY}":
                return Reply(401, {"message": "Unauthorized"})
        routes: dict[tuple[str, str, bool], Callable[[], Reply]] = {
            ("GET", "", False): self._page,
            ("GET", "health", False): lambda: Reply(200, self._health()),
            ("GET", "local", False): lambda: Reply(200, {"key": KEY}),
            ("GET", "local", True): lambda: _if_any({"figures": self.figures, "fates": self.fates}.get(rest)),
            ("GET", "channels", False): lambda: _if_any(self.channels),
            ("GET", "carrier", True): lambda: Reply(200, self.texts),
            ("POST", "messages", False): lambda: Reply(201, self.tell(self.born).public()),
            ("GET", "messages", False): lambda: self._search(request),
            ("GET", "messages", True): lambda: self._one(rest, request),
            ("DELETE", "recipients", True): lambda: self._erase(unquote(rest)),
        }
        return routes.get((request.method, first, bool(rest)), _nothing)()

    def _page(self) -> Reply:
        answer = self._https.answer({"resource": "/", "httpMethod": "GET"})
        headers = dict(answer["headers"])
        return Reply(200, answer["body"].encode(), headers.pop("Content-Type"), headers)

    def _health(self) -> dict[str, object]:
        return {"status": "ok", "stage": self.stage, "version": "0", "channels": ["amazonsns", "exotel"]}

    def _one(self, message_id: str, request: Request) -> Reply:
        message = self.messages.get(message_id)
        if message is None:
            return _nothing()
        if request.query != "refresh=true":
            return Reply(200, message.public())
        fresh = self.refresh(message)
        return Reply(200, self.tell(fresh or message).public(), headers={"Herald-Refreshed": str(bool(fresh)).lower()})

    def _search(self, request: Request) -> Reply:
        query = {name: values[0] for name, values in parse_qs(request.query).items()}
        number, reference = query.get("to", "").replace(" ", ""), query.get("reference")
        if number and not number.startswith(("+", "0")):
            wrong = {"field": "to", "code": "invalid_number", "detail": "this is no number."}
            return Reply(422, {"detail": "The request is wrong.", "errors": [wrong]})
        there = [m for m in self.messages.values() if number in ("", m.to) and reference in (None, m.reference)]
        fitting = [m for m in reversed(there) if m.status == query.get("status", m.status)]
        begin = int(query.get("after", 0))
        following = str(begin + PAGE_OF) if len(fitting) > begin + PAGE_OF else None
        return Reply(200, {"messages": [m.public() for m in fitting[begin : begin + PAGE_OF]], "next": following})

    def _erase(self, number: str) -> Reply:
        with self._lock:
            there = [m.id for m in self.messages.values() if m.to == number]
            gone = there[: len(there) - self.left]
            for message_id in gone:
                del self.messages[message_id]
        return Reply(200, {"erased": len(gone), "left": self.left})


def _if_any(content: object) -> Reply:
    return _nothing() if content is None else Reply(200, content)


def _nothing() -> Reply:
    return Reply(404, {"title": "There is no such page", "status": 404})


def a_message(number: int = 1, *, to: str = "+919741552552", **known: object) -> Message:
    """A message that was sent a second ago by Exotel, except for what is ``known`` otherwise."""
    sent = datetime.now(UTC).replace(microsecond=345_000) - timedelta(seconds=1)
    made = Message(
        id=f"msg_{number}", caller="key:page", to=to, country="IN", body=None, encoding="GSM-7", segments=1, length=18,
        created_at=sent - timedelta(milliseconds=90), updated_at=sent, expires_at=sent + timedelta(days=1),
        status=Status.SENT, channel="exotel", provider="exotel", provider_id="5f1a", sent_at=sent, attempts=1,
        trace=(
            Step(sent - timedelta(milliseconds=90), "accepted", "by https"),
            Step(sent - timedelta(milliseconds=60), "sending", "by exotel, attempt 1"),
            Step(sent, "sent"),
        ),
    )  # fmt: skip
    return made.with_(**known)
