"""What the end of a run says of each host, and what it never says."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.unit

TASK = "app : configure | Write the settings"


def changed(**result: Any) -> dict[str, Any]:
    return {"changed": True, **result}


def given(**arguments: Any) -> dict[str, Any]:
    return {"invocation": {"module_args": arguments}}


@pytest.mark.parametrize(
    ("action", "result", "words"),
    [
        ("ansible.builtin.template", changed(dest="/etc/a.toml"), "file        /etc/a.toml"),
        ("ansible.builtin.file", changed(path="/etc/b"), "file        /etc/b"),
        ("ansible.builtin.copy", changed(**given(dest="/etc/c")), "file        /etc/c"),
        ("community.crypto.x509_certificate", changed(filename="/ca"), "file        /ca"),
        ("ansible.builtin.systemd_service", changed(name="a.service"), "unit        a.service"),
        ("ansible.builtin.apt", changed(**given(name=["a", "b"])), "package     a, b"),
        ("ansible.builtin.debug", changed(msg="Would build it."), "to do       Would build it."),
        ("ansible.builtin.command", changed(), f"task        {TASK}"),
    ],
)
def test_what_changes_is_named(
    closing_report: Any, action: str, result: dict[str, Any], words: str
) -> None:
    assert closing_report.things(action, TASK, result) == [words]


def test_of_a_container_the_options_are_named_and_no_value(closing_report: Any) -> None:
    diff = {"after": {"image": "x", "env": {"KEY": "secret"}, "running": True}, "before": {}}
    (found,) = closing_report.things(
        "community.docker.docker_container", TASK, changed(diff=diff, **given(name="app"))
    )
    assert found == "container   app (env, image, started)"


def test_of_a_loop_only_what_changes_is_named(closing_report: Any) -> None:
    results = [changed(path="/a"), {"changed": False, "path": "/b"}]
    assert closing_report.things("file", TASK, changed(results=results)) == ["file        /a"]


def test_what_is_secret_stays_so(closing_report: Any) -> None:
    hidden = changed(censored="the output has been hidden", path="/secrets/x")
    assert closing_report.things("copy", TASK, hidden) == [f"secret      {TASK}"]
    assert "kept secret" in closing_report.reason(hidden)


def test_a_failure_in_a_loop_is_told_by_the_item_that_failed(closing_report: Any) -> None:
    results = [{"failed": False, "msg": "fine"}, {"failed": True, "msg": "not\n  fine"}]
    assert closing_report.reason({"msg": "One or more items failed", "results": results}) == (
        "not\n  fine"
    )


def test_a_reason_without_words_is_one(closing_report: Any) -> None:
    assert closing_report.reason({}) == "no reason given"


@pytest.mark.parametrize(
    "of", ["non-zero return code", "The command exited with a non-zero return code."]
)
def test_a_command_that_failed_is_told_by_its_own_words(closing_report: Any, of: str) -> None:
    assert closing_report.reason({"msg": of, "stderr": "No such file"}) == "No such file"
    assert closing_report.reason({"msg": of, "stderr": ""}) == of


def test_a_long_reason_ends(closing_report: Any) -> None:
    assert len(closing_report.reason({"msg": "x" * 5000})) == closing_report.LONGEST_REASON + 1


def test_each_host_has_its_line(closing_report: Any) -> None:
    endings = [
        closing_report.Ending("one", changes=3),
        closing_report.Ending("two"),
        closing_report.Ending("three", failed_at=TASK, reason="There is no room."),
        closing_report.Ending("four", unreachable=True, reason="No route to host"),
        closing_report.Ending("five", tried=False),
    ]
    assert closing_report.lines(endings, check=False) == [
        "  one    updated (3 changes)",
        "  two    unchanged",
        f"  three  FAILED at {TASK}",
        "           There is no room.",
        "  four   UNREACHABLE: No route to host",
        "  five   not tried, because all before it failed",
    ]


def test_what_roles_hand_over_is_told_of_a_host_well_or_not(closing_report: Any) -> None:
    told = {"summary": {"panel": "2.7 inch", "address": "https://pi/"}, "next": ["Reboot it."]}
    lines = ["panel       2.7 inch", "address     https://pi/", "to do       Reboot it."]
    assert closing_report.details(closing_report.Ending("one", **told)) == lines
    failed = closing_report.Ending("two", failed_at=TASK, reason="No.", **told)
    assert closing_report.details(failed) == ["No.", *lines]


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("Missing sudo password", "-K"),
        ("sudo: a password is required", "-K"),
        ("mitogen: sudo password is required", "-K"),
        ("Failed to connect: pi@pi: Permission denied (publickey,password).", "ansible_user"),
        ("ssh: Could not resolve hostname raspberrypi.local", "ansible_host"),
        ("tar: write error: No space left on device", "df -h"),
        (
            "Failed to import the required Python library (requests) on pi's Python python3.",
            "sudo apt install python3-requests",
        ),
    ],
)
def test_raw_words_come_with_a_remedy(closing_report: Any, reason: str, words: str) -> None:
    ending = closing_report.Ending("one", failed_at=TASK, reason=reason)
    assert words in closing_report.details(ending)[1]


def test_of_facts_that_cannot_be_gathered_the_module_that_failed_is_told(
    closing_report: Any,
) -> None:
    failed = {"msg": "Missing sudo password"}
    result = {"msg": "The following modules failed", "failed_modules": {"setup": failed}}
    assert closing_report.reason(result) == "Missing sudo password"


def test_a_reason_in_several_lines_keeps_them(closing_report: Any) -> None:
    reason = closing_report.reason({"msg": "Task failed: Action failed: Two:\n  - a\n\n  - b"})
    assert reason == "Two:\n  - a\n  - b"


def test_a_dry_run_names_what_drifted(closing_report: Any) -> None:
    endings = [
        closing_report.Ending("one", changes=1, things=["file        /etc/a.toml"]),
        closing_report.Ending("two"),
    ]
    assert closing_report.lines(endings, check=True) == [
        "  one  would change",
        "         file        /etc/a.toml",
        "  two  as it should be",
    ]


@pytest.mark.parametrize(
    ("report", "code", "expected"),
    [
        ({"hosts": [{"things": [], "tried": True}]}, 0, 0),
        ({"hosts": [{"things": [], "tried": True}, {"things": ["a"], "tried": True}]}, 0, 1),
        ({"hosts": [{"things": ["file a"], "tried": True}]}, 2, 2),
        ({"hosts": [{"things": [], "tried": True}, {"things": [], "tried": False}]}, 0, 2),
        ({"hosts": []}, 0, 2),
        (None, 0, 2),
        (None, 4, 2),
    ],
)
def test_the_status_of_a_comparison_says_what_was_found(
    drift: Any, report: dict[str, Any] | None, code: int, expected: int
) -> None:
    assert drift.status(report, code) == expected
    assert drift.closing(expected)
