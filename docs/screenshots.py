"""Take the pictures of the documentation from a running site: python docs/screenshots.py BASE_URL

The site should look lived in (`make demo`). Needs Playwright and a Chromium, like the tests.
"""

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).resolve().parent / "images"
# No sandbox, since CI is root; and nothing that calls home.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
APPEAL = "/en/protection-asylum/"
# Name of the picture, page, width and height of the window.
PICTURES = [
    ("appeal", APPEAL, 1280, 900),
    ("appeal-phone", APPEAL, 360, 720),
]


def chromium() -> str | None:
    """A Chromium of the system, or `None` for the one that Playwright has installed."""
    named = os.environ.get("CHROMIUM")
    return shutil.which(named or "chromium") or shutil.which("google-chrome")


def take(base_url: str) -> list[Path]:
    """Write all pictures; the paths written."""
    IMAGES.mkdir(exist_ok=True)
    paths = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        for name, page_path, width, height in PICTURES:
            page = browser.new_page(
                viewport={"width": width, "height": height}, color_scheme="light", locale="en-GB"
            )
            answer = page.goto(base_url.rstrip("/") + page_path)
            if answer is None or not answer.ok:
                raise SystemExit(f"{page_path} does not answer with a page.")
            path = IMAGES / f"{name}.png"
            page.screenshot(path=path)
            paths.append(path)
            page.close()
        browser.close()
    return paths


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python docs/screenshots.py BASE_URL")
    for written in take(sys.argv[1]):
        sys.stdout.write(f"{written} ({written.stat().st_size // 1024} KB)\n")
