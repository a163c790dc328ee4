"""Make the pictures of the README, from a demo that runs and Debian's Chromium.

docs/pictures/page.png is the page after somebody has written, glass.png what is on the glass then,
dot for dot, three times as large.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageOps
from playwright.sync_api import expect, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playwright.sync_api import Page, ViewportSize

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "pictures"
MESSAGE = "Bread is ready.\nBack at 18:30 🚲"
SIZE: ViewportSize = {"width": 1100, "height": 760}
SCALE, BORDER, SHADE = 3, 24, "#c9c9c4"


@contextmanager
def demo() -> Iterator[tuple[str, str, str]]:
    """Run `inkstand demo`; gives its address, user and password."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "images/app/src")}
    argv = [sys.executable, "-m", "inkstand", "demo", "--port", "0"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=environment) as running:
        assert running.stdout  # noqa: S101  (it is a pipe)
        said = ""
        while "Ctrl-C" not in said and (line := running.stdout.readline()):
            said += line
        url, user, password = (
            found[1]
            for word in ("Open", "User", "Password")
            if (found := re.search(rf"{word} +(\S+)", said))
        )
        yield url, user, password
        running.terminate()


def write(page: Page, url: str, user: str, password: str) -> None:
    """Log in, and have a message on the glass."""
    page.goto(url)
    page.get_by_label("User").fill(user)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.get_by_label("Message", exact=True).fill(MESSAGE)
    page.get_by_role("button", name="Show it").click()
    expect(page.get_by_text("on the glass").first).to_be_visible(timeout=20_000)


def glass(page: Page, url: str) -> Image.Image:
    """Give what is on the glass, with something of its surroundings."""
    answer = page.request.get(f"{url}api/v1/panel.png")
    frame = Image.open(io.BytesIO(answer.body())).convert("L")
    large = frame.resize((frame.width * SCALE, frame.height * SCALE), Image.Resampling.NEAREST)
    return ImageOps.expand(large.convert("RGB"), BORDER, SHADE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write both pictures; 0 when they are there."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--output", type=Path, default=FOLDER, help="the directory to write them to"
    )
    folder: Path = parser.parse_args(arguments).output
    program = shutil.which("chromium")
    if program is None:
        print("chromium is not installed:  apt install chromium", file=sys.stderr)
        return 1
    folder.mkdir(exist_ok=True)
    with demo() as (url, user, password), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE)
        write(page, url, user, password)
        page.screenshot(path=folder / "page.png")
        glass(page, url).save(folder / "glass.png", optimize=True)
        browser.close()
    print(f"{folder}/page.png and glass.png are written.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
