"""What a new user would try, and what is said to it; nothing is sent by any of it."""

import pytest

from tests.command.conftest import Shell, plain, same, told
from tests.command.served import Api, Aws

NUMBER, TEXT = "+919741552552", "Your table is ready."
AT_A_URL: tuple[tuple[str, ...], ...] = (
    ("send",),
    ("send", NUMBER),
    ("send", NUMBER, "Your", "table", "is", "ready."),
    ("send", "+91", "9741", "552", "552", TEXT),
    ("send", NUMBER, ""),
    ("send", "12", TEXT),
    ("send", TEXT, NUMBER),
    ("send", NUMBER, TEXT, "--chanel", "exotel"),
    ("send", NUMBER, TEXT, "--channel", "exotl"),
    ("send", NUMBER, TEXT, "--kind", "spam"),
    ("send", NUMBER, TEXT, "--send-at", "tomorrow"),
    ("send", NUMBER, TEXT, "--valid-for", "1 hour"),
    ("send", NUMBER, TEXT, "--tag", "table"),
    ("send", NUMBER, TEXT, "--idempotency-key", "ключ"),
    ("send", NUMBER, "-"),
    ("send", NUMBER, TEXT, "--key", "hk_live_x"),
    ("send", NUMBER, TEXT, "--stage", "dev", "--url", "https://x.example"),
    ("send", NUMBER, TEXT, "--url", "http://x.example"),
    ("send", NUMBER, TEXT, "--url", "https://hk_live_x@x.example"),
    ("send", NUMBER, TEXT, "--region", "ap-south-1"),
    ("sned", NUMBER, TEXT),
    ("explain", NUMBER),
    ("status",),
    ("status", "42"),
    ("status", "msg_01KB1SWAC0QXJ7C6W7DM1F5G7T"),
    ("messages",),
    ("messages", "12"),
    ("messages", NUMBER, "--status", "arrived"),
    ("messages", NUMBER, "--limit", "0"),
    ("channels", "helth"),
    ("tail",),
    ("simulate",),
    ("simulate", "fault", "exotel", "500"),
)


@pytest.mark.usefixtures("api")
def test_what_is_said_to_what_a_new_user_tries(api: Api, shell: Shell) -> None:
    same("misuse", "\n\n".join(told(words, shell(*words)) for words in AT_A_URL))
    assert api.box.texts == []


@pytest.mark.parametrize("words", [("tail", "42"), ("simulate", "fault", "exotel", "500"), ("status", "42")])
def test_what_is_said_on_a_stage(aws: Aws, shell: Shell, words: tuple[str, ...]) -> None:
    ran = shell(*words)
    assert ran.code in (2, 3)
    same(f"misuse-{words[0]}-on-a-stage", told(words, ran))


def test_a_key_that_is_not_the_stages_is_said_to_be_none_and_is_never_shown(
    api: Api, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HERALD_KEY", "hk_live_another")
    ran = shell("send", NUMBER, TEXT)
    assert (ran.code, ran.out) == (3, "")
    assert "Not sent: The API key is not taken here." in ran.err
    assert "hk_live" not in ran.err


@pytest.mark.parametrize("key", ["hk_live_a b", "hk_live_\nX-Other: 1", "hk_живой"])
def test_what_cannot_be_a_key_is_sent_nowhere(
    api: Api, shell: Shell, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("HERALD_KEY", key)
    ran = shell("send", NUMBER, TEXT)
    assert (ran.code, api.asked, "That is no API key" in ran.err, key in ran.err) == (2, [], True, False)


def test_without_a_key_and_a_terminal_it_says_where_the_key_comes_from(
    api: Api, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HERALD_KEY")
    ran = shell("channels")
    assert (ran.code, api.asked, "set HERALD_KEY" in ran.err) == (2, [], True)


def test_the_key_of_one_url_is_not_told_to_another(api: Api, shell: Shell) -> None:
    ran = shell("channels", "--url", "http://127.0.0.1:1")
    assert (ran.code, "There is no API key for this URL" in ran.err) == (2, True)


def test_a_url_that_is_no_heralds_is_said_so(api: Api, shell: Shell) -> None:
    ran = shell("channels", "--url", f"{api.url}/")  # The slash is nothing wrong.
    assert ran.code == 0
    ran = shell("messages", NUMBER, "--url", api.url)
    assert ran.code == 0 and plain(ran.err).startswith("At http://127.0.0.1:8080\n")
