"""Twilio's own validators and Herald agree about every signature, and the twin signs as Twilio does."""

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from hmac import digest
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from herald.providers._base import Callback
from herald.providers.twilio import Twilio
from local.carrier.vendors._twilio_forms import signature
from tests.sdks.conftest import SDKS, Sdk

TOKEN = "t0kenOfTheJungle"
RULE = "x-twilio-webhooks-signature-settings"
many = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)

plain = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=8).filter(lambda s: s.strip("-") == s)
hosts = st.lists(plain, min_size=1, max_size=3).map(lambda parts: ".".join([*parts, "example.com"]))
ports = st.sampled_from(["", "", ":443", ":80", ":8443"])
paths = st.lists(plain | st.just("%20a"), max_size=3).map(lambda parts: "/" + "/".join(parts))
queries = st.lists(st.tuples(plain, plain), max_size=3).map(lambda pairs: f"?{urlencode(pairs)}" if pairs else "")
urls = st.builds("{}://{}{}{}{}".format, st.sampled_from(["https", "http"]), hosts, ports, paths, queries)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00"), max_size=12)
forms = st.lists(st.tuples(texts.filter(bool), texts), max_size=6)
algorithms = st.sampled_from([None, "HMAC_SHA1", "HMAC_SHA256", "hmac_sha256"])


@pytest.fixture(scope="module", params=SDKS)
def validator(request: pytest.FixtureRequest) -> Iterator[Sdk]:
    made = SDKS[request.param]("http://127.0.0.1:9", "AC" + "0" * 32, TOKEN)
    yield made
    made.close()


@pytest.fixture(scope="module")
def python() -> Iterator[Sdk]:
    made = SDKS["python"]("http://127.0.0.1:9", "AC" + "0" * 32, TOKEN)
    yield made
    made.close()


def herald(url: str, body: bytes, proof: str, algorithm: str | None, token: str = TOKEN) -> bool:
    """Whether Herald takes it for Twilio's."""
    headers = {"x-twilio-signature": proof}
    if algorithm:
        headers[RULE] = f"key=webhooks_sharedkey_1,algorithm={algorithm}"
    values = {"webhook_secret": token} if algorithm else {"auth_token": token}
    return Twilio.verify(values, Callback(url, headers, {}, body=body))


@many
@given(url=urls, form=forms, algorithm=algorithms)
def test_what_twilios_own_code_signs_is_twilios(
    python: Sdk, url: str, form: list[tuple[str, str]], algorithm: str | None
) -> None:
    proof = python("sign", token=TOKEN, url=url, form=form, algorithm=algorithm)
    body = urlencode(form).encode()
    assert herald(url, body, proof, algorithm)
    assert not herald(url, body, proof, algorithm, token="another")


@many
@given(url=urls, signed=st.none() | urls, form=forms, said=st.none() | forms)
def test_what_either_takes_for_twilios_does_the_other(
    python: Sdk, url: str, signed: str | None, form: list[tuple[str, str]], said: list[tuple[str, str]] | None
) -> None:
    body = urlencode(form).encode()
    for address in (signed or url, without(signed or url)):
        proof = python("sign", token=TOKEN, url=address, form=form if said is None else said)
        theirs = python("valid", token=TOKEN, url=url, form=form, signature=proof)
        assert herald(url, body, proof, None) == theirs


@many
@given(url=urls, body=texts, other=texts, algorithm=algorithms)
def test_a_json_body_is_proved_by_its_hash_for_both(
    python: Sdk, url: str, body: str, other: str, algorithm: str | None
) -> None:
    hashed = f"{url}{'&' if '?' in url else '?'}bodySHA256={sha256(body.encode()).hexdigest()}"
    proof = b64encode(digest(TOKEN.encode(), hashed.encode(), "sha256" if algorithm in SHA256 else "sha1")).decode()
    for said in (body, other):
        theirs = python("valid", token=TOKEN, url=hashed, body=said, signature=proof, algorithm=algorithm)
        assert herald(hashed, said.encode(), proof, algorithm) == theirs == (said == body)


SHA256 = ("HMAC_SHA256", "hmac_sha256")


def without(url: str) -> str:
    """A URL without its port."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.partition(':')[0]}{slash}{path}"


@settings(many, max_examples=60)
@given(url=urls, form=forms.map(dict))
def test_what_the_twin_signs_twilios_own_code_takes_for_twilios(validator: Sdk, url: str, form: dict[str, str]) -> None:
    proof = signature(TOKEN, url, form)
    asked = {"token": TOKEN, "url": url, "form": list(form.items())}
    assert validator("valid", **asked, signature=proof) is True
    assert validator("valid", **asked, signature=signature("another", url, form)) is False
    assert parse_qsl(urlencode(form), keep_blank_values=True) == list(form.items())
