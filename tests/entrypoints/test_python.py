"""The Python API: ``herald.send`` and its like from a Lambda function, and ``herald.sms[...]`` as in Gramex."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import herald
from herald.errors import (
    HeraldError,
    InvalidMessage,
    InvalidRequest,
    KeyReused,
    NotAccepted,
    NotCancelable,
    NotFound,
    Refused,
    Unavailable,
    Uncertain,
    Unsupported,
)
from herald.message import Message
from herald.message.status import Status
from herald.testing import outbox
from herald.testing.fakes import FakeProvider
from herald.testing.outbox import Outbox
from tests.entrypoints.conftest import ID, ROOT, TO


class Telling(FakeProvider):
    """A provider that can be asked what became of a message."""

    def status(self, response: object) -> dict[str, object]:
        assert isinstance(response, dict)
        return {"Sid": response["Sid"], "Status": "sent"}


# ---- send, status, cancel


def test_a_text_is_sent_and_the_message_comes_back(box: Outbox) -> None:
    message = herald.send(to="+91 9741 552 552", body="Your table is ready.")
    assert isinstance(message, herald.Message)
    assert (message.status, message.to) == (herald.Status.SENT, TO)
    assert (box.texts[0].body, box.texts[0].entrypoint) == ("Your table is ready.", "python")


def test_every_field_of_a_message_can_be_given(box: Outbox) -> None:
    box.settings = box.settings._replace(callback_hosts=("hooks.example.com",), webhook_secrets=("s",))
    later = (box.clock.now + timedelta(days=1)).isoformat()
    message = herald.send(
        TO, "Hi", sender="MyShop", channel="exotel", kind="otp", send_at=later, valid_for=60, reference="order-118",
        tags={"env": "prod"}, on_unknown="resend", callback_url="https://hooks.example.com/sms", mode="async",
        idempotency_key="k",
    )  # fmt: skip
    assert (message.status, message.sender, message.asked_channel) == ("scheduled", "MyShop", "exotel")
    assert (message.kind, message.reference, message.tags) == ("otp", "order-118", {"env": "prod"})
    assert (message.on_unknown, message.callback_url) == ("resend", "https://hooks.example.com/sms")
    assert message.expires_at == box.clock.now + timedelta(days=1, seconds=60)


def test_the_names_of_its_arguments_are_the_fields_of_every_entry_point() -> None:
    import inspect

    from herald.pipeline.validate.validate import FIELDS

    assert set(inspect.signature(herald.send).parameters) == {*FIELDS, "idempotency_key"}


def test_subject_is_another_name_of_body(box: Outbox) -> None:
    herald.send(TO, subject="Message to send")
    assert box.texts[0].body == "Message to send"


def test_a_key_sends_once(box: Outbox) -> None:
    first, second = (herald.send(TO, "Hi", idempotency_key="order-118") for _ in range(2))
    assert first.id == second.id
    assert len(box.texts) == 1
    with pytest.raises(KeyReused):
        herald.send(TO, "Something else", idempotency_key="order-118")


def test_without_a_key_each_call_sends(box: Outbox) -> None:
    assert herald.send(TO, "Hi").id != herald.send(TO, "Hi").id


@pytest.mark.parametrize("key", ["", "x" * 513, 7, "\ud800"])
def test_a_key_that_is_none_is_refused_and_stands_for_no_other_message(box: Outbox, key: str) -> None:
    with pytest.raises(InvalidMessage, match="idempotency_key"):
        herald.send(TO, "Hi", idempotency_key=key)
    assert box.texts == []


def test_a_key_belongs_to_the_function_that_sends(box: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = set()
    for name in ("shop", "warehouse"):
        monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", name)
        ids.add(herald.send(TO, "Hi", idempotency_key="k").id)
    assert len(ids) == 2
    assert [text.caller for text in box.texts] == ["lambda:shop", "lambda:warehouse"]


def test_every_mistake_is_listed(box: Outbox) -> None:
    with pytest.raises(InvalidMessage) as refused:
        herald.send("nobody", kind="spam", channel="pigeon")
    assert {problem.field for problem in refused.value.problems} == {"to", "body", "kind", "channel"}


def test_a_refusal_is_raised_with_its_reason(box: Outbox) -> None:
    box.providers["amazonsns"].answers = [Refused("opted_out")]
    with pytest.raises(Refused) as refused:
        herald.send(TO, "Hi")
    assert (refused.value.code, refused.value.reason.who) == ("opted_out", "recipient")


def test_a_text_of_which_nobody_knows_is_returned_as_unknown(box: Outbox) -> None:
    box.providers["amazonsns"].answers = [Uncertain("answer_lost")]
    assert herald.send(TO, "Hi").status is herald.Status.UNKNOWN


def test_a_text_that_is_to_be_tried_again_is_returned_as_accepted(box: Outbox) -> None:
    box.providers["amazonsns"].answers = [Unavailable("throttled")]
    assert herald.send(TO, "Hi").status is herald.Status.ACCEPTED
    assert len(box.queue.waiting) == 1


def test_a_message_is_looked_up(box: Outbox) -> None:
    assert herald.status(herald.send(TO, "Hi").id).status == "sent"
    with pytest.raises(NotFound):
        herald.status(ID)


def test_a_message_is_refreshed_where_its_provider_tells(box: Outbox) -> None:
    box.providers["exotel"] = Telling("exotel")
    message = herald.send(TO, "Hi", channel="exotel")
    assert [herald.status(message.id).status, herald.status(message.id, refresh=True).status] == ["sent", "delivered"]
    other = herald.send(TO, "Hi", channel="amazonsns")
    assert herald.status(other.id, refresh=True).status == "sent"
    with pytest.raises(NotFound):
        herald.status(ID, refresh=True)


def test_the_messages_to_a_number_come_newest_first_page_by_page(box: Outbox) -> None:
    sent = []
    for _ in range(105):
        sent.append(herald.send(TO, "Hi").id)
        box.clock.pass_(seconds=1)
    herald.send("+919812345678", "Hi")
    assert [message.id for message in herald.search("09741552552")] == sent[::-1]


def test_a_search_may_be_for_one_state_and_from_one_time_on(box: Outbox) -> None:
    herald.send(TO, "Hi")
    box.clock.pass_(minutes=1)
    sent, waiting = herald.send(TO, "Hi"), herald.send(TO, "Hi", mode="async")
    assert [message.id for message in herald.search(to=TO, status="accepted")] == [waiting.id]
    since = box.clock.now.isoformat()
    assert [message.id for message in herald.search(to=TO, status="sent", since=since)] == [sent.id]


def ids(found: Iterator[Message]) -> list[str]:
    return [message.id for message in found]


def test_a_reference_finds_this_functions_messages_and_those_of_a_caller_that_is_named(
    box: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "shop")
    sent = herald.send(TO, "Hi", reference="order-7")
    assert ids(herald.search(reference="order-7")) == [sent.id]
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "warehouse")
    assert list(herald.search(reference="order-7")) == []
    for asked in ({}, {"to": TO}):
        assert ids(herald.search(**asked, reference="order-7", caller="lambda:shop")) == [sent.id]


def test_a_status_alone_finds_the_latest_that_ended_badly(box: Outbox) -> None:
    sent = herald.send(TO, "Hi")
    box.journal.messages[sent.id] = sent.with_(status=Status.FAILED)
    box.journal.note_troubled(sent.caller, {sent.id: box.clock()})
    assert ids(herald.search(status="failed")) == [sent.id]
    with pytest.raises(InvalidRequest):
        herald.search(status="sent")


def test_a_wrong_search_is_refused_before_its_first_message_is_asked_for(box: Outbox) -> None:
    with pytest.raises(InvalidRequest) as refused:
        herald.search("nobody", status="gone", since="yesterday")
    assert [problem.field for problem in refused.value.problems] == ["to", "status", "since"]


def test_a_person_is_erased(box: Outbox) -> None:
    message, waiting = herald.send(TO, "Hi"), herald.send(TO, "Hi", mode="async")
    erased = herald.erase("+91 9741 552 552")
    assert (erased.erased, erased.left, erased) == (2, 0, (2, 0))
    assert list(herald.search(TO)) == []
    for gone in (message, waiting):
        with pytest.raises(NotFound):
            herald.status(gone.id)
    with pytest.raises(InvalidRequest):
        herald.erase("nobody")


def test_the_functions_are_not_hidden_by_a_module_of_their_name() -> None:
    for name in ("send", "status", "search", "erase", "cancel"):
        assert not list(Path(herald.__path__[0]).glob(f"{name}*")), f"import herald.{name} would replace the function"


def test_a_message_that_waits_is_canceled(box: Outbox) -> None:
    message = herald.send(TO, "Hi", mode="async")
    assert herald.cancel(message.id).status == "canceled"
    with pytest.raises(NotCancelable):
        herald.cancel(herald.send(TO, "Hi").id)
    with pytest.raises(NotFound):
        herald.cancel(ID)


def test_all_that_is_promised_is_there() -> None:
    assert all(getattr(herald, name) is not None for name in herald.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Twitter'"):
        herald.Twitter  # noqa: B018


# ---- herald.sms[...], the interface of Gramex


def test_the_lines_of_the_guide_of_gramex_send(box: Outbox) -> None:
    box.providers["exotel"] = Telling("exotel")
    notifier = herald.sms["exotel"]
    result = notifier.send(to="+919741552552", subject="Message to send", sender="Gramex")
    assert result["Sid"] == "exotel-1"
    assert (box.texts[0].body, box.texts[0].sender, box.texts[0].channel) == ("Message to send", "Gramex", "exotel")
    assert notifier.status(result) == {"Sid": "exotel-1", "Status": "sent"}


def test_the_result_names_the_message(box: Outbox) -> None:
    result = herald.sms["amazonsns"].send(TO, "Hi")
    assert (herald.status(result["herald_id"]).status, result["herald_status"]) == ("sent", "sent")


def test_a_result_that_was_stored_and_has_lost_all_but_the_messages_id_can_still_be_asked_for(box: Outbox) -> None:
    box.providers["exotel"] = Telling("exotel")
    result = herald.sms["exotel"].send(TO, "Hi")
    assert herald.sms["exotel"].status({"herald_id": result["herald_id"]})["Sid"] == "exotel-1"


def test_a_provider_that_cannot_be_asked_says_so(box: Outbox) -> None:
    notifier = herald.sms["amazonsns"]
    with pytest.raises(Unsupported, match="no delivery status"):
        notifier.status(notifier.send(TO, "Hi"))


@pytest.mark.parametrize("to", ["+91 9741 552 552", "09741552552", "9741-552-552"])
def test_a_number_may_be_written_as_in_gramex(box: Outbox, to: str) -> None:
    herald.sms["exotel"].send(to, "Hi")
    assert box.texts[0].to == TO


def test_a_channel_that_is_not_there_is_a_key_error_that_names_those_that_are(box: Outbox) -> None:
    with pytest.raises(KeyError, match="'twilio'; there are: amazonsns, exotel"):
        herald.sms["twilio"]


def test_the_channels_can_be_listed(box: Outbox) -> None:
    assert (sorted(herald.sms), len(herald.sms), "exotel" in herald.sms) == (["amazonsns", "exotel"], 2, True)
    assert herald.sms.get("twilio") is None


@pytest.mark.parametrize("error", [Refused("opted_out"), Uncertain("answer_lost")])
def test_what_went_wrong_is_raised_under_its_own_name(box: Outbox, error: HeraldError) -> None:
    box.providers["exotel"].answers = [error]
    with pytest.raises(type(error)) as raised:
        herald.sms["exotel"].send(TO, "Hi")
    assert raised.value.code == error.code
    assert TO not in str(raised.value)


def test_a_text_of_which_nobody_knows_says_what_to_look_up(box: Outbox) -> None:
    box.providers["exotel"].answers = [Uncertain("answer_lost")]
    with pytest.raises(Uncertain, match=r"Look up msg_\w{26} before you repeat it"):
        herald.sms["exotel"].send(TO, "Hi")


def test_a_text_that_is_to_be_tried_again_has_no_answer_of_the_provider_yet(box: Outbox) -> None:
    box.providers["exotel"].answers = [Unavailable("throttled")]
    result = herald.sms["exotel"].send(TO, "Hi")
    assert result["herald_status"] == "accepted"
    assert set(result) == {"herald_id", "herald_status"}


# ---- for the tests of its users


def test_an_outbox_takes_the_texts_of_everything_below_it() -> None:
    with outbox() as sent:
        herald.send(TO, "Hi")
        herald.sms["amazonsns"].send(TO, "Ho")
    assert [text.body for text in sent.texts] == ["Hi", "Ho"]
    assert abs(sent.clock.now - datetime.now(UTC)) < timedelta(minutes=5)


# ---- outside of AWS, and without a stage


def outside(statement: str, home: Path, **environment: str) -> str:
    """What a fresh interpreter prints that knows nothing of AWS; it may not ask the network who it is."""
    clean = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONPATH": str(ROOT / "layers" / "herald"),
        **environment,
    }
    program = f"import herald, sys\ntry: {statement}\nexcept Exception as error: print(type(error).__name__, error)"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=clean, cwd=home, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_it_can_be_imported_anywhere_and_loads_no_boto3(tmp_path: Path) -> None:
    assert outside("print('boto3' in sys.modules, herald.__version__)", tmp_path) == f"False {herald.__version__}"


def test_without_a_region_it_says_that_a_region_is_missing(tmp_path: Path) -> None:
    assert "region" in outside("herald.send(to='+919741552552', body='Hi')", tmp_path).lower()


def test_without_credentials_it_says_that_nothing_was_accepted_and_why(tmp_path: Path) -> None:
    said = outside("herald.send(to='+919741552552', body='Hi')", tmp_path, AWS_DEFAULT_REGION="ap-south-1")
    assert said.startswith(f"{NotAccepted.__name__} not_accepted: ")
    assert "NoCredentialsError" in said


def test_the_plain_classes_need_neither_stage_nor_region(tmp_path: Path) -> None:
    assert outside("print(type(herald.Exotel('sid', 'token')).__name__)", tmp_path) == "Exotel"


# ---- explain, channels


def test_what_would_happen_is_explained_and_nothing_is_sent(box: Outbox) -> None:
    found = herald.explain(TO, "Hi", kind="otp", idempotency_key="order-1")
    assert (found["would"], found["to"], found["segments"]) == ("send", TO, 1)
    assert (box.texts, box.journal.messages) == ([], {})
    sent = herald.send(TO, "Hi", kind="otp", idempotency_key="order-1")
    again = herald.explain(TO, "Hi", kind="otp", idempotency_key="order-1")
    assert (again["would"], again["id"]) == ("replay", sent.id)
    assert herald.explain(TO, smrt=True)["would"] == "refuse"


def test_the_health_of_the_channels_is_told(box: Outbox) -> None:
    assert herald.channels() == box.herald().channels()
