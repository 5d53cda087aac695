"""Each command's output, whichever way it asks: on terminals wide and narrow, beside another program, as JSON."""

import json

import pytest

from herald.errors import Refused, Uncertain
from herald.testing.outbox import Outbox
from tests.command.conftest import Shell, every_look, same
from tests.command.served import Aws, Served
from tests.entrypoints.conftest import provider

NUMBER, TEXT = "+91 9741 552 552", "Your table is ready."
ONCE = ("--idempotency-key", "table-42")
CALLERS = {"url": ("key:shop", "https"), "stage": ("invoke", "invocation")}


def asked(box: Outbox, way: str, key: str, **fields: object) -> str:
    """A message that was sent before."""
    caller, entrypoint = CALLERS[way]
    request = {"to": NUMBER, "body": TEXT, **fields}
    return box.herald().send(request, caller=caller, entrypoint=entrypoint, key=key).message.id


def test_send(herald: Served, way: str, shell: Shell) -> None:
    same(f"send-{way}", every_look(shell, "send", NUMBER, TEXT, *ONCE, "--channel", "exotel", "--tag", "table=42"))
    assert len(herald.box.texts) == 1


@pytest.mark.parametrize(
    ("name", "answer", "code"), [("refused", Refused("invalid_number"), 3), ("unknown", Uncertain("answer_lost"), 4)]
)
def test_send_where_it_does_not_go_well(
    herald: Served, way: str, shell: Shell, *, name: str, answer: Exception, code: int
) -> None:
    provider(herald.box).answers = [answer]
    assert shell("send", NUMBER, TEXT, *ONCE).code == code
    same(f"send-{name}-{way}", every_look(shell, "send", NUMBER, TEXT, *ONCE))


def test_send_what_no_guard_lets_through(herald: Served, way: str, shell: Shell) -> None:
    herald.box.settings = herald.box.settings._replace(countries=frozenset({"IN"}))
    same(f"send-not-allowed-{way}", every_look(shell, "send", "+6591234567", TEXT, *ONCE))
    assert herald.box.texts == []


def test_explain(herald: Served, way: str, shell: Shell) -> None:
    same(f"explain-{way}", every_look(shell, "explain", NUMBER, "It’s ready.", "--channel", "exotel"))
    assert herald.box.texts == []


@pytest.mark.parametrize(("number", "code"), [("+6591234567", 3), ("12", 2)])
def test_explain_of_what_would_be_refused(herald: Served, way: str, shell: Shell, number: str, code: int) -> None:
    herald.box.settings = herald.box.settings._replace(countries=frozenset({"IN"}))
    ran = shell("explain", number, TEXT)
    assert ran.code == code
    same(f"explain-{number.strip('+')}-{way}", every_look(shell, "explain", number, TEXT))


def test_status(herald: Served, way: str, shell: Shell) -> None:
    same(f"status-{way}", every_look(shell, "status", asked(herald.box, way, "a")))


def test_status_watched_tells_each_step_once_until_the_time_is_over(herald: Served, way: str, shell: Shell) -> None:
    herald_id = asked(herald.box, way, "a")
    ran = shell("status", herald_id, "--watch", "--within", "1")
    assert ran.code == 4
    assert [line.split()[1] for line in ran.out.splitlines()[:3]] == ["accepted", "sending", "sent"]
    assert "After 1 s it is sent, and more may become of it." in ran.err


def test_messages(herald: Served, way: str, shell: Shell) -> None:
    for key in ("a", "b", "c"):
        asked(herald.box, way, key)
        herald.box.clock.pass_(seconds=60)
    provider(herald.box).answers = [Refused("invalid_number")]
    asked(herald.box, way, "d")
    same(f"messages-{way}", every_look(shell, "messages", "+91", "9741", "552", "552", "--limit", "3"))


def test_messages_where_there_are_none(herald: Served, way: str, shell: Shell) -> None:
    same(f"messages-none-{way}", every_look(shell, "messages", NUMBER))


def test_messages_are_found_by_reference_and_by_what_went_wrong(herald: Served, way: str, shell: Shell) -> None:
    provider(herald.box).answers = [None, Refused("invalid_number")]
    for reference in ("order-7", "order-8"):
        asked(herald.box, way, reference, reference=reference)
    assert "sent" in shell("messages", "--reference", "order-7").out
    assert "failed" in shell("messages", "--reference", "order-8", "--status", "failed").out
    assert shell("messages", "--reference", "order-9").err.endswith("There is none.\n")


def test_channels(herald: Served, way: str, shell: Shell) -> None:
    asked(herald.box, way, "a")
    same(f"channels-{way}", every_look(shell, "channels"))
    assert shell("channels", "health").out == shell("channels").out


def test_alone(herald: Served, way: str, shell: Shell) -> None:
    same(f"alone-{way}", every_look(shell))


def test_open(herald: Served, way: str, shell: Shell) -> None:
    text = every_look(shell, "open", "--print")
    same(f"open-{way}", text)
    assert "hk_live" not in text


def test_tail(aws: Aws, shell: Shell) -> None:
    now = 1_795_341_600_000
    identity = "msg_01KB1SWAC0QXJ7C6W7DM1F5G7T"
    line = {"level": "INFO", "message_id": identity, "channel": "exotel", "to": "+91*****2552"}
    wrong = {"level": "ERROR", "message": "opt-outs not read", "error": "Down", "place": "optouts.py:30"}
    aws.lines = {
        "invoke": [(now, json.dumps({**line, "message": "message accepted"})), (now + 90, "REPORT RequestId: 1")],
        "worker": [(now + 50, json.dumps({**line, "message": "message sent", "latency_ms": 12.5}))],
        "sweep": [(now + 70, json.dumps(wrong)), (now + 71, "not JSON {")],
    }
    same(
        "tail",
        every_look(shell, "tail", "--minutes", "43200")
        + "\n\n"
        + every_look(shell, "tail", identity, "--minutes", "43200"),
    )


def test_the_help_of_each_command(shell: Shell) -> None:
    words = ["send", "explain", "status", "messages", "channels", "tail", "open", "simulate"]
    helps = [shell(*call, "--help").out for call in [[], *([word] for word in words)]]
    same("help", "\n".join(helps))
