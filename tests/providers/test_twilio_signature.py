"""Twilio's signature proves what it calls: forms, JSON, either algorithm, with the port and without."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.providers._base import Callback
from herald.providers.twilio import Twilio

TOKEN, SHARED = "12345", "a-key-of-the-rule"
URL = "https://example.com/receipts/twilio/AAGaw54p"
VALUES = {"auth_token": TOKEN, "webhook_secret": SHARED}
RULE = "x-twilio-webhooks-signature-settings"
FORM = [("CallSid", "CA1234567890ABCDE"), ("Caller", "+12349013030"), ("Digits", "1234"), ("From", "+12349013030")]
names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
forms = st.lists(st.tuples(names, st.text(st.characters(codec="utf-8"), max_size=12)), max_size=6)


def signed(secret: str, said: str, algorithm: str = "sha1") -> str:
    """What Twilio puts into its header."""
    return base64.b64encode(hmac.new(secret.encode(), said.encode(), algorithm).digest()).decode()


def of_form(form: list[tuple[str, str]]) -> str:
    """What is signed of a form: by names, each value once, by values."""
    return "".join(
        name + value
        for name in sorted({name for name, _ in form})
        for value in sorted({v for n, v in form if n == name})
    )


def posted(form: list[tuple[str, str]], url: str = URL, **headers: str) -> Callback:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Callback(url, named, dict(form), body=urlencode(form).encode())


def test_the_example_of_twilios_own_page_is_theirs() -> None:
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    form = [
        ("CallSid", "CA1234567890ABCDE"), ("Caller", "+12349013030"), ("Digits", "1234"), ("From", "+12349013030"),
        ("To", "+18005551212"),
    ]  # fmt: skip
    callback = posted(form, url, x_twilio_signature="0/KCTR6DLpKmkAf8muzZqo1nDgQ=")
    assert Twilio.verify({"auth_token": "12345"}, callback)


@given(form=forms)
def test_a_form_is_proved_whatever_is_in_it_and_however_often(form: list[tuple[str, str]]) -> None:
    assert Twilio.verify(VALUES, posted(form, x_twilio_signature=signed(TOKEN, URL + of_form(form))))


@given(form=forms, place=st.integers(0, 5))
def test_a_form_that_was_changed_is_nobodys(form: list[tuple[str, str]], place: int) -> None:
    proof = signed(TOKEN, URL + of_form(form))
    changed = [*form[:place], ("Another", "field"), *form[place:]]
    assert not Twilio.verify(VALUES, posted(changed, x_twilio_signature=proof))


@pytest.mark.parametrize("called", ["https://example.com/a?b=c", "https://example.com:443/a?b=c"])
@pytest.mark.parametrize("signs", ["https://example.com/a?b=c", "https://example.com:443/a?b=c"])
def test_it_may_sign_the_port_of_the_scheme_or_not(called: str, signs: str) -> None:
    proof = signed(TOKEN, signs + of_form(FORM))
    assert Twilio.verify(VALUES, posted(FORM, called, x_twilio_signature=proof))


def test_another_port_or_host_or_path_is_another_address() -> None:
    for url in ("https://example.com:8443/a", "https://example.org/a", "https://example.com/b", "http://example.com/a"):
        proof = signed(TOKEN, url + of_form(FORM))
        assert not Twilio.verify(VALUES, posted(FORM, "https://example.com/a", x_twilio_signature=proof))


@pytest.mark.parametrize(("said", "algorithm"), [("HMAC_SHA1", "sha1"), ("HMAC_SHA256", "sha256")])
def test_a_rule_names_its_algorithm_and_signs_by_its_own_key(said: str, algorithm: str) -> None:
    rule = f"key=WR123,algorithm={said}"
    proof = signed(SHARED, URL + of_form(FORM), algorithm)
    callback = posted(FORM, x_twilio_signature=proof)
    callback = callback._replace(headers={**callback.headers, RULE: rule})
    assert Twilio.verify(VALUES, callback)
    assert not Twilio.verify({"auth_token": TOKEN}, callback)
    assert not Twilio.verify({**VALUES, "webhook_secret": TOKEN}, callback)


@pytest.mark.parametrize("rule", ["key=WR123,algorithm=NONE", "algorithm=", "key=WR123,algorithm=HMAC_MD5"])
def test_an_algorithm_that_is_not_known_proves_nothing(rule: str) -> None:
    callback = posted(FORM, x_twilio_signature=signed(SHARED, URL + of_form(FORM)))
    assert not Twilio.verify(VALUES, callback._replace(headers={**callback.headers, RULE: rule}))


def test_json_is_proved_by_its_hash_in_the_url() -> None:
    body = b'{"MessageSid": "SM1"}'
    url = f"{URL}?bodySHA256={hashlib.sha256(body).hexdigest()}"
    callback = Callback(url, {"x-twilio-signature": signed(TOKEN, url)}, {"MessageSid": "SM1"}, body=body)
    assert Twilio.verify(VALUES, callback)
    assert not Twilio.verify(VALUES, callback._replace(body=b'{"MessageSid": "SM2"}'))


@pytest.mark.parametrize(
    ("values", "headers"),
    [
        ({}, {"x-twilio-signature": signed("", URL + of_form(FORM))}),
        (VALUES, {}),
        (VALUES, {"x-twilio-signature": ""}),
        (VALUES, {"x-twilio-signature": "é"}),
        (VALUES, {"x-twilio-signature": signed("another", URL + of_form(FORM))}),
    ],
)
def test_without_token_or_proof_nothing_is_theirs(values: Mapping[str, str], headers: Mapping[str, str]) -> None:
    assert not Twilio.verify(values, posted(FORM)._replace(headers=headers))
