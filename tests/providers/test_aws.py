"""What boto3's errors mean for a message: decided by where the call broke off, not by what the error is called."""

import socket
from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest
from botocore import exceptions as aws
from botocore.parsers import ResponseParserError
from hypothesis import given
from hypothesis import strategies as st

from herald.errors import AttemptError, Refused, Unavailable, Uncertain
from herald.message.reasons import REASONS
from herald.providers._aws import CODES, STATUSES, call, outcome
from tests.providers.contract import NUMBER, TEXT, transport


def nothing(code: str, text: str) -> None:
    """A service without words of its own."""


def client_error(code: str, status: int, text: str = "", **headers: str) -> aws.ClientError:
    metadata: Any = {"HTTPStatusCode": status, "RequestId": "r-1", "HTTPHeaders": headers}
    return aws.ClientError({"Error": {"Code": code, "Message": text}, "ResponseMetadata": metadata}, "Publish")


def failing(error: Exception) -> Callable[..., Any]:
    def operation(**request: Any) -> Any:
        raise error

    return operation


def failure_of(error: Exception) -> AttemptError:
    with pytest.raises(AttemptError) as caught:
        call(failing(error), {}, nothing)
    return caught.value


URL: dict[str, Any] = {"endpoint_url": f"https://sns.example/?PhoneNumber={NUMBER}", "error": f"with {TEXT}"}


@pytest.mark.parametrize(
    "error",
    [
        aws.EndpointConnectionError(**URL),
        aws.ConnectTimeoutError(**URL),
        aws.ProxyConnectionError(proxy_url="x", **URL),
    ],
)
def test_an_error_before_the_request_left_means_surely_not_sent(error: Exception) -> None:
    assert isinstance(failure_of(error), Unavailable)


@pytest.mark.parametrize(
    "error",
    [
        aws.ReadTimeoutError(**URL),
        aws.ConnectionClosedError(**URL),
        aws.HTTPClientError(**URL),
        aws.ResponseStreamingError(error=TEXT),
        aws.SSLError(**URL),
        ResponseParserError(TEXT),
        ValueError(TEXT),
        OSError(TEXT),
    ],
)
def test_any_other_error_leaves_it_uncertain(error: Exception) -> None:
    failure = failure_of(error)
    assert isinstance(failure, Uncertain)
    assert failure.code == "answer_lost"


@pytest.mark.parametrize(
    "error",
    [
        aws.NoCredentialsError(),
        aws.PartialCredentialsError(provider="env", cred_var="aws_secret_access_key"),
        aws.CredentialRetrievalError(provider="role", error_msg="x"),
    ],
)
def test_without_credentials_the_channel_is_refused(error: Exception) -> None:
    failure = failure_of(error)
    assert isinstance(failure, Refused)
    assert (failure.code, failure.channels_own) == ("credentials_refused", True)


def test_parameters_that_boto3_does_not_take_are_refused() -> None:
    assert failure_of(aws.ParamValidationError(report=TEXT)).code == "request_refused"


EXPECTED: dict[str, type[AttemptError]] = {
    "throttled": Unavailable,
    "provider_unavailable": Unavailable,
    "credentials_refused": Refused,
    "not_permitted": Refused,
    "answer_unclear": Uncertain,
}


@pytest.mark.parametrize("code", CODES)
def test_each_code_that_any_service_may_give_has_its_outcome(code: str) -> None:
    failure = outcome(client_error(code, 400), nothing)
    assert (type(failure), failure.code) == (EXPECTED[CODES[code]], CODES[code])


@pytest.mark.parametrize("status", STATUSES)
def test_without_a_known_code_the_status_decides(status: int) -> None:
    failure = outcome(client_error(str(status), status), nothing)
    assert (type(failure), failure.code) == (EXPECTED[STATUSES[status]], STATUSES[status])


@pytest.mark.parametrize("status", [0, 200, 301, 500, 502, 504, 599])
def test_no_code_of_a_service_makes_a_refusal_of_an_unclear_status(status: int) -> None:
    assert isinstance(outcome(client_error("Own", status), lambda code, text: "opted_out"), Uncertain)


def test_a_service_explains_its_own_codes_with_the_text_that_is_kept_nowhere() -> None:
    received: list[tuple[str, str]] = []

    def explain(code: str, text: str) -> str:
        received.append((code, text))
        return "opted_out"

    failure = outcome(client_error("Own", 400, f"{NUMBER} opted out"), explain)
    assert received == [("Own", f"{NUMBER} opted out")]
    assert (type(failure), failure.code) == (Refused, "opted_out")
    assert failure.response == {"code": "Own", "http_status": 400, "request_id": "r-1"}


@pytest.mark.parametrize(
    ("typed", "details"),
    [
        ({"Reason": "OPTED_OUT"}, "OPTED_OUT"),
        ({"Reason": "WRONG", "Fields": [{"Name": "A", "Message": NUMBER}, {"Name": "B"}]}, "WRONG A B"),
        ({"ResourceType": "pool", "ResourceId": NUMBER}, "pool"),
        ({"Reason": "GONE", "ResourceType": "pool"}, "GONE"),
        ({"Reason": "ODD", "Fields": ["A", None, {}, {"Name": "B"}]}, "ODD B"),
        ({"Reason": "ODD", "Fields": "A"}, "ODD"),
        ({"Reason": 7, "Fields": 7}, "7"),
    ],
)
def test_a_typed_error_is_explained_by_its_details_which_are_kept_and_not_by_its_text(
    typed: dict[str, Any], details: str
) -> None:
    received: list[tuple[str, str]] = []
    error = client_error("Own", 400, f"{NUMBER} opted out")
    error.response.update(typed)  # type: ignore[typeddict-item]
    failure = outcome(error, lambda code, text: received.append((code, text)))
    assert received == [("Own", details)]
    assert failure.response == {"code": "Own", "http_status": 400, "request_id": "r-1", "details": details}


@pytest.mark.parametrize("answer", [{}, {"Error": {}}, {"ResponseMetadata": {}}])
def test_an_error_that_says_nothing_is_unclear(answer: Any) -> None:
    received: list[tuple[str, str]] = []
    failure = outcome(aws.ClientError(answer, "Publish"), lambda code, text: received.append((code, text)))
    assert (type(failure), failure.code) == (Uncertain, "answer_unclear")
    assert failure.response == {"code": "", "http_status": 0, "request_id": None}
    assert received == [("", "")]


@pytest.mark.parametrize(("code", "status"), [("Throttling", 400), ("InternalError", 500), ("Own", 400)])
def test_code_status_and_request_id_are_kept_whatever_they_mean(code: str, status: int) -> None:
    said: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "r-1"}}
    failure = outcome(aws.ClientError(said, "Publish"), nothing)
    assert failure.response == {"code": code, "http_status": status, "request_id": "r-1"}
    assert not isinstance(failure, Unavailable) or failure.retry_after is None


def test_a_throttled_call_says_when_to_come_back_if_aws_does() -> None:
    waits = [
        outcome(client_error("Throttling", 400, **headers), nothing)
        for headers in ({"retry-after": "7"}, {"retry-after": "soon"}, {})
    ]
    assert [wait.retry_after for wait in waits if isinstance(wait, Unavailable)] == [7.0, None, None]


@given(st.text(), st.integers(0, 999), st.text())
def test_every_client_error_has_an_outcome_with_a_reason(code: str, status: int, text: str) -> None:
    failure = outcome(client_error(code, status, text), nothing)
    assert isinstance(failure, (Unavailable, Refused, Uncertain))
    assert failure.code in REASONS


def test_what_is_raised_is_chained_to_nothing() -> None:
    failure = failure_of(aws.ReadTimeoutError(**URL))
    assert failure.__cause__ is None
    assert failure.__context__ is None
    assert NUMBER not in repr(failure)
    assert TEXT not in str(failure)


def test_an_answer_becomes_plain_json_values() -> None:
    assert call(lambda **request: {"MessageId": "1", "at": object}, {}, nothing)["at"] == "<class 'object'>"


def test_an_answer_keeps_aws_request_id_and_not_the_headers() -> None:
    answer = {"MessageId": "1", "ResponseMetadata": {"RequestId": "r-1", "HTTPHeaders": {"date": "now"}}}
    assert call(lambda **request: answer, {}, nothing)["ResponseMetadata"] == {"RequestId": "r-1"}


def break_off(when: str) -> tuple[str, Thread]:
    """An endpoint that hangs up in the middle of the TLS handshake, or lets it time out."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener, listener.accept()[0] as peer:
            peer.recv(1)
            if when == "never":
                while peer.recv(4096):
                    pass

    thread = Thread(target=serve)
    thread.start()
    return f"https://127.0.0.1:{listener.getsockname()[1]}", thread


@pytest.mark.parametrize("when", ["at once", "never"])
def test_a_handshake_that_breaks_off_or_times_out_sent_nothing(when: str) -> None:
    url, thread = break_off(when)
    client = transport("sns", url)
    with pytest.raises(Unavailable):
        call(client.publish, {"PhoneNumber": NUMBER, "Message": TEXT}, nothing)
    client.close()
    thread.join()


def test_an_older_handshake_error_that_is_being_handled_changes_nothing() -> None:
    url, thread = break_off("at once")
    client = transport("sns", url)
    with pytest.raises(Uncertain):
        try:
            client.publish(PhoneNumber=NUMBER, Message=TEXT)
        except aws.BotoCoreError:
            call(failing(aws.ReadTimeoutError(**URL)), {}, nothing)
    client.close()
    thread.join()
