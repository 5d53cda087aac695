"""Call: only addresses that were judged are called, over TLS that is checked, and never for long.

The certificates are the tests' own, for ``hooks.example.com`` and ``localhost``; their authority's key is nobody's.
"""

import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from ipaddress import IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.pipeline.announce.call import NoAnswer, PrivateAddress, addresses, call, public, trusting
from herald.settings.hosts import Target
from tests.providers.server import Reply, Vendor, closed_port, vendor

CERTIFICATES = Path(__file__).parent / "certificates"
AIM = Target(True, "hooks.example.com", 443, "/sms?order=118")
BODY, HEADERS = b'{"id": "msg_1"}', {"User-Agent": "Herald/1", "Herald-Signature": "t=1,v1=2"}


def plain(port: int) -> Target:
    return Target(False, "127.0.0.1", port, "/sms?order=118")


def named(*found: str) -> Any:
    """A resolver that knows one answer."""
    return lambda host, port, **_: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]


# ----------------------------------------------------------------------------------------- which addresses are called


@pytest.mark.parametrize("found", [["93.184.215.14"], ["2606:2800:21f:cb07::1"], ["8.8.8.8", "2001:4860:4860::8888"]])
def test_an_address_of_the_open_internet_is_called(found: list[str]) -> None:
    assert addresses(AIM, named(*found)) == found


PRIVATE = [
    "10.0.0.1", "172.16.0.1", "192.168.1.1", "127.0.0.1", "127.1.2.3", "0.0.0.0", "169.254.169.254", "100.64.0.1",
    "192.0.0.1", "198.18.0.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.0.2.1",
    "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "fec0::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1", "64:ff9b:1::808:808", "2002:7f00:1::",
    "2002:a9fe:a9fe::1", "2001:0:7f00:1::", "2001::1", "100::1", "4000::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_never_called(address: str) -> None:
    with pytest.raises(PrivateAddress):
        addresses(AIM, named(address))


@pytest.mark.parametrize("address", PRIVATE[:8])
def test_one_address_that_is_not_public_forbids_all(address: str) -> None:
    for found in ([address, "8.8.8.8"], ["8.8.8.8", address]):
        with pytest.raises(PrivateAddress):
            addresses(AIM, named(*found))


@pytest.mark.parametrize("address", ["64:ff9b::808:808", "2002:808:808::1", "::ffff:8.8.8.8"])
def test_an_address_that_holds_a_public_one_is_judged_by_that(address: str) -> None:
    assert public(ip_address(address))


@given(st.ip_addresses(v=4))
def test_however_it_is_wrapped_an_address_is_judged_the_same(inner: Any) -> None:
    wrapped = [f"::ffff:{inner}", str(IPv6Address((0x64FF9B << 96) + int(inner)))]
    wrapped.append(str(IPv6Address((0x2002 << 112) + (int(inner) << 80) + 1)))
    assert {public(ip_address(address)) for address in wrapped} == {public(inner)}


@given(st.ip_addresses())
def test_nothing_private_passes_as_public(address: Any) -> None:
    if address.is_private or address.is_loopback or address.is_link_local or address.is_multicast:
        mapped = address.version == 6 and (address.ipv4_mapped or address.sixtofour or address in NAT64)
        assert mapped or not public(address)


NAT64 = ip_network("64:ff9b::/96")


def test_a_name_that_leads_nowhere_is_not_called() -> None:
    with pytest.raises(PrivateAddress):
        addresses(AIM, named())


def test_the_name_is_asked_for_once_so_that_it_cannot_change_its_mind() -> None:
    answers = [["93.184.215.14"], ["127.0.0.1"]]
    asked = []

    def rebinding(host: str, port: int, **_: Any) -> Sequence[Any]:
        asked.append(host)
        return list(named(*answers[len(asked) - 1])(host, port))

    assert addresses(AIM, rebinding) == ["93.184.215.14"]
    assert asked == ["hooks.example.com"]


@pytest.mark.parametrize("found", [["8.8.8.8"], ["10.0.0.1"], ["127.0.0.1", "10.0.0.1"], ["::ffff:10.0.0.1"]])
def test_where_this_machine_is_meant_nothing_else_is_called(found: list[str]) -> None:
    with pytest.raises(PrivateAddress):
        addresses(plain(80), named(*found))
    assert addresses(plain(80), named("127.0.0.1", "::1")) == ["127.0.0.1", "::1"]


# ------------------------------------------------------------------------------------------------------- what is said


@pytest.fixture
def receiver() -> Iterator[Vendor]:
    with vendor() as server:
        yield server.answers(Reply(204))


def test_a_receiver_gets_path_body_and_headers(receiver: Vendor) -> None:
    assert call(plain(receiver.port), ["127.0.0.1"], BODY, HEADERS) == 204
    (got,) = receiver.calls
    assert (got.method, got.path, got.body) == ("POST", "/sms?order=118", BODY)
    expected = {"host": f"127.0.0.1:{receiver.port}", "content-type": "application/json", "connection": "close"}
    assert expected.items() <= got.headers.items()
    assert (got.headers["user-agent"], got.headers["herald-signature"]) == ("Herald/1", "t=1,v1=2")


@pytest.mark.parametrize("status", [200, 202, 299, 301, 307, 404, 410, 429, 500, 503])
def test_the_status_is_told_and_no_redirect_followed(receiver: Vendor, status: int) -> None:
    receiver.answers(Reply(status, b"x" * 5000, {"Location": f"{receiver.url}/elsewhere", "Retry-After": "1"}))
    assert call(plain(receiver.port), ["127.0.0.1"], BODY, HEADERS) == status
    assert [got.path for got in receiver.calls] == ["/sms?order=118"]


def test_no_proxy_of_the_environment_is_used(receiver: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    assert call(plain(receiver.port), ["127.0.0.1"], BODY, HEADERS) == 204


def test_where_the_first_address_does_not_listen_the_next_one_is_called(receiver: Vendor) -> None:
    assert call(plain(receiver.port), ["127.0.0.2", "127.0.0.1"], BODY, HEADERS) == 204


def test_where_nobody_listens_it_is_an_error() -> None:
    with pytest.raises(ConnectionRefusedError):
        call(plain(closed_port()), ["127.0.0.2", "127.0.0.1"], BODY, HEADERS)


@contextmanager
def saying(*said: bytes, then_hang: bool = False) -> Iterator[int]:
    """The port of a server that says this to whoever connects; the client hangs up first if it hangs then."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            taken, _ = listening.accept()
            with taken, suppress(OSError):
                for part in said:
                    taken.sendall(part)
                if not then_hang:
                    taken.shutdown(socket.SHUT_WR)
                while taken.recv(4096):
                    pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ([b"HTTP/1.1 204 No Content\r\n"], 204),
        ([b"HTTP/1.0 200\r\n\r\n"], 200),
        ([b"HTTP", b"/1.1 2", b"01 Created", b"\r\n"], 201),
        ([b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"], 200),
        ([b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", b"HTTP/1.1 500 No\r\n\r\n"], 500),
    ],
)
def test_a_status_is_read_as_soon_as_it_is_there(said: list[bytes], status: int) -> None:
    with saying(*said, then_hang=True) as port:
        assert call(plain(port), ["127.0.0.1"], BODY, HEADERS) == status


@pytest.mark.parametrize(
    "said", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 20", b"x" * 2000, b"HTTP/2 200 OK\r\n"]
)
def test_what_is_no_answer_is_an_error(said: bytes) -> None:
    with saying(said) as port, pytest.raises((NoAnswer, ConnectionError)):
        call(plain(port), ["127.0.0.1"], BODY, HEADERS)


def test_no_more_than_a_kilobyte_is_read_even_of_a_server_that_never_stops() -> None:
    with saying(b"x" * 1024, then_hang=True) as port, pytest.raises(NoAnswer):
        call(plain(port), ["127.0.0.1"], BODY, HEADERS)


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 ", b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_who_keeps_us_waiting_is_left(said: bytes) -> None:
    with saying(said, then_hang=True) as port, pytest.raises(TimeoutError):
        call(plain(port), ["127.0.0.1"], BODY, HEADERS, seconds=0.2)


def test_who_answers_byte_by_byte_gets_no_more_time_for_that() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        left = threading.Event()

        def drip() -> None:
            taken, _ = listening.accept()
            with taken, suppress(ConnectionError):
                while not left.wait(0.02):
                    taken.sendall(b"x")

        thread = threading.Thread(target=drip)
        thread.start()
        with pytest.raises(TimeoutError):
            call(plain(listening.getsockname()[1]), ["127.0.0.1"], BODY, HEADERS, seconds=0.3)
        left.set()
        thread.join()


# ------------------------------------------------------------------------------------------------------------- TLS


@pytest.fixture
def sealed() -> Iterator[Vendor]:
    """A receiver that speaks TLS with the tests' certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / "server.pem")
    with vendor(context) as server:
        yield server.answers(Reply(204))


def trusts_the_tests() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(CERTIFICATES / "ca.pem"))


@pytest.mark.parametrize("host", ["hooks.example.com", "localhost", "127.0.0.1"])
def test_over_tls_the_judged_address_is_called_and_the_name_is_proved(sealed: Vendor, host: str) -> None:
    aim = Target(True, host, sealed.port, "/sms")
    assert call(aim, ["127.0.0.1"], BODY, HEADERS, context=trusts_the_tests()) == 204
    (got,) = sealed.calls
    assert (got.headers["host"], got.body) == (f"{host}:{sealed.port}", BODY)


@pytest.mark.parametrize("host", ["other.example.com", "example.com", "evil.example"])
def test_a_host_that_is_not_who_it_says_is_sent_nothing(sealed: Vendor, host: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        call(Target(True, host, sealed.port, "/"), ["127.0.0.1"], BODY, HEADERS, context=trusts_the_tests())
    assert sealed.calls == []


def test_a_certificate_of_nobody_that_we_trust_is_sent_nothing(sealed: Vendor) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        call(Target(True, "hooks.example.com", sealed.port, "/"), ["127.0.0.1"], BODY, HEADERS)
    assert sealed.calls == []


def test_names_and_certificates_are_checked_against_the_worlds_authorities() -> None:
    context = trusting()
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)
    assert context.get_ca_certs()


def test_a_server_that_speaks_no_tls_is_sent_no_message() -> None:
    with saying(b"HTTP/1.1 200 OK\r\n\r\n") as port, pytest.raises(ssl.SSLError):
        call(Target(True, "hooks.example.com", port, "/"), ["127.0.0.1"], BODY, HEADERS)


def test_a_handshake_that_never_ends_is_left() -> None:
    with saying(then_hang=True) as port, pytest.raises(TimeoutError):
        call(Target(True, "hooks.example.com", port, "/"), ["127.0.0.1"], BODY, HEADERS, seconds=0.2)


def test_where_the_port_is_the_usual_one_it_is_not_in_the_host_header() -> None:
    from herald.pipeline.announce.call import _request

    assert b"\r\nHost: hooks.example.com\r\n" in _request(AIM, b"", {})
    assert b"\r\nHost: hooks.example.com:8443\r\n" in _request(AIM._replace(port=8443), b"", {})
