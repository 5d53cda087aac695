"""What Herald sends to Twilio is as Twilio's own OpenAPI has it, and so is what the laptop's twin answers."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import Refused
from herald.message.text import measure
from herald.providers._http import Answer
from herald.providers.twilio import LONGEST, Twilio
from local.carrier.carrier import Carrier
from tests.local.carrier.caller import Clock
from tests.providers.contract import CALLBACK, NOW, a_message
from tests.providers.twilio_openapi import answer_problems, problems

ACCOUNT, SERVICE, SID = "AC" + "0a" * 16, "MG" + "3d" * 16, "SM" + "1b" * 16
MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
numbers = st.from_regex(r"\A\+[1-9][0-9]{7,14}\Z")
senders = st.none() | numbers | st.from_regex(r"\A[A-Za-z][A-Za-z0-9 ]{0,10}\Z")


class Wire:
    """Stands for ``Http``, and notes what would be sent."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, Mapping[str, str]]] = []
        self.gets: list[str] = []

    def post(self, url: str, data: Mapping[str, str], auth: tuple[str, str]) -> Answer:
        self.posts.append((url, data))
        return Answer(201, {}, f'{{"sid": "{SID}", "status": "queued"}}'.encode())

    def get(self, url: str, auth: tuple[str, str], *, seconds: float = 0) -> Answer:
        self.gets.append(url)
        return Answer(200, {}, f'{{"sid": "{SID}", "messages": [], "next_page_uri": null}}'.encode())


def an_account(wire: Wire, **values: str) -> Twilio:
    return Twilio(wire, account_sid=ACCOUNT, auth_token="t0ken", **values)  # type: ignore[arg-type]


def path_of(url: str) -> str:
    return urlsplit(url).path


def query_of(url: str) -> str:
    return "&".join(f"{name}={value}" for name, value in parse_qsl(urlsplit(url).query))


@given(
    to=numbers,
    body=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=LONGEST + 40),
    origin=st.tuples(senders, senders, st.booleans()),
    seconds=st.integers(0, 300_000),
    called_back=st.booleans(),
)
def test_every_text_that_is_sent_is_a_request_that_twilio_describes(
    to: str, body: str, origin: tuple[str | None, str | None, bool], seconds: int, called_back: bool
) -> None:
    wire, (sender, own, service) = Wire(), origin
    account = an_account(wire, sender=own or "", messaging_service_sid=SERVICE if service else "")
    measured = measure(body)
    message = a_message(
        to=to, body=body, sender=sender, expires_at=NOW + timedelta(seconds=seconds), **measured._asdict()
    )
    try:
        account.send(message, CALLBACK if called_back else None)
    except Refused:
        assert len(body) > LONGEST or not (sender or own or service)
        return
    ((url, form),) = wire.posts
    assert problems("create", path=path_of(url), form=form) == []
    assert {"From", "MessagingServiceSid"} & form.keys() and form["Body"] == body
    assert "ValidityPeriod" not in form or 1 <= int(form["ValidityPeriod"]) <= 36_000
    assert ("StatusCallback" in form) == called_back


def test_what_is_asked_about_a_text_is_a_request_that_twilio_describes() -> None:
    wire = Wire()
    account = an_account(wire, sender="+15005550006")
    account.status({"sid": SID})
    account.listed(a_message(), NOW, NOW)
    one, listed = wire.gets
    assert problems("fetch", path=path_of(one)) == []
    assert problems("list", path=path_of(listed), query=query_of(listed)) == []
    assert unquote(urlsplit(listed).query) == urlsplit(listed).query.replace("%2B", "+").replace("%3A", ":").replace(
        "%3E", ">"
    ).replace("%3C", "<")


# -------------------------------------------------------------------------------------------------------- the twin


class Phones:
    """The carrier, asked as Twilio is."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.carrier = Carrier(None, clock=self.clock)
        self.url = self.carrier.start()
        values = self.carrier.vendors["twilio"].channel(self.url)
        self.sid, self.auth = values["account_sid"], (values["account_sid"], values["auth_token"])

    def __call__(self, method: str, path: str, **data: str) -> requests.Response:
        url = f"{self.url}/2010-04-01/Accounts/{self.sid}{path}"
        where = {"params": data} if method == "GET" else {"data": data}
        return requests.request(method, url, auth=self.auth, timeout=5, **where)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def phones() -> Iterator[Phones]:
    made = Phones()
    yield made
    made.carrier.stop()


def content(answer: requests.Response) -> Any:
    return answer.json() if answer.content else {}


@pytest.mark.parametrize("origin", [{"From": "+15005550006"}, {"MessagingServiceSid": SERVICE}])
@pytest.mark.parametrize("ending", ["00", "03", "04", "90", "94"])
def test_the_twin_answers_as_twilio_describes_however_the_text_fares(
    phones: Phones, origin: dict[str, str], ending: str
) -> None:
    made = phones("POST", "/Messages.json", To=f"+9198765000{ending}", Body="x" * 200, **origin)
    assert answer_problems("create", made.status_code, content(made)) == []
    one = f"/Messages/{made.json()['sid']}.json"
    for seconds in (0, 0.35, 0.3, 0.5):
        phones.clock.move(seconds)
        fetched = phones("GET", one)
        assert answer_problems("fetch", fetched.status_code, content(fetched)) == []
    phones.clock.move(20)
    if ending not in ("90", "94"):  # Neither has come to its end, as far as Twilio knows.
        changed = phones("POST", one, Body="")
        assert answer_problems("update", changed.status_code, content(changed)) == []
        gone = phones("DELETE", one)
        assert answer_problems("delete", gone.status_code, content(gone)) == []


def test_the_twins_list_is_as_twilio_describes_on_each_page(phones: Phones) -> None:
    for number in range(5):
        phones("POST", "/Messages.json", To="+919876500090", From="ACME", Body=str(number))
    phones.clock.move(5)
    path: str | None = f"/2010-04-01/Accounts/{phones.sid}/Messages.json?To=%2B919876500090&PageSize=2"
    seen = []
    while path:
        page = requests.get(phones.url + path, auth=phones.auth, timeout=5)
        assert answer_problems("list", page.status_code, content(page)) == []
        asked = query_of(page.json()["uri"])
        assert problems("list", path=path_of(page.json()["uri"]), query=asked) == []
        seen += [message["sid"] for message in page.json()["messages"]]
        path = page.json()["next_page_uri"]
    assert len(seen) == len(set(seen)) >= 5


# -------------------------------------------------------------------------------------- what is wrong is seen to be


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ({"From": "ACME"}, "missing To"),
        ({"To": "+919741552552", "Text": "x"}, "unknown field Text"),
        ({"To": "+919741552552", "ValidityPeriod": "soon"}, "ValidityPeriod is no integer"),
        ({"To": "+919741552552", "ValidityPeriod": "1.5"}, "ValidityPeriod: 1.5 is not of type 'integer'"),
        ({"To": "anybody at all, really"}, "To: 'anybody at all, really' is not a 'phone-number'"),
        ({"To": "+919741552552", "RiskCheck": "maybe"}, "RiskCheck: 'maybe' is not one of ['enable', 'disable']"),
        ({"To": "+919741552552", "SmartEncoded": "yes"}, "SmartEncoded is no boolean"),
        ({"To": "+919741552552", "MessagingServiceSid": "MG1"}, "MessagingServiceSid: 'MG1' is too short"),
    ],
)
def test_a_wrong_request_is_seen_to_be_wrong(form: dict[str, str], wrong: str) -> None:
    assert wrong in problems("create", path=MESSAGES, form=form)


def test_a_wrong_path_parameter_or_answer_is_seen_to_be_wrong() -> None:
    assert problems("create", path="/2010-04-01/Messages.json") == ["not its path: /2010-04-01/Messages.json"]
    assert problems("create", path=MESSAGES.replace(ACCOUNT, "AC1"), form={"To": "+919741552552"})
    assert problems("list", path=MESSAGES, query=urlencode({"Size": 1})) == ["unknown parameter Size"]
    assert problems("list", path=MESSAGES, query="PageSize=1001")
    assert problems("list", path=MESSAGES, query="DateSent>=yesterday")
    assert answer_problems("fetch", 200, {"sid": SID})
    assert answer_problems("fetch", 204, {}) == ["status 204"]
