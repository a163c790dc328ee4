"""What a shell types when its user presses Tab: in the real shells, on a terminal."""

from __future__ import annotations

import os
import pty
import select
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

SOURCE = Path(__file__).parents[2] / "src"
PATIENCE = 60.0
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


class Terminal:
    """A shell on a terminal, in a home with two files, where `inkstand` writes what it is given."""

    def __init__(self, shell: str, home: Path) -> None:
        self._given = home / "given"
        self._seen = b""
        (home / "photo of cat.jpg").touch()
        (home / "my_pack.toml").touch()
        write_program(home / "bin" / "inkstand", self._given)
        environment = {
            "HOME": str(home),
            "ZDOTDIR": str(home),
            "PATH": f"{home}/bin:/usr/local/bin:/usr/bin:/bin",
            "PYTHONPATH": str(SOURCE),
            "LANG": "C.UTF-8",
            "TERM": "dumb",
        }
        name, line = START[shell]
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(line)
        self._side, other = pty.openpty()
        # The first terminal that it opens is that of a new session.
        begin = ["sh", "-c", 'exec "$1" -i <"$0" >"$0" 2>&1', os.ttyname(other), shell]
        self._process = subprocess.Popen(
            begin, stdin=other, cwd=home, env=environment, start_new_session=True
        )
        os.close(other)

    def type(self, text: str) -> list[str]:
        """Type a line that calls `inkstand`, and return what that is given."""
        self._see_until(lambda: PROMPT.encode() in self._seen)
        os.write(self._side, f"inkstand {text}\r".encode())
        self._see_until(self._given.exists)
        return self._given.read_text().splitlines()

    def _see_until(self, is_done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not is_done():
            assert time.monotonic() < deadline, f"the terminal shows {self._seen!r}"
            if select.select([self._side], [], [], 0.1)[0]:
                self._seen += os.read(self._side, 65_536)

    def close(self) -> None:
        self._process.kill()
        self._process.wait(PATIENCE)
        os.close(self._side)


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


@pytest.fixture
def terminal(tmp_path: Path) -> Any:
    """Make terminals with a shell."""
    terminals: list[Terminal] = []

    def make(shell: str) -> Terminal:
        if shutil.which(shell) is None:
            pytest.skip(f"{shell} is not installed")
        terminals.append(Terminal(shell, tmp_path))
        return terminals[-1]

    yield make
    for each in terminals:
        each.close()


@pytest.mark.integration
@pytest.mark.parametrize("what", TYPED)
@pytest.mark.parametrize("shell", START)
def test_a_shell_completes(terminal: Callable[[str], Terminal], shell: str, what: str) -> None:
    typed, given = TYPED[what]
    assert terminal(shell).type(typed) == given


@pytest.mark.integration
@pytest.mark.parametrize("variables", [{}, {"_ARGCOMPLETE": "1"}], ids=["script", "tab"])
def test_without_argcomplete_it_says_what_to_install(
    inkstand: Any, variables: dict[str, str]
) -> None:
    result = inkstand("completion", "bash", **variables)
    assert (result.returncode, result.stdout) == (1, "")
    sentence = "this needs argcomplete; run: pipx inject inkstand argcomplete"
    assert result.stderr == f"inkstand: {sentence}\n"
