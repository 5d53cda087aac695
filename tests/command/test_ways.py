"""What goes wrong on the way to a Herald: what is known of the text is said, and it is sent at most once."""

import json

import pytest

from herald.aws.client import client, own
from herald.cli._client.https import Https
from herald.cli._client.invoked import ENGINES_WORD, problem
from herald.cli._where import Stopped
from herald.cli.tail import lines
from herald.errors import HeraldError, InvalidMessage, NotAllowed, NotFound, Problem, Refused
from local.server import Reply
from tests.command.conftest import Shell
from tests.command.served import KEY, Api, Aws, Served

NUMBER, TEXT = "+919741552552", "Your table is ready."
FIELDS = {"to": NUMBER, "body": TEXT}


def service(api: Api, waited: list[float] | None = None) -> Https:
    return Https(api.url, KEY, (waited if waited is not None else []).append)


def test_an_answer_that_was_lost_is_asked_for_again_under_the_same_key_and_sent_once(api: Api) -> None:
    waited: list[float] = []
    api.instead = [Reply(200, b"", fault="drop_reply"), Reply(504, {"message": "Endpoint request timed out"})]
    found = service(api, waited).send(FIELDS, "k-1")
    assert (found["status"], len(api.box.texts), waited) == ("sent", 1, [1.0, 2.0])
    assert {request.headers["Idempotency-Key"] for request in api.asked} == {"k-1"}


@pytest.mark.parametrize(
    ("replies", "code", "said"),
    [
        ([504] * 3, 4, "It is not known whether it was sent: The service answered 504."),
        ([504, 503, 503], 4, "It is not known whether it was sent: The service answered 504."),
        ([503] * 3, 1, "Not sent: The service answered 503."),
        ([429] * 3, 1, "Not sent: The service answered 429."),
        ([404], 1, "Not sent: What answers at this URL is no Herald"),
        ([302], 1, "Not sent: What answers at this URL is no Herald"),
    ],
)
def test_what_is_known_of_a_text_is_said_and_no_more(api: Api, replies: list[int], code: int, said: str) -> None:
    api.instead = [Reply(status, {"message": "x"}, headers={"Location": "http://127.0.0.1:1/"}) for status in replies]
    with pytest.raises(Stopped) as stopped:
        service(api).send(FIELDS, "k-1")
    assert (stopped.value.code, stopped.value.said.startswith(said)) == (code, True), stopped.value.said
    assert ("--idempotency-key k-1" in stopped.value.said) == (code == 4)
    assert len(api.asked) == len(replies)
    assert NUMBER not in stopped.value.said and TEXT not in stopped.value.said


def test_a_server_that_is_not_there_was_asked_nothing(api: Api) -> None:
    with pytest.raises(Stopped) as stopped:
        Https("http://127.0.0.1:1", KEY, lambda _: None).send(FIELDS, "k-1")
    assert (stopped.value.code, stopped.value.said) == (1, "Not sent: The service cannot be reached.")


def test_a_page_that_is_no_json_is_no_heralds(api: Api) -> None:
    api.instead = [Reply(200, b"<html>", "text/html")]
    with pytest.raises(Stopped, match="is no Herald") as stopped:
        service(api).channels()
    assert stopped.value.code == 1


def test_a_netrc_does_not_take_the_place_of_the_key(
    api: Api, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = f"{tmp_path}/netrc"
    with open(file, "w") as netrc:  # noqa: PTH123 - a name is what NETRC takes
        netrc.write("machine 127.0.0.1 login somebody password secret\n")
    monkeypatch.setenv("NETRC", file)
    assert service(api).channels()["channels"]


def test_who_stops_a_send_is_told_how_to_repeat_it(api: Api, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Https, "send", stopped)
    ran = shell("send", NUMBER, TEXT, "--idempotency-key", "k-1")
    assert (ran.code, "repeat it with --idempotency-key k-1" in ran.err) == (130, True)


def test_the_log_is_followed_and_each_line_told_once(aws: Aws) -> None:
    now = 1_795_341_600_000

    def line(said: str) -> str:
        return json.dumps({"level": "INFO", "message": said, "message_id": "msg_1"})

    aws.lines = {"api": [(now, line("one"))]}
    later = iter([("two", now + 5), ("late", now + 1), ("three", now + 60_000)])

    def sleep(seconds: float) -> None:
        said, at = next(later)
        aws.lines["api"].append((at, line(said)))

    own.cache_clear()
    following = lines(client("logs"), "dev", now - 1, follow=True, sleep=sleep)
    assert [next(following)["message"] for _ in range(4)] == ["one", "two", "late", "three"]
    with pytest.raises(RuntimeError):  # There is nothing more to come.
        next(following)


def test_two_sends_are_two_texts_and_one_key_is_one(herald: Served, shell: Shell) -> None:
    shell("send", NUMBER, TEXT)
    shell("send", NUMBER, TEXT)
    assert len(herald.box.texts) == 2
    for _ in range(2):
        assert shell("send", NUMBER, TEXT, "--idempotency-key", "k-1").code == 0
    assert len(herald.box.texts) == 3


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Refused("invalid_number"), 422, "invalid_number"),
        (NotAllowed("country_not_allowed", "No.", status=403), 403, "country_not_allowed"),
        (NotFound(), 404, "not_found"),
        (InvalidMessage([Problem("to", "missing", "is needed")]), 400, "invalid_message"),
    ],
)
def test_what_the_function_raises_is_the_problem_that_the_api_answers(
    error: HeraldError, status: int, code: str
) -> None:
    for name in (type(error).__name__, ENGINES_WORD):
        found = problem({"errorType": name, "errorMessage": str(error)})
        assert (found["status"], found["code"], found["detail"]) == (status, code, error.detail)


@pytest.mark.parametrize(
    "said", [{}, {"errorMessage": "Task timed out"}, {"errorType": "KeyError"}, {"errorType": "REASONS"}]
)
def test_a_function_that_broke_off_leaves_it_open_whether_the_text_was_sent(
    aws: Aws, shell: Shell, said: dict[str, str]
) -> None:
    answer = Reply(200, said, headers={"X-Amz-Function-Error": "Unhandled"})
    shell("channels")  # Its way there is known.
    asked = len(aws.asked)
    aws.instead = [*[aws.answer(request) for request in aws.asked[asked - 4 : asked - 1]], answer]
    ran = shell("send", NUMBER, TEXT)
    assert ran.code == 4
    assert "It is not known whether it was sent: The function broke off" in ran.err


@pytest.mark.parametrize(
    ("code", "exit_code", "said"),
    [
        ("AccessDeniedException", 3, "AWS does not let you invoke the function."),
        ("ResourceNotFoundException", 3, "The stage's function is not there"),
        ("ServiceException", 4, "The function did not answer (ServiceException)."),
    ],
)
def test_what_aws_says_to_an_invocation(aws: Aws, shell: Shell, code: str, exit_code: int, said: str) -> None:
    wrong = Reply(400, {"Type": "User", "Message": TEXT}, headers={"X-Amzn-ErrorType": code})
    real = aws.answer
    aws.answer = lambda request: wrong if "/invocations" in request.path else real(request)  # type: ignore[method-assign]
    ran = shell("send", NUMBER, TEXT, "--json")
    assert (ran.code, said in ran.err, TEXT in ran.err) == (exit_code, True, False)
    assert json.loads(ran.out)["error"]["idempotency_key"].startswith("cli-")
