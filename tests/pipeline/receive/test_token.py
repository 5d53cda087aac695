"""A token opens the receipts of one attempt at one message by one channel, until its time is over, and nothing else."""

import base64
import string
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.message.ids import ID, from_number, message_id, to_number
from herald.pipeline.receive.token import Claim, read, sign
from tests.builders import NOW
from tests.strategies import times

SECRET, LATER = b"a secret", NOW + timedelta(days=3)
MESSAGE = message_id("key:shop", "order-7", NOW)
TOKEN = sign(SECRET, "exotel", MESSAGE, 2, LATER)
ALPHABET = string.ascii_letters + string.digits + "-_"
ids = st.integers(0, 2**128 - 1).map(from_number)


@given(st.binary(min_size=1), st.text(), ids, st.integers(1, 65_535), times(2020, 2090))
def test_what_is_made_can_be_read_until_it_expires(
    secret: bytes, channel: str, message: str, attempt: int, expires: object
) -> None:
    token = sign(secret, channel, message, attempt, expires)  # type: ignore[arg-type]
    a_moment = timedelta(seconds=1)
    assert read(secret, channel, token, expires - a_moment) == Claim(message, attempt)  # type: ignore[operator]
    assert read(secret, channel, token, expires + a_moment) is None  # type: ignore[operator]


@given(ids)
def test_an_id_and_its_number_are_the_same(message: str) -> None:
    assert ID.fullmatch(message)
    assert from_number(to_number(message)) == message


def test_a_token_is_52_characters_that_need_no_escaping_in_a_url() -> None:
    assert len(TOKEN) == 52
    assert set(TOKEN) <= set(ALPHABET)


def test_a_token_is_another_ones_for_each_channel_message_attempt_and_secret() -> None:
    made = {
        sign(secret, channel, message, attempt, LATER)
        for secret in (SECRET, b"another")
        for channel in ("exotel", "otp")
        for message in (MESSAGE, message_id("key:shop", "order-8", NOW))
        for attempt in (1, 2)
    }
    assert len(made) == 16


@pytest.mark.parametrize("channel", ["Exotel", "exotel2", "exote", "", "amazonsns"])
def test_it_is_good_for_its_own_channel_only(channel: str) -> None:
    assert read(SECRET, channel, TOKEN, NOW) is None


def test_it_is_good_for_the_stage_that_made_it_only() -> None:
    assert read(b"another secret", "exotel", TOKEN, NOW) is None


def test_every_character_counts() -> None:
    for place, character in enumerate(TOKEN):
        for other in ALPHABET:
            changed = TOKEN[:place] + other + TOKEN[place + 1 :]
            assert (read(SECRET, "exotel", changed, NOW) is not None) == (other == character)


@pytest.mark.parametrize(
    "token",
    ["", "a", TOKEN[:-1], TOKEN + "A", TOKEN + "=", " " + TOKEN[1:], TOKEN + "\n", TOKEN[:-1] + "é", TOKEN.swapcase()],
)
def test_what_only_looks_like_a_token_is_none(token: str) -> None:
    assert read(SECRET, "exotel", token, NOW) is None


@pytest.mark.parametrize(("old", "new"), [("-", "+"), ("_", "/")])
def test_the_same_bytes_written_in_another_alphabet_are_no_token(old: str, new: str) -> None:
    made = (sign(SECRET, "exotel", message_id("a", str(n), NOW), 1, LATER) for n in range(1000))
    token = next(token for token in made if old in token)
    assert base64.b64decode(token.replace("-", "+").replace("_", "/")) == base64.urlsafe_b64decode(token)
    assert read(SECRET, "exotel", token.replace(old, new), NOW) is None


@given(st.text())
def test_whatever_is_written_there_never_breaks_it(token: str) -> None:
    assert read(SECRET, "exotel", token, NOW) is None


def test_attempts_beyond_counting_and_times_beyond_2106_still_have_a_token() -> None:
    token = sign(SECRET, "exotel", MESSAGE, 70_000, NOW.replace(year=2200))
    assert read(SECRET, "exotel", token, NOW) == Claim(MESSAGE, 65_535)


def test_nothing_of_the_number_or_the_text_is_in_it() -> None:
    held = base64.urlsafe_b64decode(TOKEN)
    assert int.from_bytes(held[:17], "big") == to_number(MESSAGE)
    assert int.from_bytes(held[17:19], "big") == 2
    assert int.from_bytes(held[19:23], "big") == int(LATER.timestamp())


def test_at_the_very_moment_of_its_expiry_it_is_over() -> None:
    assert read(SECRET, "exotel", TOKEN, LATER) is None
    assert read(SECRET, "exotel", TOKEN, LATER - timedelta(milliseconds=1))
