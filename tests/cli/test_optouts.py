"""``herald optouts``: our own list by hand, SNS's list taken over, and the URL for STOP."""

import io
import json
import uuid
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from herald.cli import optouts
from herald.cli.frame import main
from herald.settings.parameters import Parameters
from local.deploy import client
from tests.cli.conftest import beside
from tests.tables import a_table

ONE, TWO = "+919741552552", "+6591234567"


@pytest.fixture
def stage(engine: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A stage with a table and a channel."""
    name = f"s{uuid.uuid4().hex[:8]}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", engine)
    monkeypatch.setenv("HERALD_STAGE", "another")
    store = Parameters(client("ssm", engine), f"/herald/{name}")
    stack = {"table": a_table(client("dynamodb", engine)), "url": "https://api.test/dev"}
    store.write("stack", json.dumps(stack), secret=False)
    store.write("channels/exotel", "type: exotel\nsid: a\nkey: b\ntoken: c\n")
    store.write("channels/amazonsns", "type: amazonsns\n")
    return name


def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str, lines: str = "") -> Any:
    """Exit code, standard output and standard error, without the log's lines."""
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))
    code = main(["optouts", *words])
    said = capsys.readouterr()
    return code, [line for line in said.out.splitlines() if not line.startswith("{")], beside(said.err)


@pytest.fixture
def command(stage: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    return lambda word, *more, lines="": run(monkeypatch, capsys, word, "--stage", stage, *more, lines=lines)


def test_a_list_of_numbers_is_added_checked_and_removed(command: Any) -> None:
    numbers = f"{ONE}\n\n  {TWO}  \n"
    assert command("check", lines=numbers)[:2] == (0, ["wants texts", "no number", "wants texts"])
    assert command("add", lines=numbers) == (0, [], ["2 numbers done."])
    assert command("check", lines=numbers)[:2] == (0, ["opted out", "no number", "opted out"])
    assert command("remove", lines="09741552552") == (0, [], ["1 number done."])
    assert command("check", lines=numbers)[:2] == (0, ["wants texts", "no number", "opted out"])


def test_a_line_that_is_no_number_is_named_by_its_place_and_the_others_are_done(command: Any) -> None:
    code, out, err = command("add", lines=f"{ONE}\n12345\n{TWO}\n")
    assert (code, out, err[-1]) == (1, [], "2 numbers done, 1 left out.")
    assert err[0].startswith("Line 2: ") and "12345" not in err[0]
    assert command("check", lines=TWO)[1] == ["opted out"]


def test_each_line_has_its_own_answer_whatever_is_in_the_lines_between(command: Any) -> None:
    command("add", lines=TWO)
    lines = [ONE, "", "12345", "  ", TWO, "x" * 50, "", "9741552552.0", f"\t{TWO}", "\ufeff" + ONE, ""]
    code, out, err = command("check", lines="\r\n".join(lines) + "\n")
    answers = {ONE: "wants texts", "\ufeff" + ONE: "wants texts", TWO: "opted out", f"\t{TWO}": "opted out"}
    assert out == [answers.get(line, "no number") for line in lines]
    assert [line.partition(":")[0] for line in err] == ["Line 3", "Line 6", "Line 8", "4 numbers done, 3 left out."]
    assert code == 1


class Lists:
    """Amazon SNS's lists: an account's in a region, in pages; each is given to whoever has access to it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **lists: list[list[str]]) -> None:
        self.lists, self.asked, real = lists, list[str](), optouts.client
        made = {"sns": self.sns, "pinpoint-sms-voice-v2": self.endusermessaging}
        monkeypatch.setattr(
            optouts, "client", lambda service, **access: made[service](**access) if service in made else real(service)
        )

    def endusermessaging(self, region_name: str = "here") -> Any:
        """Its lists have names: ``eum_{region}_{list}``."""
        made = boto3.client("pinpoint-sms-voice-v2", region_name="us-east-1")
        stub = Stubber(made)
        stub.activate()
        for name, pages in [
            (name, pages) for name, pages in self.lists.items() if name.startswith(f"eum_{region_name}")
        ]:
            asked = {"OptOutListName": name.rpartition("_")[2]}
            for place, page in enumerate(pages):
                more = {"NextToken": f"{name}-{place + 1}"} if place + 1 < len(pages) else {}
                numbers = [{"OptedOutNumber": each, "OptedOutTimestamp": 0, "EndUserOptedOut": True} for each in page]
                said = {"OptOutListName": asked["OptOutListName"], "OptedOutNumbers": numbers, **more}
                stub.add_response(
                    "describe_opted_out_numbers", said, asked | ({"NextToken": f"{name}-{place}"} if place else {})
                )
            self.asked.append(name)
            return made
        stub.add_client_error("describe_opted_out_numbers", "AccessDeniedException", http_status_code=400)
        return made

    def sns(self, aws_access_key_id: str = "ours", aws_secret_access_key: str = "", region_name: str = "here") -> Any:
        whose = f"{aws_access_key_id}_{region_name.replace('-', '_')}"
        self.asked.append(whose)
        made = boto3.client("sns", region_name="us-east-1")
        stub = Stubber(made)
        tokens: list[dict[str, str]] = [
            {},
            *({"nextToken": str(n)} for n in range(1, len(self.lists.get(whose, [])))),
            {},
        ]
        for number, page in enumerate(self.lists.get(whose, [])):
            said = {"phoneNumbers": page, **(tokens[number + 1])}
            stub.add_response("list_phone_numbers_opted_out", said, tokens[number])
        if whose not in self.lists:
            stub.add_client_error("list_phone_numbers_opted_out", "AuthorizationError", http_status_code=403)
        stub.activate()
        return made


@pytest.fixture
def channel(engine: str, stage: str) -> Any:
    """Writes an SNS channel of the stage."""
    store = Parameters(client("ssm", engine), f"/herald/{stage}")
    return lambda name, **fields: store.write(
        f"channels/{name}", "".join(f"{field}: {value}\n" for field, value in {"type": "amazonsns", **fields}.items())
    )


def test_snss_list_is_taken_over(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    Lists(monkeypatch, ours_here=[[ONE], [TWO]])
    assert command("sync") == (0, [], ["amazonsns:", "2 numbers done."])
    assert command("check", lines=f"{ONE}\n{TWO}")[1] == ["opted out"] * 2


def test_each_channels_own_list_is_read_once_with_its_own_access(
    command: Any, channel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel("mumbai", region_name="ap-south-1")
    channel("again", region_name="ap-south-1", sender="SHOP")
    channel("theirs", aws_access_key_id="them", aws_secret_access_key="s", region_name="eu-west-1")
    lists = Lists(monkeypatch, ours_here=[[]], ours_ap_south_1=[[ONE]], them_eu_west_1=[[TWO]])
    code, out, _ = command("sync")
    assert (code, out, sorted(lists.asked)) == (0, [], ["ours_ap_south_1", "ours_here", "them_eu_west_1"])
    assert command("check", lines=f"{ONE}\n{TWO}")[1] == ["opted out"] * 2


def test_a_list_that_cannot_be_read_is_named_and_the_others_are(
    command: Any, channel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel("another", aws_access_key_id="them", aws_secret_access_key="hidden", region_name="eu-west-1")
    Lists(monkeypatch, ours_here=[[ONE]])
    code, _, said = command("sync")
    assert code == 1
    place = said.index("another:")
    assert said[place + 1].startswith("This list was not read (AuthorizationErrorException)")
    assert "hidden" not in str(said)
    assert command("check", lines=ONE)[1] == ["opted out"]


def test_the_lists_of_end_user_messaging_are_taken_over_page_by_page(
    command: Any, channel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel("eum", type="endusermessaging")
    lists = Lists(monkeypatch, ours_here=[[]], eum_here_Default=[[ONE], [TWO.removeprefix("+")]])
    assert command("sync") == (0, [], ["amazonsns:", "0 numbers done.", "eum:", "2 numbers done."])
    assert lists.asked == ["ours_here", "eum_here_Default"]
    assert command("check", lines=f"{ONE}\n{TWO}")[1] == ["opted out"] * 2


def test_each_list_of_end_user_messaging_is_read_once_in_its_own_region_by_its_own_name(
    command: Any, channel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel("eum", type="endusermessaging")
    channel("again", type="endusermessaging", sender="SHOP")
    channel("far", type="endusermessaging", region_name="eu-west-1", opt_out_list="Shop")
    lists = Lists(monkeypatch, ours_here=[[]], **{"eum_here_Default": [[ONE]], "eum_eu-west-1_Shop": [[TWO]]})
    code, _, said = command("sync")
    assert (code, lists.asked.count("eum_here_Default")) == (0, 1)
    assert {"again, eum:", "far:"} <= set(said)
    assert command("check", lines=f"{ONE}\n{TWO}")[1] == ["opted out"] * 2


def test_a_list_of_end_user_messaging_that_cannot_be_read_says_what_that_needs(
    command: Any, channel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel("eum", type="endusermessaging")
    Lists(monkeypatch, ours_here=[[ONE]])
    code, _, said = command("sync")
    assert code == 1
    needed = "This list was not read (AccessDeniedException). Needed: sms-voice:DescribeOptedOutNumbers"
    assert said[said.index("eum:") + 1] == needed
    assert command("check", lines=ONE)[1] == ["opted out"]


def test_the_url_for_what_people_write_is_shown_for_a_channel_that_hands_it_over(command: Any) -> None:
    code, (url,), _ = command("url", "--channel", "exotel")
    assert code == 0 and url.startswith("https://api.test/dev/inbound/exotel/")
    assert command("url", "--channel", "exotel")[1] == [url]


@pytest.mark.parametrize("channel", ["amazonsns", "other"])
def test_another_channel_has_none_and_those_that_have_are_named(command: Any, channel: str) -> None:
    code, out, (said,) = command("url", "--channel", channel)
    assert (code, out) == (1, [])
    assert "exotel" in said


def test_a_stage_that_is_not_there_is_said_so_in_one_line(
    stage: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(monkeypatch, capsys, "add", "--stage", "nowhere", lines=ONE)
    assert (code, out) == (1, [])
    assert len(err) == 1 and "There is no stack herald-nowhere in account 000000000000, us-east-1." in err[0]
    assert ONE not in err[0]
