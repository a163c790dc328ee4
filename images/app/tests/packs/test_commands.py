"""`inkstand packs`, as it is typed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from images.app.tests.packs.power import EXAMPLE, POWER
from inkstand import cli

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration


def main(arguments: list[str]) -> int:
    """Run the command in a thread: asyncio.run() would leave this one without its event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(cli.main, arguments).result()


@pytest.fixture
def power(tmp_path: Path) -> Path:
    path = tmp_path / "power.toml"
    path.write_text(POWER + EXAMPLE)
    return path


def test_packs_that_ship_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["packs", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "weather      Weather now and for four days, by Open-Meteo" in lines


def test_a_pack_that_is_right_is_said_to_be(
    power: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["packs", "check", str(power)]) == 0
    assert capsys.readouterr().out == f"{power}: nothing is wrong\n"


def test_without_an_example_it_is_checked_as_far_as_it_goes(
    power: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    power.write_text(POWER)
    assert main(["packs", "check", str(power)]) == 0
    assert f"{power}: not drawn, for [example] has no settings.host\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("was", "becomes", "sentence"),
    [
        ("every", "evry", "line 8: sources.meter.evry is not known; did you mean every?"),
        ("watts }}", "watts", "line 13: layout.text can not be read: "),
        ("power.now", "power.nw", "line 10: values.watts: meter.power.nw finds nothing"),
        ("{power = {now = 412}", '"file:../x.json"#', "line 17: example.meter: cannot read x.json"),
    ],
)
def test_what_is_wrong_is_told_by_line(
    power: Path, capsys: pytest.CaptureFixture[str], was: str, becomes: str, sentence: str
) -> None:
    power.write_text((POWER + EXAMPLE).replace(was, becomes, 1))
    assert main(["packs", "check", str(power)]) == 1
    assert capsys.readouterr().err.startswith(f"{power}: {sentence}")


def test_a_preview_needs_no_network(power: Path, tmp_path: Path) -> None:
    output = tmp_path / "x.png"
    assert main(["packs", "preview", str(power), "--size", "200x96", "-o", str(output)]) == 0
    with Image.open(output) as image:
        assert (image.size, image.mode) == ((200, 96), "1")


def test_a_preview_without_data_says_what_is_missing(
    power: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    power.write_text(POWER)
    command = ["packs", "preview", str(power), "--set", "host=meter.example"]
    assert main([*command, "-o", str(tmp_path / "x.png")]) == 1
    sentence = "[example] has no meter; write one, or give --data meter=FILE"
    assert capsys.readouterr().err == f"inkstand: {sentence}\n"


def test_settings_and_answers_may_be_given(tmp_path: Path) -> None:
    output, data = tmp_path / "x.png", tmp_path / "answer"
    data.write_text("w\n5\n")
    command = ["packs", "preview", "number", "-o", str(output), "--data", f"answer={data}"]
    pictures = []
    for value in ("answer[0].w", "length(answer)"):
        given = ["--set", f"value={value}", "--set", "format=csv", "--set", "history="]
        assert main([*command, *given]) == 0
        pictures.append(output.read_bytes())
    assert pictures[0] != pictures[1]


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["preview", "wether"], 1, "there is no pack wether; did you mean weather?"),
        (["preview", "nothing.toml"], 2, "cannot read nothing.toml: No such file"),
        (["preview", "text", "--size", "0x0"], 2, "the size"),
        (["preview", "text", "--set", "text"], 2, "--set takes NAME=VALUE, not 'text'"),
        (["preview", "text", "--set", "txt=a"], 1, "txt is no setting of text; did you mean text?"),
        (["preview", "feed", "--data", "fed=a"], 1, "fed is no source of feed; did you mean feed?"),
        (["preview", "feed", "--data", "feed=/none"], 2, "cannot read /none: No such file"),
        (["preview", "feed", "--data", "feed=/dev/null"], 1, "line 15: The answer of feed can not"),
    ],
)
def test_what_cannot_be_done_is_told(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    sentence: str,
) -> None:
    output = str(tmp_path / "x.png")
    assert main(["packs", *arguments, "-o", output]) == code
    assert capsys.readouterr().err.startswith(f"inkstand: {sentence}")
