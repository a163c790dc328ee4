"""Name what on each Pi is not as this repository says: a dry run of the playbook, and its report.

Options are those of ansible-playbook, for example `--limit raspberrypi` or `--inventory DIR`.
Exit status 0 when nothing drifted, 1 when something did, 2 when a Pi could not be compared.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DRIFTED, NOT_COMPARED = 1, 2


def status(report: dict[str, Any] | None, code: int) -> int:
    """Give the exit status for a report, None when there is none, and that of ansible-playbook."""
    if report is None or code or not report["hosts"]:
        return NOT_COMPARED
    if not all(host["tried"] for host in report["hosts"]):
        return NOT_COMPARED
    return DRIFTED if any(host["things"] for host in report["hosts"]) else 0


def closing(answer: int) -> str:
    """Say what the exit status means."""
    return {
        0: "Nothing drifted.",
        DRIFTED: "What is named above is not as this repository says;  ansible-playbook "
        "playbook.yml  makes it so, and with  --check --diff  shows how it differs.",
    }.get(answer, "Not every Pi could be compared.")


def compare(options: list[str], report: Path) -> int:
    """Run the playbook without changing anything; give the status of ansible-playbook."""
    beside = Path(sys.executable).with_name("ansible-playbook")
    program = os.fspath(beside) if beside.exists() else "ansible-playbook"
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": os.fspath(ROOT / "ansible.cfg"),
        "ANSIBLE_STDOUT_CALLBACK": "community.general.null",
        "ANSIBLE_CALLBACKS_ENABLED": "closing_report",
        "INKSTAND_REPORT": os.fspath(report),
    }
    argv = [program, "playbook.yml", "--check", "--diff", *options]
    return subprocess.run(argv, cwd=ROOT, env=environment, check=False).returncode


def main(options: list[str]) -> int:
    """Compare, and say what came of it."""
    if {"-h", "--help"} & set(options):
        print(__doc__)
        return 0
    print("Compare each Pi with this repository; that takes a minute or two.", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.json"
        code = compare(options, path)
        report = json.loads(path.read_text()) if path.exists() else None
    answer = status(report, code)
    print(closing(answer))
    return answer


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
