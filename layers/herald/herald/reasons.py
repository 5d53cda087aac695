"""Reasons: the closed list of why a message ended as it did. Every provider's words are translated into these."""

from typing import Literal, NamedTuple

Who = Literal["caller", "account", "sender", "recipient", "carrier", "provider"]


class Reason(NamedTuple):
    """Why a message ended as it did: who must act, and whether sending it again later can help."""

    code: str
    text: str
    who: Who
    retryable: bool

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
    Reason("unexplained", "The provider gave a reason that Herald does not know.", "provider", False),
)
