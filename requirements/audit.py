#!/usr/bin/env python3
"""requirements/audit.py LOCK...: are there advisories against what the locks pin? ``make audit`` calls it.

Fails if there is one that is not accepted below, or if pip-audit does not run. Where the advisories cannot be reached
it says what was not audited, and does not fail: a change is not wrong because a service is down. Runs where pip-audit
is.
"""

import json
import re
import subprocess
import sys
from typing import NamedTuple

# Advisories that do not concern us: id -> why. Whatever is listed here is looked at again with each upgrade.
ACCEPTED: dict[str, str] = {}
COMMAND = ("--disable-pip", "--require-hashes", "--progress-spinner", "off", "--format", "json", "--timeout", "15")
# How pip-audit's last line begins when it was the service that failed: it has no exit code of its own for that.
UNREACHED = re.compile(
    r"(requests|urllib3)\.exceptions\.|pip_audit\._service\.|ERROR:pip_audit\._cli:Tip: your network"
)
# Seconds for a lock: until the service has answered once, and then.
FIRST, LATER = 60, 300


class Report(NamedTuple):
    """What is known of one lock: advisories as sentences, how many packages were audited, and how many were not."""

    found: list[str]
    audited: int
    skipped: int


def read(report: str) -> Report:
    """What pip-audit says, as JSON."""
    packages = json.loads(report)["dependencies"]
    known = [package for package in packages if "skip_reason" not in package]
    found = [
        f"{package['name']} {package['version']}: {advisory['id']}, {_cure(advisory['fix_versions'])}"
        for package in known
        for advisory in package["vulns"]
        if not {advisory["id"], *advisory.get("aliases", [])} & ACCEPTED.keys()
    ]
    return Report(found, len(known), len(packages) - len(known))


def ask(lock: str, longest: int) -> Report | str:
    """The report on a lock; or why nobody can be asked. Raises ``SystemExit`` if pip-audit does not run."""
    command = [sys.executable, "-m", "pip_audit", *COMMAND, "--requirement", lock]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=longest, check=False)
    except subprocess.TimeoutExpired:
        return f"no answer within {longest} s"
    if done.stdout.startswith("{"):
        return read(done.stdout)
    last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
    if UNREACHED.match(last):
        return last.split("(")[0][:100]
    sys.exit(f"{lock}: pip-audit broke off: {last}")


def main(locks: list[str]) -> int:
    """Ask for each lock, while somebody can be asked and knows the first. Returns the exit code."""
    found: list[str] = []
    missed: dict[str, list[str]] = {}
    audited = skipped = 0
    for place, lock in enumerate(locks):
        report = ask(lock, LATER if audited else FIRST)
        why = report if isinstance(report, str) else "the service knows none of their packages"
        if isinstance(report, str) or not (report.audited or audited):
            missed[why] = locks[place:]
            break
        if not report.audited:
            missed.setdefault(why, []).append(lock)
            continue
        found += [f"{lock}: {sentence}" for sentence in report.found]
        audited, skipped = audited + report.audited, skipped + report.skipped
    for why, those in missed.items():
        print(f"NOT AUDITED for known vulnerabilities: {', '.join(those)} ({why})", file=sys.stderr)
    if audited:
        print("\n".join(found) or f"No advisory against {audited} pinned packages.", file=sys.stderr)
    if skipped:
        print(f"{skipped} packages could not be audited: the service does not know them.", file=sys.stderr)
    return 1 if found else 0


def _cure(versions: list[str]) -> str:
    return f"fixed in {', '.join(versions)}" if versions else "fixed in no version yet"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
