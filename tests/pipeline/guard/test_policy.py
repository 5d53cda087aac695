"""Policy: what the settings, or the key of who asks, do not allow is refused before money is spent."""

import pytest

from herald.errors import NotAllowed
from herald.keys.grant import Grant
from herald.message import Message
from herald.message.text import measure
from herald.pipeline.guard.policy import guard
from herald.settings.values import DEFAULT_CHANNELS, Limits, Settings
from tests.builders import NUMBER, TEXT, a_message

OPEN = Settings(channels=DEFAULT_CHANNELS)


def settings(*countries: str) -> Settings:
    return Settings(channels=DEFAULT_CHANNELS, countries=frozenset(countries))


def refusal(message: Message, known: Settings = OPEN, grant: Grant | None = None) -> NotAllowed:
    """How the message is refused."""
    with pytest.raises(NotAllowed) as refused:
        guard(message, known, grant)
    return refused.value


def text_of(body: str) -> Message:
    """A message with this text."""
    measured = measure(body)
    return a_message(body=body, encoding=measured.encoding, segments=measured.segments, length=measured.length)


def test_without_a_list_every_country_is_allowed() -> None:
    guard(a_message(country="KP"), OPEN)


def test_a_country_on_the_list_is_allowed() -> None:
    guard(a_message(country="IN"), settings("SG", "IN"))


def test_another_country_is_refused_with_those_that_are_allowed() -> None:
    refused = refusal(a_message(country="KP"), settings("SG", "IN"))
    (problem,) = refused.problems
    assert (problem.field, problem.code, refused.status) == ("to", "country_not_allowed", 422)
    assert "KP" in problem.detail
    assert "IN, SG" in problem.detail
    assert "countries" in str(refused.hint)


def test_an_empty_list_allows_nothing_and_says_so() -> None:
    assert "none" in refusal(a_message(), settings()).detail


def test_a_number_of_no_country_is_refused_where_countries_are_listed() -> None:
    assert refusal(a_message(country="001"), settings("IN")).code == "country_not_allowed"


@pytest.mark.parametrize(
    ("grant", "code", "field"),
    [
        (Grant("shop", countries=frozenset({"SG"})), "country_not_allowed", "to"),
        (Grant("shop", kinds=frozenset({"otp"})), "kind_not_allowed", "kind"),
        (Grant("shop", channels=frozenset({"exotel"})), "channel_not_allowed", "channel"),
        (Grant("shop", countries=frozenset()), "country_not_allowed", "to"),
        (Grant("shop", countries=frozenset({"SG", "US"})), "country_not_allowed", "to"),
    ],
)
def test_what_a_key_does_not_allow_is_refused_in_its_name(grant: Grant, code: str, field: str) -> None:
    refused = refusal(a_message(asked_channel="amazonsns"), grant=grant)
    assert (refused.code, refused.status, refused.problems[0].field) == (code, 403, field)
    assert refused.hint == "Use another API key."
    assert "key" in refused.detail
    names = ", ".join(sorted(next(filter(None, (grant.countries, grant.kinds, grant.channels)), {"none"})))
    assert refused.detail.endswith(f"it may use: {names}.")


def test_what_a_key_allows_passes() -> None:
    one = frozenset({"amazonsns"})
    grant = Grant("shop", countries=frozenset({"IN"}), kinds=frozenset({"transactional"}), channels=one)
    guard(a_message(asked_channel="amazonsns"), OPEN, grant)
    guard(a_message(), OPEN, grant)


def test_a_text_of_more_segments_than_allowed_is_refused() -> None:
    limited = Settings(channels=DEFAULT_CHANNELS, max_segments=2)
    guard(text_of("a" * 306), limited)
    refused = refusal(text_of("a" * 307), limited)
    assert (refused.code, refused.status, refused.problems[0].field) == ("too_many_segments", 422, "body")
    assert "3 segments; at most 2" in refused.detail
    assert "UCS-2" not in refused.detail


def test_the_characters_that_make_a_text_long_are_named() -> None:
    refused = refusal(text_of("It’s " + "a" * 140), Settings(channels=DEFAULT_CHANNELS, max_segments=2))
    assert refused.detail.startswith("The text takes 3 segments; at most 2 are allowed. It is UCS-2")
    assert "U+2019 RIGHT SINGLE QUOTATION MARK" in refused.detail
    assert refused.hint == "Send it with smart: true, which replaces these characters."


@pytest.mark.parametrize(
    "body", ["👋" * 80, "नमस्ते" * 30, "It’s 👋" + "a" * 140, "a" * 400, "It’s " + "a" * 160, "…" * 71]
)
def test_smart_is_advised_only_where_it_helps(body: str) -> None:
    refused = refusal(text_of(body), Settings(channels=DEFAULT_CHANNELS, max_segments=1))
    assert str(refused.hint).startswith("Shorten the text")


def test_a_message_may_cost_its_maximum_and_no_more() -> None:
    def known(maximum: int) -> Settings:
        return Settings(channels=DEFAULT_CHANNELS, prices={"IN": 2500}, max_price=maximum)

    guard(a_message(segments=4), known(10_000))
    assert refusal(a_message(segments=4), known(9999)).code == "price_above_maximum"


MONEY = [
    {"max_price": 1}, {"limits": Limits(spend_day=1)}, {"limits": Limits(spend_month=1)},
    {"limits": Limits(caller_spend_day=1)}, {"limits": Limits(caller_spend_month=1)},
]  # fmt: skip


@pytest.mark.parametrize("limited", MONEY, ids=repr)
def test_where_money_is_limited_no_message_goes_whose_price_is_unknown(limited: dict[str, object]) -> None:
    known = Settings(channels=DEFAULT_CHANNELS, prices={"SG": 40_000}, **limited)  # type: ignore[arg-type]
    assert refusal(a_message(), known).code == "price_unknown"
    guard(a_message(), Settings(channels=DEFAULT_CHANNELS, prices={"SG": 40_000}))


def said(refused: NotAllowed) -> tuple[str, str, str | None]:
    """Which field, why, and what to do."""
    (problem,) = refused.problems
    return problem.field, problem.detail, refused.hint


def test_every_refusal_says_which_field_why_and_what_to_do() -> None:
    limited = Settings(channels=DEFAULT_CHANNELS, prices={"IN": 2500}, max_price=2499, max_segments=1)
    assert said(refusal(a_message(), limited)) == (
        "body",
        "The message costs more than the setting max_price allows.",
        "Shorten the text, or raise max_price.",
    )
    assert said(refusal(a_message(country="SG"), limited)) == (
        "to",
        "What a message to SG costs is not known, and money is limited here.",
        "Add the country, or '*' for all others, to the setting prices.",
    )
    assert said(refusal(text_of("a" * 161), limited)) == (
        "body",
        "The text takes 2 segments; at most 1 are allowed.",
        "Shorten the text, or raise the setting max_segments.",
    )
    assert said(refusal(a_message(country="KP"), settings("SG", "IN"))) == (
        "to",
        "Messages to KP are not allowed here; allowed countries: IN, SG.",
        "List the country in the setting countries, if messages there are meant.",
    )
    assert said(refusal(a_message(), settings()))[1].endswith("allowed countries: none.")


def test_a_text_that_is_gone_is_too_long_without_a_reason() -> None:
    gone = a_message(body=None, segments=9)
    limited = Settings(channels=DEFAULT_CHANNELS, max_segments=1)
    assert said(refusal(gone, limited))[1] == "The text takes 9 segments; at most 1 are allowed."


def test_no_refusal_tells_number_or_text() -> None:
    long = Settings(channels=DEFAULT_CHANNELS, max_segments=1)
    for refused in (refusal(a_message(), settings("SG")), refusal(text_of(f"{TEXT} {NUMBER} " * 9), long)):
        said = f"{refused} {refused.problems} {refused.hint}"
        assert not [word for word in (NUMBER, TEXT) if word in said]
