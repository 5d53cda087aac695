"""Http: one request to a vendor, sent once, whose failure says whether the request may have arrived."""

import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from io import BytesIO
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from herald.errors import AttemptError, InvalidSettings, Problem, Unavailable, Uncertain
from herald.providers._end import MOST_BYTES, SECONDS, TooLong, within
from herald.providers._idle import Idle

if TYPE_CHECKING:
    from requests import Session

CONNECT, READ = 3.0, 10.0


class Answer(NamedTuple):
    """A complete HTTP answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """True for any 2xx."""
        return 200 <= self.status < 300

    def failure(self) -> AttemptError | None:
        """What the status of an answer without success says; None for a refusal (4xx): the vendor's to explain."""
        if self.status == 429:
            return Unavailable("throttled", retry_after=retry_after(self.headers))
        if self.status == 503:
            return Unavailable(retry_after=retry_after(self.headers))
        if 400 <= self.status < 500 and self.status != 408:
            return None
        return Uncertain("answer_unclear")


class Http:
    """A ``requests.Session`` that sends each request once: no repeats, no redirects, no cookies.

    ``timeout`` is (connect, read) in seconds, each for one of its steps; ``seconds`` are for a call in all.
    ``auth`` is always ours, so credentials from a .netrc are never sent.
    Errors are chained to nothing: those of requests hold the URL.
    """

    def __init__(
        self, session: "Session", *, timeout: tuple[float, float] = (CONNECT, READ), seconds: float = SECONDS
    ) -> None:
        from herald.providers._adapter import end_all  # With requests, which reading a callback does not need.

        # Several accounts share the session: a cookie of one must not go with the requests of another.
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        end_all(session)
        self._session, self._timeout, self._seconds = session, timeout, seconds
        self._idle = Idle(session.close)

    def post(self, url: str, data: Mapping[str, str], auth: tuple[str, str]) -> Answer:
        """Post a form. Raises ``Unavailable`` if it surely did not leave, else ``Uncertain``."""
        form = _Form(urlencode(data).encode())
        try:
            return self._call("POST", url, auth, form)
        except Exception:
            failure = Uncertain("answer_lost") if form.left else Unavailable()
        raise failure

    def get(self, url: str, auth: tuple[str, str], *, seconds: float = SECONDS) -> Answer:
        """Ask, for so many seconds at most. Raises ``Unavailable``, whatever went wrong: it may be asked again."""
        try:
            return self._call("GET", url, auth, seconds=seconds)
        except Exception:
            failure = Unavailable()
        raise failure

    def _call(
        self, method: str, url: str, auth: tuple[str, str], form: "_Form | None" = None, *, seconds: float = SECONDS
    ) -> Answer:
        self._idle.over()
        options: dict[str, Any] = {
            "headers": {"Content-Type": "application/x-www-form-urlencoded"} if form else None,
            "auth": (_octets(auth[0]), _octets(auth[1])),
            "timeout": self._timeout,
            "allow_redirects": False,
            "stream": True,
        }
        with within(min(seconds, self._seconds)), self._session.request(method, url, data=form, **options) as got:
            body = got.raw.read(MOST_BYTES + 1, decode_content=True)
            if len(body) > MOST_BYTES:
                raise TooLong
            return Answer(got.status_code, {name.lower(): value for name, value in got.headers.items()}, body)


def _octets(text: str) -> str:
    """``text``, so that its UTF-8 bytes are sent: requests writes Basic credentials in Latin-1."""
    return text.encode().decode("latin-1")


class _Form(BytesIO):
    """A body that knows whether it was taken: it is read only once the connection stands and the headers are out.

    So a form that was not read cannot have arrived, whatever the error is called: name resolution, connection, proxy,
    TLS handshake and certificate come before. The names do not tell: a handshake that times out is a ReadTimeout for
    requests, one that is cut off a ConnectionError, like a lost answer (requests 2.34, urllib3 2.8, November 2026).
    """

    left = False

    def read(self, size: int | None = -1, /) -> bytes:
        self.left = True
        return super().read(size)


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """The seconds to wait, from ``Retry-After`` as a number or as an HTTP date; None without one that can be read."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
        until = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, until.timestamp() - (time.time() if now is None else now))
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def base_url(field: str, url: str) -> str:
    """``url`` without its last slash, if credentials may go there: https, or http on this machine.

    Raises ``InvalidSettings``, which names the field and not its value.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    plain = host and parts.scheme == "http" and _this_machine(host)
    if not host or not (plain or parts.scheme == "https") or "@" in parts.netloc or parts.query or parts.fragment:
        problem = "must be an https URL (http only for this machine), without credentials, query or fragment"
        raise InvalidSettings([Problem(field, "invalid_url", problem)])
    return url.rstrip("/")


def _this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
