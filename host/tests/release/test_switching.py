"""From release to release: what is kept, what comes back, and what is left of an interruption."""

from __future__ import annotations

import contextlib
import copy
import fcntl
import json
import re
import shutil
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from host.tests.conftest import NAMES
from inkstand_host import files
from inkstand_host.errors import EngineError, ReleaseError
from inkstand_host.release import database, health
from inkstand_host.release.settings import load

pytestmark = pytest.mark.integration


def texts(pi: Any) -> list[str]:
    with contextlib.closing(pi.database()) as connection:
        return [text for (text,) in connection.execute("SELECT text FROM message")]


def add(pi: Any, text: str, version: int | None = None) -> None:
    with contextlib.closing(pi.database()) as connection:
        connection.execute("INSERT INTO message VALUES (?)", (text,))
        if version is not None:
            connection.execute(f"PRAGMA user_version = {version}")


def update(pi: Any, tag: str, *names: str) -> Any:
    pi.releases.begin()
    pi.prepare(tag, *names)
    return pi.releases.switch()


def test_a_first_release_is_started_and_stays_whatever_it_is_like(pi: Any) -> None:
    assert pi.releases.begin()["verdict"] == "first"
    pi.prepare("one", *pi.settings.containers)
    pi.bad["inkstand/app:one"] = "no panel"
    said = pi.releases.switch()
    assert said["verdict"] == "bad"
    assert "no panel" in said["sentence"]
    assert pi.images["inkstand-app"] == "inkstand/app:one"
    assert not pi.host.guarded


@pytest.mark.parametrize("runs", [False, True], ids=["first", "update"])
def test_nobody_demands_a_panel_where_none_has_answered(pi: Any, runs: bool) -> None:
    if runs:
        pi.runs("one")
    pi.releases.begin()
    pi.prepare("two", *pi.settings.containers)
    assert pi.releases.switch(without_panel=True)["verdict"] == "good"
    assert pi.demanded == ("button", "storage")
    assert update(pi, "three")["verdict"] == "good"
    assert pi.demanded == ("panel", "button", "storage")


def test_where_nothing_changed_nothing_happens(pi: Any) -> None:
    pi.runs("one")
    assert pi.releases.begin()["verdict"] == "begun"
    assert pi.host.guarded
    assert pi.releases.switch()["verdict"] == "unchanged"
    assert not pi.host.guarded
    assert not (pi.settings.state_directory / "open").exists()


def test_a_good_release_stays_with_the_previous_one_and_no_older(pi: Any) -> None:
    pi.runs("one")
    add(pi, "kept")
    pi.engine.tags.add("nextcloud:1")
    for tag in ("two", "three"):
        said = update(pi, tag)
        assert (said["verdict"], said["gate_seconds"]) == ("good", 0.5)
    assert pi.images["inkstand-app"] == "inkstand/app:three"
    assert {tag for tag in pi.engine.tags if "app" in tag} == {
        "inkstand/app:two",
        "inkstand/app:three",
    }
    assert {"inkstand/traefik:one", "nextcloud:1"} <= pi.engine.tags
    assert texts(pi) == ["kept"]


def test_it_names_what_makes_it_another_release(pi: Any) -> None:
    pi.runs("one")
    pi.releases.begin()
    pi.prepare("two")
    said = pi.releases.switch()["sentence"]
    assert "Changed: inkstand-app, " in said
    assert str(pi.folder / "etc" / "setting") in said
    pi.releases.begin()
    pi.prepare("three", *pi.settings.containers)
    for number in range(9):
        (pi.folder / "etc" / f"more-{number}").touch()
    said = pi.releases.switch()["sentence"]
    named = said.partition("Changed: ")[2].split(", ")
    assert (len(named), named[-1]) == (7, "7 more.")


def test_a_bad_release_leaves_its_log_and_nothing_else(pi: Any) -> None:
    pi.runs("one")
    pi.bad["inkstand/app:two"] = "no frame"
    said = update(pi, "two")
    assert said["verdict"] == "back"
    assert "no frame" in said["sentence"]
    assert pi.images == {
        name: f"inkstand/{name.removeprefix('inkstand-')}:one" for name in pi.settings.containers
    }
    assert pi.setting == "one"
    # Who is the same goes on running.
    assert set(pi.engine.made) == {"inkstand-app"}
    (log,) = pi.settings.log_directory.iterdir()
    for words in (
        "the log of inkstand/app:two",
        "--- epd-fuse.service\nthe journal",
        "created, 0 restarts",
    ):
        assert words in log.read_text()
    assert log.stat().st_mode & 0o077 == 0
    assert str(log) in said["sentence"]
    assert not pi.host.guarded


@pytest.mark.parametrize(
    ("why", "name"),
    [
        ("inkstand-traefik does not run: it ended with exit status 1", "traefik"),
        ("HTTPS answers 502 instead of 401", "traefik"),
        ("pigpiod does not answer: its check does not end", "pigpiod"),
        ("no frame of it was read back from the panel", "app"),
    ],
)
def test_the_last_words_of_who_is_to_blame_are_told(pi: Any, why: str, name: str) -> None:
    pi.runs("one")
    pi.bad["inkstand/app:two"] = why
    said = update(pi, "two", *pi.settings.containers)
    assert said["log"][-1] == f"the log of inkstand/{name}:two"


def test_the_last_words_of_a_first_release_are_told(pi: Any) -> None:
    pi.releases.begin()
    pi.prepare("one", *pi.settings.containers)
    pi.bad["inkstand/app:one"] = "no panel"
    assert pi.releases.switch()["log"][-1] == "the log of inkstand/app:one"


def test_a_container_that_cannot_be_started_is_taken_back(pi: Any) -> None:
    pi.runs("one")
    pi.engine.refused.add("inkstand/pigpiod:two")
    said = update(pi, "two", "inkstand-pigpiod")
    assert (said["verdict"], said["gate_seconds"]) == ("back", 0.0)
    assert "no such device" in said["sentence"]
    assert "is back. The log" in said["sentence"]
    assert pi.images["inkstand-pigpiod"] == "inkstand/pigpiod:one"


@pytest.mark.parametrize("error", [EngineError("no such device"), OSError("the disk is full")])
@pytest.mark.parametrize("act", ["update", "back"])
def test_what_cannot_be_done_is_undone(
    pi: Any, monkeypatch: pytest.MonkeyPatch, act: str, error: Exception
) -> None:
    pi.runs("one")
    update(pi, "two")
    monkeypatch.setattr(database, "copy", Mock(side_effect=error))
    said = update(pi, "three") if act == "update" else pi.releases.back()
    assert said["verdict"] == "back"
    assert f"(it could not be started: {error})" in said["sentence"]
    assert (pi.images["inkstand-app"], pi.setting) == ("inkstand/app:two", "two")
    assert pi.engine.containers["inkstand-app"]["State"]["Running"]
    assert is_closed(pi)


@pytest.mark.parametrize("part", ["point/release.json", "state.json"])
def test_a_run_of_which_half_was_written_down_changed_nothing(pi: Any, part: str) -> None:
    pi.runs("one")
    pi.releases.begin()
    (pi.settings.state_directory / "open" / part).unlink()
    pi.write("setting", "of the owner")
    assert pi.releases.recover()["sentence"] == "Nothing was left open."
    assert pi.setting == "of the owner"
    assert is_closed(pi)


def test_messages_of_before_and_meanwhile_are_there_when_the_format_is_the_same(pi: Any) -> None:
    pi.runs("one")
    add(pi, "before")
    pi.bad["inkstand/app:two"] = "bad"
    pi.at_the_gate = lambda: add(pi, "at the gate") if "at the gate" not in texts(pi) else None
    said = update(pi, "two")
    assert said["verdict"] == "back"
    assert texts(pi) == ["before", "at the gate"]
    assert "is back. The log" in said["sentence"]
    assert not (pi.settings.state_directory / "failed").exists()


def test_a_database_in_another_format_is_put_back_and_the_other_one_kept(pi: Any) -> None:
    pi.runs("one")
    add(pi, "before")
    pi.bad["inkstand/app:two"] = "bad"

    def migrate() -> None:
        if pi.images["inkstand-app"] == "inkstand/app:two":
            add(pi, "new", version=2)

    pi.at_the_gate = migrate
    said = update(pi, "two")
    assert "messages.sqlite3" in said["sentence"]
    assert texts(pi) == ["before"]
    assert (pi.settings.state_directory / "failed" / "messages.sqlite3").exists()


def test_a_broken_database_is_put_back(pi: Any) -> None:
    pi.runs("one")
    add(pi, "before")
    pi.bad["inkstand/app:two"] = "bad"

    def destroy() -> None:
        if pi.images["inkstand-app"] == "inkstand/app:two":
            (pi.settings.databases / "messages.sqlite3").write_bytes(b"garbage" * 4096)

    pi.at_the_gate = destroy
    assert update(pi, "two")["verdict"] == "back"
    assert texts(pi) == ["before"]


def test_a_driver_that_is_put_back_is_restarted(pi: Any) -> None:
    pi.runs("one")
    pi.bad["inkstand/app:one"] = "no frame"
    pi.releases.begin()
    (pi.folder / "driver" / "driver.py").write_text("two")
    said = pi.releases.switch()
    assert said["verdict"] == "back"
    assert (pi.folder / "driver" / "driver.py").read_text() == "one"
    assert pi.host.restarted == ["epd-fuse.service"]


def test_a_run_that_was_cut_off_is_gone_on_with(pi: Any) -> None:
    pi.runs("one")
    pi.releases.begin()
    pi.prepare("two")
    assert pi.releases.begin()["verdict"] == "open"
    assert "inkstand-app-next" not in pi.images
    pi.prepare("two")
    pi.bad["inkstand/app:two"] = "bad"
    assert pi.releases.switch()["verdict"] == "back"
    assert pi.setting == "one"


def test_a_run_that_nobody_finishes_is_put_back(pi: Any) -> None:
    pi.runs("one")
    pi.releases.begin()
    pi.prepare("two")
    assert pi.releases.recover()["verdict"] == "back"
    assert pi.setting == "one"
    assert "inkstand-app-next" not in pi.images
    assert pi.releases.recover()["verdict"] == "unchanged"


@pytest.mark.parametrize("moment", ["stop", "create", "start", "judge"])
def test_a_power_cut_during_a_switch_ends_with_the_old_release(pi: Any, moment: str) -> None:
    class PowerCut(BaseException):
        """Nothing catches this."""

    def cut(*_: object) -> None:
        raise PowerCut

    pi.runs("one")
    add(pi, "before")
    pi.releases.begin()
    pi.prepare("two", "inkstand-pigpiod", "inkstand-app")
    with pytest.MonkeyPatch.context() as patch:
        if moment == "judge":
            pi.at_the_gate = cut
        else:
            patch.setattr(pi.engine, moment, cut)
        with pytest.raises(PowerCut):
            pi.releases.switch()
    pi.at_the_gate = lambda: None
    assert pi.releases.recover()["verdict"] == "back"
    assert pi.images == {
        name: f"inkstand/{name.removeprefix('inkstand-')}:one" for name in pi.settings.containers
    }
    assert pi.setting == "one"
    assert texts(pi) == ["before"]


def test_without_a_previous_release_there_is_no_way_back(pi: Any) -> None:
    pi.runs("one")
    with pytest.raises(ReleaseError, match="There is no previous release"):
        pi.releases.back()


def test_without_its_images_there_is_no_way_back(pi: Any) -> None:
    pi.runs("one")
    update(pi, "two")
    pi.engine.tags.remove("inkstand/app:one")
    with pytest.raises(ReleaseError, match="its images are gone"):
        pi.releases.back()
    assert pi.images["inkstand-app"] == "inkstand/app:two"


def test_the_way_back_goes_forth_again_with_all_messages(pi: Any) -> None:
    pi.runs("one")
    update(pi, "two")
    add(pi, "since")
    assert pi.releases.back()["verdict"] == "good"
    assert (pi.images["inkstand-app"], pi.setting) == ("inkstand/app:one", "one")
    assert pi.releases.back()["verdict"] == "good"
    assert (pi.images["inkstand-app"], pi.setting) == ("inkstand/app:two", "two")
    assert texts(pi) == ["since"]


def test_a_way_back_that_costs_messages_is_asked_for_by_name(pi: Any) -> None:
    pi.runs("one")
    add(pi, "before")
    update(pi, "two")
    add(pi, "since", version=2)
    with pytest.raises(ReleaseError, match="release_back_with_messages=true"):
        pi.releases.back()
    assert (pi.images["inkstand-app"], pi.setting) == ("inkstand/app:two", "two")
    assert texts(pi) == ["before", "since"]
    assert all(made["State"]["Running"] for made in pi.engine.containers.values())
    assert is_closed(pi)
    assert pi.releases.back(with_databases=True)["verdict"] == "good"
    assert texts(pi) == ["before"]


def test_a_previous_release_that_is_not_well_is_left_again(pi: Any) -> None:
    pi.runs("one")
    update(pi, "two")
    pi.bad["inkstand/app:one"] = "no panel any more"
    said = pi.releases.back()
    assert said["verdict"] == "back"
    assert (pi.images["inkstand-app"], pi.setting) == ("inkstand/app:two", "two")
    assert pi.releases.back()["verdict"] == "back"


def under_old_names(pi: Any, tag: str) -> None:
    """Let a release run as an Inkstand made it whose containers had no prefix."""
    pi.runs(tag)
    for name in pi.settings.containers:
        pi.engine.rename(name, name.removeprefix("inkstand-"))


def test_containers_of_an_older_inkstand_get_their_names_of_today(pi: Any) -> None:
    under_old_names(pi, "one")
    add(pi, "kept")
    said = update(pi, "two")
    assert said["verdict"] == "good"
    assert sorted(pi.images) == ["inkstand-app", "inkstand-pigpiod", "inkstand-traefik"]
    assert texts(pi) == ["kept"]
    assert pi.releases.back()["verdict"] == "good"
    assert pi.images["inkstand-app"] == "inkstand/app:one"


def test_a_container_of_the_owner_that_is_called_app_is_left_alone(pi: Any) -> None:
    pi.runs("one")
    pi.engine.containers["app"] = owners = {"Config": {"Image": "nextcloud", "Labels": None}}
    update(pi, "two")
    assert pi.engine.containers["app"] == owners
    del pi.engine.containers["inkstand-app"]
    pi.releases.begin()
    assert pi.engine.containers["app"] == owners


def test_a_release_that_was_written_down_under_old_names_can_come_back(pi: Any) -> None:
    pi.runs("one")
    update(pi, "two")
    record = pi.settings.state_directory / "previous" / "release.json"
    record.write_text(record.read_text().replace('"inkstand-', '"'))
    pi.releases.back()
    assert pi.images["inkstand-app"] == "inkstand/app:one"
    assert sorted(pi.images) == ["inkstand-app", "inkstand-pigpiod", "inkstand-traefik"]


def test_a_release_is_judged_by_the_name_it_has_itself(pi: Any) -> None:
    pi.configure(host="one.example")
    pi.runs("one")
    update(pi, "one")
    pi.configure(host="two.example")
    pi.bad["inkstand/app:two"] = "bad"
    assert update(pi, "two")["verdict"] == "back"
    assert pi.asked == ["one.example", "two.example", "one.example"]
    assert load(pi.settings_file).host == "one.example"


def test_the_way_back_is_judged_by_the_name_of_that_release(pi: Any) -> None:
    pi.configure(host="one.example")
    pi.runs("one")
    update(pi, "one")
    pi.configure(host="two.example")
    assert update(pi, "two")["verdict"] == "good"
    for name in ("one.example", "two.example"):
        assert pi.releases.back()["verdict"] == "good"
        assert (pi.asked[-1], load(pi.settings_file).host) == (name, name)


def test_a_run_that_was_cut_off_leaves_the_settings_of_what_runs(pi: Any) -> None:
    pi.configure(host="one.example")
    pi.runs("one")
    update(pi, "one")
    pi.configure(host="two.example")
    pi.releases.begin()
    pi.prepare("two")
    assert pi.releases.recover()["verdict"] == "back"
    assert load(pi.settings_file).host == "one.example"


def test_units_run_again_that_ran_and_those_that_came_do_not(pi: Any) -> None:
    pi.runs("one")
    pi.write("ca.socket", "listens")
    pi.write("rare.timer", "was stopped")
    pi.host.active = {"ca.socket", "of-somebody-else.service"}
    pi.releases.begin()
    pi.prepare("two")
    (pi.folder / "etc" / "ca.socket").unlink()
    pi.write("acme.timer", "new")
    pi.host.active = {"acme.timer", "rare.timer", "of-somebody-else.service"}
    assert pi.releases.switch()["verdict"] == "good"
    assert pi.releases.back()["verdict"] == "good"
    assert pi.host.active == {"ca.socket", "of-somebody-else.service"}
    assert not (pi.folder / "etc" / "acme.timer").exists()
    assert pi.releases.back()["verdict"] == "good"
    assert pi.host.active == {"acme.timer", "rare.timer", "of-somebody-else.service"}


def test_a_container_that_a_release_has_not_goes_with_the_one_that_has_it(pi: Any) -> None:
    pi.configure(containers=("inkstand-app", "inkstand-traefik"))
    pi.runs("one")
    pi.engine.remove("inkstand-pigpiod")
    update(pi, "one")
    pi.configure(containers=NAMES)
    pi.bad["inkstand/app:two"] = "bad"
    assert update(pi, "two", "inkstand-app", "inkstand-pigpiod")["verdict"] == "back"
    assert set(pi.images) == {"inkstand-app", "inkstand-traefik"}


def on_networks_of_before(pi: Any) -> None:
    """Let a release run on the networks of an older Inkstand."""
    pi.runs("one")
    pi.engine.networks |= {"inkstand_edge": {"Internal": False}, "inkstand_bus": {}}
    for spec in pi.engine.containers.values():
        spec["NetworkSettings"]["Networks"] = {"inkstand_edge": {"IPAddress": "10.0.0.2"}}
        spec["HostConfig"]["NetworkMode"] = "inkstand_edge"


def test_networks_of_an_older_inkstand_go_and_come_back(pi: Any) -> None:
    on_networks_of_before(pi)
    assert update(pi, "two", *pi.settings.containers)["verdict"] == "good"
    assert list(pi.engine.networks) == ["inkstand-edge"]
    assert pi.releases.back()["verdict"] == "good"
    assert "inkstand_edge" in pi.engine.networks


def test_one_that_a_container_of_the_owner_is_on_stays(pi: Any) -> None:
    on_networks_of_before(pi)
    pi.engine.containers["cloud"] = {"NetworkSettings": {"Networks": {"inkstand_edge": {}}}}
    assert update(pi, "two", *pi.settings.containers)["verdict"] == "good"
    assert "inkstand_edge" in pi.engine.networks


def test_networks_come_back_with_all_that_are_on_them(pi: Any) -> None:
    pi.runs("one")
    pi.releases.begin()
    pi.prepare("two")
    pi.engine.networks["inkstand-edge"] = {"Internal": True}
    pi.bad["inkstand/app:two"] = "bad"
    assert pi.releases.switch()["verdict"] == "back"
    assert pi.engine.networks["inkstand-edge"] == {"Internal": False}
    assert set(pi.engine.made) == set(pi.settings.containers)


def test_by_hand_too_networks_come_back(pi: Any) -> None:
    pi.runs("one")
    pi.releases.begin()
    pi.prepare("two")
    pi.engine.networks["inkstand-edge"] = {"Internal": True}
    assert pi.releases.switch()["verdict"] == "good"
    for internal in (False, True):
        assert pi.releases.back()["verdict"] == "good"
        assert pi.engine.networks["inkstand-edge"] == {"Internal": internal}


def test_a_network_that_others_are_on_stays_as_it_is(pi: Any) -> None:
    pi.runs("one")
    pi.engine.containers["of-the-owner"] = copy.deepcopy(pi.engine.inspect("inkstand-app"))
    pi.releases.begin()
    pi.prepare("two")
    pi.engine.networks["inkstand-edge"] = {"Internal": True}
    pi.bad["inkstand/app:two"] = "bad"
    assert pi.releases.switch()["verdict"] == "back"
    assert pi.images["inkstand-app"] == "inkstand/app:one"
    assert pi.engine.networks["inkstand-edge"] == {"Internal": True}


def test_what_a_point_of_before_does_not_know_is_left_alone(pi: Any) -> None:
    """Older programs wrote down neither settings nor units, and fewer files."""
    pi.runs("one")
    unit = pi.folder / "inkstand-ca.socket"
    unit.write_text("listens")
    update(pi, "two")
    record = pi.settings.state_directory / "previous" / "release.json"
    known = json.loads(record.read_text())
    del known["patterns"], known["units"], known["networks"]
    record.write_text(json.dumps(known))
    (record.parent / "settings.json").unlink()
    pi.configure(files=(*pi.settings.files, str(unit)))
    assert pi.releases.back()["verdict"] == "good"
    assert pi.setting == "one"
    assert unit.exists()


def test_only_one_changes_releases_at_a_time(pi: Any) -> None:
    folder = pi.settings.state_directory
    folder.rmdir()
    with pi.releases.alone():
        assert folder.stat().st_mode & 0o777 == 0o700
        with (folder / "lock").open() as lock, pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with (folder / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_closed(pi: Any) -> bool:
    """Tell whether nothing is left open: no run, no guard, no maintenance."""
    return not (pi.settings.state_directory / "open").exists() and not pi.host.guarded


def cut_power(pi: Any, act: Any) -> None:
    """Do something whose end the power does not see, at the gate."""

    class PowerCut(BaseException):
        """Nothing catches this."""

    def cut() -> None:
        assert pi.host.guarded
        raise PowerCut

    pi.at_the_gate = cut
    with pytest.raises(PowerCut):
        act()
    pi.at_the_gate = lambda: None


def test_a_run_after_a_power_cut_begins_with_what_ran_before(pi: Any) -> None:
    pi.runs("one")
    cut_power(pi, lambda: update(pi, "two"))
    assert pi.releases.begin()["verdict"] == "begun"
    assert (pi.images["inkstand-app"], pi.setting) == ("inkstand/app:one", "one")


def test_a_power_cut_on_the_way_back_ends_with_the_present_release(pi: Any) -> None:
    pi.runs("one")
    update(pi, "two")
    cut_power(pi, pi.releases.back)
    assert pi.releases.recover()["verdict"] == "back"
    assert (pi.images["inkstand-app"], pi.setting) == ("inkstand/app:two", "two")
    assert is_closed(pi)


def test_a_run_that_was_cut_off_is_gone_on_with_only_when_all_was_written_down(pi: Any) -> None:
    folder = pi.settings.state_directory / "open"
    pi.runs("one")
    pi.releases.begin()
    pi.host.unguard()
    assert pi.releases.begin()["verdict"] == "open"
    assert pi.host.guarded
    for part in ("point/release.json", "state.json"):
        (folder / part).unlink()
        assert pi.releases.begin()["verdict"] == "begun"
    (folder / "point" / "release.json").unlink()
    pi.parts = None
    assert pi.releases.begin()["verdict"] == "first"
    assert not folder.exists()


def test_what_worked_before_is_demanded_and_nothing_else(pi: Any) -> None:
    pi.runs("one")
    pi.parts = {"panel": "gone", "button": "ok", "storage": "ok", "status": "ok"}
    update(pi, "two")
    assert pi.demanded == ("button", "storage")


@pytest.mark.parametrize("lacks", ["answer", "container", "app"])
def test_what_does_not_serve_is_no_release_to_go_back_to(pi: Any, lacks: str) -> None:
    pi.runs("one")
    if lacks == "answer":
        pi.parts = None
    elif lacks == "container":
        pi.engine.remove("inkstand-pigpiod")
    else:
        pi.engine.remove("inkstand-app")
        pi.configure(containers=("inkstand-pigpiod", "inkstand-traefik"))
    assert pi.releases.begin()["verdict"] == "first"


def test_a_first_release_leaves_its_settings_and_nothing_to_come(pi: Any) -> None:
    pi.releases.begin()
    pi.prepare("one", *pi.settings.containers)
    assert re.fullmatch(r"Release [0-9a-f]{12} runs\.", pi.releases.switch()["sentence"])
    assert set(pi.images) == set(NAMES)
    assert load(pi.settings.state_directory / "settings.json") == pi.settings


def test_both_releases_are_named_and_nothing_is_left_open(pi: Any) -> None:
    pi.runs("one")
    sentence = update(pi, "two")["sentence"]
    name = r"([0-9a-f]{12})"
    found = re.match(
        rf"Release {name} is well and runs; release {name} is kept\. Changed: ", sentence
    )
    assert found
    assert found[1] != found[2]
    assert is_closed(pi)
    assert pi.engine.killed == []


def test_room_is_wanted_for_messages_and_for_nothing_else(
    pi: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pi.runs("one")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    assert update(pi, "two", "inkstand-pigpiod")["verdict"] == "good"
    with pytest.raises(ReleaseError, match="make room"):
        update(pi, "two", "inkstand-app")
    assert pi.images["inkstand-app"] == "inkstand/app:one"


def test_it_is_in_maintenance_while_a_release_is_judged(
    pi: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "is_in_maintenance", lambda _: True)
    file = pi.folder / "dynamic" / "release.yml"
    file.parent.mkdir()
    pi.configure(maintenance_file=str(file))
    pi.runs("one")
    seen: list[bool] = []
    pi.at_the_gate = lambda: seen.append(file.exists())
    for act in (lambda: update(pi, "two"), pi.releases.back):
        assert act()["verdict"] == "good"
        assert (seen.pop(), seen, file.exists()) == (True, [], False)


def test_what_traefik_watches_is_put_back_last(pi: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    file = pi.folder / "dynamic" / "release.yml"
    pi.configure(maintenance_file=str(file))
    pi.runs("one")
    put_back = Mock(wraps=files.put_back)
    monkeypatch.setattr(files, "put_back", put_back)
    pi.bad["inkstand/app:two"] = "bad"
    assert update(pi, "two")["verdict"] == "back"
    assert put_back.call_args.args[-1] == file.parent


def test_a_release_that_is_not_well_may_end_in_order(pi: Any) -> None:
    pi.runs("one")
    pi.bad["inkstand/app:two"] = "bad"
    assert update(pi, "two")["verdict"] == "back"
    assert pi.engine.killed == []
    assert is_closed(pi)


def test_a_run_that_failed_is_put_back_and_closed(pi: Any) -> None:
    pi.runs("one")
    pi.releases.begin()
    pi.prepare("two")
    assert pi.releases.abort()["verdict"] == "back"
    assert pi.setting == "one"
    assert is_closed(pi)


def test_the_way_back_leaves_out_a_run_that_is_open(pi: Any) -> None:
    pi.runs("one")
    update(pi, "two")
    pi.releases.begin()
    pi.prepare("three")
    assert pi.releases.back()["verdict"] == "good"
    assert (pi.images["inkstand-app"], pi.setting) == ("inkstand/app:one", "one")
    assert pi.releases.back()["verdict"] == "good"
    assert (pi.images["inkstand-app"], pi.setting) == ("inkstand/app:two", "two")


def test_a_driver_is_restarted_for_any_of_its_files_and_no_other(pi: Any) -> None:
    unit = pi.folder / "epd-fuse.service"
    unit.write_text("one")
    pi.configure(driver_files=(*pi.settings.driver_files, str(pi.folder / "epd-*")))
    pi.runs("one")
    pi.releases.begin()
    pi.write("setting", "two")
    pi.releases.abort()
    assert pi.host.restarted == []
    for file in (unit, pi.folder / "driver" / "driver.py"):
        pi.releases.begin()
        file.write_text("two")
        pi.releases.abort()
        assert file.read_text() == "one"
        assert pi.host.restarted.pop() == "epd-fuse.service"


def test_what_did_not_serve_and_is_the_same_is_started(pi: Any) -> None:
    pi.runs("one")
    pi.engine.stop("inkstand-pigpiod", 0)
    pi.parts = None
    pi.releases.begin()
    assert pi.releases.switch()["verdict"] == "unchanged"
    assert pi.engine.containers["inkstand-pigpiod"]["State"]["Running"]


def test_what_did_not_serve_gives_way_to_what_comes(pi: Any) -> None:
    pi.runs("one")
    pi.parts = None
    assert update(pi, "two")["verdict"] == "good"
    assert pi.images["inkstand-app"] == "inkstand/app:two"


def test_what_lacks_a_container_is_judged_although_nothing_comes(pi: Any) -> None:
    pi.runs("one")
    pi.engine.remove("inkstand-pigpiod")
    pi.releases.begin()
    pi.bad["inkstand/app:one"] = "pigpiod does not answer"
    assert pi.releases.switch()["verdict"] == "bad"


def test_settings_of_which_nothing_else_changed_are_those_of_the_release(pi: Any) -> None:
    pi.runs("one")
    pi.configure(host="pi.example")
    pi.releases.begin()
    assert pi.releases.switch()["verdict"] == "unchanged"
    assert load(pi.settings.state_directory / "settings.json").host == "pi.example"


def test_the_gate_is_told_what_there_is_and_how_patient_to_be(pi: Any) -> None:
    pi.configure(gate_seconds=2, steady_seconds=5)
    update(pi, "one", *pi.settings.containers)
    pi.bad["inkstand/app:two"] = "bad"
    update(pi, "two")
    # A first release has three times as long; one that is back was steady before.
    assert pi.judged == [(True, True, 6, 5), (True, True, 2, 5), (True, True, 2, 0)]


def test_a_run_that_changed_nothing_is_closed_without_a_word_of_going_back(pi: Any) -> None:
    pi.runs("one")
    pi.releases.begin()
    assert pi.releases.abort()["verdict"] == "unchanged"
    assert (pi.engine.made, is_closed(pi)) == ([], True)


def test_databases_are_copied_while_nobody_writes(pi: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor where the app is the same in both releases."""
    runs: list[bool] = []
    copy_databases = database.copy

    def note(*folders: Any) -> Any:
        runs.append(pi.engine.containers["inkstand-app"]["State"]["Running"])
        return copy_databases(*folders)

    monkeypatch.setattr(database, "copy", note)
    pi.runs("one")
    for is_well, act, expected in (
        (False, lambda: update(pi, "two", "inkstand-pigpiod"), []),
        (True, lambda: update(pi, "two", "inkstand-pigpiod"), []),
        (False, pi.releases.back, [False, False]),
    ):
        pi.bad = {} if is_well else {"inkstand/app:one": "bad"}
        assert act()["verdict"] == ("good" if is_well else "back")
        assert runs == expected
    assert pi.engine.containers["inkstand-app"]["State"]["Running"]


def test_a_guard_without_a_run_is_taken_away(pi: Any) -> None:
    pi.runs("one")
    pi.host.guard()
    assert pi.releases.recover()["verdict"] == "unchanged"
    assert is_closed(pi)
