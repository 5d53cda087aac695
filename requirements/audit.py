#!/usr/bin/env python3
"""requirements/audit.py LOCK...: are there advisories against what the locks pin? ``make audit`` calls it.

Fails if there is one that is not accepted below. Where the advisories cannot be reached it says that nothing was
audited, and does not fail: a change is not wrong because a service is down. Runs where pip-audit is.
"""

import json
import subprocess
import sys
from typing import NamedTuple

# Advisories that do not concern us: id -> why. Whatever is listed here is looked at again with each upgrade.
ACCEPTED: dict[str, str] = {}
COMMAND = ("--disable-pip", "--require-hashes", "--progress-spinner", "off", "--format", "json", "--timeout", "15")
LONGEST = 300


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


def ask(lock: str) -> Report | str:
    """The report on a lock; or why there is none."""
    command = [sys.executable, "-m", "pip_audit", *COMMAND, "--requirement", lock]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=False)
        return read(done.stdout)
    except subprocess.TimeoutExpired:
        return f"no answer within {LONGEST} s"
    except (ValueError, KeyError):
        lines = done.stderr.strip().splitlines()
        return lines[-1].split("(")[0][:100] if lines else "pip-audit said nothing"


def main(locks: list[str]) -> int:
    """Ask for each lock, stop asking where nobody knows anything, and say what was found. Returns the exit code."""
    found: list[str] = []
    audited = skipped = 0
    for place, lock in enumerate(locks):
        report = ask(lock)
        why = report if isinstance(report, str) else "" if report.audited else "the service knows none of the packages"
        if why or isinstance(report, str):
            print(f"NOT AUDITED for known vulnerabilities: {', '.join(locks[place:])} ({why})", file=sys.stderr)
            break
        found += [f"{lock}: {sentence}" for sentence in report.found]
        audited, skipped = audited + report.audited, skipped + report.skipped
    if audited:
        print("\n".join(found) or f"No advisory against {audited} pinned packages.", file=sys.stderr)
    if skipped:
        print(f"{skipped} packages could not be audited: the service does not know them.", file=sys.stderr)
    return 1 if found else 0


def _cure(versions: list[str]) -> str:
    return f"fixed in {', '.join(versions)}" if versions else "fixed in no version yet"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
