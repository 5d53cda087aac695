"""Texts and numbers as people write them: dashes, spaces, standard input, whatever steers a terminal."""

import pytest

from herald.cli._show.screen import Screen, clean
from herald.cli._text import guarded
from tests.command.conftest import Shell
from tests.command.served import Served

NUMBER = "+919741552552"
TEXTS = [
    "-5% today",
    "-",
    "- milk",
    "-Bye",
    "--",
    "-h ello",
    "--stage dev",
    'it\'s "so"',
    "ключ 🔑",
    "-1",
    "a\nb",
    "=x",
]


@pytest.mark.parametrize("text", [text for text in TEXTS if text not in ("-", "--")])
def test_a_text_arrives_as_it_was_written(herald: Served, shell: Shell, text: str) -> None:
    assert shell("send", NUMBER, text).code == 0
    assert shell("send", "--channel", "exotel", NUMBER, text, "--reference", "-7 x").code == 0
    assert [sent.body for sent in herald.box.texts] == [text, text]
    assert herald.box.texts[-1].reference == "-7 x"


@pytest.mark.parametrize("number", ["+91 9741 552 552", "09741-552-552", "(0)9741 552 552", " +91-9741552552 "])
def test_a_number_may_be_written_with_spaces_and_dashes(herald: Served, shell: Shell, number: str) -> None:
    assert shell("send", number, "Hello").code == 0
    assert [text.to for text in herald.box.texts] == [NUMBER]
    found = shell("messages", *number.split())
    assert "sent" in found.out


@pytest.mark.parametrize(
    ("given", "text"), [("Hello\n", "Hello"), ("Hello", "Hello"), ("a\n\nb\n", "a\n\nb"), ("é 🔑\r\n", "é 🔑")]
)
def test_a_text_comes_by_standard_input_without_its_last_line_end(
    herald: Served, shell: Shell, given: str, text: str
) -> None:
    assert shell("send", NUMBER, "-", stdin=given).code == 0
    assert [sent.body for sent in herald.box.texts] == [text]


@pytest.mark.parametrize(
    ("given", "said"), [("", "Standard input is empty."), ("\udcff", "Standard input is not UTF-8.")]
)
def test_what_is_no_text_on_standard_input_is_not_sent(herald: Served, shell: Shell, given: str, said: str) -> None:
    ran = shell("send", NUMBER, "-", stdin=given)
    assert (ran.code, said in ran.err, herald.box.texts) == (2, True, [])


def test_words_are_told_from_options_and_their_values() -> None:
    words = ["--smart", "+91", "--channel", "-x y", "-5%", "--tag=a=b", "-", "--", "--smart"]
    assert guarded(words, {"--channel"}) == [
        "--smart", "--channel", "-x y", "--tag=a=b", "--", "+91", "-5%", "-", "--smart",
    ]  # fmt: skip


def test_a_strangers_words_do_not_steer_the_terminal() -> None:
    assert clean("a\x1b[2Jb\nc\u202e") == "a�[2Jb�c�"
    lines = Screen(40, colour=True).steps([("12:00", "failed", "so \x1b]0;x\x07 it is")])
    assert "\x1b]" not in "".join(lines) and "\x07" not in "".join(lines)
