"""What a real Pi would show: the bus of a deployed driver, decoded, beside the page's picture.

The driver on the virtual Pi writes down what it sends to its simulated panel. `Glass` makes a
picture of that by the vendor's order of dots alone, and this is compared with what the app says is
on the panel (`/api/v1/panel.png`).
"""

from __future__ import annotations

import argparse
import io
import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw, ImageFont

from tools.common.commands import read_bytes
from tools.common.errors import ToolError
from tools.common.paths import ROOT
from virtual_pi import container, testing
from virtual_pi.datasheet import SIZES, Glass
from virtual_pi.settings import DEFAULT_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PANELS = (
    *((size, 231) for size in SIZES),
    *((size, film) for film in (230, 110) for size in ("1.44", "2.0", "2.7")),
)
TEXT = "Left to right, top to bottom: 0123456789"
PATIENCE_S = 60
_FAILED = 400
_UNIT = "/etc/systemd/system/epd-fuse.service"
_DROP_IN = "/run/systemd/system/epd-fuse.service.d/panel.conf"
_STATE = "/var/lib/epdfuse"
_MARK = "<!-- glass: by make glass-table -->"


@dataclass(frozen=True)
class Look:
    """One thing on the panel, seen twice; both pictures are of mode "1"."""

    what: str
    decoded: Image.Image
    page: Image.Image

    @property
    def equal(self) -> bool:
        """Whether they are the same, pixel by pixel."""
        return self.decoded.size == self.page.size and not self.wrong

    @property
    def wrong(self) -> int:
        """How many pixels differ."""
        pairs = zip(_shades(self.decoded), _shades(self.page), strict=True)
        return sum(one != other for one, other in pairs)

    @property
    def black(self) -> int:
        """How many pixels are black on the glass."""
        return _shades(self.decoded).count(0)


def _shades(picture: Image.Image) -> bytes:
    return picture.convert("L").tobytes()


class Appliance:
    """A deployed virtual Pi whose panel can be exchanged.

    Args:
        name: the container's.
        client: its HTTPS, logged in as the owner.
    """

    def __init__(self, name: str, client: testing.Client) -> None:
        self._name = name
        self._client = client

    @contextmanager
    def panel(self, size: str, film: int) -> Iterator[Callable[[], list[Look]]]:
        """Let the deployed driver drive another panel; gives what lets one look at it."""
        unit = self._shell(f"cat {_UNIT}").decode().replace("\\\n", " ")
        line = re.search(r"^ExecStart=(.*)$", unit, re.MULTILINE)
        if line is None:
            raise ToolError(f"{_UNIT} starts no driver: {unit}")
        other = re.sub(r"--panel \S+ --film \S+", f"--panel {size} --film {film}", line[1])
        drop_in = f"[Service]\nExecStart=\nExecStart={other}\n"
        try:
            self._shell(
                f"mkdir -p {Path(_DROP_IN).parent}; printf '%s' '{drop_in}' >{_DROP_IN}"
                # Between two drivers: one that stops switches its own panel off.
                "; systemctl daemon-reload; systemctl stop epd-fuse"
                "; epdfuse simulate record on; systemctl start epd-fuse"
            )
            yield lambda: self._looks(size, film)
        finally:
            self._shell(
                f"rm -rf {Path(_DROP_IN).parent}; epdfuse simulate record off"
                "; systemctl daemon-reload; systemctl restart epd-fuse"
            )

    def _looks(self, size: str, film: int) -> list[Look]:
        width, height = SIZES[size]
        ways: dict[str, tuple[str, Callable[[], object]]] = {
            "text": ("message", lambda: self._ask("POST", "/messages", json={"message": TEXT})),
            "picture": ("picture", lambda: self._send_picture(width, height)),
            "clock": ("clock", self._take_messages_back),
        }
        looks, before = [], ""
        for what, (screen, draw) in ways.items():
            if what != "clock":
                self._take_messages_back()
                before = self._settled("clock", (width, height), before)
            draw()
            before = self._settled(screen, (width, height), before)
            looks.append(self._look(what, size, film))
        return looks

    def _look(self, what: str, size: str, film: int) -> Look:
        """Look at both while nothing is drawn."""
        while True:
            etag = self._panel()["frame"]["etag"]
            glass = Glass(size, film)
            glass.take(self._shell(f"cat {_STATE}/bus.txt").decode().splitlines())
            png = self._client.request("GET", "/api/v1/panel.png").data
            after = self._panel()
            if after["frame"]["etag"] == etag and after["refreshing"] is None:
                page = Image.open(io.BytesIO(png)).convert("1")
                decoded = Image.frombytes("L", SIZES[size], glass.picture).convert("1")
                return Look(what, decoded, page)

    def _settled(self, screen: str, size: tuple[int, int], before: str) -> str:
        """Wait until a screen is on the panel in another frame than before; gives its tag."""

        def settled() -> str:
            found = self._panel()
            frame = found["frame"] or {"etag": before, "refresh": None}
            there = (
                self._ask("GET", "/api/v1/screen")["screen"] == screen
                and (found["width"], found["height"]) == size
                and found["refreshing"] is None
                and frame["etag"] != before
                and frame["refresh"] is not None
            )
            return str(frame["etag"]) if there else ""

        return testing.wait_for(f"{screen} on a panel of {size}", settled, PATIENCE_S)

    def _panel(self) -> Any:
        return self._ask("GET", "/api/v1/panel")

    def _take_messages_back(self) -> None:
        for message in self._ask("GET", "/api/v1/messages?state=waiting,shown")["messages"]:
            self._client.request("DELETE", f"/api/v1/messages/{message['id']}")

    def _send_picture(self, width: int, height: int) -> None:
        picture = io.BytesIO()
        drawing(width, height).save(picture, "PNG")
        headers = {"Content-Type": "image/png"}
        self._ask("POST", "/api/v1/images", body=picture.getvalue(), headers=headers)

    def _ask(self, method: str, path: str, **arguments: Any) -> Any:
        status, found = self._client.ask(method, path, **arguments)
        if status >= _FAILED:
            raise ToolError(f"{method} {path} was answered with {status}: {found}")
        return found

    def _shell(self, script: str) -> bytes:
        return read_bytes(["docker", "exec", self._name, "sh", "-ec", script])


def drawing(width: int, height: int) -> Image.Image:
    """Draw a picture that no mirroring or shift leaves as it is, with greys in it."""
    picture = Image.linear_gradient("L").resize((width, height))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((2, 2, width // 2, height // 2), fill=255)
    pen.text((4, 4), "F7\nR2", fill=0, font=ImageFont.load_default(height // 6))
    pen.line((0, height - 1, width - 1, 0), fill=0, width=3)
    return picture


def table(rows: Sequence[tuple[str, int, Sequence[Look]]]) -> str:
    """Write what was seen as a table in Markdown."""
    things = [look.what for look in rows[0][2]]
    lines = [f"| panel | film | {' | '.join(things)} |", "|---|---:|" + "---|" * len(things)]
    for size, film, looks in rows:
        cells = [_cell(look) for look in looks]
        width, height = SIZES[size]
        lines.append(f"| {size} inch, {width}x{height} | {film} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(look: Look) -> str:
    return f"equal ({look.black:,} black)" if look.equal else f"**{look.wrong:,} wrong**"


def _appliance(name: str, state: Path) -> Appliance:
    client = testing.Client(container.address(name), str(state / "ca.pem"))
    client.log_in(testing.login(state))
    return Appliance(name, client)


def main(arguments: Sequence[str] | None = None) -> int:
    """Look at every panel; the exit code is 1 when one of them shows something else."""
    parser = argparse.ArgumentParser(prog="python -m virtual_pi.shown", description=__doc__)
    parser.add_argument("--name", default=DEFAULT_NAME, help="container name (%(default)s)")
    parser.add_argument("--state-directory", type=Path, default=ROOT / ".virtual-pi")
    parser.add_argument(
        "--write", type=Path, help="put the table into this file, between its marks"
    )
    parser.add_argument("--pictures", type=Path, help="keep the decoded pictures in this directory")
    options = parser.parse_args(arguments)
    appliance = _appliance(options.name, options.state_directory)
    rows = []
    for size, film in PANELS:
        with appliance.panel(size, film) as looks:
            rows.append((size, film, looks()))
        for look in rows[-1][2] if options.pictures else []:
            look.decoded.save(options.pictures / f"{size}-{film}-{look.what}.png")
    made = table(rows)
    print(made)
    if options.write:
        before, _, after = options.write.read_text("utf-8").split(_MARK)
        options.write.write_text(f"{before}{_MARK}\n{made}\n{_MARK}{after}", "utf-8")
    return 0 if all(look.equal for _, _, looks in rows for look in looks) else 1


if __name__ == "__main__":
    sys.exit(main())
