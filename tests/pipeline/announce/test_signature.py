"""Signature: who has the secret knows a webhook from a forged, a changed and an old one."""

import hashlib
import hmac
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from herald.pipeline.announce.signature import sign, verify

PAGE = Path(__file__).resolve().parents[3] / "docs" / "webhooks.md"
BODY, SECRET, AT = b'{"type": "SMS Delivered"}', "whsec_one", 1_764_041_400


def test_the_signature_is_what_the_page_says() -> None:
    proof = hmac.new(SECRET.encode(), f"{AT}.".encode() + BODY, hashlib.sha256).hexdigest()
    assert sign(BODY, [SECRET], AT) == f"t={AT},v1={proof}"


@given(st.binary(), st.lists(st.text(min_size=1), min_size=1, max_size=3), st.integers(0, 10**11))
def test_what_is_signed_is_known_by_each_of_its_secrets(body: bytes, secrets: list[str], at: int) -> None:
    secrets = [secret.encode("utf-8", "replace").decode() for secret in secrets]
    header = sign(body, secrets, at)
    assert header.isascii() and header.isprintable()
    assert all(verify(body, header, secret, now=at) for secret in secrets)
    assert not verify(body + b" ", header, secrets[0], now=at)
    assert not verify(body, header, secrets[0] + "x", now=at) or secrets[0] + "x" in secrets


def on_the_page() -> Callable[[bytes, str, str], bool]:
    """The function that the page shows, as a reader would run it."""
    (code,) = re.findall(r"^```python\n(import hashlib.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    receiver: dict[str, Any] = {}
    exec(code, receiver)
    known: Callable[[bytes, str, str], bool] = receiver["is_from_herald"]
    return known


def test_the_receiver_on_the_page_knows_what_is_ours() -> None:
    known, now = on_the_page(), int(time.time())
    assert known(BODY, sign(BODY, ["another", SECRET], now), SECRET)
    assert not known(BODY, sign(BODY, ["another"], now), SECRET)
    assert not known(BODY + b" ", sign(BODY, [SECRET], now), SECRET)
    assert not known(BODY, sign(BODY, [SECRET], now - 400), SECRET)
    assert not known(BODY, "", SECRET)


# Of a header: its parts as they may be, rightly and wrongly. 0: the time, 1: the proof, 2: one by another secret.
PARTS = ["t={0}", "v1={1}", "v1={2}", " t={0}", "v1={1} ", "t=0{0}", "t={0}0", "t=-{0}", "t=+{0}", "t={0}.0", "t=", "t",
         "v1=", "v0={1}", "v1=\u00e9", "v1=\ud800", "t=\ud800", "t=\u0661", "t=\u00b2", "T={0}"]  # fmt: skip
headers = st.lists(st.sampled_from(PARTS) | st.text(max_size=8).map(lambda text: text.replace("{", "")), max_size=4)


@given(headers.map(",".join), st.sampled_from([0, 200, -200, 400, -400, 10**6]))
@example("t={0},v1=\u00e9", 0)
@example("t={0},v1={2},v1={1}", 0)
@example("t=0{0},v1={1}", 0)
def test_the_receiver_on_the_page_and_ours_judge_every_header_alike(header: str, ago: int) -> None:
    at = int(time.time()) - ago
    proofs = [sign(BODY, [secret], at).rpartition("=")[2] for secret in (SECRET, "another")]
    header = header.replace("{0}", str(at)).replace("{1}", proofs[0]).replace("{2}", proofs[1])
    assert on_the_page()(BODY, header, SECRET) is verify(BODY, header, SECRET)


@pytest.mark.parametrize(("now", "known"), [(AT, True), (AT + 300, True), (AT - 300, True), (AT + 301, False)])
def test_an_old_webhook_is_a_repetition(now: int, known: bool) -> None:
    assert verify(BODY, sign(BODY, [SECRET], AT), SECRET, now=now) is known


def test_the_receiver_may_take_more_or_less_time() -> None:
    header = sign(BODY, [SECRET], AT)
    assert verify(BODY, header, SECRET, now=AT + 900, tolerance=1000)
    assert not verify(BODY, header, SECRET, now=AT + 10, tolerance=5)


def test_without_a_time_the_clock_of_the_machine_counts() -> None:
    assert not verify(BODY, sign(BODY, [SECRET], 1_000), SECRET)
    assert verify(BODY, sign(BODY, [SECRET], 1_000), SECRET, tolerance=10**11)


@pytest.mark.parametrize(
    "header",
    ["", "t=", "v1=", "t=1", ",", "t=1,v1=", f"v1={'0' * 64}", f"t={AT}", f"t={AT},v0=%s", f"t={AT},t={AT},v1=%s",
     f"t={AT}.0,v1=%s", f"t=-{AT},v1=%s", f"t={'9' * 400},v1=%s", "t=\u0661,v1=%s", f"t={AT},v1=\u00e9",
     f"t={AT},v1=\ud800", f"t={AT + 1},v1=%s", f"t=0{AT},v1=%s"],
)  # fmt: skip
def test_a_header_that_is_none_is_no_proof(header: str) -> None:
    proof = sign(BODY, [SECRET], AT).rpartition("=")[2]
    assert not verify(BODY, header.replace("%s", proof), SECRET, now=AT)


@given(st.text(max_size=100), st.binary(max_size=20))
def test_no_header_at_all_is_a_crash_or_a_proof(header: str, body: bytes) -> None:
    assert not verify(body, header, SECRET, now=AT)


@given(st.integers(0, 200), st.characters())
def test_a_changed_signature_is_no_proof(place: int, other: str) -> None:
    header = sign(BODY, [SECRET], AT)
    place %= len(header)
    changed = header[:place] + other + header[place + 1 :]
    assert changed == header or not verify(BODY, changed, SECRET, now=AT)
