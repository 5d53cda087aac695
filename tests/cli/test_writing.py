"""``herald settings`` and ``herald channels``: show, check, set and edit; nothing wrong is written, no secret shown."""

import io
import stat
import sys
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from herald import wiring
from herald.cli import _writing
from herald.cli._document import SOON, Document
from herald.cli.frame import Stopped, main
from herald.settings.parameters import Parameters
from tests.cli.conftest import beside
from tests.tables import client

SECRET = "Zq9-s3cr3t"
EXOTEL = f"# Our account\ntype: exotel\nsid: gramener\ntoken: {SECRET}  # of 2026\nrate: 100/min\n"
SETTINGS = "countries: [IN]  # at home\nlimits: {day: 500}\n"


class Ran(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: list[str]


class Stage:
    """A stage of its own on the engine, and its commands."""

    def __init__(self, ssm: Any, name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.name, self._folder, self._capsys, self._ssm = name, folder, capsys, ssm
        self.store = Parameters(ssm, f"/herald/{name}")

    def run(self, *words: str, text: str | None = None) -> Ran:
        """Run a command, with a file that holds this text."""
        if text is not None:
            (self._folder / "given.yaml").write_bytes(text.encode())
            words = (*words, str(self._folder / "given.yaml"))
        self._capsys.readouterr()
        code = main([*words, "--stage", self.name])
        said = self._capsys.readouterr()
        return Ran(code, said.out, beside(said.err))

    def write(self, **parameters: str) -> None:
        for name, text in parameters.items():
            self.store.write(name.replace("__", "/"), text, secret=name != "settings")

    def kept(self, name: str) -> str | None:
        return self.store.refresh().get(name)

    def type(self, name: str) -> str:
        return str(self._ssm.get_parameter(Name=f"/herald/{self.name}/{name}")["Parameter"]["Type"])

    def path(self, name: str) -> str:
        return f"/herald/{self.name}/{name}"


@pytest.fixture
def stage() -> str:
    return f"s{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def ssm(engine: str) -> Any:
    return client("ssm", engine)


@pytest.fixture
def here(ssm: Any, stage: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Stage:
    return Stage(ssm, stage, tmp_path, capsys)


@pytest.fixture
def full(here: Stage) -> Stage:
    """A stage with settings and a channel."""
    here.write(settings=SETTINGS, channels__exotel=EXOTEL)
    return here


# ---- set


def test_a_channel_is_written_as_a_secure_string_as_it_was_written(here: Stage) -> None:
    ran = here.run("channels", "set", "exotel", text=EXOTEL)
    assert (ran.code, ran.out) == (0, "")
    assert ran.err[0] == f"{here.path('channels/exotel')}: new: type, sid, token, rate"
    assert ran.err[-1] == f"{here.path('channels/exotel')}: written. {SOON}"
    assert (here.kept("channels/exotel"), here.type("channels/exotel")) == (EXOTEL, "SecureString")
    assert SECRET not in str(ran)


def test_settings_are_written_as_a_string_as_they_were_written(here: Stage) -> None:
    ran = here.run("settings", "set", text=SETTINGS)
    assert ran.code == 0
    assert (here.kept("settings"), here.type("settings")) == (SETTINGS, "String")


def test_the_first_channel_says_that_amazon_sns_is_no_longer_used_and_the_second_one_does_not(here: Stage) -> None:
    assert "no longer by Amazon SNS" in str(here.run("channels", "set", "exotel", text=EXOTEL).err)
    assert "Amazon SNS" not in str(here.run("channels", "set", "amazonsns", text="type: amazonsns\n").err)


def test_what_changes_is_told_by_the_names_of_fields_and_never_with_a_value(full: Stage) -> None:
    changed = EXOTEL.replace(SECRET, "n3w-t0k3n").replace("rate: 100/min", "sender: GRMNER")
    ran = full.run("channels", "set", "exotel", text=changed)
    path = full.path("channels/exotel")
    assert ran.err[:3] == [f"{path}: new: sender", f"{path}: changed: token", f"{path}: removed: rate"]
    assert not [word for word in (SECRET, "n3w-t0k3n", "GRMNER") if word in str(ran)]
    ran = full.run("settings", "set", text="limits: {day: 400}\n")
    path = full.path("settings")
    assert ran.err[:2] == [f"{path}: changed: limits.day", f"{path}: removed: countries"]


def test_standard_input_will_do(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    for words in (["settings", "set"], ["settings", "set", "-"]):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SETTINGS.encode())))
        assert here.run(*words).code == 0
        assert here.kept("settings") == SETTINGS


WRONG = [
    (
        ["settings", "set"],
        f"keep_days: {SECRET}\nroutes: [{{channels: [{SECRET}]}}]\nlimts: {SECRET}\n",
        [
            "settings: keep_days must be a whole number from 1 to 366 (line 1)",
            "settings: route 1: a channel is not there; there are: exotel (line 2)",
            "settings: there is no such setting: did you mean limits? (line 3)",
        ],
    ),
    (
        ["channels", "set", "exotel"],
        f"type: exotel\nsid: a\ntokn: {SECRET}\npriority: {SECRET}\n",
        [
            "channels/exotel: priority must be one of high, normal (line 4)",
            "channels/exotel: there is no such field: did you mean token? (line 3)",
            "channels/exotel: token is missing",
        ],
    ),
    (["settings", "set"], f"a: [{SECRET}", ["settings: is not valid YAML (line 1)"]),
    (["settings", "set"], "  \n", ["settings: is empty: to have no settings of your own, write {}"]),
    (
        ["channels", "set", "exotel"],
        f"type: exotel\nsid: a\ntoken: b\ndomain: {SECRET}/\n",
        ["channels/exotel: domain: must be a host name such as api.exotel.com (line 4)"],
    ),
    (
        ["channels", "set", "us"],
        "type: twilio\naccount_sid: AC" + "0" * 32 + f"\nauth_token: {SECRET}\napi_key: SK" + "0" * 32 + "\n",
        ["channels/us: api_secret: api_key and api_secret go together"],
    ),
    (
        ["channels", "set", "us"],
        "type: twilio\naccount_sid: AC" + "0" * 32 + "\nauth_token: (hidden)\n",
        ["channels/us: auth_token: (hidden) stands for the value that is in SSM, and there is none: write the value"],
    ),
]


@pytest.mark.parametrize(("words", "text", "mistakes"), WRONG, ids=range(len(WRONG)))
def test_every_mistake_is_told_by_parameter_line_and_field_and_nothing_is_written(
    full: Stage, words: list[str], text: str, mistakes: list[str]
) -> None:
    before = full.store.refresh()
    ran = full.run(*words, text=text)
    assert (ran.code, ran.out, ran.err[-1]) == (
        1,
        "",
        "Nothing was written. Correct these and run the command again.",
    )
    assert sorted(ran.err[:-1]) == sorted(mistakes)
    assert SECRET not in str(ran)
    assert full.store.refresh() == before
    checked = full.run(words[0], "check", *words[2:], text=text)
    assert (checked.code, sorted(checked.err[:-1])) == (1, sorted(mistakes))


def test_what_is_judged_is_what_the_functions_would_read(full: Stage) -> None:
    """A setting may name the channels that there are, and only those."""
    assert full.run("settings", "set", text="default_channel: exotel\n").code == 0
    assert full.run("settings", "set", text="default_channel: amazonsns\n").code == 1
    assert wiring.read(full.name, full.store.refresh()).default_channel == "exotel"


def test_a_mistake_that_is_elsewhere_already_is_told_and_keeps_nobody_from_correcting_another(full: Stage) -> None:
    full.write(settings="keep_days: 0", channels__exotel="type: exotel")
    ran = full.run("settings", "set", text=SETTINGS)
    assert ran.code == 0
    assert "channels/exotel: sid is missing" in ran.err
    assert ran.err[-1] == "These are in SSM already. Until they are corrected, a process that begins sends nothing."
    ran = full.run("channels", "set", "exotel", text=EXOTEL)
    assert (ran.code, ran.err[-1]) == (0, f"{full.path('channels/exotel')}: written. {SOON}")


def test_a_channel_that_makes_the_settings_wrong_is_not_written(here: Stage) -> None:
    here.write(settings="routes: [{channels: [amazonsns]}]")
    ran = here.run("channels", "set", "exotel", text=EXOTEL)
    assert (ran.code, here.kept("channels/exotel")) == (1, None)
    assert ran.err[0] == "settings: route 1: a channel is not there; there are: exotel (line 1)"


def test_a_hidden_value_that_comes_back_keeps_what_is_there(full: Stage) -> None:
    shown = full.run("channels", "show", "exotel").out
    ran = full.run("channels", "set", "exotel", text=shown.replace("100/min", "20/s"))
    assert (ran.code, ran.err[0]) == (0, f"{full.path('channels/exotel')}: changed: rate")
    channel = wiring.read(full.name, full.store.refresh()).channels["exotel"]
    assert (channel.values["token"], str(channel.rate)) == (SECRET, "20/s")


def test_what_ssm_does_not_take_is_one_line_without_the_text(full: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ValueError(SECRET)

    monkeypatch.setattr(Parameters, "write", refuse)
    ran = full.run("channels", "set", "exotel", text=EXOTEL + "#" * 5000)
    said = "not written (ValueError). SSM keeps 4096 bytes in a parameter."
    assert (ran.code, ran.err[-1]) == (1, f"{full.path('channels/exotel')}: {said}")
    assert SECRET not in str(ran)


@pytest.mark.parametrize("given", [b"\xff", None])
def test_a_file_that_cannot_be_read_is_one_line(here: Stage, tmp_path: Path, given: bytes | None) -> None:
    if given:
        (tmp_path / "x.yaml").write_bytes(given)
    ran = here.run("settings", "set", str(tmp_path / "x.yaml"))
    assert (ran.code, len(ran.err), "cannot be read" in ran.err[0]) == (1, 1, True)


@pytest.mark.parametrize("name", ["a/b", "é", "x" * 65, "a b"])
@pytest.mark.parametrize("command", ["show", "check", "set", "edit"])
def test_what_cannot_be_a_channels_name_is_refused(here: Stage, command: str, name: str) -> None:
    ran = here.run("channels", command, name)
    assert (ran.code, ran.err) == (2, ["A channel's name is 1 to 64 letters, digits or _ . -"])


# ---- check


def test_check_says_what_would_change_and_writes_nothing(full: Stage) -> None:
    before = full.store.refresh()
    ran = full.run("settings", "check", text="limits: {day: 400}\n")
    path = full.path("settings")
    assert ran == Ran(0, "", [f"{path}: changed: limits.day", f"{path}: removed: countries", "No mistake."])
    assert full.store.refresh() == before


@pytest.mark.parametrize("words", [["settings", "check"], ["channels", "check", "exotel"]])
def test_without_a_file_what_is_in_ssm_is_checked_as_it_stands(full: Stage, words: list[str]) -> None:
    assert full.run(*words) == Ran(0, "", ["No mistake."])
    full.write(settings=f"keep_days: {SECRET}", channels__exotel=f"type: exotel\nsid: [{SECRET}]\ntoken: b")
    ran = full.run(*words)
    assert (ran.code, sorted(ran.err[:-1])) == (
        1,
        [
            "channels/exotel: sid must be a plain value (line 2)",
            "settings: keep_days must be a whole number from 1 to 366 (line 1)",
        ],
    )


# ---- show


def test_settings_are_shown_as_they_are_written(full: Stage) -> None:
    assert full.run("settings", "show") == Ran(0, SETTINGS, [])


def test_a_channel_is_shown_without_its_secrets_and_comments(full: Stage) -> None:
    shown = "type: exotel\nsid: gramener\ntoken: (hidden)\nrate: 100/min\n"
    assert full.run("channels", "show", "exotel") == Ran(0, shown, [])


def test_of_an_unknown_type_each_field_is_hidden_and_what_is_no_yaml_is_not_shown(here: Stage) -> None:
    here.write(channels__x=f"type: pigeon\ntoken: {SECRET}\n", channels__y=f"type: [{SECRET}")
    assert here.run("channels", "show", "x").out == "type: pigeon\ntoken: (hidden)\n"
    ran = here.run("channels", "show", "y")
    assert (ran.code, ran.out, "no readable YAML" in ran.err[0], SECRET in str(ran)) == (1, "", True, False)


def test_without_a_name_the_channels_are_listed(full: Stage) -> None:
    full.write(channels__us="sid: a")
    assert full.run("channels", "show") == Ran(0, "exotel: exotel\nus: no type\n", [])


def test_where_there_is_nothing_it_is_said(here: Stage) -> None:
    assert here.run("settings", "show") == Ran(0, "", [f"There is no {here.path('settings')}."])
    assert here.run("channels", "show", "x") == Ran(0, "", [f"There is no {here.path('channels/x')}."])
    assert here.run("channels", "show").err == ["There is none: texts go by Amazon SNS, under the functions' own role."]


# ---- edit

Change = Callable[[str], str]


class Editor:
    """Somebody at an editor: each time it is opened, the next of these changes is made."""

    def __init__(self, *changes: Change, answers: Sequence[str] = ()) -> None:
        self._changes, self._answers = list(changes), list(answers)
        self.seen: list[str] = []
        self.asked: list[str] = []

    def run(self, words: Sequence[str]) -> int:
        file = Path(words[-1])
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        self.seen.append(file.read_text())
        file.write_text(self._changes.pop(0)(file.read_text()))
        return 0

    def ask(self, question: str) -> str:
        self.asked.append(question)
        return self._answers.pop(0)


def edited(stage: Stage, name: str, editor: Editor) -> int:
    return _writing.edit(Document(stage.name, name), editor.ask, editor.run)


def test_what_is_edited_is_written_when_it_is_right(full: Stage) -> None:
    editor = Editor(lambda text: text.replace("500", "400"))
    assert edited(full, "settings", editor) == 0
    assert (editor.seen, editor.asked) == ([SETTINGS], [])
    assert full.kept("settings") == SETTINGS.replace("500", "400")


def test_a_secret_is_not_in_the_editor_and_stays_or_is_written_anew(
    full: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    editor = Editor(lambda text: text.replace("100/min", "20/s"), lambda text: text.replace("(hidden)", "n3w"))
    assert edited(full, "channels/exotel", editor) == 0
    assert f"token: {SECRET}" in str(full.kept("channels/exotel")).replace('"', "")
    assert edited(full, "channels/exotel", editor) == 0
    assert "token: n3w" in str(full.kept("channels/exotel"))
    assert SECRET not in str([editor.seen, capsys.readouterr()])


def test_while_it_is_wrong_it_is_offered_to_go_on_with_what_was_written(
    full: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    editor = Editor(lambda text: text + "keep_days: 0\n", lambda text: text.replace("days: 0", "days: 9"), answers=[""])
    assert edited(full, "settings", editor) == 0
    assert editor.seen[1] == SETTINGS + "keep_days: 0\n"
    assert "settings: keep_days must be a whole number from 1 to 366 (line 3)" in capsys.readouterr().err
    assert full.kept("settings") == SETTINGS + "keep_days: 9\n"


def test_who_does_not_go_on_writes_nothing(full: Stage) -> None:
    with pytest.raises(Stopped, match="Nothing was written"):
        edited(full, "settings", Editor(lambda text: "keep_days: 0", answers=["n"]))
    assert full.kept("settings") == SETTINGS


def test_what_is_not_changed_is_not_written(full: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    assert edited(full, "channels/exotel", Editor(lambda text: text)) == 0
    assert "No change. Nothing was written." in capsys.readouterr().err
    assert full.kept("channels/exotel") == EXOTEL


@pytest.mark.parametrize(("answer", "kept"), [("y", "keep_days: 8\n"), ("", "keep_days: 7\n")])
def test_what_somebody_else_wrote_meanwhile_is_replaced_only_if_that_is_meant(
    full: Stage, answer: str, kept: str
) -> None:
    def meanwhile(_: str) -> str:
        full.write(settings="keep_days: 7\n")
        return "keep_days: 8\n"

    editor = Editor(meanwhile, answers=[answer])
    if answer:
        assert edited(full, "settings", editor) == 0
    else:
        with pytest.raises(Stopped):
            edited(full, "settings", editor)
    assert full.kept("settings") == kept


@pytest.mark.parametrize("variable", ["VISUAL", "EDITOR"])
def test_the_editor_that_is_chosen_is_run_with_its_words(
    full: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    script = tmp_path / "an editor.py"
    script.write_text("import sys, pathlib\nassert sys.argv[1] == '--wait'\npathlib.Path(sys.argv[2]).write_text('{}')")
    for name in ("VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, f"{sys.executable} '{script}' --wait")
    assert _writing.edit(Document(full.name, "settings"), lambda _: "n") == 0
    assert full.kept("settings") == "{}"


@pytest.mark.parametrize(("editor", "said"), [("false", "The editor ended with 1."), ("/no/editor", "set EDITOR")])
def test_an_editor_that_does_not_run_changes_nothing(
    full: Stage, monkeypatch: pytest.MonkeyPatch, editor: str, said: str
) -> None:
    monkeypatch.setenv("VISUAL", editor)
    with pytest.raises(Stopped, match=said):
        _writing.edit(Document(full.name, "settings"), lambda _: "n")
    assert full.kept("settings") == SETTINGS


def test_nothing_is_left_where_it_was_edited(full: Stage) -> None:
    places: list[Path] = []

    def run(words: Sequence[str]) -> int:
        places.append(Path(words[-1]).parent)
        (places[0] / ".exotel.yaml.swp").write_text("what an editor keeps")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _writing.edit(Document(full.name, "channels/exotel"), lambda _: "n", run)
    assert not places[0].exists()


def test_who_ends_the_question_writes_nothing(full: Stage) -> None:
    def away(_: str) -> str:
        raise EOFError

    editor = Editor(lambda text: "keep_days: 0")
    with pytest.raises(Stopped):
        _writing.edit(Document(full.name, "settings"), away, editor.run)
    assert full.kept("settings") == SETTINGS


def test_without_a_terminal_edit_says_what_to_use(full: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    ran = full.run("settings", "edit")
    assert (ran.code, "set" in ran.err[0]) == (2, True)


@pytest.mark.parametrize("group", ["settings", "channels"])
def test_both_groups_have_these_commands(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([group, "--help"]) == 0
    said = capsys.readouterr().out
    assert all(f" {name} " in said for name in ("show", "check", "set", "edit"))
