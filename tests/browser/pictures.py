"""The pictures of the administrator's guide, taken on a walk through the first day.

`make pictures` runs it. They lie in the repository, so that the guide is built without a browser;
few colours keep them small. Chromium speaks Chinese about files and dates where its package
chromium-l10n is installed.
"""

from __future__ import annotations

import base64
import os
import struct
import sys
import tempfile
import zlib
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import ARGUMENTS, MISSING, program
from tests.browser.first_day import Day, walk
from tests.faults.conftest import Server

FOLDER = Path(__file__).parents[2] / "docs" / "administrator" / "pictures"
SIZE = {"viewport": {"width": 1100, "height": 700}}
TALLEST = 860
COLOURS = 48
REDUCED = """
async ([png, most]) => {
  const image = await createImageBitmap(await (await fetch("data:image/png;base64," + png)).blob());
  const {width, height} = image, canvas = new OffscreenCanvas(width, height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const seen = new Uint32Array(canvas.getImageData(0, 0, width, height).data.buffer);
  const count = new Map();
  for (const one of seen) count.set(one, (count.get(one) || 0) + 1);
  const palette = [...count].sort((a, b) => b[1] - a[1]).slice(0, most).map(([one]) => one);
  const parts = one => [one & 255, one >> 8 & 255, one >> 16 & 255];
  const far = (a, b) => parts(a).reduce((sum, one, n) => sum + (one - parts(b)[n]) ** 2, 0);
  const nearest = new Map([...count.keys()].map(one => {
    const ways = palette.map(other => far(one, other));
    return [one, ways.indexOf(Math.min(...ways))];
  }));
  let text = "";
  for (const one of seen) text += String.fromCharCode(nearest.get(one));
  return [width, height, palette.flatMap(parts), btoa(text)];
}
"""
"""Every colour becomes the nearest of those that are seen most."""


def reduced(page: Page, png: bytes) -> bytes:
    """The same picture with a palette of `COLOURS`."""
    told = page.evaluate(REDUCED, [base64.b64encode(png).decode(), COLOURS])
    width, height, palette, pixels = told
    raw = base64.b64decode(pixels)
    lines = b"".join(b"\0" + raw[at : at + width] for at in range(0, len(raw), width))
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", bytes(palette)),
        (b"IDAT", zlib.compress(lines, 9)),
        (b"IEND", b""),
    )
    told = b"\x89PNG\r\n\x1a\n"
    for name, body in chunks:
        told += struct.pack(">I", len(body)) + name + body
        told += struct.pack(">I", zlib.crc32(name + body))
    return told


def take(browser: Browser, home: Path) -> None:
    """Walk, and keep a picture of every step that the guide shows."""
    blank = browser.new_page()

    def look(page: Page, name: str) -> None:
        page.wait_for_load_state()
        tall = page.evaluate("document.documentElement.scrollHeight")
        width = SIZE["viewport"]["width"]
        clip: Any = {"x": 0, "y": 0, "width": width, "height": min(tall, TALLEST)}
        png = reduced(blank, page.screenshot(full_page=True, clip=clip))
        (FOLDER / f"{name}.png").write_bytes(png)
        sys.stdout.write(f"{name} {len(png) // 1024} KB\n")

    server = Server(home)
    day = Day(server, browser, {**SIZE, "color_scheme": "light"}, look)
    try:
        walk(day)
    finally:
        day.close()
        server.stop()


def main() -> None:
    """Take them all anew."""
    found = program()
    if found is None:
        sys.exit(MISSING)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    chinese = {**os.environ, "LANGUAGE": "zh_CN", "LANG": "zh_CN.UTF-8"}
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS, env=chinese)
        take(browser, Path(folder) / "home")
        browser.close()


if __name__ == "__main__":
    main()
