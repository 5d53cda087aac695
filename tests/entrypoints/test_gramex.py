"""``AmazonSNS``, ``Exotel``, ``Twilio`` as plain classes, as in Gramex: real requests to engine and carrier."""

import inspect
from collections.abc import Callable, Iterator
from typing import cast

import pytest

import herald
from herald.errors import (
    AttemptError,
    InvalidMessage,
    InvalidSettings,
    NotFound,
    Refused,
    Unavailable,
    Uncertain,
    Unsupported,
)
from herald.testing.fakes import Clock
from local.carrier.carrier import Carrier
from local.carrier.faults import Fault
from local.carrier.handset import Text
from local.carrier.vendors import amazonsns
from local.carrier.vendors import exotel as exotel_vendor
from local.carrier.vendors import twilio as twilio_vendor

TO = "+919741552552"
SID, KEY, TOKEN = "acme", "a-key-to-hide", "a-token-to-hide"
ACCOUNT = "AC" + "0a" * 16
FORMS = ("+91 9741 552 552", "09741552552", "9741-552-552")


class Phones:
    """The carrier, and how to reach it."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.carrier = Carrier(None, clock=self.clock)
        vendor = cast(exotel_vendor.Exotel, self.carrier.vendors["exotel"])
        vendor.accounts = {SID: (KEY, TOKEN), "plain": ("plain", TOKEN)}
        self.url = self.carrier.start()

    def texts(self) -> list[Text]:
        return self.carrier.handset.texts()

    def fail(self, fault: str) -> None:
        self.carrier.faults.add(Fault("exotel", fault, 1))


@pytest.fixture
def phones() -> Iterator[Phones]:
    made = Phones()
    yield made
    made.carrier.stop()


@pytest.fixture
def exotel(phones: Phones) -> herald.Exotel:
    return herald.Exotel(SID, TOKEN, KEY, endpoint_url=phones.url)


@pytest.fixture
def sns(engine: str) -> herald.AmazonSNS:
    return herald.AmazonSNS("test", "test", "us-east-1", endpoint_url=engine)


@pytest.fixture
def published(engine: str) -> Callable[[], list[Text]]:
    """The texts that the engine's SNS took since the test began."""
    known = {text.id for text in amazonsns.texts(engine)}
    return lambda: [text for text in amazonsns.texts(engine) if text.id not in known]


# ---- the shape of Gramex


@pytest.mark.parametrize("notifier", [herald.AmazonSNS, herald.Exotel, herald.Twilio])
def test_a_notifier_has_the_methods_of_gramex(notifier: type) -> None:
    assert list(inspect.signature(notifier.send).parameters) == ["self", "to", "subject", "sender"]  # type: ignore[attr-defined]
    assert list(inspect.signature(notifier.status).parameters) == ["self", "result"]  # type: ignore[attr-defined]


def test_the_arguments_stand_where_they_stood_in_gramex() -> None:
    positional = inspect.Parameter.POSITIONAL_OR_KEYWORD
    order = {
        notifier: [p.name for p in inspect.signature(notifier).parameters.values() if p.kind is positional]
        for notifier in (herald.AmazonSNS, herald.Exotel, herald.Twilio)
    }
    assert order[herald.AmazonSNS] == ["aws_access_key_id", "aws_secret_access_key", "region_name", "smstype"]
    assert order[herald.Exotel] == ["sid", "token", "key", "domain", "priority"]
    assert order[herald.Twilio] == ["account_sid", "auth_token", "sender"]


# ---- Amazon SNS


def test_sns_sends_and_returns_its_own_answer(sns: herald.AmazonSNS, published: Callable[[], list[Text]]) -> None:
    result = sns.send(to=TO, subject="Message to send", sender="Gramex")
    (text,) = published()
    assert (text.to, text.body, text.sender, text.id) == (TO, "Message to send", "Gramex", result["MessageId"])
    assert text.fields["AWS.SNS.SMS.SMSType"] == "Transactional"


@pytest.mark.parametrize("arguments", [("us-east-1", "promotional"), ("Promotional",)])
def test_the_type_is_the_fourth_argument_and_may_be_the_third(
    engine: str, published: Callable[[], list[Text]], arguments: tuple[str, ...]
) -> None:
    herald.AmazonSNS("test", "test", *arguments, endpoint_url=engine).send(TO, "Sale!")
    assert published()[0].fields["AWS.SNS.SMS.SMSType"] == "Promotional"


@pytest.mark.parametrize("to", FORMS)
def test_sns_takes_numbers_as_people_write_them(
    sns: herald.AmazonSNS, published: Callable[[], list[Text]], to: str
) -> None:
    sns.send(to, "Hi")
    assert published()[0].to == TO


def test_sns_has_no_status_and_says_what_to_do_instead(sns: herald.AmazonSNS) -> None:
    with pytest.raises(Unsupported, match="Amazon SNS cannot be asked") as unsupported:
        sns.status(sns.send(TO, "Hi"))
    assert "delivery logging" in str(unsupported.value.hint)


def test_a_sender_that_sns_would_not_take_is_refused_before_it_is_asked(
    sns: herald.AmazonSNS, published: Callable[[], list[Text]]
) -> None:
    with pytest.raises(Refused, match="invalid_sender"):
        sns.send(TO, "Hi", sender="much too long a name"[:16])
    assert published() == []


def test_an_sns_that_cannot_be_reached_has_surely_not_sent() -> None:
    with pytest.raises(Unavailable):
        herald.AmazonSNS("test", "test", "us-east-1", endpoint_url="http://127.0.0.1:1").send(TO, "Hi")


# ---- Exotel


def test_exotel_sends_and_returns_its_own_answer(exotel: herald.Exotel, phones: Phones) -> None:
    result = exotel.send(to=TO, subject="Message to send", sender="GRAMEX")
    (text,) = phones.texts()
    assert (text.to, text.body, text.sender, text.id) == (TO, "Message to send", "GRAMEX", result["Sid"])
    assert (result["Body"], result["Status"], text.fields["Priority"]) == ("Message to send", "queued", "high")


def test_exotel_says_what_became_of_it(exotel: herald.Exotel, phones: Phones) -> None:
    result = exotel.send(TO, "Hi")
    assert exotel.status(result)["Status"] == "queued"
    phones.clock.pass_(seconds=5)
    status = exotel.status(result)
    assert (status["Sid"], status["DetailedStatus"]) == (result["Sid"], "DELIVERED_TO_HANDSET")


@pytest.mark.parametrize("to", FORMS)
def test_exotel_takes_numbers_as_people_write_them(exotel: herald.Exotel, phones: Phones, to: str) -> None:
    exotel.send(to, "Hi")
    assert phones.texts()[0].to == TO


def test_a_number_without_a_country_is_of_the_default_region(phones: Phones) -> None:
    herald.Exotel(SID, TOKEN, KEY, default_region="GB", endpoint_url=phones.url).send("07400 123456", "Hi")
    assert phones.texts()[0].to == "+447400123456"


def test_the_key_is_the_sid_by_default(phones: Phones) -> None:
    herald.Exotel("plain", TOKEN, endpoint_url=phones.url).send(TO, "Hi")
    assert len(phones.texts()) == 1


def test_domain_and_priority_are_the_fourth_and_fifth_argument(phones: Phones) -> None:
    herald.Exotel(SID, TOKEN, KEY, "api.in.exotel.com", "normal", endpoint_url=phones.url).send(TO, "Hi")
    assert phones.texts()[0].fields["Priority"] == "normal"


def test_wrong_credentials_are_refused_and_shown_nowhere(phones: Phones) -> None:
    with pytest.raises(Refused) as refused:
        herald.Exotel(SID, "a-wrong-token", KEY, endpoint_url=phones.url).send(TO, "A planted text")
    said = f"{refused.value} {refused.value!r} {refused.value.response} {refused.value.__cause__}"
    assert refused.value.code == "credentials_refused"
    assert not [word for word in ("a-wrong-token", KEY, "9741552552", "planted") if word in said]
    assert phones.texts() == []


@pytest.mark.parametrize(
    ("fault", "error"),
    [("refuse", Refused), ("429", Unavailable), ("503", Unavailable), ("500", Uncertain), ("drop_reply", Uncertain)],
)
def test_what_goes_wrong_has_the_type_that_says_what_may_be_done(
    exotel: herald.Exotel, phones: Phones, fault: str, error: type[AttemptError]
) -> None:
    phones.fail(fault)
    with pytest.raises(error):
        exotel.send(TO, "Hi")


def test_a_message_that_exotel_does_not_know_is_not_found(exotel: herald.Exotel) -> None:
    with pytest.raises(NotFound):
        exotel.status({"Sid": "0" * 32})
    with pytest.raises(NotFound):
        exotel.status({})


# ---- Twilio


@pytest.fixture
def twilio(phones: Phones) -> herald.Twilio:
    account = cast(twilio_vendor.Twilio, phones.carrier.vendors["twilio"])
    account.accounts = {ACCOUNT: TOKEN}
    return herald.Twilio(ACCOUNT, TOKEN, "+15005550006", endpoint_url=phones.url)


def test_twilio_sends_and_returns_its_own_answer(twilio: herald.Twilio, phones: Phones) -> None:
    result = twilio.send(to=TO, subject="Message to send", sender="GRAMEX")
    (text,) = phones.texts()
    assert (text.to, text.body, text.sender, text.id) == (TO, "Message to send", "GRAMEX", result["sid"])
    assert (result["body"], result["status"], result["to"]) == ("Message to send", "queued", TO)


def test_twilio_says_what_became_of_it(twilio: herald.Twilio, phones: Phones) -> None:
    result = twilio.send(TO, "Hi")
    assert twilio.status(result)["status"] == "queued"
    phones.clock.pass_(seconds=5)
    assert twilio.status(result)["status"] == "delivered"
    with pytest.raises(NotFound):
        twilio.status({"sid": "SM" + "0" * 32})


@pytest.mark.parametrize("to", FORMS)
def test_twilio_takes_numbers_as_people_write_them(twilio: herald.Twilio, phones: Phones, to: str) -> None:
    twilio.send(to, "Hi")
    assert (phones.texts()[0].to, phones.texts()[0].sender) == (TO, "+15005550006")


def test_an_american_account_may_write_american_numbers(phones: Phones, twilio: herald.Twilio) -> None:
    here = herald.Twilio(ACCOUNT, TOKEN, "+15005550006", endpoint_url=phones.url, default_region="US")
    here.send("(206) 555-0100", "Hi")
    assert phones.texts()[0].to == "+12065550100"


def test_a_wrong_token_is_refused_and_shown_nowhere(phones: Phones, twilio: herald.Twilio) -> None:
    with pytest.raises(Refused) as refused:
        herald.Twilio(ACCOUNT, "a-wrong-token", "ACME", endpoint_url=phones.url).send(TO, "A planted text")
    said = f"{refused.value} {refused.value!r} {refused.value.response} {refused.value.__cause__}"
    assert refused.value.code == "credentials_refused"
    assert not [word for word in ("a-wrong-token", ACCOUNT, "9741552552", "planted") if word in said]


@pytest.mark.parametrize(
    ("fault", "error"),
    [("refuse", Refused), ("429", Unavailable), ("503", Unavailable), ("500", Uncertain), ("drop_reply", Uncertain)],
)
def test_what_goes_wrong_at_twilio_has_its_type_too(
    twilio: herald.Twilio, phones: Phones, fault: str, error: type[AttemptError]
) -> None:
    phones.carrier.faults.add(Fault("twilio", fault, 1))
    with pytest.raises(error):
        twilio.send(TO, "Hi")


# ---- all


def test_a_text_that_is_none_is_refused_with_every_mistake(exotel: herald.Exotel, phones: Phones) -> None:
    with pytest.raises(InvalidMessage) as refused:
        exotel.send("nobody", "")
    assert {problem.field for problem in refused.value.problems} == {"to", "body"}
    assert phones.texts() == []


@pytest.mark.parametrize("notifier", [herald.AmazonSNS, herald.Exotel, herald.Twilio])
def test_an_argument_that_nobody_knows_is_named_with_those_that_there_are(notifier: Callable[..., object]) -> None:
    with pytest.raises(TypeError, match=r"has no nowhere; it has: .*sender"):
        notifier("a", "b", nowhere="us-east-1")


@pytest.mark.parametrize(
    "make",
    [
        lambda: herald.Exotel(SID, TOKEN, priority="urgent"),
        lambda: herald.AmazonSNS("a", TOKEN, "us-east-1", smstype="Urgent"),
        lambda: herald.Exotel(SID, TOKEN, domain="not a host"),
        lambda: herald.Twilio("not a host", TOKEN, "ACME"),
        lambda: herald.Twilio(ACCOUNT, TOKEN, messaging_service_sid="not a host"),
        lambda: herald.Twilio(ACCOUNT, TOKEN, api_secret="urgent"),
        lambda: herald.Exotel(SID, TOKEN, endpoint_url="http://example.com"),
    ],
)
def test_an_argument_that_cannot_be_right_is_told_at_once_without_its_value(make: Callable[[], object]) -> None:
    with pytest.raises(InvalidSettings) as refused:
        make()
    assert not [word for word in (TOKEN, "urgent", "Urgent", "not a host", "example.com") if word in str(refused.value)]
