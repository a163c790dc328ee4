"""From one release to the next, and back.

The role `app` and its like write their files and make the containers that are to come, as
`inkstand-app-next`. What is here begins before them (`begin`: remember what runs) and ends after
them (`switch`: stop, copy the messages, start, judge, and keep it or go back). Both halves leave
on the disk how far they are, so that `recover` can finish after a power cut, or when nobody comes
back.
"""

from __future__ import annotations

import contextlib
import fcntl
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkstand_host import files
from inkstand_host.docker import address_on, creation, image_of
from inkstand_host.errors import EngineError, ReleaseError
from inkstand_host.release import database, gate, health, maintenance, snapshots
from inkstand_host.release.health import PARTS, Demands
from inkstand_host.release.settings import DEFAULT_PATH, load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from inkstand_host.docker import Engine, Spec
    from inkstand_host.release.gate import Judge, Verdict
    from inkstand_host.release.settings import Settings
    from inkstand_host.release.snapshots import Snapshot
    from inkstand_host.systemd import Host

# Seconds that a release gets to end in good order, and one that failed.
_PATIENCE, _LITTLE_PATIENCE = 20, 3
_LOG_LINES, _LAST_LINES = 300, 6
_OUR_IMAGES = "inkstand/*"
_BEGUN, _SWITCHING = "begun", "switching"
# Containers were called without it once: `app`, `pigpiod`, `traefik`; and networks otherwise.
_PREFIX = "inkstand-"
_MOST_NAMED = 6
_FORMER_NETWORKS = ("inkstand_bus", "inkstand_edge")
_ROLE_LABEL = "inkstand.role"
Specs = dict[str, Any]


class Releases:
    """The releases of one Pi.

    Every method returns what it did as a dictionary: `verdict` is a word, `sentence` says it to
    people.
    """

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        around: Host,
        judge: Judge = gate.pass_through,
        settings_file: Path = DEFAULT_PATH,
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._settings_file = settings_file
        self._host = around
        self._judge_by = judge
        self._open = settings.state_directory / "open"
        self._snapshot = self._open / "point"
        self._state = self._open / "state.json"
        self._previous = settings.state_directory / "previous"
        self._failed = settings.state_directory / "failed"
        # By which the present release was judged; the roles may have written others since.
        self._own_settings = settings.state_directory / "settings.json"
        self._excused: tuple[str, ...] = ()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Let nobody else change releases meanwhile; waits for who does."""
        self._settings.state_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._settings.state_directory / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def status(self) -> dict[str, Any]:
        """Tell what runs, what can be gone back to, and whether a run was left open."""
        present, previous = self._present(), snapshots.load(self._previous)
        name = self._name() if present else ""
        then = f"Release {previous.release} of {previous.taken_at}" if previous else "No release"
        sentences = [
            f"Release {name} runs." if name else "No release runs.",
            f"{then} is kept to go back to.",
            *(["A run of the playbook is open, or was not finished."] if self._phase() else []),
        ]
        return {
            **_said("present", " ".join(sentences)),
            "release": name,
            "previous": previous.release if previous else "",
            "open": self._phase(),
        }

    # --- Before the roles -----------------------------------------------------------------------

    def begin(self) -> dict[str, Any]:
        """Remember what runs, before anything is changed."""
        if self._phase() == _SWITCHING:
            self.recover()
        self._rename()
        self._remove_next()
        if self._phase() == _BEGUN and snapshots.load(self._snapshot):
            self._host.guard()
            return _said("open", "Goes on with a run that was not finished.")
        shutil.rmtree(self._open, ignore_errors=True)
        with self._as_it_was() as coming:
            specs = self._present()
            parts = self._parts(specs)
            if parts is None:
                return _said("first", "Nothing runs that could be gone back to.")
            snapshot = self._take(specs, parts, coming)
        files.write_json(self._state, {"phase": _BEGUN})
        self._host.guard()
        return _said(
            "begun", f"Goes back to release {snapshot.release} if the new one is not well."
        )

    def _rename(self) -> None:
        """Give containers of an older Inkstand their names of today; those of others are left."""
        for name in self._settings.containers:
            old = name.removeprefix(_PREFIX)
            if old != name and self._engine.inspect(name) is None and self._is_ours(old):
                self._engine.rename(old, name)

    def _is_ours(self, name: str) -> bool:
        spec = self._engine.inspect(name)
        return spec is not None and _ROLE_LABEL in (spec["Config"].get("Labels") or {})

    @contextlib.contextmanager
    def _as_it_was(self) -> Iterator[Settings]:
        """Go by the settings of the release that runs; yields those that are to come."""
        coming, self._settings = self._settings, self._settings_then()
        try:
            yield coming
        finally:
            self._settings = coming

    def _settings_then(self) -> Settings:
        """Return the settings of the release that runs; those of now when it left none."""
        try:
            return load(self._own_settings)
        except ReleaseError:
            return self._settings

    def _take(self, specs: Specs, parts: tuple[str, ...], coming: Settings) -> Snapshot:
        """Write down what runs, and of what is to come that it is not there."""
        own = self._own_settings if self._own_settings.exists() else self._settings_file
        patterns = tuple(dict.fromkeys([*self._settings.snapshot_paths, *coming.snapshot_paths]))
        units = self._host.active_units(files.state(patterns))
        networks = self._networks(specs)
        present = snapshots.Present(specs, parts, patterns, units, networks, own)
        return snapshots.take(self._snapshot, present)

    def _networks(self, specs: Specs) -> Specs:
        names = sorted({name for spec in specs.values() for name in _ends(spec)})
        found = {name: self._engine.network(name) for name in names}
        return {name: network for name, network in found.items() if network is not None}

    def _phase(self) -> str:
        return str((files.read_json(self._state) or {}).get("phase", ""))

    def _present(self) -> Specs:
        found = {name: self._engine.inspect(name) for name in self._settings.containers}
        return {name: spec for name, spec in found.items() if spec is not None}

    def _parts(self, specs: Mapping[str, Spec]) -> tuple[str, ...] | None:
        """Return which parts work; None when there is no release that serves."""
        if set(specs) != set(self._settings.containers) or self._settings.app not in specs:
            return None
        address = address_on(specs[self._settings.app], self._settings.app_network)
        said = health.ask_parts(address, self._settings.app_port)
        return None if said is None else tuple(part for part in PARTS if said.get(part) == "ok")

    def _remove_next(self) -> None:
        self._remove(map(_next, self._settings.containers))

    # --- After the roles ------------------------------------------------------------------------

    def switch(self, *, without_panel: bool = False) -> dict[str, Any]:
        """Go to what the roles prepared; judge it; go back when it is not well.

        Args:
            without_panel: no panel answers, and none did before; nobody demands one.
        """
        self._excused = ("panel",) if without_panel else ()
        snapshot = snapshots.load(self._snapshot) if self._phase() else None
        coming = self._coming()
        if snapshot and not coming and not snapshot.changed_files():
            self._keep_settings()
            self._forget()
            return _said("unchanged", "Nothing changed.")
        if not snapshot:
            return self._first(coming)
        return self._replace(snapshot, coming)

    def _coming(self) -> Specs:
        found = {name: self._engine.inspect(_next(name)) for name in self._settings.containers}
        return {name: spec for name, spec in found.items() if spec is not None}

    def _keep_settings(self) -> None:
        """Remember by which settings the present release was judged."""
        files.copy_whole(self._settings_file, self._own_settings)

    def _first(self, coming: Specs) -> dict[str, Any]:
        """Start what there was nothing before: it stays, well or not, for there is no other."""
        self._keep_settings()
        if not coming and set(self._present()) == set(self._settings.containers):
            self._start(self._present())
            return _said("unchanged", "Nothing changed.")
        self._remove_next()
        self._install(coming)
        # Nobody waits for an old one to come back.
        patient = replace(self._settings, gate_seconds=3 * self._settings.gate_seconds)
        verdict = self._judge_by(self._engine, patient, self._demands(PARTS))
        name = self._name()
        if not verdict.why:
            return _said("good", f"Release {name} runs.", verdict)
        log = self._write_log(name, verdict, self._present())
        sentence = f"Release {name} runs but is not well: {verdict.why}. Its log: {log}"
        return {**_said("bad", sentence, verdict), "log": self._last_words(verdict.why)}

    def _replace(self, snapshot: Snapshot, coming: Specs) -> dict[str, Any]:
        if self._settings.app in coming:
            database.require_room(self._settings_then().databases, self._settings.state_directory)
        files.write_json(self._state, {"phase": _SWITCHING, "coming": sorted(coming)})
        self._remove_next()
        maintenance.begin(self._settings)
        try:
            self._stop(coming)
            if self._settings.app in coming:
                database.copy(self._settings_then().databases, snapshot.databases)
            self._install(coming)
            return self._judge(snapshot, [*sorted(coming), *sorted(snapshot.changed_files())])
        except (EngineError, OSError) as error:
            return self._go_back(snapshot, f"it could not be started: {error}", None)

    def _judge(self, snapshot: Snapshot, changed: Sequence[str] = ()) -> dict[str, Any]:
        """Keep what runs, or go back; `changed` is told: why it is another release at all."""
        verdict = self._judge_by(self._engine, self._settings, self._demands(snapshot.parts))
        if verdict.why:
            return self._go_back(snapshot, verdict.why, verdict)
        name = self._name()
        self._keep_settings()
        self._commit(snapshot)
        kept = f"release {snapshot.release} is kept"
        sentence = f"Release {name} is well and runs; {kept}.{_named(changed)}"
        return _said("good", sentence, verdict)

    def _demands(self, parts: tuple[str, ...]) -> Demands:
        present = self._present()
        restarts = {name: spec["RestartCount"] for name, spec in present.items()}
        app, edge = self._settings.app in present, self._settings.edge in present
        parts = tuple(part for part in parts if part not in self._excused)
        return Demands(tuple(self._in_order(present)), parts, app, edge, restarts)

    def _name(self) -> str:
        return snapshots.name_of(self._present(), files.state(self._settings.snapshot_paths))

    def _commit(self, snapshot: Snapshot) -> None:
        """Keep the release, and of those before it the last one."""
        shutil.rmtree(self._previous, ignore_errors=True)
        snapshot.directory.rename(self._previous)
        self._forget()
        self._prune()

    def _forget(self) -> None:
        maintenance.end(self._settings)
        shutil.rmtree(self._open, ignore_errors=True)
        self._host.unguard()

    def _prune(self) -> None:
        """Remove images that neither this release nor the previous one is made of, and networks.

        A way back makes its networks anew.
        """
        kept = {image_of(spec) for spec in self._present().values()}
        previous = snapshots.load(self._previous)
        for name in self._engine.images(_OUR_IMAGES):
            if name not in kept | (previous.images if previous else set()):
                # One that a stopped container of somebody is made of stays.
                with contextlib.suppress(EngineError):
                    self._engine.remove_image(name)
        for name in _FORMER_NETWORKS:
            # One that somebody else is on stays.
            with contextlib.suppress(EngineError):
                self._engine.remove_network(name)

    # --- Containers -----------------------------------------------------------------------------

    def _stop(self, specs: Mapping[str, Spec], patience: int = _PATIENCE) -> None:
        for name in self._in_order(specs):
            self._engine.stop(name, patience)

    def _install(self, specs: Mapping[str, Spec]) -> None:
        """Make containers anew, and see that all run."""
        for name in self._in_order(specs):
            self._engine.remove(name)
            self._engine.create(name, specs[name])
        self._start(self._present())

    def _remove(self, names: Iterable[str]) -> None:
        for name in names:
            self._engine.remove(name)

    def _start(self, specs: Mapping[str, Spec]) -> None:
        for name in self._in_order(specs):
            self._engine.start(name)

    def _in_order(self, specs: Mapping[str, Spec]) -> list[str]:
        return [name for name in self._settings.containers if name in specs]

    # --- Back -----------------------------------------------------------------------------------

    def _go_back(self, snapshot: Snapshot, why: str, verdict: Verdict | None) -> dict[str, Any]:
        """Make everything what it was at `snapshot`."""
        present = self._present()
        failed = self._name()
        log, last_words = self._write_log(failed, verdict, present, why), self._last_words(why)
        others = self._others(snapshot, present)
        self._stop({**others, **self._writers(snapshot)}, _LITTLE_PATIENCE)
        self._return_to(snapshot)
        lost = self._put_databases_back(snapshot)
        self._remake(snapshot, others, present)
        at_once = replace(self._settings, steady_seconds=0.0)
        after = self._judge_by(self._engine, at_once, self._demands(snapshot.parts))
        self._forget()
        sentence = (
            f"Release {failed} was not well ({why}). Release {snapshot.release} is back"
            f"{'' if not after.why else f', but not well: {after.why}'}.{lost} "
            f"The log of the failed release is in {log}"
        )
        return {**_said("back", sentence, verdict), "log": last_words}

    def _others(self, snapshot: Snapshot, present: Mapping[str, Spec]) -> Specs:
        """Return which containers of `snapshot` have to be made anew."""
        wrong = self._wrong_networks(snapshot)
        return {
            name: spec
            for name, spec in snapshot.specs.items()
            if _differs(present.get(name), spec) or wrong & _ends(spec)
        }

    def _wrong_networks(self, snapshot: Snapshot) -> set[str]:
        known = snapshot.networks.items()
        return {name for name, then in known if self._engine.network(name) != then}

    def _remake(self, snapshot: Snapshot, others: Specs, present: Mapping[str, Spec]) -> None:
        """Make containers what they were at `snapshot`, and the networks that they are on."""
        self._remove([*others, *(present.keys() - snapshot.specs.keys())])
        for name in sorted(self._wrong_networks(snapshot)):
            # One that somebody else is on stays as it is.
            with contextlib.suppress(EngineError):
                self._engine.remove_network(name)
                self._engine.make_network(name, snapshot.networks[name])
        self._install(others)

    def _writers(self, snapshot: Snapshot) -> Specs:
        """Return who may write to databases that were copied."""
        app = self._settings.app
        return {app: snapshot.specs[app]} if snapshot.databases.exists() else {}

    def _put_databases_back(self, snapshot: Snapshot) -> str:
        """Put back what the old release could not use; return a sentence that says so."""
        kept = snapshot.formats()
        if not kept:
            return ""
        source = self._settings.databases
        names = database.unusable(kept, database.copy(source, self._failed))
        if not names:
            shutil.rmtree(self._failed)
            return ""
        database.put_back(snapshot.databases, source, names)
        return (
            f" It had changed {', '.join(names)} so that release {snapshot.release} could not use"
            f" it: that is as it was at the switch, and what the failed release left is in"
            f" {self._failed}."
        )

    def _return_to(self, snapshot: Snapshot) -> set[str]:
        """Make files, units and settings what they were, and return the paths that were not."""
        now = self._host.active_units(files.state(snapshot.patterns))
        self._host.stop_units(unit for unit in now if unit not in snapshot.units)
        changed = snapshot.put_files_back(Path(self._settings.maintenance_file).parent)
        touched = any(_is_below(path, self._settings.driver_files) for path in changed)
        self._host.follow(changed, snapshot.units, self._settings.driver if touched else "")
        if snapshot.settings.exists():
            files.copy_whole(snapshot.settings, self._settings_file)
            files.copy_whole(snapshot.settings, self._own_settings)
            self._settings = load(self._settings_file)
        return changed

    def _write_log(
        self, name: str, verdict: Verdict | None, specs: Mapping[str, Spec], why: str = ""
    ) -> Path:
        path = self._settings.log_directory / f"failed-{name}.log"
        parts = [f"Release {name}: {why or (verdict.why if verdict else '')}"]
        parts += [health.summary(verdict.seen)] if verdict else []
        for container in self._in_order(specs):
            parts += [f"--- {container}", self._engine.log(container, _LOG_LINES)]
        driver = self._settings.driver
        parts += [f"--- {driver}", self._host.journal(driver, _LOG_LINES)] if driver else []
        files.write_log(path, "\n".join(parts) + "\n")
        return path

    def _last_words(self, why: str) -> list[str]:
        """Return the last lines that the container wrote which the reason names, else the app."""
        names = {name.removeprefix(_PREFIX): name for name in self._settings.containers}
        blamed = [
            name for word, name in {**names, "HTTPS": self._settings.edge}.items() if word in why
        ]
        return self._engine.log((blamed or [self._settings.app])[0], _LAST_LINES).splitlines()

    # --- When nobody finishes -------------------------------------------------------------------

    def abort(self) -> dict[str, Any]:
        """Put back what the roles changed before the switch."""
        return self.recover()

    def recover(self) -> dict[str, Any]:
        """Finish what was left open: after a power cut, or when whoever deployed went away."""
        snapshot = snapshots.load(self._snapshot)
        phase = self._phase()
        self._remove_next()
        if snapshot is None or not phase:
            self._forget()
            return _said("unchanged", "Nothing was left open.")
        if phase == _SWITCHING:
            return self._go_back(snapshot, "it was interrupted before it was judged", None)
        changed = self._return_to(snapshot)
        self._forget()
        if not changed:
            return _said("unchanged", "Nothing had been changed.")
        return _said(
            "back", f"An update was not finished; release {snapshot.release} is as it was."
        )

    # --- By hand --------------------------------------------------------------------------------

    def back(self, *, with_databases: bool = False) -> dict[str, Any]:
        """Go back to the previous release, which then has this one as its previous."""
        target = self._require_previous()
        snapshot = self._snapshot_of_today(target)
        source = self._settings.databases
        others = self._others(target, snapshot.specs)
        files.write_json(self._state, {"phase": _SWITCHING, "coming": sorted(others)})
        self._host.guard()
        maintenance.begin(self._settings)
        try:
            self._stop({**others, self._settings.app: snapshot.specs[self._settings.app]})
            now = database.copy(source, snapshot.databases)
            names = database.unusable(target.formats(), now)
            if names and not with_databases:
                self._start(snapshot.specs)
                self._forget()
                raise ReleaseError(_needs_consent(target, names))
            database.put_back(target.databases, source, names)
            self._return_to(target)
            self._remake(target, others, snapshot.specs)
            return self._judge(snapshot)
        except (EngineError, OSError) as error:
            return self._go_back(snapshot, f"it could not be started: {error}", None)

    def _require_previous(self) -> Snapshot:
        target = snapshots.load(self._previous)
        if target is None:
            raise ReleaseError(
                "There is no previous release: none was replaced since this one was installed."
            )
        target = replace(target, specs={self._today(it): at for it, at in target.specs.items()})
        missing = sorted(name for name in target.images if not self._engine.has_image(name))
        if missing:
            raise ReleaseError(
                f"Release {target.release} cannot come back: its images are gone"
                f" ({', '.join(missing)}). Check out the version you want and run the playbook."
            )
        return target

    def _today(self, name: str) -> str:
        """Return what a container is called now that was called `name` when it was written down."""
        return name if name in self._settings.containers else f"{_PREFIX}{name}"

    def _snapshot_of_today(self, target: Snapshot) -> Snapshot:
        self.recover()
        with self._as_it_was() as coming:
            return self._take(self._present(), target.parts, coming)


def _next(name: str) -> str:
    return f"{name}-next"


def _ends(spec: Spec) -> set[str]:
    return set(spec["NetworkSettings"]["Networks"])


def _differs(present: Spec | None, wanted: Spec) -> bool:
    return present is None or creation(present) != creation(wanted)


def _named(changed: Sequence[str]) -> str:
    more = len(changed) - _MOST_NAMED
    others = [f"{more} more"] if more > 0 else []
    return f" Changed: {', '.join([*changed[:_MOST_NAMED], *others])}." if changed else ""


def _is_below(path: str, patterns: tuple[str, ...]) -> bool:
    return any(Path(path).match(pattern) or path.startswith(f"{pattern}/") for pattern in patterns)


def _needs_consent(target: Snapshot, names: list[str]) -> str:
    return (
        f"Release {target.release} cannot use {', '.join(names)} as this release keeps it. Going"
        f" back brings what was there on {target.taken_at}; what came since would be gone. If you"
        " mean that, run  ansible-playbook rollback.yml -e release_back_with_messages=true"
    )


def _said(verdict: str, sentence: str, judged: Verdict | None = None) -> dict[str, Any]:
    seconds = round(judged.seconds, 1) if judged else 0.0
    return {"verdict": verdict, "sentence": sentence, "gate_seconds": seconds}
