"""Callbacks: what the carrier posts to the URLs that senders named; to this machine and nowhere else."""

import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from threading import Lock
from typing import NamedTuple
from urllib.parse import SplitResult, urlencode, urlsplit

from local.carrier.post import Post

PATIENCE = 10.0
AGAIN = (1.0, 1.0, 1.0)  # Seconds until the second, third and fourth try.
NEXT = 0.2
# A callback that finds no free function on the engine starts one, a process with a layer of its own to unpack: more of
# them at once only get in each other's way.
WORKERS = 2
THIS_MACHINE = ("127.0.0.1", "localhost")


class Letter(NamedTuple):
    """The forms to be posted to ``url`` one after the other. ``id`` is the text's, ``receipt`` the word for it all.

    ``sign`` gives the headers that prove whose a form is; ``wanted`` says whether there is still something to tell.
    """

    id: str
    receipt: str
    url: str
    forms: tuple[Mapping[str, str], ...]
    tries: int = 0
    sign: Callable[[Mapping[str, str]], Mapping[str, str]] = lambda form: {}
    wanted: Callable[[], bool] = lambda: True


class Callbacks:
    """Posts forms; what is not answered with 2xx within ``patience`` seconds is posted again, ``again`` seconds later.

    ``told`` hears of each text whose first form leaves: (id, receipt).
    """

    def __init__(
        self, told: Callable[[str, str], None], *, patience: float = PATIENCE, again: tuple[float, ...] = AGAIN
    ) -> None:
        self._told, self._patience, self._again = told, patience, again
        self._post: Post[Letter] = Post("callbacks", self._deliver, workers=WORKERS)
        self._lock = Lock()
        self._open: set[HTTPConnection] = set()
        self._stopping = False

    def start(self) -> None:
        self._post.start()

    def put(self, letter: Letter, delay: float) -> None:
        """Post a letter ``delay`` seconds from now, if its URL is on this machine; else never."""
        if _here(letter.url):
            self._post.put(letter, delay)

    def stop(self) -> None:
        """Break off what is under way, and forget the rest."""
        self._post.close()
        with self._lock:
            self._stopping = True
            for connection in self._open:
                with suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)
        self._post.join()

    def _deliver(self, letters: list[Letter]) -> None:
        for letter in letters:
            if not letter.wanted():
                continue
            self._told(letter.id, letter.receipt)
            if self._posted(letter, letter.forms[0]) or letter.tries == len(self._again):
                if rest := letter.forms[1:]:
                    self._post.put(letter._replace(forms=rest, tries=0), NEXT)
            else:
                self._post.put(letter._replace(tries=letter.tries + 1), self._again[letter.tries])

    def _posted(self, letter: Letter, form: Mapping[str, str]) -> bool:
        target = urlsplit(letter.url)
        path = (target.path or "/") + (f"?{target.query}" if target.query else "")
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Host": target.netloc}
        headers |= letter.sign(form)
        connection = HTTPConnection("127.0.0.1", target.port or 80, timeout=self._patience)
        try:
            connection.connect()
            if not self._kept(connection):
                return False
            connection.request("POST", path, urlencode(form), headers)
            with connection.getresponse() as answer:  # Whatever it is, a redirect too, it leads nowhere else.
                return 200 <= answer.status < 300
        except (OSError, HTTPException, ValueError):
            return False
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def _kept(self, connection: HTTPConnection) -> bool:
        """Whether there is still time for this connection; if so, ``stop`` will break it off."""
        with self._lock:
            if not self._stopping:
                self._open.add(connection)
            return not self._stopping


def _here(url: str) -> SplitResult | None:
    try:
        target = urlsplit(url)
        return target if target.scheme == "http" and target.hostname in THIS_MACHINE and target.port != 0 else None
    except ValueError:
        return None
