"""Lines: each says what it finds in a sentence, and as a fact of its own name."""

from datetime import datetime
from typing import Any

import pytest

from herald.errors import Unavailable
from herald.journal.observed import Breaker
from herald.journal.tally import Looked, Tally
from herald.keys.grant import Grant
from herald.settings.values import Channel, Limits, Rate, Rule, Settings
from herald.testing.memory import MemoryCounters, MemoryOptOuts
from herald.testing.outbox import Outbox
from tests.builders import FIELDS, NUMBER, a_box, fails, send
from tests.failing import Down

MONEY = 1_000_000


def explained(box: Outbox, *, key: str | None = None, grant: Grant | None = None, **fields: object) -> dict[str, Any]:
    """What a caller is told."""
    asked = {**FIELDS, **fields}
    caller = f"key:{grant.name}" if grant else "shop"
    return box.herald().explain(asked, caller=caller, entrypoint="https", key=key, grant=grant).public()


def line(found: dict[str, Any], step: str) -> tuple[bool, str]:
    """Whether a step is passed, and what it says."""
    (only,) = [each for each in found["steps"] if each["step"] == step]
    return only["ok"], only["detail"]


def with_settings(box: Outbox, **changes: Any) -> Outbox:
    box.settings = box.settings._replace(**changes)
    return box


def test_a_plain_text_would_be_sent_now_and_each_step_says_why() -> None:
    found = explained(a_box("exotel", "twilio"), to="09741552552")
    assert (found["would"], found["at"], found["problem"]) == ("send", "2026-11-22T12:00:00.000Z", None)
    assert found["summary"] == "It would be handed over now by exotel."
    assert [each["step"] for each in found["steps"]] == [
        "number", "text", "channel", "sender", "price", "opt_out", "limits", "time",
    ]  # fmt: skip
    assert line(found, "number") == (True, f"{NUMBER} is a mobile number of IN.")
    assert line(found, "text") == (True, "20 characters of GSM-7 in 1 segment.")
    assert line(found, "channel")[1] == (
        "By exotel: route 1 of the settings. If it surely does not take the text, twilio would be tried."
    )
    assert line(found, "sender")[1] == "The phone shows what exotel has for all its texts."
    assert line(found, "price")[1] == "Not known: the setting prices has none for IN."
    assert line(found, "opt_out") == (True, "The recipient has not opted out.")
    assert line(found, "limits") == (True, "No limit counts this message.")
    assert line(found, "time")[1] == "If it is not sent by 2026-11-23T12:00:00.000Z, it expires."
    assert (found["channel"], found["provider"], found["then"]) == ("exotel", "fake", ["twilio"])


def test_characters_that_cost_segments_are_named_and_what_smart_would_save() -> None:
    found = explained(a_box(), body="It’s ready. " * 8)
    assert (found["encoding"], found["segments"]) == ("UCS-2", 2)
    assert found["forcing"] == [{"character": "’", "name": "U+2019 RIGHT SINGLE QUOTATION MARK"}]
    assert found["smart"] == {"encoding": "GSM-7", "segments": 1, "length": 96}
    assert line(found, "text")[1].endswith("With smart: true it would be 96 characters of GSM-7 in 1 segment.")
    assert explained(a_box(), body="It’s ready.", smart=True)["smart"] is None
    assert explained(a_box(), body="नमस्ते")["smart"] is None


def test_every_guard_that_refuses_is_told_not_only_the_first() -> None:
    box = with_settings(a_box(), countries=frozenset({"US"}), max_segments=1, prices={"US": 1}, max_price=1)
    box.herald().opt(NUMBER, out=True, source="test")
    grant = Grant("bar", kinds=frozenset({"otp"}))
    found = explained(box, grant=grant, body="x" * 200)
    assert found["would"] == "refuse"
    assert found["problem"]["code"] == "country_not_allowed"
    assert found["summary"] == (
        "It would be refused, and not sent: Messages to IN are not allowed here; allowed countries: US."
    )
    refused = {each["step"]: each["detail"] for each in found["steps"] if not each["ok"]}
    assert refused.keys() == {"number", "key", "text", "price", "opt_out"}
    assert refused["key"] == "This API key may not use this kind; it may use: otp."
    assert found["opted_out"] is True


def test_what_is_left_of_each_limit_is_told() -> None:
    limits = Limits(number_10_minutes=3, day=10, spend_day=2 * MONEY)
    box = with_settings(a_box(), limits=limits, prices={"IN": MONEY // 4})
    send(box)
    found = explained(box)
    midnight = "2026-11-23T00:00:00.000Z"
    assert found["limits"] == [
        {"limit": "number_10_minutes", "used": 1, "most": 3, "left": 2, "frees_at": None},
        {"limit": "day", "used": 1, "most": 10, "left": 9, "frees_at": midnight},
        {"limit": "spend_day", "used": 0.25, "most": 2.0, "left": 1.75, "frees_at": midnight},
    ]
    assert line(found, "limits")[1] == "1 of 3 used of the limit number_10_minutes, the tightest of 3."
    assert (found["price_at_most"], line(found, "price")[1]) == (0.25, "At most 0.25, by the setting prices.")


def test_a_limit_that_is_reached_says_which_and_when_to_try_again() -> None:
    box = with_settings(a_box(), limits=Limits(number_day=1))
    send(box)
    found = explained(box)
    assert (found["would"], found["problem"]["code"], found["problem"]["status"]) == ("refuse", "limit_number_day", 429)
    assert line(found, "limits") == (False, "This number has as many messages today as it may have.")


def test_a_channel_that_is_open_is_not_the_one_and_says_why() -> None:
    box = a_box("exotel", "twilio")
    fails(box, *[Unavailable()] * 5, channel="exotel")
    for _ in range(5):
        send(box)
    found = explained(box)
    assert (found["channel"], found["then"]) == ("twilio", ["exotel"])
    assert line(found, "channel")[1].startswith("By twilio: exotel is open: 5 failures in a row")


def test_what_has_to_wait_says_for_what_and_until_when() -> None:
    box = a_box("exotel", rate=Rate(1, 3600.0))
    send(box)
    found = explained(box, valid_for=7200)
    assert (found["would"], found["at"], found["channel"]) == ("wait", "2026-11-22T12:00:02.000Z", "exotel")
    assert line(found, "channel")[1] == "exotel is busy."
    assert explained(box, mode="async")["would"] == "wait"
    found = explained(box, valid_for=1)
    assert (found["would"], found["problem"]["code"]) == ("refuse", "throttled")


def test_a_scheduled_text_counts_for_then() -> None:
    box = with_settings(a_box(), limits=Limits(day=1))
    send(box)
    found = explained(box, send_at="2026-11-24T09:00:00Z")
    assert (found["would"], found["at"]) == ("schedule", "2026-11-24T09:00:00.000Z")
    assert found["limits"][0]["used"] == 0
    assert line(found, "time")[1].startswith("It waits until 2026-11-24T09:00:00.000Z. ")


def test_the_sender_is_the_one_that_the_country_allows_by_that_channel() -> None:
    box = a_box("exotel")
    exotel = Channel("exotel", "fake", senders={"IN": ("FOODCO", "OTHER")})
    box.settings = Settings(channels={"exotel": exotel}, routes=(Rule(("exotel",)),))
    found = explained(box)
    assert (found["sender"], line(found, "sender")[1]) == ("FOODCO", "The phone would show FOODCO.")
    found = explained(box, sender="MINE")
    assert (found["problem"]["code"], found["channel"]) == ("sender_not_allowed", None)
    assert line(found, "channel") == (False, "This sender id is not allowed in IN; allowed: FOODCO, OTHER.")


def test_a_key_that_may_use_none_of_the_channels_is_told_so() -> None:
    found = explained(a_box("exotel"), grant=Grant("bar", channels=frozenset({"twilio"})))
    assert found["problem"]["code"] == "channel_not_allowed"
    assert not line(found, "key")[0]


@pytest.mark.parametrize(("grant", "step"), [(Grant("bar", test=True), "key"), (None, "guests")])
def test_what_reaches_nobody_says_why(grant: Grant | None, step: str) -> None:
    box = a_box() if grant else with_settings(a_box(), guests=frozenset())
    found = explained(box, grant=grant)
    assert (found["would"], found["summary"]) == ("send", "It would reach nobody: it is only a test.")
    assert "reaches nobody" in line(found, step)[1]


def test_a_key_that_stands_for_a_message_already_is_told_with_that_message() -> None:
    box = a_box()
    sent = send(box, key="order-1")
    found = explained(box, key="order-1")
    assert (found["would"], found["id"]) == ("replay", sent.id)
    found = explained(box, key="order-1", body="Another text")
    assert (found["would"], found["problem"]["code"]) == ("refuse", "idempotency_key_reused")
    assert line(found, "request") == (False, found["problem"]["detail"])


def test_an_erased_messages_key_stays_used() -> None:
    box = a_box()
    send(box, key="order-1")
    box.herald().erase(NUMBER)
    assert explained(box, key="order-1")["problem"]["code"] == "idempotency_key_reused"


def test_a_second_channel_is_told_with_its_time() -> None:
    found = explained(a_box("exotel", "twilio"), kind="otp", deliver_by=30)
    assert found["deliver_by"] == 30
    assert "within 30 s" in line(found, "second_channel")[1]
    assert "deliver_by" not in explained(a_box("exotel"), deliver_by=30)


def test_what_is_no_message_lists_every_mistake_and_nothing_else() -> None:
    found = explained(a_box(), to="", body="")
    assert (found["would"], found["problem"]["code"], found["steps"]) == ("refuse", "invalid_message", [])
    assert {each["field"] for each in found["problem"]["errors"]} == {"to", "body"}


def test_a_channel_that_cannot_be_made_ready_is_passed_over() -> None:
    box = a_box("exotel", "twilio")
    del box.providers["exotel"]
    assert explained(box)["channel"] == "twilio"
    del box.providers["twilio"]
    assert explained(box)["problem"]["code"] == "channel_missing"


def test_what_cannot_be_read_is_told_as_a_send_would_be(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unreadable:
        def look(self, *_: object) -> object:
            raise Down

    box = with_settings(a_box(), limits=Limits(day=1))
    box.counters = Unreadable()  # type: ignore[assignment]
    found = explained(box)
    assert (found["problem"]["code"], found["problem"]["status"]) == ("not_counted", 503)
    assert (line(found, "limits"), found["limits"]) == ((False, "The limits could not be read."), None)
    found = explained(with_settings(box, uncounted=frozenset({"otp"})), kind="otp")
    assert (found["would"], line(found, "limits")[0]) == ("send", True)


def test_a_half_open_channel_would_be_tried_by_this_message_and_by_the_next() -> None:
    box, at = a_box("exotel", "twilio"), 1_795_348_800.0
    box.health_item.shared = box.health_item.shared.turned("exotel", Breaker("open", at - 40, at - 10, at, 1, "why"))
    for _ in range(2):
        assert explained(box)["channel"] in ("exotel", "twilio")
    assert box.health_item.writes == 0


def test_each_counter_and_the_opt_out_are_read_once() -> None:
    class Counting(MemoryCounters):
        looks = 0

        def look(self, tally: Tally, now: datetime) -> Looked:
            self.looks += 1
            return super().look(tally, now)

    class Asked(MemoryOptOuts):
        asked = 0

        def has(self, recipient: str) -> bool:
            self.asked += 1
            return super().has(recipient)

    box = with_settings(a_box(), limits=Limits(number_day=3, day=9))
    box.counters, box.optouts = Counting(), Asked()
    found = explained(box)
    assert {limit["limit"] for limit in found["limits"]} == {"number_day", "day"}
    assert (box.counters.looks, box.optouts.asked) == (2, 1)
