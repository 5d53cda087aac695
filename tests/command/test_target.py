"""Which Herald a command asks: what is said goes before the environment, and nothing is taken for something else."""

from pathlib import Path

import pytest

from herald.cli._client.target import NOWHERE, Place, resolve
from herald.cli._where import Stopped, Where
from herald.cli.frame import Said, State

LAPTOP = "HERALD_URL=http://127.0.0.1:8080\nHERALD_KEY=hk_live_x\nAWS_ENDPOINT_URL=http://127.0.0.1:4566\n"
HERE = Where("123456789012", "ap-south-1")


class Found:
    """Where every stage is, and which ones were asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None]] = []

    def __call__(self, stage: str, region: str | None, *, deployed: bool) -> Where:
        self.asked.append((stage, region))
        assert deployed
        return HERE


@pytest.fixture
def running(tmp_path: Path) -> Path:
    """What the laptop's Herald wrote."""
    file = tmp_path / "env"
    file.write_text(LAPTOP)
    return file


def place(env_file: Path, usual_stage: str = "", **said: str) -> Place:
    """What is pointed at."""
    state = State(Found())
    state.usual_stage = usual_stage
    return resolve(state, Said(**said), env_file).place  # type: ignore[arg-type]


def stopped(env_file: Path, usual_stage: str = "", **said: str) -> Stopped:
    with pytest.raises(Stopped) as raised:
        place(env_file, usual_stage, **said)
    return raised.value


@pytest.fixture
def nothing(tmp_path: Path) -> Path:
    return tmp_path / "nothing"


def test_a_stage_that_is_said(nothing: Path) -> None:
    assert place(nothing, stage="dev") == Place("aws", "dev", HERE)


def test_a_stage_of_the_environment(nothing: Path) -> None:
    assert place(nothing, "dev") == Place("aws", "dev", HERE)


def test_a_stage_that_is_said_goes_before_all_of_the_environment(
    running: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HERALD_URL", "https://x.example/dev")
    assert place(running, "another", stage="dev") == Place("aws", "dev", HERE)


def test_a_url_that_is_said_goes_before_the_environments_stage(nothing: Path) -> None:
    assert place(nothing, "dev", url="https://x.example/dev/") == Place("url", url="https://x.example/dev")


def test_a_url_of_the_environment(running: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HERALD_URL", "https://x.example/dev")
    assert place(running) == Place("url", url="https://x.example/dev")


def test_two_of_the_environment_are_not_chosen_between(nothing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HERALD_URL", "https://x.example/dev")
    assert (stopped(nothing, "dev").code, "say --stage dev, or --url" in stopped(nothing, "dev").said) == (2, True)


def test_the_laptops_stage_and_a_url_elsewhere_are_not_chosen_between(
    running: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HERALD_URL", "https://x.example/dev")
    assert stopped(running, "local").code == 2


def test_two_that_are_said_are_too_many(nothing: Path) -> None:
    assert stopped(nothing, stage="dev", url="https://x.example").said == "Say --stage or --url, not both."


def test_the_laptops_runs_where_nothing_else_is_said(running: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "HERALD_URL", "HERALD_KEY"):
        monkeypatch.setenv(name, "")  # And put back at the end.
        monkeypatch.delenv(name)
    assert place(running) == Place("laptop", "local", HERE, "http://127.0.0.1:8080")


def test_the_laptops_shell_points_at_the_laptop(nothing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HERALD_URL", "http://127.0.0.1:8080")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    assert place(nothing, "local").kind == "laptop"


def test_a_profile_of_aws_is_not_answered_by_the_laptop(running: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "shop")
    said = stopped(running)
    assert (said.code, "--stage local is the laptop's" in said.said) == (2, True)


@pytest.mark.parametrize("said", [{"profile": "shop"}, {"region": "ap-south-1"}])
def test_where_on_aws_without_a_stage_is_asked_for_the_stage(
    running: Path, monkeypatch: pytest.MonkeyPatch, said: dict[str, str]
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "")
    assert stopped(running, **said).said == "Which stage there? Say --stage dev, for example."


def test_nowhere_is_told_what_there_could_be(nothing: Path) -> None:
    assert (stopped(nothing).said, stopped(nothing).code) == (NOWHERE, 2)


def test_the_laptops_stage_without_a_laptops_herald_is_told_how_to_start_it(nothing: Path) -> None:
    assert stopped(nothing, stage="local").said == "Herald does not run on this laptop: make up, then again."


def test_a_laptops_herald_that_is_gone_is_told_how_to_start_it_again(
    running: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")

    def gone(stage: str, region: str | None, *, deployed: bool) -> Where:
        raise Stopped("AWS does not take this shell's credentials.")

    with pytest.raises(Stopped, match="make down, then make up"):
        resolve(State(gone), Said(stage="local"), running)


@pytest.mark.parametrize(
    "url",
    ["http://x.example", "ftp://x.example", "x.example", "https://", "https://k@x.example", "https://x.example/?key=k",
     "https://x.example/#k", "file:///etc/passwd", "http://127.0.0.1.x.example"],
)  # fmt: skip
def test_a_url_on_which_a_key_could_be_read_is_refused(nothing: Path, url: str) -> None:
    assert stopped(nothing, url=url).code == 2


def test_the_key_is_asked_for_only_when_it_is_needed(nothing: Path) -> None:
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return "hk_live_typed"

    target = resolve(State(Found()), Said(url="https://x.example/dev"), nothing, ask)
    assert asked == []
    assert target.service is target.service
    assert asked == ["API key for x.example: "]
