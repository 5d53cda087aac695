"""The page of errors: every code of the contract has its place and its mend there, and no other has one."""

import re

import pytest

from herald import errors
from tests.docs import codes, headings, part, read
from tests.docs.problems_page import COMMAND, PAGE, page
from tests.house import ROOT

TEXT = PAGE.read_text(encoding="utf-8")
CODES = [heading.strip("`") for heading in headings(TEXT) if re.fullmatch(r"`\w+`", heading)]
FIRST = re.compile(
    r"`(\d{3})`(?:, `\d{3}`)* · (not sent|may have been sent|being sent|nothing to send|see its status) · \S.+"
)
MISTAKES = set(
    re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`[^|]+`) \|", part(TEXT, "## Mistakes"), re.MULTILINE)))
)


def test_each_code_of_the_contract_has_its_place_and_no_other_code_has_one() -> None:
    assert len(CODES) == len(set(CODES))
    assert set(CODES) == codes.problems()


@pytest.mark.parametrize("code", CODES)
def test_a_code_says_whether_it_was_sent_and_whether_to_repeat_it_and_how_to_mend_it(code: str) -> None:
    first, _, mend = part(TEXT, f"### `{code}`").strip().partition("\n\n")
    assert FIRST.fullmatch(first)
    assert len(re.sub(r"\n## .*", "", mend, flags=re.DOTALL)) > 30


def test_each_mistake_of_a_request_is_explained_and_no_other_is() -> None:
    assert codes.mistakes() <= MISTAKES | codes.problems()
    assert codes.mistakes() >= MISTAKES


def test_the_reasons_are_those_of_the_code() -> None:
    assert page() == TEXT, f"docs/errors.md is out of date. Write it anew: {COMMAND}"


def test_the_table_has_each_status_of_the_contract_and_each_code_of_the_gateway() -> None:
    table = part(TEXT, "## Was it sent, and may I repeat it?")
    answers = re.findall(r'"(\d{3})": ', (ROOT / "functions/api/openapi.json").read_text(encoding="utf-8"))
    sending = set(answers) - {"200"}
    assert {status for status in sending if f"`{status}`" not in table} == set()
    assert {code for code in codes.gateway() - {"gateway_refused"} if f"#{code})" not in table} == set()


def test_each_status_of_a_class_of_errors_stands_with_its_code() -> None:
    classes = [
        each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, errors.HeraldError)
    ]
    for each in classes:
        if each is errors.HeraldError or each.code == "error":
            continue
        first = part(TEXT, f"### `{each.code}`").strip().partition("\n")[0]
        assert f"`{each.status}`" in first or (each.code == "forbidden" and "`403`" in first), each.code


def test_each_guard_of_the_page_of_limits_is_a_code() -> None:
    guards = re.findall(r"`(\w+)`", " ".join(re.findall(r"\| ([^|]+) \|$", read("limits.md"), re.MULTILINE)))
    assert {code for code in guards if "_" in code} - codes.problems() - codes.mistakes() == set()
