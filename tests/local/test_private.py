"""Private: keys on the laptop are their owner's alone, whatever the umask and whatever lay there before."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import private


@pytest.fixture(autouse=True, params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def test_a_new_file_and_its_folder_are_private_from_their_creation(tmp_path: Path) -> None:
    private.folder(tmp_path / "folder")
    assert mode(tmp_path / "folder") == 0o700
    with private.file(tmp_path / "folder" / "log"):
        assert mode(tmp_path / "folder" / "log") == 0o600


def test_what_was_open_to_everybody_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    folder.chmod(0o777)
    private.folder(folder)
    assert mode(folder) == 0o700


@pytest.mark.parametrize("append", [False, True])
def test_a_file_that_everybody_could_read_is_closed(tmp_path: Path, append: bool) -> None:
    path = tmp_path / "log"
    path.write_text("before ")
    path.chmod(0o666)
    with private.file(path, append=append) as file:
        assert mode(path) == 0o600
        file.write(b"hk_live_secret")
    assert path.read_text() == ("before hk_live_secret" if append else "hk_live_secret")


def test_who_has_the_old_file_open_reads_nothing_of_the_new_one(tmp_path: Path) -> None:
    path, elsewhere = tmp_path / "log", tmp_path / "elsewhere"
    elsewhere.write_text("mine")
    path.symlink_to(elsewhere)
    with private.file(path) as file:
        file.write(b"hk_live_secret")
    assert elsewhere.read_text() == "mine"


def test_a_folder_that_is_everybodys_stays_so(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    private.folder(shared)
    assert mode(shared) == 0o1777
