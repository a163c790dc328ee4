"""A release that is not well goes by itself, and takes nothing with it; one that is well stays.

In this order, on one Pi.
"""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

pytestmark = pytest.mark.e2e

# Patience: how long it takes is printed, and judged by `make faults-long`.
SECONDS = 300
# What each bad release does before it serves.
BAD = {
    "exits": 'sys.exit("bad: exits")',
    "hangs": 'import time; print("bad: hangs", flush=True); time.sleep(1e6)',
    "unhealthy": (
        'import os; print("bad: unhealthy", flush=True); '
        'os.environ["INKSTAND_PANEL_DIRECTORY"] = "/nowhere"'
    ),
    "hungry": 'print("bad: hungry", flush=True); hoard = [b"1" * (1 << 24) for _ in range(64)]',
}
# A busy Pi looks later, when the engine has restarted it more often than the three times it takes.
WHY = {
    "exits": r"inkstand-app was restarted [3-9] times: it ended with exit status 1",
    "hangs": "the app does not answer /healthz",
    "unhealthy": "/healthz says panel",
    "hungry": "needs more memory than its limit of 256 MiB",
}
MIGRATES = (
    "import glob, sqlite3, time; "
    '[sqlite3.connect(it).executescript("PRAGMA user_version = 99; CREATE TABLE new (x)") '
    'for it in glob.glob("/var/lib/inkstand/messages.sqlite3")]; '
    'print("bad: migrates", flush=True); time.sleep(1e6)'
)


def test_without_a_previous_release_the_way_back_is_refused(release: Any, owner: Any) -> None:
    run = release.play("rollback.yml")
    assert run.status != 0
    assert "There is no previous release" in run.words
    assert owner.is_served()


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_release_is_taken_back_with_nothing_lost(
    kind: str, release: Any, owner: Any, sender: Any, pi: Any
) -> None:
    before, running, tokens = owner.texts(), pi.images(), owner.tokens()
    release.begin_the_app_with(BAD[kind])
    with sender:
        run = release.play("update.yml", "--tags", "app")
    said = pi.result()
    print(
        f"\n{kind}: back in {said['seconds']} s, of which {said['gate_seconds']} s at the gate; "
        f"answers meanwhile {sorted(sender.answers)}; {len(sender.accepted)} accepted"
    )
    assert run.status != 0
    assert re.search(WHY[kind], run.words), run.output[-6000:]
    assert said["verdict"] == "back"
    assert owner.is_served()
    assert pi.images() == running
    assert owner.tokens() == tokens
    assert set(owner.texts()) >= {*before, *sender.accepted}
    log = re.search(r"/var/log/inkstand/failed-[0-9a-f]+[.]log", run.words)
    assert log
    assert f"bad: {kind}" in pi.shell("cat", log[0])


def test_a_database_that_the_old_release_cannot_read_is_put_back(
    release: Any, owner: Any, sender: Any, pi: Any
) -> None:
    before, running = owner.texts(), pi.images()
    release.begin_the_app_with(MIGRATES)
    with sender:
        run = release.play("update.yml", "--tags", "app")
    said = pi.result()
    print(f"\nmigrates: back in {said['seconds']} s; {len(sender.accepted)} accepted meanwhile")
    assert run.status != 0
    assert "It had changed messages.sqlite3" in run.words
    assert owner.is_served()
    assert pi.images() == running
    assert set(owner.texts()) >= {*before, *sender.accepted}


def test_a_controller_that_dies_during_the_switch_changes_nothing_of_that(
    release: Any, owner: Any, pi: Any
) -> None:
    before, running = owner.texts(), pi.images()
    release.begin_the_app_with(BAD["hangs"])
    with release.start("update.yml", "--tags", "app") as process:
        pi.wait_for("the switch", pi.is_switching, seconds=300)
        process.kill()
        process.wait()
    begin = time.monotonic()
    pi.wait_for(
        "the way back", lambda: pi.images() == running and owner.is_served(), seconds=SECONDS
    )
    print(f"\nback {time.monotonic() - begin:.1f} s after the controller died")
    pi.wait_for("the end of the switch", lambda: not pi.is_switching(), seconds=SECONDS)
    assert owner.texts() == before


def test_a_power_cut_during_the_switch_ends_with_the_old_release(
    release: Any, owner: Any, pi: Any
) -> None:
    before, running = owner.texts(), pi.images()
    release.begin_the_app_with(BAD["hangs"])
    with release.start("update.yml", "--tags", "app") as process:
        pi.wait_for("the switch", pi.is_switching, seconds=300)
        pi.wait_for(
            "the new app",
            lambda: pi.images().get("inkstand-app") not in (None, running["inkstand-app"]),
        )
        pi.cut_power()
        process.wait()
    begin = time.monotonic()
    owner.connect()
    pi.wait_for(
        "the old release", lambda: owner.is_served() and pi.images() == running, seconds=SECONDS
    )
    print(f"\nback {time.monotonic() - begin:.1f} s after the power came")
    pi.wait_for("the end of the switch", lambda: not pi.is_switching(), seconds=SECONDS)
    assert owner.texts() == before


def test_a_setting_that_the_app_refuses_is_taken_back_too(
    release: Any, owner: Any, pi: Any
) -> None:
    release.edit(
        "roles/app/vars/main.yml",
        "  state_directory: /var/lib/inkstand\n",
        "  state_directory: ''\n",
    )
    settings = pi.shell("cat", "/etc/inkstand/app/inkstand.toml")
    run = release.play("update.yml", "--tags", "app")
    assert run.status != 0
    assert pi.result()["verdict"] == "back"
    assert pi.shell("cat", "/etc/inkstand/app/inkstand.toml") == settings
    assert owner.is_served()


def test_a_role_that_fails_puts_back_what_it_wrote(release: Any, owner: Any, pi: Any) -> None:
    """The engine makes no container with less memory than 6 MB."""
    settings = pi.shell("cat", "/etc/inkstand/app/inkstand.toml")
    run = release.play(
        "update.yml", "--tags", "app", "-e", "app_title=Other", "-e", "app_memory=1m"
    )
    assert run.status != 0
    assert "is as it was" in run.words
    assert pi.shell("cat", "/etc/inkstand/app/inkstand.toml") == settings
    assert owner.is_served()


def test_a_good_release_stays_and_the_one_before_is_kept(
    release: Any, owner: Any, sender: Any, pi: Any
) -> None:
    before, running, tokens = owner.texts(), pi.images(), owner.tokens()
    release.begin_the_app_with('print("good: first", flush=True)')
    with sender:
        run = release.play("update.yml")
    print(f"\ngood: {pi.result()['seconds']} s; answers meanwhile {sorted(sender.answers)}")
    assert run.status == 0, run.output[-3000:]
    assert pi.images()["inkstand-app"] != running["inkstand-app"]
    assert owner.tokens() == tokens
    assert set(owner.texts()) >= {*before, *sender.accepted}
    kept = pi.shell(
        "docker", "images", "--format", "{{.Repository}}:{{.Tag}}", "inkstand/*"
    ).split()
    assert sorted(kept) == sorted({*running.values(), pi.images()["inkstand-app"]})
    again = release.play("update.yml")
    assert (again.status, again.changed) == (0, 0), again.output[-3000:]


def test_the_way_back_by_hand_and_forth_again(release: Any, owner: Any, pi: Any) -> None:
    before, running = owner.texts(), pi.images()
    run = release.play("rollback.yml")
    assert run.status == 0, run.output[-3000:]
    assert "is well and runs" in run.words
    assert pi.images()["inkstand-app"] != running["inkstand-app"]
    assert owner.is_served()
    assert owner.texts() == before
    assert release.play("rollback.yml").status == 0
    assert pi.images() == running
    assert owner.texts() == before


def test_of_older_releases_nothing_is_left(release: Any, owner: Any, pi: Any) -> None:
    running = pi.images()
    release.begin_the_app_with('print("good: second", flush=True)')
    assert release.play("update.yml", "--tags", "app").status == 0
    kept = pi.shell(
        "docker", "images", "--format", "{{.Repository}}:{{.Tag}}", "inkstand/*"
    ).split()
    assert sorted(kept) == sorted({*running.values(), pi.images()["inkstand-app"]})
    assert owner.is_served()
