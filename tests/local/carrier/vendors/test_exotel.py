"""Exotel, as the carrier plays it: a text is sent, refused and asked for, over real sockets."""

import json
import re
from base64 import b64encode
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.local.carrier.caller import ACCOUNTS, SEND, TEXT, Caller, Clock


class TestSending:
    def test_an_accepted_text_is_answered_with_exotels_whole_object(self, caller: Caller) -> None:
        message = caller.send()
        assert re.fullmatch("[0-9a-f]{32}", message["Sid"])
        assert message == {
            "Sid": message["Sid"],
            "AccountSid": "acme",
            "From": "ACME",
            "To": "+919741552552",
            "DateCreated": "2026-11-25 09:00:00",
            "DateUpdated": "2026-11-25 09:00:00",
            "DateSent": None,
            "Body": "Your code is 1234",
            "Direction": "outbound-api",
            "Uri": f"/v1/Accounts/acme/SMS/Messages/{message['Sid']}.json",
            "ApiVersion": None,
            "Price": None,
            "Status": "queued",
            "DetailedStatusCode": 21010,
            "DetailedStatus": "PENDING_TO_OPERATOR",
            "SmsUnits": 1,
        }

    def test_an_accepted_text_is_on_the_phone_with_the_very_fields_that_were_sent(self, caller: Caller) -> None:
        message = caller.send(Body="নমস্কার 👋", EncodingType="unicode")
        assert caller.texts() == [
            {
                "provider": "exotel",
                "to": "+919741552552",
                "from": "ACME",
                "body": "নমস্কার 👋",
                "id": message["Sid"],
                "at": "2026-11-25T03:30:00.000Z",
                "fields": {**TEXT, "Body": "নমস্কার 👋", "EncodingType": "unicode"},
                "receipt": None,
            }
        ]

    def test_texts_are_listed_oldest_first(self, caller: Caller, clock: Clock) -> None:
        for body in ("one", "two", "three"):
            caller.send(Body=body)
            clock.move(1)
        assert [text["body"] for text in caller.texts()] == ["one", "two", "three"]

    @pytest.mark.parametrize("path", [SEND, SEND.replace("Sms", "sms"), SEND.replace("Sms", "SMS"), f"{SEND}?a=b"])
    def test_the_path_is_known_in_each_way_that_exotel_writes_it(self, caller: Caller, path: str) -> None:
        assert caller.exotel(TEXT, path=path)[0].status == 200

    def test_without_json_in_the_path_the_answer_is_xml(self, caller: Caller) -> None:
        answer, body = caller.exotel(TEXT, path=SEND.removesuffix(".json"))
        root = ElementTree.fromstring(body)
        assert answer.getheader("Content-Type") == "application/xml"
        assert root.findtext("SMSMessage/Status") == "queued"
        assert root.findtext("SMSMessage/Price") == ""

    @pytest.mark.parametrize(
        ("body", "encoding", "units"),
        [
            ("a" * 160, "plain", 1),
            ("a" * 161, "plain", 2),
            ("a" * 159 + "€", "plain", 2),
            ("a" * 70, "unicode", 1),
            ("a" * 71, "unicode", 2),
            ("👋" * 36, "unicode", 2),
        ],
    )
    def test_units_are_counted_as_exotel_bills_them(self, caller: Caller, body: str, encoding: str, units: int) -> None:
        assert caller.send(Body=body, EncodingType=encoding)["SmsUnits"] == units

    @given(body=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=500).filter(str.strip))
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_any_text_arrives_as_it_was_sent(self, caller: Caller, body: str) -> None:
        caller.send(Body=body, EncodingType="unicode")
        assert caller.texts()[-1]["body"] == body


class TestRefusing:
    @pytest.mark.parametrize("who", [("key", "wrong"), ("key2", "token2"), ("", ""), ("ключ", "token")])
    def test_another_key_or_token_is_401_with_exotels_code(self, caller: Caller, who: tuple[str, str]) -> None:
        answer, body = caller.exotel(TEXT, who=who)
        exception = json.loads(body)["RestException"]
        assert (answer.status, exception["Status"], exception["Code"]) == (401, 401, 34010)
        assert caller.texts() == []

    @pytest.mark.parametrize("header", ["", "Basic", "Basic ?", "Basic /w==", "Bearer a2V5OnRva2Vu"])
    def test_a_broken_authorization_header_is_401(self, caller: Caller, header: str) -> None:
        assert caller.ask("POST", SEND, urlencode(TEXT), {"Authorization": header})[0].status == 401

    def test_an_unknown_account_is_401(self, caller: Caller) -> None:
        assert caller.exotel(TEXT, path=SEND.replace("acme", "nobody"))[0].status == 401

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"To": ""}, 34001),
            ({"Body": " "}, 34001),
            ({"From": ""}, 40301),
            ({"To": "12"}, 34001),
            ({"To": "hello"}, 34001),
            ({"Body": "a" * 2001}, 34001),
            ({"EncodingType": "utf-8"}, 34001),
            ({"Priority": "urgent"}, 34001),
        ],
    )
    def test_a_wrong_field_is_400_and_nothing_is_accepted(
        self, caller: Caller, changes: dict[str, str], code: int
    ) -> None:
        answer, body = caller.exotel({**TEXT, **changes})
        assert (answer.status, json.loads(body)["RestException"]["Code"]) == (400, code)
        assert caller.texts() == []

    def test_json_instead_of_a_form_is_400(self, caller: Caller) -> None:
        basic = b64encode(b"key:token").decode()
        headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/json"}
        assert caller.ask("POST", SEND, json.dumps(TEXT), headers)[0].status == 400

    @pytest.mark.parametrize("number", ["+91 9741 552 552", "09741552552", "9741-552-552", "(0974) 155.2552"])
    def test_a_number_may_be_written_as_people_write_it(self, caller: Caller, number: str) -> None:
        assert caller.send(To=number)["To"] == number

    def test_get_on_the_send_path_is_405(self, caller: Caller) -> None:
        assert caller.exotel(method="GET")[0].status == 405


class TestDetails:
    @pytest.mark.parametrize(
        ("age", "status", "code"),
        [
            (0, "queued", 21010),
            (0.4, "sending", 21015),
            (0.7, "submitted", 21020),
            (1, "sent", 20005),
            (99, "sent", 20005),
        ],
    )
    def test_a_text_fares_on_with_its_age(
        self, caller: Caller, clock: Clock, age: float, status: str, code: int
    ) -> None:
        uri = caller.send()["Uri"]
        clock.move(age)
        message = json.loads(caller.exotel(path=uri, method="GET")[1])["SMSMessage"]
        assert (message["Status"], message["DetailedStatusCode"]) == (status, code)
        assert (message["DateSent"] is not None) == (status == "sent")

    def test_an_unknown_sid_is_200_with_words_instead_of_json(self, caller: Caller) -> None:
        answer, body = caller.exotel(path=f"/v1/Accounts/acme/SMS/Messages/{'0' * 32}.json", method="GET")
        assert (answer.status, body) == (200, b"No matching results")

    def test_another_accounts_text_is_unknown(self, caller: Caller) -> None:
        path = caller.send()["Uri"].replace("acme", "other")
        assert caller.exotel(path=path, method="GET", who=ACCOUNTS["other"])[1] == b"No matching results"
