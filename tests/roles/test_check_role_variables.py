"""The checker of the roles finds what breaks a rule, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit

Edit = tuple[str, str, str]

SPECS = "roles/lamp/meta/argument_specs.yml"
EXAMPLE = "host_vars.example/pi.yml"
TASKS = "roles/lamp/tasks/run.yml"


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_a_role_that_keeps_the_rules_is_left_alone(checker: Any, repository: Path) -> None:
    assert checker.check(repository) == []


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        ((SPECS, "lamp_key", "key"), "lamp: key does not begin with lamp_"),
        (("roles/lamp/vars/main.yml", "__lamp", "__lump"), "lamp: __lump_port does not begin with"),
        (
            (SPECS, "default: red", "default: blue"),
            "lamp_colour is 'blue' in argument_specs, 'red'",
        ),
        (
            (SPECS, "default: net", "default: 1"),
            "lamp_net is 1 in argument_specs, 'net' in defaults",
        ),
        ((SPECS, ", default: net", ""), "lamp_net is missing in argument_specs, 'net' in defaults"),
        ((SPECS, ", From 0 to 9.", ""), "lamp_level has no range"),
        (
            (SPECS, "From 0", "From 4"),
            "the default of lamp_level is a number, 3; it must be from 4",
        ),
        (
            (SPECS, "default: 3", "default: x"),
            'the default of lamp_level is text, "x"; it must be a',
        ),
        ((SPECS, "A secret.", "''"), "lamp_key has no description (entry point main)"),
        ((TASKS, "run |", "build |"), '"build | Switch it on" is not named after its phase'),
        ((TASKS, "Switch", "switch"), '"run | switch it on" is not named after its phase'),
        (("roles/lamp/tasks/main.yml", "Switch", "switch"), "main.yml: "),
        ((EXAMPLE, "lamp_key", "lamp_keys"), "lamp_key is neither in host_vars.example nor in"),
        ((EXAMPLE, "lamp_key", "lamp_keys"), "host_vars.example: no role knows lamp_keys"),
        ((EXAMPLE, "colour: red", "colour: blue"), "lamp_colour is blue, its default 'red'"),
    ],
)
def test_a_broken_rule_is_told(checker: Any, repository: Path, edit: Edit, sentence: str) -> None:
    file, old, new = edit
    replace(repository / file, old, new)
    assert sentence in "\n".join(checker.check(repository))


def test_an_option_that_is_written_with_another_type_is_no_equal(
    checker: Any, repository: Path
) -> None:
    replace(repository / SPECS, "default: red", "default: true")
    replace(repository / "roles/lamp/defaults/main.yml", "red", "1")
    assert any("lamp_colour" in sentence for sentence in checker.check(repository))


def test_tasks_in_a_block_are_counted_and_the_block_is_not(checker: Any, repository: Path) -> None:
    task = "    - name: run | Switch it on\n"
    (repository / TASKS).write_text("- name: run | All\n  block:\n" + task * 10)
    assert checker.check(repository) == []
    (repository / TASKS).write_text("- name: run | All\n  block:\n" + task * 11)
    assert checker.check(repository) == ["lamp: tasks/run.yml has 11 tasks, more than 10"]


def test_a_readme_has_the_table_that_the_specs_give(checker: Any, repository: Path) -> None:
    readme = repository / "roles" / "lamp" / "README.md"
    readme.write_text(f"# lamp\n\n{checker.TABLE_BEGIN}old{checker.TABLE_END}\nThe end.\n")
    assert "README.md is not up to date" in "\n".join(checker.check(repository))
    checker.write(repository)
    assert '| `lamp_colour` | `"red"` | The `colour`. |' in readme.read_text()
    assert readme.read_text().startswith("# lamp\n")
    assert readme.read_text().endswith("\nThe end.\n")
    assert checker.check(repository) == []


def test_a_readme_without_a_place_for_the_table_is_told(checker: Any, repository: Path) -> None:
    readme = repository / "roles" / "lamp" / "README.md"
    readme.write_text(checker.TABLE_BEGIN + checker.TABLE_END.lstrip())
    assert checker.check(repository) == ["lamp: README.md has no place for the table of variables"]


def test_the_configuration_page_has_every_table(checker: Any, repository: Path) -> None:
    page = repository / "docs" / "configuration.md"
    page.parent.mkdir()
    assert checker.check(repository) == ["docs/configuration.md is not up to date; run `make docs`"]
    checker.write(repository)
    assert "## [lamp](../roles/lamp/README.md)\n" in page.read_text()
    assert '| `lamp_colour` | `"red"` | The `colour`. |' in page.read_text()
    assert checker.check(repository) == []


def test_the_roles_of_this_repository_keep_the_rules(checker: Any) -> None:
    assert checker.check(checker.ROOT) == []


def test_one_address_never_has_more_connections_than_there_are(checker: Any) -> None:
    role = checker.read_role(checker.ROOT / "roles" / "traefik")
    _, high = checker.bounds(role.options["traefik_connections_per_source"])
    assert high == role.internals["__traefik_connections"]


def test_a_variable_that_is_declared_is_in_all_places_after_write(
    checker: Any, repository: Path
) -> None:
    new = """
      lamp_flicker:
        description:
          - How often it flickers, with C(0) for never.
          - From 0 to 5.
        type: int
        default: 1
      lamp_colours: {description: All., type: list, elements: str, default: [red, "a, b"]}
      lamp_words: {description: Words., type: str, default: "{{ 'a' if lamp_net else '' }}"}
"""
    replace(repository / SPECS, "  preflight: *main", f"{new}  preflight: *main")
    replace(repository / SPECS, "default: 3", "default: 4")
    (repository / "docs").mkdir()
    told = "\n".join(checker.check(repository))
    assert "lamp_flicker is 1 in argument_specs, missing in defaults" in told
    assert "lamp_level is 4 in argument_specs, 3 in defaults" in told
    assert "lamp_flicker is neither in host_vars.example nor in wiring.yml" in told
    checker.write(repository)
    assert checker.check(repository) == []
    defaults = (repository / "roles/lamp/defaults/main.yml").read_text()
    assert defaults.startswith("lamp_colour: red\nlamp_net: net\nlamp_level: 4\n")
    assert """lamp_words: "{{ 'a' if lamp_net else '' }}"\n""" in defaults
    example = (repository / EXAMPLE).read_text()
    assert "\n# lamp_level: 4\n" in example
    assert (
        "\n# How often it flickers, with `0` for never. From 0 to 5.\n# lamp_flicker: 1" in example
    )
    checker.write(repository)
    assert (repository / EXAMPLE).read_text() == example


def test_what_is_long_is_written_on_lines_of_its_own(checker: Any) -> None:
    assert checker.yaml_line("a", ["x" * 60, "y" * 60]) == f"a:\n  - {'x' * 60}\n  - {'y' * 60}\n"
    assert checker.yaml_line("a", {"b": "c"}) == "a: {b: c}\n"
    assert checker.yaml_line("a", "2.7") == 'a: "2.7"\n'
