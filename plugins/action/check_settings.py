"""Check every setting of every role, and the tags of the run, before anything is changed."""

# mypy: disable-error-code="import-untyped, misc"

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.module_utils.common.validation import (
    check_type_bool,
    check_type_float,
    check_type_int,
)
from ansible.plugins.action import ActionBase
from ansible.release import __version__ as ansible_version
from ansible.vars.reserved import get_reserved_names

DOCUMENTATION = """
name: check_settings
short_description: Check settings by the argument_specs of the roles
description:
  - Refuses a name that begins like a setting and is none, and a value of another type or range than
    the argument_specs of the roles say, with a sentence for each.
  - The range of a number is the last paragraph of its description, and nothing else is in that
    paragraph, as in C(From 0 to 86400.); of a list it is the range of each entry. A text with a
    range is a number or empty. So is the form of a text, one of FORMS, as in C(Days such as daily,
    mon, sat,sun or fri-mon.).
  - Refuses a screen of C(app_screens) without a pack that ships or a file, or with other settings
    than its pack has, and an entry of C(app_playlist) that names no screen.
  - Warns of a variable of the inventory that nothing uses.
  - Refuses a tag that neither the playbook nor a role has.
  - Changes nothing, and asks nothing of the host.
options:
  playbook:
    description: The playbook whose tags may be given with C(--tags), in the directory of the roles.
    type: str
    default: playbook.yml
  role:
    description: The directory of a role whose settings are to be checked, and nothing else.
    type: path
"""

OLDEST_ANSIBLE = (2, 19)
# What playbooks take beside the settings of roles.
OF_PLAYBOOKS: Mapping[str, Mapping[str, Any]] = {
    "inkstand_button_gpio": {"type": "int"},
    "inkstand_environment": {"type": "dict"},
    "inkstand_images_as_of": {"type": "str"},
    "inkstand_serial": {"type": "raw"},
    "remove_docker": {"type": "bool"},
    "remove_inkstand": {"type": "bool"},
    "restore_inkstand": {"type": "bool"},
}
# Settings of earlier versions, and what became of them: said, and no reason to stop.
GONE = "this setting is gone, and the line can be deleted."
OURS = f"{GONE} Inkstand has one good value for it, and uses that."
FORMER: Mapping[str, str] = {
    "app_pigpiod_port": OURS,
    "backup_containers": OURS,
    "backup_packages": OURS,
    "release_app_container": OURS,
    "release_app_port": OURS,
    "release_bridge_container": OURS,
    "release_driver_files": OURS,
    "release_driver_unit": OURS,
    "release_edge_container": OURS,
    "release_steady_seconds": OURS,
    "app_panel_bit_order": (
        f"{GONE} Which bit is the left pixel is known now, and the same on every panel"
        " (docs/hardware.md)."
    ),
}
# How alike two names are, of 1, for the second to be offered, and for the first to be a slip of it.
ALIKE, SLIP = 0.6, 0.85
MAX_SHOWN = 60
SECRET = re.compile(
    r"password|secret|hash|token|key|recipients|identity|app_screens|app_webhooks|mqtt_url"
)
RANGE = re.compile(r"From (-?\d+) to (-?\d+)\.")
_DAY = r"\s*(?:mon|tue|wed|thu|fri|sat|sun)\s*"
_DAYS = rf"{_DAY}(?:-{_DAY})?"
# The forms of a text by what a description says of them; the app reads them again, and closer.
FORMS: Mapping[str, re.Pattern[str]] = {
    "Days such as daily, mon, sat,sun or fri-mon.": re.compile(
        rf"daily|{_DAYS}(?:,{_DAYS})*", re.IGNORECASE
    ),
    'A time between quotes such as "22:30".': re.compile(r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9]|24:00"),
    "An address such as mqtt://inkstand@192.168.1.5, or mqtts:// for TLS.": re.compile(
        r"(mqtts?://([^\s/@:]+@)?(\[[0-9A-Fa-f:.]+\]|[^\s/@:\[\]]+)(:\d{1,5})?/?)?"
    ),
    "An address such as https://example.com/hook.": re.compile(r"https://[^\s/?#@]+([/?]\S*)?"),
    "A secret such as whsec_ and 24 to 64 random bytes in base64.": re.compile(
        r"whsec_(?:[A-Za-z0-9+/]{4}){8,21}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"
    ),
    "Small letters, digits, - and _, at most 32.": re.compile(r"(?:[a-z0-9][a-z0-9_-]{0,31})?"),
}
SHIPPED_PACKS = Path(__file__).resolve().parents[2] / "images/app/src/inkstand/packs/shipped"
BUILT_IN = ("clock", "clock-date")
TAGS_OF_ANSIBLE = {"all", "always", "never", "tagged", "untagged"}
# What molecule leaves out in each of its runs.
TAGS_OF_ANSIBLE |= {"notest", "molecule-notest", "molecule-idempotence-notest"}

Options = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class WrongValueError(Exception):
    """A value is of another type or range; `wanted` says what it should be."""

    wanted: str


def nearest(name: str, known: Iterable[str], cutoff: float = ALIKE) -> str:
    """Give the name that is most like one; empty when none is."""
    return next(iter(difflib.get_close_matches(name, sorted(known), 1, cutoff)), "")


def _meant(name: str, known: Iterable[str], otherwise: str = "") -> str:
    found = nearest(name, known)
    return f" Did you mean {found}?" if found else otherwise


def kind(value: object) -> str:
    """Say what kind of thing a value is, for people who never heard of types."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "a truth value"
    if isinstance(value, (int, float)):
        return "a number"
    return (
        "a list"
        if isinstance(value, list)
        else "a dictionary"
        if isinstance(value, dict)
        else "text"
    )


def described(value: object) -> str:
    """Say what kind of thing a value is, and which."""
    if value is None:
        return kind(value)
    text = json.dumps(value, ensure_ascii=False, default=str)
    return f"{kind(value)}, {text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + '…'}"


def _text(value: Any, choices: Iterable[Any]) -> None:
    # YAML makes something of its own of what looks like a date.
    if isinstance(value, (str, date)) or str(value) in map(str, choices):
        return
    if isinstance(value, (int, float)):
        raise WrongValueError("text: put it between quotes")
    raise WrongValueError("text")


def _number(value: Any, check: Any, wanted: str) -> None:
    if isinstance(value, bool):
        raise WrongValueError(wanted)
    try:
        check(value)
    except (TypeError, ValueError):
        raise WrongValueError(wanted) from None


def _truth(value: Any) -> None:
    try:
        check_type_bool(value)
    except TypeError:
        raise WrongValueError("true or false") from None


def check_type(value: Any, option: Mapping[str, Any]) -> None:
    """Require that a value is of the type that an option says.

    Raises:
        WrongValueError: it is not.
    """
    match option.get("type", "str"):
        case "str" | "path":
            _text(value, option.get("choices", []))
        case "int":
            _number(value, check_type_int, "a whole number")
        case "float":
            _number(value, check_type_float, "a number")
        case "bool":
            _truth(value)
        case "list" if not isinstance(value, list):
            raise WrongValueError("a list, for example  [first, second]")
        case "dict" if not isinstance(value, dict):
            raise WrongValueError("a dictionary, for example  {name: value}")
        case _:
            pass


def _last_paragraph(option: Mapping[str, Any]) -> str:
    paragraphs = option.get("description", "")
    return str(paragraphs[-1]) if isinstance(paragraphs, list) else ""


def _check_form(value: Any, option: Mapping[str, Any]) -> None:
    said = _last_paragraph(option)
    if said in FORMS and not FORMS[said].fullmatch(str(value)):
        raise WrongValueError(f"{said[0].lower()}{said[1:-1]}")


def bounds(option: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return the least and the greatest number that an option may be; None without a range."""
    found = RANGE.fullmatch(_last_paragraph(option))
    return (int(found[1]), int(found[2])) if found else None


def _check_range(value: Any, option: Mapping[str, Any]) -> None:
    limits = bounds(option)
    if limits is None or isinstance(value, list) or value == "":
        return
    low, high = limits
    wanted = f"from {low} to {high}"
    if option.get("type", "str") == "str":
        _number(value, check_type_int, wanted := f"empty or a whole number {wanted}")
    if not low <= float(value) <= high:
        raise WrongValueError(wanted)


def check_value(name: str, value: Any, option: Mapping[str, Any]) -> Iterator[str]:
    """Give a sentence for what is wrong with a value and with what is in it."""
    is_number = option.get("type") in {"int", "float"} and isinstance(value, (int, float))
    hidden = bool(option.get("no_log")) or (SECRET.search(name) is not None and not is_number)
    is_now = kind(value) if hidden else described(value)
    try:
        check_type(value, option)
        _check_range(value, option)
        _check_form(value, option)
    except WrongValueError as wrong:
        yield f"{name} is {is_now}; it must be {wrong.wanted}."
        return
    choices = [str(choice) for choice in option.get("choices", [])]
    if choices and not isinstance(value, list) and str(value) not in choices:
        yield (
            f"{name} is {is_now}; it must be one of {', '.join(choices)}."
            f"{_meant(str(value).lower(), choices)}"
        )
    elements = {"type": option["elements"]} if "elements" in option else None
    if isinstance(value, list) and elements:
        inner = {**option, **elements}
        inner.pop("elements")
        for number, one in enumerate(value, 1):
            yield from check_value(f"{name}, entry {number},", one, inner)
    elif isinstance(value, dict) and "options" in option:
        yield from _check_inner(name.rstrip(","), value, option["options"])


def _check_inner(name: str, value: Mapping[str, Any], options: Options) -> Iterator[str]:
    for key, option in options.items():
        if option.get("required") and value.get(key) is None:
            yield f"{name} lacks {key}."
        elif value.get(key) is not None:
            yield from check_value(f"{key} of {name}", value[key], option)
    for key in sorted(set(map(str, value)) - set(options)):
        yield f"{name} has {key}, which means nothing there.{_meant(key, options)}"


def wrong_screens(screens: list[Any], find: Callable[[str], Path | None]) -> Iterator[str]:
    """Give a sentence for each screen without a pack, or with settings that its pack has not.

    `find` gives the file of a pack by its name, None if there is none. No value is quoted.
    """
    for number, screen in enumerate(screens, 1):
        name, place = screen["pack"], f"app_screens, entry {number}"
        file = find(name)
        if file is None:
            what = "no such file" if name.endswith(".toml") else "no such pack"
            shipped = [path.stem for path in SHIPPED_PACKS.glob("*.toml")]
            yield f"pack of {place}, is {name}; there is {what}.{_meant(name, shipped)}"
            continue
        try:
            settings = tomllib.loads(file.read_text(encoding="utf-8")).get("settings", {})
            wrong = [*_wrong_settings(screen, settings)]
        except (OSError, ValueError, TypeError, AttributeError):
            yield f"{name}, the pack of {place}, cannot be read; see  inkstand packs check {name}"
            continue
        yield from (f"{place}, {each}" for each in wrong)


def _wrong_settings(screen: Mapping[str, Any], settings: Options) -> Iterator[str]:
    given, pack = screen.get("settings") or {}, screen["pack"]
    for key in sorted(set(map(str, given)) - set(settings)):
        yield f"has {key}, which is no setting of {pack}.{_meant(key, settings)}"
    for key, setting in settings.items():
        if given.get(key) is None and "default" not in setting and not screen.get("example"):
            yield f"lacks {key}, which {pack} needs: {setting.get('about', '')}."


def wrong_playlist(playlist: list[Any], screens: list[Any]) -> Iterator[str]:
    """Give a sentence for each entry of a playlist that names no screen."""
    names = [*BUILT_IN, *(screen["name"] for screen in screens)]
    for number, entry in enumerate(playlist, 1):
        if entry["screen"] not in names:
            yield (
                f"screen of app_playlist, entry {number}, is {entry['screen']}; app_screens has no"
                f" such name.{_meant(entry['screen'], names)}"
            )


def unknown(names: Iterable[str], settings: Iterable[str], prefixes: Iterable[str]) -> list[str]:
    """Give a sentence for each name that begins like a setting and is none."""
    known, starts = set(settings), tuple(prefixes)
    return [
        f"There is no setting {name}."
        + _meant(name, known, " docs/configuration.md lists all there are.")
        for name in sorted(set(names) - known)
        if name.startswith(starts)
    ]


def slips(names: Iterable[str], settings: Iterable[str]) -> dict[str, str]:
    """Give the names that nothing knows and that are a setting but for a letter or two."""
    known = set(settings)
    found = {name: nearest(name, known, SLIP) for name in sorted(set(names) - known)}
    return {name: setting for name, setting in found.items() if setting}


def unused(names: Iterable[str], values: Mapping[str, Any]) -> list[str]:
    """Give the names that no other variable mentions."""
    everything = {name: set(re.findall(r"\w+", repr(value))) for name, value in values.items()}
    return [
        name
        for name in sorted(names)
        if not any(name in words for other, words in everything.items() if other != name)
    ]


def wrong_tags(given: Iterable[str], known: Iterable[str]) -> list[str]:
    """Give a sentence for each tag that selects nothing."""
    there = set(known)
    return [
        f"There is no tag {tag}." + _meant(tag, there, f" There are {', '.join(sorted(there))}.")
        for tag in given
        if tag not in there | TAGS_OF_ANSIBLE
    ]


def tags_in(content: object) -> Iterator[str]:
    """Give all tags that a playbook or a file of tasks names."""
    if isinstance(content, list):
        for one in content:
            yield from tags_in(one)
    elif isinstance(content, dict):
        found = content.get("tags", [])
        yield from [found] if isinstance(found, str) else found
        for value in content.values():
            yield from tags_in(value)


def is_old(version: str) -> bool:
    """Tell whether a version of ansible-core is older than what Inkstand is tested with."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < OLDEST_ANSIBLE


def report(host: str, sentences: list[str]) -> str:
    """Write the message of a run that is refused before it changed anything."""
    many = f"{len(sentences)} things are" if len(sentences) > 1 else "This is"
    told = "\n".join(f"  - {sentence}" for sentence in sentences)
    where = f"Settings are in host_vars/{host}.yml or inventory/, or came with -e."
    return f"{many} not right; nothing was changed on {host}. {where}\n{told}"


class ActionModule(ActionBase):
    """The plugin, as Ansible calls it."""

    TRANSFERS_FILES = False
    _VALID_ARGS = frozenset({"playbook", "role"})

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        """Check the settings of one host."""
        given: dict[str, Any] = super().run(tmp, task_vars)
        host = str(task_vars["inventory_hostname"])
        if is_old(ansible_version):
            oldest = ".".join(map(str, OLDEST_ANSIBLE))
            message = (
                f"Inkstand needs ansible-core {oldest} or newer, and this is {ansible_version}."
            )
            return {
                **given,
                "failed": True,
                "msg": f"{message} Install it with  tools/setup deploy",
            }
        role = self._task.args.get("role")
        sentences = [
            *([] if role else self._tags(task_vars)),
            *(self._of_role(role, task_vars) if role else self._settings(task_vars, host, given)),
        ]
        if sentences:
            return {**given, "failed": True, "msg": report(host, sentences)}
        return given

    def _folder(self, task_vars: Mapping[str, Any]) -> Path:
        return Path(str(task_vars["playbook_dir"]))

    def _read(self, file: Path) -> Any:
        return self._loader.load_from_file(str(file))

    def _tags(self, task_vars: Mapping[str, Any]) -> list[str]:
        given = [*task_vars.get("ansible_run_tags", []), *task_vars.get("ansible_skip_tags", [])]
        if not set(given) - TAGS_OF_ANSIBLE:
            return []
        folder = self._folder(task_vars)
        files = [
            folder / self._task.args.get("playbook", "playbook.yml"),
            *folder.glob("roles/*/tasks/*.yml"),
        ]
        return wrong_tags(
            map(str, given), {tag for file in files for tag in tags_in(self._read(file))}
        )

    def _specs(self, task_vars: Mapping[str, Any]) -> dict[str, Options]:
        files = sorted(self._folder(task_vars).glob("roles/*/meta/argument_specs.yml"))
        entries = {
            file.parents[1].name: [*self._read(file)["argument_specs"].values()] for file in files
        }
        # What an owner sets is in `main`, the first; other entry points say less of the same name.
        return {
            role: {n: o for entry in reversed(specs) for n, o in entry.get("options", {}).items()}
            for role, specs in entries.items()
        }

    def _settings(
        self, task_vars: Mapping[str, Any], host: str, given: dict[str, Any]
    ) -> Iterator[str]:
        specs = self._specs(task_vars)
        settings = {name: o for options in specs.values() for name, o in options.items()}
        settings |= OF_PLAYBOOKS
        own = _owned(task_vars["hostvars"][host])
        prefixes = [*(f"{role}_" for role in specs), "inkstand_"]
        yield from unknown(set(own) - set(FORMER), settings, prefixes)
        rest = [name for name in own if not name.startswith(tuple(prefixes))]
        strange = unused(set(rest) - set(settings), {name: task_vars.get(name) for name in own})
        meant = slips(strange, settings)
        for name, setting in meant.items():
            yield f"There is no setting {name}. Did you mean {setting}?"
        warnings = [f"{name}: {FORMER[name]}" for name in own if name in FORMER]
        if idle := [name for name in strange if name not in meant]:
            warnings.append(f"No part of Inkstand knows {', '.join(idle)}, set for {host}.")
        given["warnings"] = [*given.get("warnings", []), *warnings]
        yield from self._values(settings, task_vars)

    def _of_role(self, folder: str, task_vars: Mapping[str, Any]) -> Iterator[str]:
        specs = self._read(Path(folder) / "meta" / "argument_specs.yml")["argument_specs"]
        yield from self._values(specs["main"]["options"], task_vars)

    def _values(self, settings: Options, task_vars: Mapping[str, Any]) -> Iterator[str]:
        good = {}
        for name, option in settings.items():
            if name in task_vars:
                good[name] = yield from self._value(name, task_vars[name], option, settings)
        playlist, screens = good.get("app_playlist"), good.get("app_screens")
        if screens is not None:
            yield from wrong_screens(screens, self._pack)
            yield from wrong_playlist(playlist or [], screens)

    def _pack(self, name: str) -> Path | None:
        if not name.endswith(".toml"):
            file = SHIPPED_PACKS / f"{Path(name).name}.toml"
            return file if file.exists() else None
        try:
            # Where the module copy looks for it.
            return Path(self._find_needle("files", name))
        except AnsibleError:
            return None

    def _value(
        self, name: str, raw: Any, option: Mapping[str, Any], settings: Options
    ) -> Generator[str, None, Any]:
        """Give a sentence for what is wrong with a value, and return it if nothing is."""
        try:
            value = self._templar.template(raw)
        except AnsibleError as error:
            missing = re.search(r"'(\w+)' is undefined", str(error))
            # The role that needs it says so better.
            if not missing or missing[1] not in settings:
                yield f"{name} cannot be worked out: {_reason(error)}."
            return None
        found = [*check_value(name, value, option)]
        yield from found
        return None if found else value


def _reason(error: AnsibleError) -> str:
    return " ".join(str(error).split()).rstrip(".")


def _owned(variables: Mapping[str, Any]) -> list[str]:
    """Give the names of the variables that are neither Ansible's nor a role's own."""
    reserved = {*get_reserved_names(), "group_names", "groups", "omit", "playbook_dir"}
    return [
        name
        for name in variables
        if not name.startswith(("ansible_", "inventory_", "__")) and name not in reserved
    ]
