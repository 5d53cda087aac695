"""Both of Twilio's SDKs, unchanged but for the host, take the laptop's twin for Twilio."""

from typing import Any

import pytest

from herald.message.times import rfc3339
from tests.sdks.conftest import SDKS, Sdk, Twin

TO, FROM, TEXT = "+919741552552", "+15005550006", "Your table is ready. 🍽"
SERVICE = "MG" + "3d" * 16


def create(sdk: Sdk, **changes: Any) -> Any:
    return sdk("create", **{"to": TO, "from": FROM, "body": TEXT, **changes})


def test_a_text_is_created_and_fetched_until_it_is_delivered(sdk: Sdk, twin: Twin) -> None:
    made = create(sdk)
    assert made == {
        "sid": made["sid"], "status": "queued", "to": TO, "from": FROM, "body": TEXT, "direction": "outbound-api",
        "num_segments": "1", "error_code": None, "price": None, "account_sid": twin.sid,
        "created": twin.clock.now.isoformat(),
        "uri": f"/2010-04-01/Accounts/{twin.sid}/Messages/{made['sid']}.json",
    }  # fmt: skip
    assert twin.carrier.handset.texts()[-1].body == TEXT
    assert sdk("fetch", sid=made["sid"]) == made
    twin.clock.move(5)
    assert sdk("fetch", sid=made["sid"]) == {**made, "status": "delivered"}


def test_a_service_chooses_its_sender_later(sdk: Sdk, twin: Twin) -> None:
    made = sdk("create", to=TO, messaging_service_sid=SERVICE, body=TEXT)
    assert (made["status"], made["from"], made["num_segments"]) == ("accepted", None, "0")
    twin.clock.move(5)
    later = sdk("fetch", sid=made["sid"])
    assert (later["status"], later["from"], later["num_segments"]) == ("delivered", FROM, "1")


def test_texts_are_listed_over_pages_by_number_and_time_newest_first(sdk: Sdk, twin: Twin) -> None:
    create(sdk)
    twin.clock.move(3600)
    since = rfc3339(twin.clock.now)
    made = [create(sdk, body=f"Text {number}")["sid"] for number in range(5)]
    create(sdk, to="+919741552553")
    twin.clock.move(5)
    found = sdk("list", to=TO, sent_after=since, page_size=2)
    assert [message["sid"] for message in found] == made[::-1]
    assert [message["sid"] for message in sdk("list", to=TO, sent_after=since, limit=3)] == made[:1:-1]
    assert sdk("list", to=TO, **{"from": "+15005550007"}) == []


def test_a_text_that_waits_is_canceled_and_one_that_does_not_is_not(sdk: Sdk, twin: Twin) -> None:
    made = create(sdk)
    assert sdk("cancel", sid=made["sid"])["status"] == "canceled"
    assert made["sid"] not in [text.id for text in twin.carrier.handset.texts()]
    twin.clock.move(60)
    assert sdk("fetch", sid=made["sid"])["status"] == "canceled"
    late = create(sdk)
    twin.clock.move(5)
    assert sdk("cancel", sid=late["sid"])["error"] == 30409


def test_a_text_is_redacted_and_deleted_once_it_has_ended(sdk: Sdk, twin: Twin) -> None:
    sid = create(sdk)["sid"]
    assert (sdk("redact", sid=sid)["error"], sdk("delete", sid=sid)["error"]) == (20009, 20009)
    twin.clock.move(5)
    assert sdk("redact", sid=sid)["body"] == ""
    assert sdk("fetch", sid=sid)["body"] == ""
    assert sdk("delete", sid=sid) is True
    gone = sdk("fetch", sid=sid)
    assert (gone["error"], gone["status"], gone["kind"]) == (20404, 404, gone["kind"])


def test_a_text_has_no_pictures_and_its_account_is_there(sdk: Sdk) -> None:
    assert sdk("media", sid=create(sdk)["sid"]) == 0
    assert sdk("account") == "active"


REFUSED = [
    ({"to": "98"}, 21211), ({"to": FROM}, 21266), ({"from": "a name too long"}, 21212), ({"body": " "}, 21602),
    ({"body": "x" * 1601}, 21617), ({"validity_period": 36001}, 21624), ({"status_callback": "no url"}, 21609),
    ({"from": "", "messaging_service_sid": "MG1"}, 21701),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "code"), REFUSED, ids=[str(code) for _, code in REFUSED])
def test_what_is_refused_is_the_sdks_own_error_with_twilios_code(sdk: Sdk, changes: dict[str, Any], code: int) -> None:
    refused = create(sdk, **changes)
    assert refused == {"error": code, "status": 400, "kind": refused["kind"]}
    assert refused["kind"] in ("TwilioRestException", "RestException")


def test_without_a_sender_the_text_is_refused(sdk: Sdk) -> None:
    assert sdk("create", to=TO, body=TEXT)["error"] == 21603


def test_what_the_twin_does_not_have_is_not_found(sdk: Sdk) -> None:
    sid = create(sdk)["sid"]
    assert sdk("feedback", sid=sid)["error"] == 20404
    assert sdk("fetch", sid="SM" + "0" * 32)["error"] == 20404


@pytest.mark.parametrize("name", SDKS)
def test_a_wrong_token_or_account_is_a_stranger(twin: Twin, name: str) -> None:
    for sid, token in ((twin.sid, "another"), ("AC" + "0" * 32, twin.token)):
        stranger = SDKS[name](twin.url, sid, token)
        try:
            said = create(stranger)
            assert (said["error"], said["status"]) == (20003, 401)
        finally:
            stranger.close()


@pytest.mark.parametrize(
    ("fault", "code", "status"), [("refuse", 21610, 400), ("429", 20429, 429), ("500", 20500, 500), ("503", 20503, 503)]
)
def test_each_fault_that_can_be_asked_for_is_an_error_of_the_sdks(
    sdk: Sdk, twin: Twin, fault: str, code: int, status: int
) -> None:
    from local.carrier.faults import Fault

    twin.carrier.faults.add(Fault("twilio", fault, 1))
    said = create(sdk)
    assert (said["error"], said["status"]) == (code, status)
    assert create(sdk)["status"] == "queued"
