"""Hosts: a URL is called only if the settings list exactly that host and port; no spelling gets around it."""

from ipaddress import ip_address
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.message.wrong import Wrong
from herald.settings.hosts import LONGEST_URL, Target, base, is_entry, target

LISTED = ("hooks.example.com", "alt.example.com:8443", "*.shops.example")


def refused(url: str, hosts: tuple[str, ...] = LISTED) -> str:
    """The code with which a URL is refused; nothing of the URL is repeated."""
    with pytest.raises(Wrong) as wrong:
        target(url, hosts)
    assert url not in wrong.value.detail or url == ""
    return wrong.value.code


@pytest.mark.parametrize(
    ("url", "leads_to"),
    [
        ("https://hooks.example.com", ("hooks.example.com", 443, "/")),
        ("https://hooks.example.com/", ("hooks.example.com", 443, "/")),
        ("https://hooks.example.com:443/a/b", ("hooks.example.com", 443, "/a/b")),
        ("https://hooks.example.com?a=b", ("hooks.example.com", 443, "/?a=b")),
        ("https://hooks.example.com/a%20b;c@d?e=f&g=/h?i", ("hooks.example.com", 443, "/a%20b;c@d?e=f&g=/h?i")),
        ("HTTPS://Hooks.EXAMPLE.com/Path", ("hooks.example.com", 443, "/Path")),
        ("https://alt.example.com:8443/x", ("alt.example.com", 8443, "/x")),
        ("https://a.shops.example/x", ("a.shops.example", 443, "/x")),
        ("https://b.a.shops.example/x", ("b.a.shops.example", 443, "/x")),
    ],
)
def test_a_listed_host_is_called(url: str, leads_to: tuple[str, int, str]) -> None:
    assert target(url, LISTED) == Target(True, *leads_to)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://example.com/", "host_not_allowed"),
        ("https://evil.hooks.example.com/", "host_not_allowed"),
        ("https://hooks.example.com.evil.example/", "host_not_allowed"),
        ("https://xhooks.example.com/", "host_not_allowed"),
        ("https://hooks.example.com:8443/", "host_not_allowed"),
        ("https://alt.example.com/", "host_not_allowed"),
        ("https://shops.example/", "host_not_allowed"),
        ("https://xshops.example/", "host_not_allowed"),
        ("https://a.shops.example:8443/", "host_not_allowed"),
        ("https://127.0.0.1/", "host_not_allowed"),
        ("http://127.0.0.1:8080/", "host_not_allowed"),
        ("http://localhost/", "host_not_allowed"),
        ("http://hooks.example.com/", "not_https"),
        ("http://hooks.example.com:443/", "not_https"),
        ("https://hooks.example.com/#part", "invalid_url"),
        ("https://user@hooks.example.com/", "invalid_url"),
        ("https://user:word@hooks.example.com/", "invalid_url"),
        ("https://hooks.example.com@evil.example/", "invalid_url"),
        ("https://hooks.example.com\\@evil.example/", "invalid_url"),
        ("https://evil.example\\.hooks.example.com/", "invalid_url"),
        ("https://hooks.example.com./", "invalid_url"),
        ("https://hooks.example.com:/", "invalid_url"),
        ("https://hooks.example.com:0/", "invalid_url"),
        ("https://hooks.example.com:0443/", "invalid_url"),
        ("https://hooks.example.com:65536/", "invalid_url"),
        ("https://hooks.example.com/a b", "invalid_url"),
        ("https://hooks.example.com/a\r\nX-Evil: 1", "invalid_url"),
        ("https://hooks.example.com/\u00e9", "invalid_url"),
        ("https://ho\u00f6ks.example.com/", "invalid_url"),
        ("https://hooks\u3002example.com/", "invalid_url"),
        ("https:hooks.example.com/", "invalid_url"),
        ("https:///hooks.example.com/", "invalid_url"),
        ("//hooks.example.com/", "invalid_url"),
        ("ftp://hooks.example.com/", "invalid_url"),
        ("file:///etc/passwd", "invalid_url"),
        (" https://hooks.example.com/", "invalid_url"),
        ("https://hooks.example.com/\n", "invalid_url"),
        ("", "invalid_url"),
        ("https://[::1]/", "invalid_url"),
        ("https://[::ffff:127.0.0.1]/", "invalid_url"),
        ("https://10.0.0.1/", "invalid_url"),
        ("https://169.254.169.254/latest/meta-data", "invalid_url"),
        ("https://2130706433/", "invalid_url"),
        ("https://0x7f.1/", "invalid_url"),
        ("https://0177.0.0.1/", "invalid_url"),
        ("https://127.1/", "invalid_url"),
        ("https://metadata/", "invalid_url"),
        (f"https://hooks.example.com/{'a' * 480}", "too_long"),
        (f"https://{'a' * 64}.shops.example/", "invalid_url"),
        (f"https://{'a.' * 130}shops.example/", "invalid_url"),
    ],
)
def test_no_other_url_is_called(url: str, code: str) -> None:
    assert refused(url) == code


def test_where_nothing_is_listed_nothing_is_called() -> None:
    assert refused("https://hooks.example.com/", ()) == "host_not_allowed"


def test_a_url_may_be_as_long_as_the_longest() -> None:
    whole = "https://hooks.example.com/".ljust(LONGEST_URL, "a")
    assert len(target(whole, LISTED).path) == LONGEST_URL - len("https://hooks.example.com")
    assert refused(whole + "a") == "too_long"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize(
    ("url", "port"), [("http://{}:8123/x", 8123), ("https://{}:8443/x", 8443), ("http://{}/x", 80)]
)
def test_where_this_machine_is_listed_any_port_of_it_may_be_called(host: str, url: str, port: int) -> None:
    found = target(url.format(host), (host,))
    assert (found.loopback, found.port, found.secure) == (True, port, url.startswith("https"))


def test_where_one_port_of_this_machine_is_listed_no_other_is_called() -> None:
    assert target("http://127.0.0.1:8123/", ("127.0.0.1:8123",)).port == 8123
    assert refused("http://127.0.0.1:8124/", ("127.0.0.1:8123",)) == "host_not_allowed"
    assert refused("http://127.0.0.1/", ("127.0.0.1:8123",)) == "host_not_allowed"


labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
names = st.builds(
    lambda front, last: ".".join([*front, last]),
    st.lists(labels, min_size=1, max_size=3),
    st.sampled_from(["com", "example", "xn--p1ai"]),
)
anything = st.text(st.characters(min_codepoint=9, max_codepoint=0x2FFF, exclude_categories=["Cs"]), max_size=40)


@given(names, names, st.integers(1, 65_535))
def test_a_name_is_called_only_if_it_is_the_listed_one(name: str, other: str, port: int) -> None:
    assert target(f"https://{name}:{port}/", (f"{name}:{port}",)) == Target(True, name, port, "/")
    if name != other:
        assert refused(f"https://{other}/", (name,)) == "host_not_allowed"
    assert target(f"https://{other}.{name}/", (f"*.{name}",)).host == f"{other}.{name}"
    assert refused(f"https://{name}/", (f"*.{name}",)) == "host_not_allowed"


@given(st.sampled_from(["https://hooks.example.com", "https://", "https://a.shops.example:443/", ""]), anything)
def test_whatever_is_called_is_what_other_libraries_read_too(start: str, rest: str) -> None:
    url = start + rest
    try:
        found = target(url, LISTED)
    except Wrong as wrong:
        assert wrong.code in ("invalid_url", "not_https", "host_not_allowed")
        return
    read = urlsplit(url)
    assert (read.scheme, read.hostname, read.port or 443) == ("https", found.host, found.port)
    assert (read.username, read.password, read.fragment) == (None, None, "")
    assert found.path.isascii() and found.path.isprintable() and " " not in found.path


@given(st.ip_addresses().map(str))
def test_no_address_can_be_listed_or_called_by_its_numbers(address: str) -> None:
    written = f"[{address}]" if ip_address(address).version == 6 else address
    if address != "127.0.0.1":
        assert not is_entry(written, local=True)
        assert refused(f"https://{written}/", ("*.example.com",)) == "invalid_url"


@pytest.mark.parametrize("entry", ["hooks.example.com", "Hooks.Example.com:8443", "*.example.com", "*.example.com:1"])
def test_the_settings_may_list_names_and_all_below_a_name(entry: str) -> None:
    assert is_entry(entry, local=False)
    assert is_entry(entry, local=True)


@pytest.mark.parametrize(
    "entry",
    [
        "", "*", "*.", "*.com", "com", "*example.com", "hooks.*.com", "https://hooks.example.com", "hooks.example.com/",
        "hooks.example.com:", "hooks.example.com:0", "hooks.example.com:65536", "hooks.example.com.", ".example.com",
        "10.0.0.1", "[::1]", "0x7f.1", "*.localhost", "*.127.0.0.1", "a b.example.com", "hooks.example.com\n",
        "-a.example.com", "a-.example.com", "127.0.0.2", "user@hooks.example.com",
    ],
)  # fmt: skip
def test_the_settings_may_list_nothing_else(entry: str) -> None:
    assert not is_entry(entry, local=True)


@pytest.mark.parametrize("entry", ["127.0.0.1", "localhost", "127.0.0.1:8123", "LOCALHOST:1"])
def test_only_the_laptop_may_list_itself(entry: str) -> None:
    assert is_entry(entry, local=True)
    assert not is_entry(entry, local=False)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://sms.example.com", "https://sms.example.com"),
        ("https://sms.example.com/", "https://sms.example.com"),
        ("https://sms.example.com:8443/a/b//", "https://sms.example.com:8443/a/b"),
        (
            "http://127.0.0.1:4566/restapis/x/local/_user_request_",
            "http://127.0.0.1:4566/restapis/x/local/_user_request_",
        ),
        ("http://localhost:4566/", "http://localhost:4566"),
        ("http://sms.example.com", None),
        ("https://sms.example.com?x=y", None),
        ("https://sms.example.com/?", None),
        ("https://sms.example.com/#x", None),
        ("https://user@sms.example.com", None),
        ("https://sms.example.com/a b", None),
        ("https://10.0.0.1", None),
        ("https://sms.example.com:99999", None),
        ("sms.example.com", None),
        ("", None),
    ],
)
def test_the_stages_own_url_is_kept_without_its_last_slash(url: str, kept: str | None) -> None:
    assert base(url) == kept
