"""Check that the roles keep the rules of docs/design.md, so far as files can tell.

A variable is declared in a role's meta/argument_specs.yml: name, type, choices, range, default and
sentence. For every role: names have its prefix, defaults/main.yml says the same, numbers have a
range, every variable is described, tasks are named after their phase and few to a file, the README
has the table of variables. Over all roles: what an owner may set stands in host_vars.example with
its default, and nothing stands there that no role has; docs/configuration.md has all tables.
`--write` writes what follows from the argument_specs: defaults, tables, and lines of the example.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from plugins.action.check_settings import bounds, check_value  # noqa: E402

MAX_TASKS = 10
# A setting, commented out or not: what is indented belongs to a value.
_EXAMPLE = re.compile(r"^(?:# ?)?([a-z][a-z0-9]*_[a-z0-9_]+):(?: (.*))?$", re.MULTILINE)
_ANSIBLE_CODE = re.compile(r"\b[COV]\(([^)]*)\)")
TABLE_BEGIN = "<!-- variables: from meta/argument_specs.yml -->\n"
TABLE_END = "\n<!-- end of variables -->\n"
CONFIGURATION = Path("docs", "configuration.md")
_CONFIGURATION_HEAD = """# Configuration

Every variable of every role, from `roles/*/meta/argument_specs.yml` (`make docs` writes this file).
An owner sets them in `host_vars/<name of the Pi>.yml`; host_vars.example/raspberrypi.yml explains
those that are likely to be touched. What `inventory/group_vars/all/wiring.yml` sets ties the roles
together and is better left alone.
"""
MORE = "\n# --- More " + "-" * 110 + "\n"
MAX_LINE = 120
_OWN_ENTRY_POINTS = ("main", "preflight")
_BLOCKS = ("block", "rescue", "always")

Options = Mapping[str, Mapping[str, Any]]
Task = Mapping[str, Any]


@dataclass(frozen=True)
class Role:
    """What one role's files say; a missing file is an empty one.

    `entry_points` are the argument_specs by task file, `tasks` the tasks by file stem.
    """

    name: str
    entry_points: Mapping[str, Options]
    defaults: Mapping[str, object]
    internals: Mapping[str, object]
    tasks: Mapping[str, Sequence[Task]]
    readme: str

    @property
    def options(self) -> Options:
        """The variables of the role itself, without those of its other entry points."""
        return self.entry_points.get("main", {})

    @property
    def declared(self) -> Options:
        """The variables of all entry points; what the role itself says of one is what holds."""
        others = {name: o for entry in self.entry_points.values() for name, o in entry.items()}
        return {**self.options, **others, **self.options}

    @property
    def callers_only(self) -> set[str]:
        """The variables of entry points that other roles call; no owner sets them."""
        others = {name: o for name, o in self.entry_points.items() if name not in _OWN_ENTRY_POINTS}
        return {variable for options in others.values() for variable in options}


def read_role(folder: Path) -> Role:
    """Read the role in a directory.

    Raises:
        yaml.YAMLError: a file is not YAML.
    """
    specs = _read_yaml(folder / "meta" / "argument_specs.yml").get("argument_specs", {})
    return Role(
        name=folder.name,
        entry_points={name: spec.get("options", {}) for name, spec in specs.items()},
        defaults=_read_yaml(folder / "defaults" / "main.yml"),
        internals=_read_yaml(folder / "vars" / "main.yml"),
        tasks={file.stem: _read_tasks(file) for file in sorted(folder.glob("tasks/*.yml"))},
        readme=_read(folder / "README.md"),
    )


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.exists() else ""


def _read_yaml(file: Path) -> dict[str, Any]:
    return yaml.safe_load(_read(file)) or {}


def _read_tasks(file: Path) -> list[Task]:
    return yaml.safe_load(_read(file)) or []


def check_role(role: Role) -> Iterator[str]:
    """Give a sentence for each rule that a role breaks."""
    yield from check_prefixes(role)
    yield from check_defaults(role)
    yield from check_ranges(role)
    yield from check_descriptions(role)
    yield from check_tasks(role)
    yield from check_readme(role)


def check_prefixes(role: Role) -> Iterator[str]:
    """Public names begin with the role's name, internal ones with two underscores before it."""
    public = {name for options in role.entry_points.values() for name in options}
    public |= set(role.defaults)
    yield from _without_prefix(role, public, f"{role.name}_")
    yield from _without_prefix(role, role.internals, f"__{role.name}_")


def _without_prefix(role: Role, names: Iterable[str], prefix: str) -> Iterator[str]:
    for name in sorted(names):
        if not name.startswith(prefix):
            yield f"{role.name}: {name} does not begin with {prefix}"


def check_defaults(role: Role) -> Iterator[str]:
    """defaults/main.yml and the argument_specs have the same defaults, in value and type."""
    specified = specified_defaults(role)
    for name in sorted(specified.keys() | role.defaults.keys()):
        spec, default = _shown(specified, name), _shown(role.defaults, name)
        if spec != default:
            yield f"{role.name}: {name} is {spec} in argument_specs, {default} in defaults"


def check_ranges(role: Role) -> Iterator[str]:
    """A number says its range, and a default is what an owner might set, too."""
    for name, option in role.options.items():
        is_number = {"int", "float"} & {option.get("type"), option.get("elements")}
        if is_number and not bounds(option) and "choices" not in option:
            yield f"{role.name}: {name} has no range; end its description with - From 1 to 100."
        default = option.get("default")
        if "default" in option and not (isinstance(default, str) and "{{" in default):
            yield from (
                f"{role.name}: the default of {said}" for said in check_value(name, default, option)
            )


def specified_defaults(role: Role) -> dict[str, object]:
    """Give the defaults that the argument_specs say."""
    return {n: o["default"] for n, o in role.declared.items() if "default" in o}


def _shown(values: Mapping[str, object], name: str) -> str:
    return repr(values[name]) if name in values else "missing"


def check_descriptions(role: Role) -> Iterator[str]:
    """Every variable of every entry point is described."""
    for entry, options in role.entry_points.items():
        for name, option in options.items():
            if not described(option):
                yield f"{role.name}: {name} has no description (entry point {entry})"


def described(option: Mapping[str, Any]) -> str:
    """Return the description of an option in one line."""
    text = option.get("description", "")
    return " ".join([text] if isinstance(text, str) else text).strip()


def check_tasks(role: Role) -> Iterator[str]:
    """A task file has few tasks, each named `phase | What it does`; main.yml is no phase."""
    for stem, tasks in role.tasks.items():
        every = list(flatten(tasks))
        if len(every) > MAX_TASKS:
            yield f"{role.name}: tasks/{stem}.yml has {len(every)} tasks, more than {MAX_TASKS}"
        yield from _misnamed(role, stem, every)


def flatten(tasks: Iterable[Task]) -> Iterator[Task]:
    """Give the tasks, those of a block in its place."""
    for task in tasks:
        inner = [inner for key in _BLOCKS for inner in task.get(key, [])]
        yield from flatten(inner) if inner else iter([task])


def _misnamed(role: Role, stem: str, tasks: Iterable[Task]) -> Iterator[str]:
    wanted = r"[A-Z]" if stem == "main" else rf"{re.escape(stem)} \| [A-Z]"
    for name in (str(task.get("name", "")) for task in tasks):
        if not re.match(wanted, name):
            yield f'{role.name}: tasks/{stem}.yml: "{name}" is not named after its phase'


def check_readme(role: Role) -> Iterator[str]:
    """The README, if there is one, has the table that the argument_specs give."""
    if role.readme and TABLE_END not in role.readme.partition(TABLE_BEGIN)[2]:
        yield f"{role.name}: README.md has no place for the table of variables"
    if role.readme and role.readme != with_table(role):
        yield f"{role.name}: README.md is not up to date; run `make docs`"


def with_table(role: Role) -> str:
    """Give the README with its table made anew; as it is, when it has no place for one."""
    before, begin, rest = role.readme.partition(TABLE_BEGIN)
    _, end, after = rest.partition(TABLE_END)
    return f"{before}{begin}{table(role)}{end}{after}" if end else role.readme


def table(role: Role) -> str:
    """Give the variables of a role as a Markdown table."""
    head = "\n| variable | default | what it is |\n|---|---|---|\n"
    return head + "".join(_row(name, option) for name, option in role.options.items())


def _row(name: str, option: Mapping[str, Any]) -> str:
    default = f"`{json.dumps(option['default'])}`" if "default" in option else "none"
    return f"| `{name}` | {default} | {_markdown(described(option))} |\n"


def _markdown(text: str) -> str:
    return _ANSIBLE_CODE.sub(r"`\1`", text).replace("|", "\\|")


def configuration(roles: Iterable[Role]) -> str:
    """Give docs/configuration.md: a section with a table for each role."""
    sections = (
        f"\n## [{role.name}](../roles/{role.name}/README.md)\n{table(role)}" for role in roles
    )
    return _CONFIGURATION_HEAD + "".join(sections)


def check_configuration(root: Path, roles: Iterable[Role]) -> Iterator[str]:
    """docs/configuration.md, if there are docs, is what the argument_specs give."""
    file = root / CONFIGURATION
    if file.parent.is_dir() and _read(file) != configuration(roles):
        yield f"{CONFIGURATION} is not up to date; run `make docs`"


def missing_examples(
    roles: Iterable[Role], example: str, wiring: Iterable[str]
) -> Iterator[tuple[Role, str]]:
    """Give what an owner finds not in the example; wiring and what other roles pass is not his."""
    shown = {*dict(_EXAMPLE.findall(example)), *wiring}
    for role in roles:
        for name in role.options.keys() - role.callers_only - shown:
            yield role, name


def check_example(roles: Sequence[Role], example: str, wiring: Iterable[str]) -> Iterator[str]:
    """Owners find every variable in the example, but for wiring and what other roles pass."""
    for role, name in missing_examples(roles, example, wiring):
        yield f"{role.name}: {name} is neither in host_vars.example nor in wiring.yml"
    known = set(wiring).union(*(role.options for role in roles))
    for name in sorted(dict(_EXAMPLE.findall(example)).keys() - known):
        if not name.startswith("ansible_"):
            yield f"host_vars.example: no role knows {name}"


def check_example_defaults(roles: Sequence[Role], example: str) -> Iterator[str]:
    """A value in the example is the default, where there is one."""
    defaults = {name: value for role in roles for name, value in role.defaults.items()}
    for name, text in _EXAMPLE.findall(example):
        if name in defaults and yaml.safe_load(text) != defaults[name]:
            yield f"host_vars.example: {name} is {text}, its default {defaults[name]!r}"


def with_examples(roles: Sequence[Role], example: str, wiring: Iterable[str]) -> str:
    """Give the example with today's defaults; what it lacks is at its end, to be moved by hand."""
    defaults = {name: value for role in roles for name, value in role.defaults.items()}

    def line(found: re.Match[str]) -> str:
        name = found[1]
        if name not in defaults or yaml.safe_load(found[2] or "") == defaults[name]:
            return found[0]
        before, _, _ = found[0].partition(name)
        return before + yaml_line(name, defaults[name], sys.maxsize).rstrip()

    text = _EXAMPLE.sub(line, example)
    lacking = sorted(missing_examples(roles, example, wiring), key=lambda found: found[1])
    heading = MORE if lacking and MORE not in text else ""
    return text + heading + "".join(_example(role.options[name], name) for role, name in lacking)


def _example(option: Mapping[str, Any], name: str) -> str:
    sentence = _ANSIBLE_CODE.sub(r"`\1`", described(option))
    told = textwrap.fill(sentence, MAX_LINE, initial_indent="# ", subsequent_indent="# ")
    return f"\n{told}\n# {yaml_line(name, option.get('default', ''), sys.maxsize)}"


def yaml_line(name: str, value: object, longest: int = 100) -> str:
    """Give a variable as YAML: on one line, unless that were longer than `longest` characters."""
    flow = _yaml(value, flow=True)
    if isinstance(value, str) and flow[0] in "'\"":
        flow = f"{json.dumps(value, ensure_ascii=False)}\n"
    line = f"{name}: {flow}"
    if len(line) <= longest or isinstance(value, str):
        return line
    return f"{name}:\n{textwrap.indent(_yaml(value, flow=False), '  ')}"


def _yaml(value: object, *, flow: bool) -> str:
    text: str = yaml.safe_dump(
        value, default_flow_style=flow, sort_keys=False, allow_unicode=True, width=sys.maxsize
    )
    return text.removesuffix("...\n")


def with_defaults(role: Role, text: str) -> str:
    """Give defaults/main.yml: its first comment as it is, then what the argument_specs say."""
    head = re.match(r"(?:(?:---|#.*)\n)*", text)
    lines = (yaml_line(name, value) for name, value in specified_defaults(role).items())
    return (head[0] if head else "") + "".join(lines)


def read_roles(root: Path) -> dict[Path, Role]:
    """Read the roles of a repository, by directory."""
    folders = [folder for folder in sorted(root.glob("roles/*")) if folder.is_dir()]
    return {folder: read_role(folder) for folder in folders}


def check(root: Path) -> list[str]:
    """Check the roles of a repository; give a sentence for each rule that is broken."""
    roles = list(read_roles(root).values())
    example = "\n".join(_read(file) for file in examples(root))
    broken = [sentence for role in roles for sentence in check_role(role)]
    broken += check_example(roles, example, wired(root))
    broken += check_example_defaults(roles, example)
    return broken + list(check_configuration(root, roles))


def examples(root: Path) -> list[Path]:
    """Return the files that owners start from."""
    return sorted(root.glob("host_vars.example/*.yml"))


def wired(root: Path) -> dict[str, Any]:
    """Return the variables that wiring.yml and the plays set, and no owner."""
    return _read_yaml(root / "inventory" / "group_vars" / "all" / "wiring.yml") | play_variables(
        root
    )


def play_variables(root: Path) -> dict[str, Any]:
    """Return the variables that the plays of playbook.yml set."""
    plays: list[dict[str, Any]] = yaml.safe_load(_read(root / "playbook.yml")) or []
    return {name: value for play in plays for name, value in play.get("vars", {}).items()}


def write(root: Path) -> None:
    """Bring up to date what follows from the argument_specs."""
    for folder, role in read_roles(root).items():
        defaults = folder / "defaults" / "main.yml"
        defaults.write_text(with_defaults(role, _read(defaults)), encoding="utf-8")
        if role.readme:
            (folder / "README.md").write_text(with_table(role), encoding="utf-8")
    roles = list(read_roles(root).values())
    for file in examples(root):
        file.write_text(with_examples(roles, _read(file), wired(root)), encoding="utf-8")
    if (root / CONFIGURATION).parent.is_dir():
        (root / CONFIGURATION).write_text(configuration(roles), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what is wrong; exit status 1 when anything is."""
    parser = argparse.ArgumentParser(description="Check the roles' variables and tasks.")
    parser.add_argument(
        "--write", action="store_true", help="first write defaults, tables and example"
    )
    if parser.parse_args(arguments).write:
        write(ROOT)
    broken = check(ROOT)
    for sentence in broken:
        print(sentence, file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
