"""Delivery: what is a channel's own fault goes to the next channel; refused credentials are read anew first."""

import pytest

from herald.errors import (
    AttemptError,
    InvalidSettings,
    NotAccepted,
    Problem,
    Refused,
    Unavailable,
    Uncertain,
)
from herald.message.status import Status
from herald.pipeline.ports import Sender
from herald.testing.fakes import FakeProvider
from herald.testing.outbox import Outbox
from tests.builders import TEXT, a_box, fails, reason, send, steps
from tests.failing import Down, FailingJournal
from tests.pipeline.send.providers import OWN, calls

# ---- the next channel


@pytest.mark.parametrize("code", OWN)
def test_a_refusal_that_is_the_channels_own_goes_to_the_next_channel(code: str) -> None:
    box = a_box("alpha", "beta")
    fails(box, Refused(code), channel="alpha")
    message = send(box)
    assert (message.status, message.channel, message.attempts) == (Status.SENT, "beta", 2)
    assert message.reason is None
    assert steps(message) == ["accepted", "sending", "sending", "sent"]
    assert message.trace[2].detail == f"by beta: alpha said {code}"


@pytest.mark.parametrize("code", OWN)
def test_without_another_channel_the_channels_own_refusal_is_for_good(code: str) -> None:
    box = a_box()
    fails(box, Refused(code))
    message = send(box)
    assert (message.status, reason(message)) == (Status.FAILED, code)
    assert box.journal.messages[message.id].status is Status.FAILED


def test_what_was_surely_not_sent_goes_to_the_next_channel_until_one_takes_it() -> None:
    box = a_box("alpha", "beta", "gamma")
    fails(box, Unavailable(), channel="alpha")
    fails(box, Unavailable("throttled", retry_after=60), channel="beta")
    message = send(box)
    assert (message.status, message.channel, message.attempts) == (Status.SENT, "gamma", 3)
    assert len(box.texts) == 1


def test_a_later_channel_may_end_as_badly_as_the_first() -> None:
    box = a_box("alpha", "beta", "gamma")
    fails(box, Unavailable(), channel="alpha")
    fails(box, Uncertain("answer_lost"), channel="beta")
    assert send(box).status is Status.UNKNOWN
    assert calls(box) == {"alpha": 1, "beta": 1, "gamma": 0}


def test_a_channel_that_the_caller_asked_for_is_not_replaced_by_another() -> None:
    box = a_box("alpha", "beta")
    fails(box, Unavailable(), channel="beta")
    message = send(box, channel="beta")
    assert (message.status, message.channel) == (Status.ACCEPTED, "beta")
    assert calls(box) == {"alpha": 0, "beta": 1}


@pytest.mark.parametrize("error", [Unavailable(), Refused("no_balance")])
def test_without_the_journal_there_is_no_next_channel(error: AttemptError) -> None:
    journal = FailingJournal()
    box = a_box("alpha", "beta", journal=journal)
    fails(box, error, channel="alpha")
    journal.failing = {"move": 1}
    message = send(box)
    assert (message.status, reason(message)) == (Status.FAILED, error.code)
    assert journal.messages[message.id].status is Status.FAILED
    assert calls(box) == {"alpha": 1, "beta": 0}
    assert ("next channel not taken", "Down") in box.observer.told


# ---- credentials, channels


class ChannelsThatCannotBeBuilt(Outbox):
    """An outbox whose channels fail before a provider is there to be called."""

    error: Exception = Down()

    def sender(self, channel: str) -> Sender:
        if channel == "broken":
            raise self.error
        return super().sender(channel)


def test_refused_credentials_are_read_anew_and_used_once_more() -> None:
    box = a_box()
    old = fails(box, Refused("credentials_refused"))
    box.on_refresh = lambda: box.providers.update(amazonsns=FakeProvider("renewed"))
    message = send(box)
    assert (message.status, message.provider_id, box.refreshed) == (Status.SENT, "renewed-1", 1)
    assert (old.calls, len(box.texts)) == (1, 1)
    # And its receipts are awaited at the message's own URL.
    assert box.providers["amazonsns"].callbacks == [box.callback(message)]


def test_credentials_that_did_not_change_are_not_tried_again() -> None:
    box = a_box()
    fails(box, Refused("credentials_refused"))
    message = send(box)
    assert (message.status, reason(message)) == (Status.FAILED, "credentials_refused")
    assert (box.refreshed, box.providers["amazonsns"].calls) == (1, 1)


@pytest.mark.parametrize(
    ("second", "status"),
    [
        (Refused("credentials_refused"), Status.FAILED),
        (Uncertain("answer_lost"), Status.UNKNOWN),
        (Unavailable(), Status.ACCEPTED),
        (Down(), Status.UNKNOWN),
    ],
)
def test_the_attempt_with_new_credentials_is_the_last(second: Exception, status: Status) -> None:
    box = a_box()
    fails(box, Refused("credentials_refused"))
    renewed = FakeProvider("renewed", [second])
    box.on_refresh = lambda: box.providers.update(amazonsns=renewed)
    assert send(box).status is status
    assert (box.refreshed, renewed.calls) == (1, 1)


def test_other_refusals_do_not_read_the_settings_anew() -> None:
    box = a_box()
    fails(box, Refused("not_permitted"))
    send(box)
    assert box.refreshed == 0


@pytest.mark.parametrize("error", [NotAccepted(), InvalidSettings([]), Down()], ids=lambda error: type(error).__name__)
def test_settings_that_cannot_be_read_anew_leave_the_refusal_as_it_is(error: Exception) -> None:
    def failing() -> None:
        raise error

    box = a_box("alpha", on_refresh=failing)
    fails(box, Refused("credentials_refused"), channel="alpha")
    message = send(box)
    assert (message.status, reason(message)) == (Status.FAILED, "credentials_refused")


def test_a_channel_that_was_removed_meanwhile_is_a_failure() -> None:
    box = a_box()
    waiting = send(box, mode="async")
    box.providers.clear()
    message = box.herald().resume(waiting.id)
    assert message
    assert (message.status, reason(message)) == (Status.FAILED, "channel_missing")


def test_a_channel_that_was_removed_meanwhile_gives_way_to_the_next() -> None:
    box = a_box("alpha", "beta")
    del box.providers["alpha"]
    assert (send(box).status, len(box.texts)) == (Status.SENT, 1)


@pytest.mark.parametrize("error", [InvalidSettings([Problem("domain", "x", "y")]), Down(), ImportError(TEXT)])
def test_a_channel_that_cannot_be_built_is_a_failure_and_not_unknown(error: Exception) -> None:
    parts = a_box("broken")
    box = ChannelsThatCannotBeBuilt(parts.providers, parts.settings)
    box.error = error
    message = send(box)
    assert (message.status, reason(message)) == (Status.FAILED, "channel_invalid")
    assert ("channel not ready", type(error).__name__) in box.observer.told


def test_a_channel_that_cannot_be_built_gives_way_to_the_next() -> None:
    parts = a_box("broken", "beta")
    message = send(ChannelsThatCannotBeBuilt(parts.providers, parts.settings))
    assert (message.status, message.channel) == (Status.SENT, "beta")
