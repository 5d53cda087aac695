"""The house guards itself: imports, the layer, the words, the Makefile."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LAYER = ROOT / "layers" / "herald"
PACKAGE = LAYER / "herald"
APPS = sorted((ROOT / "functions").glob("*/app.py"))


def modules() -> dict[str, Path]:
    """Every module of the package by its name below ``herald``: ``providers.exotel``; the package itself is ``""``."""
    paths = {path: path.relative_to(PACKAGE).with_suffix("").parts for path in PACKAGE.rglob("*.py")}
    return {".".join(p for p in parts if p != "__init__"): path for path, parts in paths.items()}
