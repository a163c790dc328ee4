"""What a shell types when its user presses Tab: in the real shells, on a terminal."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

SOURCE = Path(__file__).parents[2] / "src"
# Typed ahead of it, it would be lost.
PROMPT = "Ready: "
# What a shell reads when it starts.
START = {
    "bash": (
        ".bashrc",
        f"""PS1='{PROMPT}'
eval "$(inkstand completion bash)"
""",
    ),
    "zsh": (
        ".zshrc",
        f"""PS1='{PROMPT}'
autoload -U compinit
compinit -u
eval "$(inkstand completion zsh)"
""",
    ),
    "fish": (
        ".config/fish/config.fish",
        f"""function fish_prompt; echo '{PROMPT}'; end
inkstand completion fish | source
""",
    ),
}
# What is typed, and what the command is given; a tab alone completes what is begun.
TYPED = {
    "a command": ("que\t--js\t", ["queue", "--json"]),
    "an action and its option": (
        "tok\tcre\t--sco\tadm\t",
        ["tokens", "create", "--scope", "admin"],
    ),
    "a choice": ("send --align cen\tOpen", ["send", "--align", "center", "Open"]),
    "what argparse spells otherwise": ("send Hi --fo\t5m", ["send", "Hi", "--for", "5m"]),
    "a file of an option": ("send --image pho\t", ["send", "--image", "photo of cat.jpg"]),
    "a file of a path": ("packs check my_p\t", ["packs", "check", "my_pack.toml"]),
    "a text is no file": ("send my_p\t", ["send", "my_p"]),
    "a name is none either": ("tokens create my_p\t", ["tokens", "create", "my_p"]),
}


def write_program(path: Path, given: Path) -> None:
    """Make a command that answers shells as the client does, and else keeps what it is given."""
    python = f"{shlex.quote(sys.executable)} -m inkstand"
    path.parent.mkdir()
    path.write_text(
        "#!/bin/sh\n"
        f'if [ -n "$_ARGCOMPLETE" ] || [ "$1" = completion ]; then exec {python} "$@"; fi\n'
        f'for each; do echo "$each"; done >{given}.new && mv {given}.new {given}\n'
    )
    path.chmod(0o755)


@pytest.mark.integration
@pytest.mark.parametrize("what", TYPED)
@pytest.mark.parametrize("shell", START)
def test_a_shell_completes(
    terminal: Callable[..., Any], tmp_path: Path, shell: str, what: str
) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    write_program(tmp_path / "bin" / "inkstand", tmp_path / "given")
    for name, content in (START[shell], ("photo of cat.jpg", ""), ("my_pack.toml", "")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    started = terminal([shell, "-i"], environment(tmp_path))
    started.see(PROMPT)
    typed, given = TYPED[what]
    started.type(f"inkstand {typed}\r")
    started.until((tmp_path / "given").exists)
    assert (tmp_path / "given").read_text().splitlines() == given


def environment(home: Path) -> dict[str, str]:
    return {
        "HOME": str(home),
        "ZDOTDIR": str(home),
        "PATH": f"{home}/bin:/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": str(SOURCE),
        "LANG": "C.UTF-8",
        "TERM": "dumb",
    }


@pytest.mark.integration
@pytest.mark.parametrize("variables", [{}, {"_ARGCOMPLETE": "1"}], ids=["script", "tab"])
def test_without_argcomplete_it_says_what_to_install(
    inkstand: Any, variables: dict[str, str]
) -> None:
    result = inkstand("completion", "bash", **variables)
    assert (result.returncode, result.stdout) == (1, "")
    sentence = "this needs argcomplete; run: pipx inject inkstand argcomplete"
    assert result.stderr == f"inkstand: {sentence}\n"
