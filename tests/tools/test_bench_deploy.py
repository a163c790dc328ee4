"""How a run of the playbook becomes rows of the table."""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path
from typing import Any

import pytest

# Run from the root of the repository, as its users do; pytest is not always started there.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tools.bench_deploy import on_the_pi, playbook, report

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]


def starts(name: str) -> dict[str, Any]:
    return {"_event": "v2_playbook_on_task_start", "task": {"name": name}}


@pytest.fixture
def run() -> playbook.Run:
    told = [
        (1.0, starts("Gathering Facts")),
        (2.0, starts("app : preflight | Require a password hash")),
        (2.5, starts("docker : image | Build it")),
        (6.0, {"_event": "v2_runner_on_ok"}),
        (7.0, starts("traefik : run | Start the container")),
        (9.0, {"_event": "v2_playbook_on_stats", "stats": {"pi": {"changed": 3}}}),
    ]
    return playbook.read(told, 0.0)


def test_every_second_of_a_run_belongs_to_a_role(run: playbook.Run) -> None:
    assert run.roles == {"before the roles": 2.0, "app": 5.0, "traefik": 2.0}
    assert (run.seconds, run.changed) == (9.0, 3)
    assert sum(run.roles.values()) == run.seconds


def test_the_slowest_task_is_first_and_names_are_summed(run: playbook.Run) -> None:
    run.tasks.append(playbook.Task("traefik", "traefik : run | Start the container", 9.0))
    first, second, *_ = run.slowest
    assert (first.name, first.seconds) == ("traefik : run | Start the container", 11.0)
    assert (second.role, second.seconds) == ("app", 4.5)


def test_what_is_not_told_by_ansible_is_left_out() -> None:
    assert [event for _, event in playbook.events(["[WARNING]: no\n", '{"_event": "x"}\n'])] == [
        {"_event": "x"}
    ]


@pytest.mark.parametrize("name", ["cc", "gcc-14", "x86_64-linux-gnu-gcc-14", "cc1plus", "ld.bfd"])
def test_compilers_are_known_by_their_names(name: str) -> None:
    assert report.compilers({name: 2, "bash": 1}) == {name: 2}


@pytest.mark.parametrize("name", ["python3", "dockerd", "ldconfig", "gpgv", "accept", "basename"])
def test_other_programs_are_none(name: str) -> None:
    assert report.compilers({name: 1}) == {}


@pytest.mark.parametrize("tasks", ["image", "build_on_pi", "build_on_controller", "cross_build"])
def test_what_builds_an_image_counts_for_the_role_that_wants_it(tasks: str) -> None:
    assert (ROOT / f"roles/docker/tasks/{tasks}.yml").is_file()
    assert playbook.role_of(f"docker : {tasks} | Build the image", "app") == "app"
    assert playbook.role_of("docker : install | Install the packages", "app") == "docker"


def test_a_second_run_is_judged_by_its_time_and_its_changes() -> None:
    slow = playbook.Run(seconds=80.0)
    verdicts = [row.good for row in report.second_rows(slow, playbook.Run(10.0, 0))]
    assert verdicts == [True, True]
    verdicts = [row.good for row in report.second_rows(slow, playbook.Run(10.1, 1))]
    assert verdicts == [False, False]


def test_a_run_of_ansibles_own_strategy_is_shown_beside_it_without_a_goal() -> None:
    (row,) = report.linear_rows(playbook.Run(seconds=80.0), playbook.Run(40.0, 0))
    assert (row.result, row.good) == ("1/2.0 (40.0 s of 80.0 s)", None)


def test_memory_is_the_sum_of_the_parts() -> None:
    (row,) = report.memory_rows("at rest", {"pss": {"app": 64 * 1024, "driver": 65 * 1024}})
    assert (row.result, row.good) == ("129.0 MB (app 64.0, driver 65.0)", False)
    assert str(row) == "| PSS at rest | <= 128 MB | 129.0 MB (app 64.0, driver 65.0) | NO |"


def test_a_killed_process_is_told() -> None:
    rows = list(report.survival_rows({"killed": 1, "peak": 1024}, 10, 10, well=True))
    assert [row.good for row in rows] == [True, True, False, None]


def test_programs_are_read_as_the_kernel_writes_them(tmp_path: Path) -> None:
    records = [struct.pack("48x16s", name) for name in (b"apt-get", b"dpkg", b"dpkg")]
    path = tmp_path / "acct"
    path.write_bytes(b"".join(records))
    assert on_the_pi.programs(str(path)) == {"apt-get": 1, "dpkg": 2}


def process(proc: Path, pid: int, name: str, wrote: int, started: int = 0) -> None:
    """Make what proc(5) has of a process, as far as it is read."""
    folder = proc / str(pid)
    folder.mkdir(parents=True)
    (folder / "comm").write_text(f"{name}\n")
    (folder / "io").write_text(f"rchar: 1\nwrite_bytes: {wrote}\ncancelled_write_bytes: 0\n")
    fields = ["S", *(str(number) for number in range(4, 22)), str(started)]
    (folder / "stat").write_text(f"{pid} ({name} (a) b) {' '.join(fields)} 7 8")


def test_what_was_written_is_summed_by_program_without_who_asks(tmp_path: Path) -> None:
    for pid, name, wrote in ((7, "dockerd", 10), (8, "runc", 20), (9, "runc", 30)):
        process(tmp_path, pid, name, wrote)
    process(tmp_path, os.getpid(), "python3", 1000)
    (tmp_path / "10").mkdir()
    assert on_the_pi.written(tmp_path) == {"dockerd": 10, "runc": 50}


def test_a_life_is_a_number_and_when_it_began(tmp_path: Path) -> None:
    process(tmp_path, 7, "app", 0, started=4711)
    assert on_the_pi.life("7", tmp_path) == "7@4711"


def test_open_files_are_counted(tmp_path: Path) -> None:
    before = on_the_pi.open_files("self")
    with (tmp_path / "file").open("w"):
        assert on_the_pi.open_files("self") == before + 1
