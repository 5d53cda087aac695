"""Http sends once, and its failures say whether the request may have arrived."""

import base64
import gzip
import socket
import ssl
import time
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import repeat
from pathlib import Path
from threading import Thread

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import AttemptError, InvalidSettings, Problem, Unavailable, Uncertain
from herald.providers._end import MOST_BYTES
from herald.providers._http import Answer, Http, base_url, retry_after
from herald.providers._idle import LONGEST, Idle
from tests.providers.contract import END, NUMBER, READ_TIMEOUT, TEXT, ends_in_time, no_such_name, said_in
from tests.providers.endless import endless
from tests.providers.server import Fault, Reply, Vendor, closed_port, vendor

AUTH = ("key", "t0ken")
FORM = {"To": NUMBER, "Body": TEXT}
CERTIFICATES = Path(__file__).parents[1] / "pipeline" / "announce" / "certificates"
PATH = "/Accounts/jungle1"
FAULTS: tuple[Fault, ...] = ("slow", "drop", "reset", "cut")


@pytest.fixture
def server() -> Iterator[Vendor]:
    with vendor() as running:
        yield running


@pytest.fixture
def http() -> Iterator[Http]:
    with requests.Session() as session:
        yield Http(session, timeout=(1, READ_TIMEOUT), seconds=END)


def test_a_form_arrives_as_it_was_given(server: Vendor, http: Http) -> None:
    answer = http.post(server.answers(Reply(202, b"yes", {"X-Why": "1"})).url + "/send", FORM, AUTH)
    assert (answer.status, answer.body, answer.headers["x-why"], answer.ok) == (202, b"yes", "1", True)
    call = server.calls[0]
    assert (call.method, call.path, call.form) == ("POST", "/send", FORM)
    assert call.headers["content-length"] == str(len(call.body))


def test_credentials_in_any_script_arrive_in_utf_8(server: Vendor, http: Http) -> None:
    http.get(server.answers(Reply(200)).url, ("kéy", "तोकन"))
    scheme, value = server.calls[0].headers["authorization"].split()
    assert (scheme, base64.b64decode(value).decode()) == ("Basic", "kéy:तोकन")


def test_only_a_form_says_that_it_is_one(server: Vendor, http: Http) -> None:
    server.answers(Reply(200))
    http.get(server.url, AUTH)
    http.post(server.url, FORM, AUTH)
    said = [call.headers.get("content-type") for call in server.calls]
    assert said == [None, "application/x-www-form-urlencoded"]


def test_a_netrc_never_speaks_for_us(
    server: Vendor, http: Http, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login mallory password stolen\n")
    monkeypatch.setenv("NETRC", str(netrc))
    http.get(server.answers(Reply(200)).url, ("", ""))
    http.post(server.url, FORM, AUTH)
    assert [base64.b64decode(call.headers["authorization"].split()[1]) for call in server.calls] == [b":", b"key:t0ken"]


def test_no_cookie_of_one_account_goes_with_the_request_of_another(server: Vendor, http: Http) -> None:
    server.answers(Reply(200, headers={"Set-Cookie": "session=mine; Path=/"}))
    http.get(server.url, AUTH)
    http.get(server.url, ("other", "account"))
    assert [call.headers.get("cookie") for call in server.calls] == [None, None]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["/elsewhere", "http://127.0.0.1:9/", "::::", "http://[", ""])
def test_no_redirect_is_followed(server: Vendor, http: Http, status: int, location: str) -> None:
    server.answers(Reply(status, headers={"Location": location}))
    try:
        assert http.post(server.url, FORM, AUTH).status == status
    except AttemptError as error:
        assert isinstance(error, Uncertain)
    assert len(server.calls) == 1


@pytest.mark.parametrize("fault", FAULTS)
def test_an_answer_that_is_lost_leaves_a_post_uncertain_and_a_question_unavailable(
    server: Vendor, http: Http, fault: Fault
) -> None:
    server.answers(Reply(200, b"0123456789", fault=fault))
    with pytest.raises(Uncertain):
        http.post(server.url, FORM, AUTH)
    with pytest.raises(Unavailable):
        http.get(server.url, AUTH)
    assert len(server.calls) == 2


def unreachable(server: Vendor) -> tuple[str, ...]:
    """Addresses where nothing can arrive: nobody listens, no TLS there, no address at all."""
    return (
        f"http://127.0.0.1:{closed_port()}",
        server.url.replace("http:", "https:"),
        "http://",
        "http://[",
        "gopher://127.0.0.1",
    )


def test_what_never_left_is_unavailable(server: Vendor, http: Http) -> None:
    for url in unreachable(server):
        with pytest.raises(Unavailable):
            http.post(url, FORM, AUTH)
    assert server.calls == []


def test_a_name_that_does_not_resolve_sent_nothing(http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", no_such_name)
    with pytest.raises(Unavailable):
        http.post("https://vendor.invalid", FORM, AUTH)


@pytest.mark.parametrize("patient", [False, True])
def test_a_handshake_that_breaks_off_or_times_out_sent_nothing(http: Http, patient: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with listener.accept()[0] as peer:
                peer.recv(1)
                while patient and peer.recv(4096):
                    pass

        thread = Thread(target=serve)
        thread.start()
        with pytest.raises(Unavailable):
            http.post(f"https://127.0.0.1:{listener.getsockname()[1]}", FORM, AUTH)
        thread.join()


@pytest.mark.parametrize("kind", ["a body a byte a second", "headers a byte a second", "a body without end"])
def test_over_tls_a_call_ends_as_well(http: Http, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATES / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / "server.pem")
    with vendor(context) as sealed:
        sealed.answers(endless(READ_TIMEOUT / 5)[kind])
        with pytest.raises(Uncertain):
            ends_in_time(lambda: http.post(f"https://localhost:{sealed.port}", FORM, AUTH))
        assert len(sealed.calls) == 1


def test_a_proxy_that_drips_sent_nothing(http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    with vendor() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        proxy.answers(Reply(raw=lambda: repeat(b"HTTP/1.1 100 Continue\r\n\r\n"), pause=READ_TIMEOUT / 5))
        with pytest.raises(Unavailable):
            ends_in_time(lambda: http.post("https://vendor.example.com", FORM, AUTH))


@pytest.mark.parametrize(("length", "whole"), [(0, True), (200_000, True), (MOST_BYTES + 1, False)])
@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_is_whole_or_none(server: Vendor, http: Http, length: int, whole: bool, packed: bool) -> None:
    body = gzip.compress(b"x" * length) if packed else b"x" * length
    server.answers(Reply(200, body, {"Content-Encoding": "gzip"} if packed else {}))
    if whole:
        assert http.post(server.url, FORM, AUTH).body == b"x" * length
    else:
        with pytest.raises(Uncertain):
            http.post(server.url, FORM, AUTH)


def test_a_proxy_that_is_not_there_sent_nothing(server: Vendor, http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    for name in ("NO_PROXY", "no_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(Unavailable):
        http.post(server.url, FORM, AUTH)
    assert server.calls == []


def test_no_failure_tells_where_what_or_who(server: Vendor, http: Http) -> None:
    failures: list[AttemptError] = []
    urls = [*unreachable(server), *(server.url for _ in FAULTS)]
    server.answers(*(Reply(200, b"0123456789", fault=fault) for fault in FAULTS))
    for url in urls:
        with pytest.raises(AttemptError) as caught:
            http.post(f"{url}{PATH}", FORM, AUTH)
        failures.append(caught.value)
    for failure in failures:
        told = "".join(traceback.format_exception(failure))
        assert not said_in(told, PATH, "127.0.0.1", *AUTH[1:], NUMBER, TEXT)
        assert failure.__context__ is None


def test_connections_are_reused_while_messages_follow_each_other(server: Vendor, http: Http) -> None:
    server.answers(Reply(200))
    for _ in range(3):
        http.post(server.url, FORM, AUTH)
    assert len({call.port for call in server.calls}) == 1


class TestIdle:
    def test_a_connection_that_stood_idle_is_closed_before_it_is_used_again(self) -> None:
        now, closed = [100.0], [0]

        def close() -> None:
            closed[0] += 1

        idle = Idle(close, lambda: now[0])
        counts = []
        for passed in (0, LONGEST, LONGEST + 1, 0, -3600, 1):
            now[0] += passed
            idle.over()
            counts.append(closed[0])
        assert counts == [0, 0, 1, 1, 2, 2]

    def test_no_request_goes_into_a_connection_that_stood_idle(self, server: Vendor, http: Http) -> None:
        server.answers(Reply(200))
        for idle in (0, LONGEST + 1):
            http._idle._used -= idle
            http.get(server.url, AUTH)
        assert len({call.port for call in server.calls}) == 2

    def test_a_session_goes_on_after_it_was_closed(self, server: Vendor) -> None:
        server.answers(Reply(200))
        with requests.Session() as session:
            http = Http(session, timeout=(1, READ_TIMEOUT))
            for _ in range(2):
                assert http.get(server.url, AUTH).ok
                session.close()
        assert len({call.port for call in server.calls}) == 2


@pytest.mark.parametrize(
    ("status", "outcome", "reason"),
    [
        (429, Unavailable, "throttled"),
        (503, Unavailable, "provider_unavailable"),
        (500, Uncertain, "answer_unclear"),
        (502, Uncertain, "answer_unclear"),
        (504, Uncertain, "answer_unclear"),
        (408, Uncertain, "answer_unclear"),
        (200, Uncertain, "answer_unclear"),
        (302, Uncertain, "answer_unclear"),
        (100, Uncertain, "answer_unclear"),
        (999, Uncertain, "answer_unclear"),
    ],
)
def test_the_status_of_an_answer_without_success_says_how_it_ended(
    status: int, outcome: type[AttemptError], reason: str
) -> None:
    failure = Answer(status, {"retry-after": "9"}, b"").failure()
    assert (type(failure), failure and failure.code) == (outcome, reason)
    assert not isinstance(failure, Unavailable) or failure.retry_after == 9.0


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 422, 451, 499])
def test_a_refusal_is_the_vendors_to_explain(status: int) -> None:
    assert Answer(status, {}, b"").failure() is None


class TestRetryAfter:
    NOW = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)

    def wait(self, value: str) -> float | None:
        return retry_after({"retry-after": value}, self.NOW.timestamp())

    @pytest.mark.parametrize(
        ("value", "seconds"),
        [
            ("0", 0.0),
            ("120", 120.0),
            (" 7 ", 7.0),
            ("Wed, 25 Nov 2026 03:31:00 GMT", 60.0),
            ("Wed, 25 Nov 2026 03:31:00 -0000", 60.0),
            ("Wed, 25 Nov 2026 09:01:00 +0530", 60.0),
            ("Wed, 25 Nov 2020 03:31:00 GMT", 0.0),
            ("", None),
            ("-5", None),
            ("soon", None),
            ("1.5", None),
            ("४", None),
            ("²", None),
            ("Wed, 99 Nov 2026 99:99:99 GMT", None),
        ],
    )
    def test_it_is_read_in_both_of_its_forms(self, value: str, seconds: float | None) -> None:
        assert self.wait(value) == seconds

    def test_a_date_counts_from_now(self) -> None:
        said = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
        wait = retry_after({"retry-after": said})
        assert wait
        assert 0 < wait <= 3600

    def test_a_date_without_a_zone_is_in_utc_wherever_the_machine_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        try:
            with monkeypatch.context() as elsewhere:
                elsewhere.setenv("TZ", "Asia/Kolkata")
                time.tzset()
                assert self.wait("Wed, 25 Nov 2026 03:31:00 -0000") == 60.0
        finally:
            time.tzset()

    @given(st.integers(-(10**9), 10**9))
    def test_any_date_is_a_wait_that_is_never_negative(self, seconds: int) -> None:
        assert self.wait(format_datetime(self.NOW + timedelta(seconds=seconds), usegmt=True)) == max(0, seconds)

    @given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ [\d:]+ [-+]?\w+"))
    def test_no_value_crashes_it(self, value: str) -> None:
        seconds = self.wait(value)
        assert seconds is None or seconds >= 0


class TestBaseUrl:
    @pytest.mark.parametrize(
        "url",
        ["https://api.exotel.com", "https://api.exotel.com:8443", "http://127.0.0.1:4000", "http://localhost",
         "http://[::1]:80", "http://127.9.9.9", "https://10.0.0.1/exotel", "https://10.0.0.1/X"],
    )  # fmt: skip
    def test_https_passes_and_http_on_this_machine(self, url: str) -> None:
        assert base_url("endpoint_url", url) == url
        assert base_url("endpoint_url", url + "/") == url

    @pytest.mark.parametrize(
        "url",
        ["http://api.exotel.com", "http://127.0.0.1.evil.com", "http://localhost@evil.com", "https://a:b@api.exotel.com",
         "https://api.exotel.com?x=1", "https://api.exotel.com#x", "ftp://127.0.0.1", "api.exotel.com", "https://", "http:///x",
         "", "https://[", "https://a:port", "//127.0.0.1", "http://0.0.0.0", "http://169.254.169.254"],
    )  # fmt: skip
    def test_nothing_else_gets_credentials_and_no_value_is_repeated(self, url: str) -> None:
        with pytest.raises(InvalidSettings) as caught:
            base_url("endpoint_url", url)
        detail = "must be an https URL (http only for this machine), without credentials, query or fragment"
        assert list(caught.value.problems) == [Problem("endpoint_url", "invalid_url", detail)]
        assert "exotel" not in str(caught.value)
