"""Secret: a keyed hash is the same for the same, and another for another secret, purpose or text."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.message.secret import Purpose, keyed, proves, recipient

SECRET = b"a secret of the tests"
PURPOSES = get_args(Purpose)


@given(st.binary(), st.sampled_from(PURPOSES))
def test_a_hash_is_16_bytes_that_prove_what_they_were_made_for(said: bytes, purpose: Purpose) -> None:
    made = keyed(SECRET, purpose, said)
    assert len(made) == 16
    assert proves(made, SECRET, purpose, said)
    assert not proves(made, b"another", purpose, said)
    assert not proves(made, SECRET, purpose, said + b".")
    assert not proves(made[:-1], SECRET, purpose, said)


@given(st.binary(max_size=12), st.binary(max_size=12))
def test_no_hash_of_one_purpose_passes_for_one_of_another(one: bytes, other: bytes) -> None:
    made = [keyed(SECRET, purpose, said) for purpose in PURPOSES for said in {one, other}]
    assert len(set(made)) == len(made)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_no_purpose_begins_as_another_does(purpose: str) -> None:
    assert [other for other in PURPOSES if other.startswith(purpose)] == [purpose]


def test_what_stands_for_a_number_stays_what_it_was() -> None:
    """Opt-outs are kept by it for years: a stage that is updated must know them again."""
    assert recipient(SECRET, "+919741552552") == "0792363d6c9701937f4d9a6158bcc782"
