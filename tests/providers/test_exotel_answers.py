"""Exotel: every answer to a request is understood, in JSON and in XML, and none crashes it."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import AttemptError, Refused, Unavailable, Uncertain
from herald.message.reasons import REASONS
from herald.providers._http import Answer
from herald.providers.exotel import FAILURES, parsed
from tests.providers.contract import NUMBER, TEXT, said_in
from tests.providers.exotel import MESSAGE, SID, exotel, rest
from tests.providers.server import Reply


def rest_xml(status: int, code: object) -> str:
    fields = f"<Status>{status}</Status><Message>to {NUMBER} &amp; on</Message><Code>{code}</Code>"
    return f'<?xml version="1.0"?><TwilioResponse><RestException>{fields}</RestException></TwilioResponse>'


def read(reply: Reply) -> AttemptError:
    """How an answer ends, by value: no server needed."""
    with pytest.raises(AttemptError) as caught:
        exotel().read(answer(reply))
    return caught.value


def answer(reply: Reply) -> Answer:
    return Answer(reply.status, {name.lower(): value for name, value in reply.headers.items()}, reply.body)


class TestRead:
    @pytest.mark.parametrize("status", [200, 201, 202, 226])
    def test_any_2xx_with_a_sid_is_accepted(self, status: int) -> None:
        assert exotel().read(answer(Reply.json({"SMSMessage": MESSAGE}, status))).provider_id == SID

    @pytest.mark.parametrize("word", ["queued", "sending", "submitted", "sent", "SENT", None, "a word of next year"])
    def test_any_status_but_a_failed_one_is_accepted(self, word: str | None) -> None:
        assert exotel().read(answer(Reply.json({"SMSMessage": {**MESSAGE, "Status": word}}))).provider_id == SID

    def test_the_answer_is_given_whole_and_kept_without_number_and_text(self) -> None:
        sent = exotel().read(answer(Reply.json({"SMSMessage": MESSAGE})))
        assert sent.response == MESSAGE
        assert sent.kept == {name: value for name, value in MESSAGE.items() if name not in ("To", "Body")}

    @pytest.mark.parametrize(
        ("price", "said"),
        [(None, None), ("", None), ("free", None), ("0.12", "0.12"), (0.12, "0.12"), (0.00001, "0.00001"), (0, "0")],
    )
    def test_a_price_is_a_decimal_text(self, price: object, said: str | None) -> None:
        assert exotel().read(answer(Reply.json({"SMSMessage": {**MESSAGE, "Price": price}}))).price == said

    def test_an_answer_in_xml_is_accepted_as_well(self) -> None:
        xml = f"<TwilioResponse><SMSMessage><Sid>{SID}</Sid><Body>a &lt; b</Body></SMSMessage></TwilioResponse>"
        sent = exotel().read(answer(Reply.xml(xml)))
        assert (sent.provider_id, sent.response["Body"]) == (SID, "a < b")

    def test_no_entity_of_an_xml_document_is_ever_resolved(self) -> None:
        bomb = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><RestException><Code>&e;</Code></RestException>'
        assert parsed(bomb.encode()) == {"Code": "&e;"}

    @pytest.mark.parametrize("code", FAILURES)
    @pytest.mark.parametrize("kind", [int, str])
    def test_a_message_that_failed_at_once_is_refused_with_the_reason_of_its_code(self, code: str, kind: Any) -> None:
        failure = read(Reply.json({"SMSMessage": {**MESSAGE, "Status": "failed", "DetailedStatusCode": kind(code)}}))
        assert isinstance(failure, Refused)
        assert failure.code == FAILURES[code]
        assert isinstance(failure.response, Mapping)
        assert failure.response["Sid"] == SID
        assert not said_in(repr(failure.response), TEXT, NUMBER[3:])

    def test_every_reason_of_the_table_is_a_reason(self) -> None:
        assert set(FAILURES.values()) <= REASONS.keys()

    @pytest.mark.parametrize(
        ("word", "code", "reason"),
        [
            ("failed_dnd", None, "do_not_disturb"),
            ("failed-dnd", "", "do_not_disturb"),
            ("failed_dnd", "23020", "opted_out"),
            ("failed", None, "unexplained"),
            ("failed", "30007", "unexplained"),
            ("failed", {"a": 1}, "unexplained"),
        ],
    )
    def test_both_spellings_of_dnd_and_unknown_codes_have_a_reason(self, word: str, code: object, reason: str) -> None:
        failed = {**MESSAGE, "Status": word, "DetailedStatusCode": code}
        assert read(Reply.json({"SMSMessage": failed})).code == reason

    @pytest.mark.parametrize("as_xml", [False, True])
    @pytest.mark.parametrize(
        ("status", "code", "reason"),
        [
            (400, 34001, "request_refused"),
            (400, 40201, "request_refused"),
            (400, 40300, "invalid_sender"),
            (400, 40301, "invalid_sender"),
            (400, 40400, "request_refused"),
            (400, 40406, "request_refused"),
            (401, 34010, "credentials_refused"),
            (401, "UNAUTHORIZED", "credentials_refused"),
            (402, "", "no_balance"),
            (403, 40000, "not_permitted"),
            (403, 40001, "not_permitted"),
            (403, 40002, "not_permitted"),
            (403, 40003, "not_permitted"),
            (403, 340030, "not_permitted"),
            (403, 34009, "not_permitted"),
            (404, "", "credentials_refused"),
            (405, "", "request_refused"),
            (409, "", "request_refused"),
            (413, "", "text_too_long"),
        ],
    )
    def test_a_refusal_has_its_reason(self, status: int, code: object, reason: str, as_xml: bool) -> None:
        reply = Reply.xml(rest_xml(status, code), status) if as_xml else Reply.json(rest(status, code), status)
        failure = read(reply)
        assert isinstance(failure, Refused)
        assert failure.code == reason
        known = code if isinstance(code, int) else None
        assert failure.response == {"http_status": status, "code": known and str(known)}

    @pytest.mark.parametrize("code", [40402, 40403, 40404, 40405, None])
    def test_too_many_requests_are_throttled(self, code: object) -> None:
        failure = read(Reply.json(rest(429, code), 429, **{"Retry-After": "5"}))
        assert isinstance(failure, Unavailable)
        assert (failure.code, failure.retry_after) == ("throttled", 5.0)

    def test_the_older_way_to_throttle_is_a_503(self) -> None:
        assert read(Reply.json(rest(503, 40405), 503)).code == "throttled"
        assert read(Reply.json(rest(503, 35008), 503)).code == "provider_unavailable"

    @pytest.mark.parametrize("code", [35000, 40100, 40300, 34010])
    def test_a_server_error_is_uncertain_whatever_its_code(self, code: int) -> None:
        assert isinstance(read(Reply.json(rest(500, code), 500)), Uncertain)

    def test_a_rest_exception_in_a_200_counts_as_the_status_it_names(self) -> None:
        assert read(Reply.json(rest(403, 40001))).code == "not_permitted"
        assert isinstance(read(Reply.json(rest(429, 40402))), Unavailable)

    @pytest.mark.parametrize("status", [500, 200, 0, -400, 4000, None, "", "bad", [400], {"a": 1}, 4e2, True, "४००"])
    def test_a_rest_exception_in_a_200_that_names_no_refusal_is_uncertain(self, status: Any) -> None:
        assert isinstance(read(Reply.json(rest(status, 40001))), Uncertain)

    @pytest.mark.parametrize("code", ["४००", "²", "1234567", "", "34001x", " 34001"])
    def test_a_code_that_is_no_number_is_not_kept(self, code: str) -> None:
        assert read(Reply.json(rest(400, code), 400)).response == {"http_status": 400, "code": None}

    @pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
    def test_what_json_does_not_have_is_a_text(self, word: str) -> None:
        body = f'{{"SMSMessage": {{"Sid": "{SID}", "Price": {word}}}}}'
        sent = exotel().read(answer(Reply(200, body.encode())))
        assert (sent.price, sent.response["Price"]) == (None, word)

    @pytest.mark.parametrize("sid", [None, "", [], {"a": 1}, True, False])
    def test_an_answer_without_a_usable_sid_is_uncertain(self, sid: object) -> None:
        assert isinstance(read(Reply.json({"SMSMessage": {**MESSAGE, "Sid": sid}})), Uncertain)

    @given(st.integers(100, 599), st.binary() | st.text().map(str.encode))
    def test_no_answer_crashes_it(self, status: int, body: bytes) -> None:
        assert isinstance(read(Reply(status, body)), (Unavailable, Refused, Uncertain))

    JSON = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=5,
    )

    FIELDS = st.fixed_dictionaries(dict.fromkeys(("Status", "Code", "DetailedStatusCode", "Sid", "Price"), JSON))

    @given(st.integers(100, 599), st.sampled_from(["SMSMessage", "RestException"]), FIELDS)
    def test_no_value_in_an_answer_crashes_it(self, status: int, name: str, fields: dict[str, Any]) -> None:
        reply = Reply(status, json.dumps({name: fields}).encode())
        try:
            sent = exotel().read(answer(reply))
        except AttemptError:
            return
        assert 200 <= status < 300
        assert sent.provider_id == str(fields["Sid"])

    def test_a_success_cut_anywhere_is_uncertain(self) -> None:
        whole = Reply.json({"SMSMessage": MESSAGE}).body
        assert all(isinstance(read(Reply(200, whole[:length])), Uncertain) for length in range(len(whole)))
