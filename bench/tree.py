"""Tree: one state of Herald's files, a commit or the working tree, with its layer and its functions as they ship."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
CERTIFICATES = ROOT / "tests" / "pipeline" / "announce" / "certificates"


class Tree(NamedTuple):
    """Where the built layer is, and the folder of the functions."""

    layer: Path
    functions: Path


def commit_of(revision: str, root: Path = ROOT) -> str:
    """The full name of a commit. Raises ``ValueError`` for what names none."""
    command = ["git", "-C", str(root), "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise ValueError(f"{revision} names no commit of this repository")
    return done.stdout.strip()


def check_out(commit: str, folder: Path, root: Path = ROOT) -> Path:
    """Write a commit's files into a new folder. Git itself keeps no note of it, so nothing is left behind."""
    archive = subprocess.run(
        ["git", "-C", str(root), "archive", "--format=tar", commit], stdout=subprocess.PIPE, check=True
    )
    folder.mkdir(parents=True)
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    return folder


def build(root: Path, folder: Path) -> Tree:
    """The layer by its own Makefile, for the Python that runs; the functions without bytecode, as SAM ships them."""
    built = folder / "built"
    arguments = [f"ARTIFACTS_DIR={built}", f"PYTHON={sys.executable}", "HERALD_LAYER_FOR=here"]
    command = ["make", "--silent", "-C", str(root / "layers" / "herald"), "build-HeraldLayer", *arguments]
    # Neither what an outer make says to its own, nor where Python finds the working tree's package.
    outer = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "PYTHONPATH"))}
    subprocess.run(command, env=outer, check=True)
    (roots,) = (built / "python" / "herald").rglob("amazon-roots.pem")
    with roots.open("a") as authorities:
        authorities.write((CERTIFICATES / "ca.pem").read_text())  # The cloud's authority beside Amazon's.
    without = shutil.ignore_patterns("__pycache__", "*.pyc")
    return Tree(built / "python", shutil.copytree(root / "functions", folder / "functions", ignore=without))


def zipped(tree: Tree, archive: Path) -> float:
    """MB of the layer and the functions, zipped into ``archive``."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for folder in tree:
            for path in folder.rglob("*"):
                if path.is_file():
                    packed.write(path, path.relative_to(folder.parent))
    return archive.stat().st_size / 1e6
