"""All tests, as `make test` runs them: on SQLite, on PostgreSQL, in a browser; and how many."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from xml.etree import ElementTree

PASSES = {
    "SQLite": ("sqlite", "not browser"),
    "PostgreSQL": ("postgres", "not browser and not embedded"),
    "Browser": ("sqlite", "browser"),
}


def main(arguments: list[str]) -> int:
    """Run every pass, whatever became of the one before; arguments go to pytest."""
    if code := subprocess.run([sys.executable, "-m", "tests.machine"]).returncode:
        return code
    lines, total, failed = [], 0, False
    for name, (database, which) in PASSES.items():
        print(f"\n{name}", flush=True)
        begun = time.monotonic()
        code, tests, skipped = run(database, which, arguments)
        seconds = time.monotonic() - begun
        verdict = f"FAILED (pytest ended with {code})" if code else "passed"
        left_out = f", {skipped} skipped" if skipped else ""
        lines.append(f"{name:12}{tests:6} tests in {seconds:4.0f} s, {verdict}{left_out}")
        total += tests
        failed = failed or code != 0
    print("", *lines, f"{'Together':12}{total:6} tests", sep="\n")
    return int(failed)


def run(database: str, which: str, arguments: list[str]) -> tuple[int, int, int]:
    """Return pytest's exit code, how many tests there were, and how many were skipped."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-m", which, f"--junit-xml={report}"]
        environment = {**os.environ, "TEST_DATABASE": database}
        code = subprocess.run([*command, *arguments], env=environment).returncode
        if not report.exists():
            return code, 0, 0
        suite = ElementTree.parse(report).getroot().find("testsuite")
        return code, int(suite.get("tests")), int(suite.get("skipped"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
