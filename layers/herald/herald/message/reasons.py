"""Reasons: the closed list of why a message ended as it did. Every provider's words are translated into these."""

from typing import Literal, NamedTuple

Who = Literal["caller", "account", "sender", "recipient", "carrier", "provider"]


class Reason(NamedTuple):
    """Why a message ended as it did: who must act, and whether sending it again later can help."""

    code: str
    text: str
    who: Who
    retryable: bool

    @property
    def fault(self) -> bool:
        """Whether it is the account's, the sender's, the carrier's or the provider's: other texts may meet it too."""
        return self.who not in ("caller", "recipient")

    def public(self) -> dict[str, object]:
        """The shape that callers see: ``{code, text, who, retryable}``."""
        return self._asdict()


def _closed(*rows: Reason) -> dict[str, Reason]:
    return {row.code: row for row in rows}


REASONS = _closed(
    # The message itself
    Reason("invalid_text", "The provider does not accept this text.", "caller", False),
    Reason("text_too_long", "The text is longer than the provider accepts.", "caller", False),
    Reason("request_refused", "The provider refused the request.", "caller", False),
    Reason("expired", "The message's time ran out before it could be sent.", "caller", False),
    Reason("canceled", "The message was canceled before it was sent.", "caller", False),
    Reason("key_revoked", "The API key that asked for it was revoked before it was sent.", "caller", False),
    Reason("not_allowed", "When its time came, a guard did not let the message through.", "caller", False),
    # The account at the provider
    Reason("credentials_refused", "The provider refused the channel's credentials.", "account", False),
    Reason("not_permitted", "The account at the provider may not send this message.", "account", False),
    Reason("no_balance", "The account at the provider has no balance left.", "account", False),
    Reason("spend_limit", "The account at the provider reached its spending limit.", "account", False),
    Reason("price_too_high", "The message would cost more than the maximum price.", "account", False),
    Reason("country_not_enabled", "The account at the provider may not send to this country.", "account", False),
    Reason("channel_missing", "The channel is no longer configured.", "account", False),
    Reason("channel_invalid", "The channel's settings cannot be used.", "account", False),
    Reason("dead_lettered", "Herald failed at it several times; it waits in the dead-letter queue.", "account", False),
    # The sender id and its registration
    Reason("invalid_sender", "The provider does not accept this sender id.", "sender", False),
    Reason("not_registered", "The sender's registration (DLT) is missing, inactive or blocked.", "sender", False),
    Reason("template_mismatch", "The text does not match a registered template (DLT).", "sender", False),
    # The person who should get it
    Reason("invalid_number", "The number does not exist or cannot receive texts.", "recipient", False),
    Reason("opted_out", "The recipient opted out of messages from this sender.", "recipient", False),
    Reason("no_consent", "The recipient has not agreed to messages from this sender.", "recipient", False),
    Reason("do_not_disturb", "The recipient is on a do-not-disturb list.", "recipient", False),
    Reason("number_blocked", "The number is on a list of numbers that get no texts.", "recipient", False),
    Reason("texts_blocked", "The phone is set to take no texts.", "recipient", False),
    Reason("recipient_unavailable", "The phone is off or out of reach.", "recipient", True),
    # The way there
    Reason("spam", "The carrier blocked the message as spam.", "carrier", False),
    Reason("carrier_blocked", "The carrier blocked the message.", "carrier", False),
    Reason("carrier_unavailable", "The recipient's carrier cannot be reached at the moment.", "carrier", True),
    Reason("no_route", "The provider has no route to this number.", "provider", False),
    # The provider
    Reason("throttled", "The provider takes no more messages at the moment.", "provider", True),
    Reason("provider_unavailable", "The provider cannot be reached at the moment.", "provider", True),
    Reason("answer_lost", "The provider may have the message: its answer did not arrive.", "provider", False),
    Reason(
        "answer_unclear", "The provider may have the message: its answer says neither yes nor no.", "provider", False
    ),
    Reason("interrupted", "The provider may have the message: the sending function was stopped.", "provider", False),
    Reason("provider_failed", "The provider took the message and failed to hand it on.", "provider", True),
    Reason("unexplained", "The provider gave no reason, or one that Herald does not know.", "provider", False),
)

ADVICE = {
    "invalid_text": "Change the text: it is empty, or holds characters that cannot be sent.",
    "text_too_long": "Shorten the text, or make two messages of it.",
    "request_refused": "Look at `response`: it holds the provider's own code.",
    "expired": "Send a new message if it is still of use, with a longer `valid_for` if this one's was too short.",
    "canceled": "Nothing: somebody asked for it.",
    "key_revoked": "Nothing, if it was not to be sent; else ask for it with another key. See `send_revoked`.",
    "not_allowed": "The trace names the guard; look at the settings that it keeps, and send a new message.",
    "credentials_refused": "Correct the channel's keys in SSM.",
    "not_permitted": "Look into the provider's console: the account may be blocked, unverified, or without this right.",
    "no_balance": "Top up the account, or change its plan.",
    "spend_limit": "Raise the account's spending limit in the provider's console; AWS raises it on request.",
    "price_too_high": "Raise the channel's `max_price`, if the message is worth it.",
    "country_not_enabled": "Enable the country in the provider's console.",
    "channel_missing": "Configure the channel again, or send through another one.",
    "channel_invalid": "Correct the channel's YAML: the answer to any send lists what is wrong with it.",
    "dead_lettered": "Find the cause in the log and remove it; then `make redrive` takes the message up again.",
    "invalid_sender": "Use a sender id that is registered for this account and country.",
    "not_registered": "Check the DLT registration of sender and entity with the operator, and `dlt_entity_id`.",
    "template_mismatch": "Compare the text with its DLT template to the letter, and check `dlt_template_id`.",
    "invalid_number": "Ask the person for the right number, and send nothing more to this one.",
    "opted_out": "Send nothing more until the person opts in again.",
    "no_consent": "Ask the person for consent first.",
    "do_not_disturb": "Send only what is transactional to this number, as such; else reach the person in another way.",
    "number_blocked": "Send nothing more; only who keeps the list can take the number off it.",
    "texts_blocked": "Reach the person in another way, or ask them to allow texts.",
    "recipient_unavailable": "Send a new message later, if it is still of use.",
    "spam": "Reword the text (short links and capitals look like spam), or talk to the provider.",
    "carrier_blocked": "Ask the provider: it knows the carrier's rules.",
    "carrier_unavailable": "Send a new message later, or through another provider.",
    "no_route": "Send through another provider.",
    "throttled": "Nothing: Herald tries again while there is time. If it comes often, lower the channel's `rate`.",
    "provider_unavailable": "Nothing: Herald tries again while there is time. A second channel in the route helps.",
    "answer_lost": "Look into the provider's console, or wait for a receipt, before you send a new one.",
    "answer_unclear": "Look into the provider's console, or wait for a receipt, before you send a new one.",
    "interrupted": "Look into the provider's console, or wait for a receipt, before you send a new one.",
    "provider_failed": "Send a new message; if it comes often, through another provider.",
    "unexplained": "Look at `response`, and at the receipts in the trace: they hold the provider's own words.",
}
"""What to do about each, for people."""
