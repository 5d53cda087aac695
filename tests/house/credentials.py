"""Credentials: what they look like, in the files and in all that git remembers."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

# Not those that AWS's own documentation shows, nor an account that is nothing but zeros.
KINDS = {
    "AWS access key": re.compile(r"\b(?:AKIA|ASIA)(?!IOSFODNN7EXAMPLE)[0-9A-Z]{16}\b"),
    "AWS secret key": re.compile(
        r"(?i)aws.{0,20}key['\"]?\s*[:=]\s*['\"]?(?!\S*EXAMPLEKEY)[A-Za-z0-9/+]{40}(?![A-Za-z0-9])"
    ),
    "private key": re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
    "API key of Herald's": re.compile(r"\bhk_live_[A-Za-z0-9]{40}\b"),
    "account of Twilio's": re.compile(r"\b(?:AC|SK)(?!0{32}\b)[0-9a-f]{32}\b"),
    "token of GitHub's": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,})"),
    "token of Slack's": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{20,}"),
    "JSON web token": re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    "URL with a password": re.compile(r"\b[a-z]{2,8}://[^\s/:@'\"{}<>]+:[^\s/:@'\"{}<>]{8,}@[a-z]"),
}


def kinds(text: str) -> set[str]:
    """The kinds of credentials that a text seems to hold."""
    return {kind for kind, pattern in KINDS.items() if pattern.search(text)}


def files(root: Path) -> Iterator[tuple[str, str]]:
    """The files that are kept here, as (path, content): those that git knows, or all if there is no git."""
    known = _git(root, "ls-files", "-z").decode()
    paths = known.split("\0")[:-1] or _all(root)
    for path in paths:
        if (root / path).is_file():
            yield path, (root / path).read_text(encoding="utf-8", errors="replace")


def history(root: Path) -> Iterator[tuple[str, str]]:
    """Every content that any commit holds, as (a path of it, content), and what commits and tags say of themselves.

    Nothing if there is no git.
    """
    listed = _git(root, "rev-list", "--objects", "--all").decode("utf-8", "replace")
    names = {name: path for name, _, path in (line.partition(" ") for line in listed.splitlines())}
    batch = _git(root, "cat-file", "--batch", "--buffer", said="\n".join(names)) if names else b""
    at = 0
    while at < len(batch):
        end = batch.index(b"\n", at)
        name, kind, size = batch[at:end].decode().split()
        content = batch[end + 1 : end + 1 + int(size)]
        at = end + 1 + int(size) + 1
        if kind == "blob":
            yield names[name], content.decode("utf-8", "replace")
        elif kind != "tree":
            yield f"{kind} {name}", content.decode("utf-8", "replace")


def _git(root: Path, *words: str, said: str = "") -> bytes:
    """What git answers; nothing if this is no repository itself: one around it knows other files."""
    if not (root / ".git").exists() or not shutil.which("git"):
        return b""
    return subprocess.run(["git", *words], cwd=root, input=said.encode(), capture_output=True, check=True).stdout


def _all(root: Path) -> list[str]:
    hidden = {".venv", ".local", ".git", ".aws-sam", "__pycache__"}
    paths = [path for path in root.rglob("*") if not hidden & set(path.relative_to(root).parts)]
    return [str(path.relative_to(root)) for path in paths if not path.parts[len(root.parts)].startswith(".venv")]
