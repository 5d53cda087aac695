"""How checks are found and run: side by side, each with an end, none in the way of another."""

import json
from collections.abc import Iterable, Iterator
from threading import Barrier, Event
from typing import Any, NamedTuple

import pytest

from herald.cli.diagnosis import findings, running, shown
from herald.cli.diagnosis.findings import Finding, Level
from herald.cli.diagnosis.look import Look, channels
from herald.cli.diagnosis.running import STACK, Job, Result
from tests.cli.doctor.aws import Aws
from tests.cli.doctor.place import a_place
from tests.docs import anchor
from tests.house import ROOT

CHECKS = running.found()
BLOCKS = {"sms": {"type": "exotel", "sid": "s", "token": "t"}, "aws": {"type": "amazonsns"}}


class Check(NamedTuple):
    """A check as a file in ``checks`` is one."""

    check: Any
    NEEDS: tuple[str, ...] = ()
    TITLE: str = "a check"
    LINK: str = "docs/doctor.md"


def results(*checks: Check, seconds: float = 5, stage: str = "dev", aws: Aws | None = None) -> list[Result]:
    jobs = [Job(f"check_{place}", check, None) for place, check in enumerate(checks)]
    return running.run(a_place(aws or Aws({}), stage=stage), jobs, seconds=seconds)


def one(check: Check, **more: Any) -> Finding:
    """What the only check found."""
    (result,) = results(check, **more)
    return result.finding


def well(look: Look) -> Iterable[Finding]:
    return [findings.ok("all is well")]


def test_a_file_in_the_folder_is_a_check_of_the_stack_or_of_the_channels_whose_type_it_begins_with() -> None:
    assert running.kind("amazonsns_sandbox") == "amazonsns"
    assert running.kind("stack_queues") is None
    jobs = list(running.jobs(channels(a_place(**BLOCKS)), CHECKS))
    assert {job.group for job in jobs} == {STACK, "sms", "aws"}
    assert {job.name for job in jobs if job.group == "sms"} == {"exotel_account", "exotel_india"}


def test_for_one_channel_only_its_own_are_run_and_those_that_all_channels_need() -> None:
    jobs = running.jobs(channels(a_place(**BLOCKS)), CHECKS, "sms")
    assert {job.name for job in jobs} == {*running.ALWAYS, "exotel_account", "exotel_india"}


def test_a_stage_without_channels_is_looked_at_as_one_that_sends_by_sns() -> None:
    assert {job.group for job in running.jobs(channels(a_place()), CHECKS)} == {STACK, "amazonsns"}


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_has_what_a_check_has_and_its_page_is_there(name: str) -> None:
    check = CHECKS[name]
    assert check.TITLE and all(":" in action for action in check.NEEDS)
    assert _is_there(check.LINK)


def test_the_page_of_doctor_names_every_check_and_every_action() -> None:
    page = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")
    assert [name for name in CHECKS if f"`{name}`" not in page] == []
    policy = (ROOT / "docs" / "operator-policy.json").read_text(encoding="utf-8")
    needed = {action for check in CHECKS.values() for action in check.NEEDS} - {"sts:GetCallerIdentity"}
    assert {action for action in needed if action not in policy} == set()


def _is_there(link: str) -> bool:
    """Whether a page, and a heading of it, are in the repository."""
    file, _, heading = link.partition("#")
    text = (ROOT / file).read_text(encoding="utf-8")
    return not heading or any(
        anchor(line.lstrip("# ")) == heading for line in text.splitlines() if line.startswith("#")
    )


def test_checks_run_side_by_side() -> None:
    together = Barrier(3, timeout=5)

    def meets(look: Look) -> list[Finding]:
        together.wait()
        return [findings.ok("met")]

    assert [result.finding.said for result in results(*[Check(meets)] * 3)] == ["met"] * 3


def test_one_that_breaks_off_says_so_keeps_what_it_found_and_stops_no_other() -> None:
    def breaks(look: Look) -> Iterator[Finding]:
        yield findings.ok("so far")
        raise RuntimeError("geheim")

    said = [result.finding for result in results(Check(breaks), Check(well))]
    assert [each.said for each in said] == ["so far", "could not be told (RuntimeError)", "all is well"]
    assert said[1].level is Level.WARNING


def test_one_that_does_not_end_is_left_behind() -> None:
    over = Event()

    def waits(look: Look) -> list[Finding]:
        over.wait(60)
        return []

    late, other = results(Check(waits), Check(well), seconds=0.3)
    assert not over.is_set()
    over.set()
    assert late.finding.said == "no answer within 0.3 seconds" and other.finding.level is Level.OK


def asks(look: Look) -> list[Finding]:
    look.ask("sns", "get_sms_attributes")
    return []


def test_what_may_not_be_asked_is_a_note_that_names_the_action() -> None:
    check = Check(asks, NEEDS=("sns:GetSMSAttributes",))
    for code in ("AuthorizationError", "AccessDenied", "AccessDeniedException"):
        said = one(check, aws=Aws({"GetSMSAttributes": code}))
        assert said.level is Level.NOTE and said.missing == "sns:GetSMSAttributes"
        assert said.said == "not allowed to look: sns:GetSMSAttributes"


def test_a_check_asks_only_what_it_declares() -> None:
    aws = Aws({"GetSMSAttributes": {"attributes": {}}})
    assert "LookupError" in one(Check(asks), aws=aws).said
    assert aws.asked == []


def test_what_the_laptops_engine_does_not_have_is_a_note_there_and_a_warning_elsewhere() -> None:
    check = Check(asks, NEEDS=("sns:GetSMSAttributes",))
    assert one(check, stage="local").level is Level.NOTE
    assert one(check).level is Level.WARNING


def test_an_error_of_aws_is_told_by_its_code_alone() -> None:
    said = one(Check(asks, NEEDS=("sns:GetSMSAttributes",)), aws=Aws({"GetSMSAttributes": "InternalError"}))
    assert said.said == "could not be told: sns:GetSMSAttributes was answered with InternalError"


def test_where_the_settings_are_wrong_what_needs_them_is_not_looked_at() -> None:
    here = a_place(settings="routes: 7")
    (finding,) = [each.finding for each in running.run(here, [Job("callback_url", CHECKS["callback_url"], None)])]
    assert finding.level is Level.NOTE


def test_where_one_channel_is_wrong_the_others_are_looked_at() -> None:
    wrong = {"type": "twilio"}
    here = a_place(settings="routes: 7", **BLOCKS, wrong=wrong)
    assert set(channels(here)) == set(BLOCKS)


# ---- how it is shown


RESULTS = [
    Result(STACK, "clock", "clock", findings.ok("within 1 s of AWS's")),
    Result(STACK, "stack_queues", "queues", findings.warning("2 messages wait", "herald redrive", "docs/runbook.md")),
    Result("sms", "exotel_account", "account", findings.failure("refused", "word " * 60, "docs/reasons.md")),
    Result("sms", "exotel_india", "India", findings.note("the laptop's engine has none")),
]


def test_lines_are_grouped_one_each_with_what_mends_them_indented() -> None:
    lines = list(shown.lines(RESULTS))
    assert lines[:5] == [
        "the stack",
        "  ok      clock: within 1 s of AWS's",
        "  warning queues: 2 messages wait",
        "          herald redrive",
        "          docs/runbook.md",
    ]
    assert lines[6] == "sms" and all(len(line) <= 120 for line in lines)
    assert lines[-1] == "1 failure, 1 warning, 1 note; 1 line ok."


def test_if_all_is_well_the_last_line_says_so() -> None:
    assert list(shown.lines(RESULTS[:1]))[-1] == "1 line ok."


def test_as_json_each_result_has_its_check_and_its_level() -> None:
    said = json.loads(shown.as_json("dev", RESULTS))
    assert (said["stage"], said["failed"], len(said["results"])) == ("dev", True, 4)
    assert said["results"][1] == {
        "group": STACK, "check": "stack_queues", "title": "queues", "level": "warning", "said": "2 messages wait",
        "mend": "herald redrive", "link": "docs/runbook.md", "missing": None,
    }  # fmt: skip
    assert not json.loads(shown.as_json("dev", RESULTS[:2]))["failed"]
