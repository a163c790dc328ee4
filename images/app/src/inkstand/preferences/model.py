"""What an owner may change while it runs: which values are good, as JSON has them.

They are judged by what reads the file of settings; what that file says wins, and is provisioned.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from inkstand import config
from inkstand.errors import ConfigError, InvalidValueError, PackError
from inkstand.packs import NO_PACKS
from inkstand.playlist import playlist, quiet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from inkstand.config import Settings

# The playlist comes after the screens that it names.
NAMES = ("screens", "playlist", "quiet_hours", "quiet_screen")
# What stands for a secret in answers; who sends it back keeps the secret.
KEPT_SECRET = "(kept secret)"  # noqa: S105 - stands for one


def provisioned(settings: Settings) -> frozenset[str]:
    """Return which of NAMES the file of settings, or the environment, says something of."""
    return frozenset(name for name in NAMES if getattr(settings, name) != config.default(name))


def to_json(name: str, value: Any) -> Any:
    """Return what check() takes for the value of a setting."""
    match name:
        case "screens":
            return [dict(table) for table in value.values()]
        case "playlist":
            return playlist.to_values(value)
        case "quiet_hours":
            return quiet.to_values(value)
    return value


def check(name: str, value: object) -> Any:
    """Return what the app makes of a value, as far as that can be said of it alone.

    Raises:
        InvalidValueError: it is wrong.
    """
    try:
        if isinstance(value, str) and not isinstance(config.default(name), str):
            raise TypeError("must be a list")  # noqa: TRY301 - of the file's it may be text
        return config.parse(name, value)
    except (ValueError, TypeError) as error:
        raise InvalidValueError(f"{name} {error}") from error


def is_readable(name: str, value: object) -> bool:
    """Tell whether check() takes a value."""
    try:
        check(name, value)
    except InvalidValueError:
        return False
    return True


def choose(
    given: Settings, kept: Mapping[str, object], packs: Mapping[str, str] = NO_PACKS
) -> tuple[Settings, dict[str, str]]:
    """Return `given` with what was `kept` where it says nothing, and what is wrong with that.

    `packs` are those of the owner's own that are kept, which their screens tell when they are
    wrong. What else is wrong is left out, and told in a sentence by its name.
    """
    settings, problems = given, {}
    for name in NAMES:
        if name in kept and name not in provisioned(given):
            try:
                settings = _with(settings, name, check(name, kept[name]), packs)
            except (ConfigError, InvalidValueError) as error:
                problems[name] = str(error)
    return settings, problems


def _with(settings: Settings, name: str, value: Any, packs: Mapping[str, str]) -> Settings:
    made = replace(settings, **{name: value})
    if name == "screens" and value:
        # Most owners have none, and a Pi Zero takes a while to load it.
        from inkstand.packs.chosen import read_shown  # noqa: PLC0415

        read_shown(value, settings.packs_directory, packs)
    for sentence in playlist.unknown_screens(made.playlist, made.screens):
        if name == "playlist":
            raise InvalidValueError(f"playlist {sentence}")
    return made


def check_screens(
    screens: Iterable[Mapping[str, Any]],
    before: Iterable[Mapping[str, Any]],
    own: Path,
    packs: Mapping[str, str],
) -> None:
    """Do nothing if those of `screens` fit their packs that are other than `before`.

    Raises:
        InvalidValueError: one does not.
    """
    known = list(before)
    changed = check("screens", [screen for screen in screens if screen not in known])
    if changed:
        from inkstand.packs.chosen import read_chosen  # noqa: PLC0415 - as above

        try:
            read_chosen(changed, own, packs)
        except ConfigError as error:
            raise InvalidValueError(str(error)) from error


def without_secrets(
    screens: Iterable[Mapping[str, Any]], own: Path, packs: Mapping[str, str] = NO_PACKS
) -> list[dict[str, Any]]:
    """Return screens with KEPT_SECRET for each secret.

    The owner's packs are files in the folder `own`, or among `packs`, TOML by name.
    """
    return [
        {**screen, "settings": dict(_hidden(screen, own, packs))}
        if "settings" in screen
        else {**screen}
        for screen in screens
    ]


def _hidden(
    screen: Mapping[str, Any], own: Path, packs: Mapping[str, str]
) -> Iterator[tuple[str, Any]]:
    from inkstand.packs import chosen, pack  # noqa: PLC0415 - see above

    try:
        text, _ = chosen.found(screen["pack"], own, packs)
        known = pack.read(text).settings
    except (PackError, OSError):
        known = {}
    for name, value in screen["settings"].items():
        is_open = name in known and not known[name].secret
        yield name, value if is_open or value == "" else KEPT_SECRET


def with_secrets(
    screens: Iterable[Mapping[str, Any]], before: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return screens with what there was `before` for each KEPT_SECRET.

    Raises:
        InvalidValueError: there was nothing, in a screen of that name with the same pack.
    """
    known = {(screen["name"], screen["pack"]): screen.get("settings", {}) for screen in before}
    return [
        {**screen, "settings": _revealed(screen, known.get((screen["name"], screen["pack"]), {}))}
        if screen.get("settings")
        else {**screen}
        for screen in screens
    ]


def _revealed(screen: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    for name, value in screen["settings"].items():
        if value == KEPT_SECRET and name not in known:
            raise InvalidValueError(
                f"screens: {screen['name']}: {name} is not known here; write the secret itself"
            )
    return {
        name: known[name] if value == KEPT_SECRET else value
        for name, value in screen["settings"].items()
    }
