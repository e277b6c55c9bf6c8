"""Take the pictures of the documentation: python -m docs.screenshots

A site of their own is filled with made-up signatures, started, and removed afterwards, for at the
desk everything that somebody does stays in the audit trail. Needs what the tests need.
"""

import io
import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import django
import pypdfium2
from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
# No sandbox, since CI is root; and nothing that calls home.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 60  # seconds until the site must be up
APPEAL = "/en/protection-asylum/"
# Name of the picture, page, width and height of the window.
PUBLIC = [
    ("appeal", APPEAL, 1280, 900),
    ("appeal-phone", APPEAL, 360, 720),
]
DESK = [
    ("desk-first-screen", "", 1280, 1000),
    ("desk-campaign", "campaigns/campaign/1/change/", 1280, 900),
    ("desk-languages", "campaigns/campaign/1/languages/", 1280, 720),
    ("desk-organisations", "signatures/organisation/", 1280, 620),
    ("desk-paper", "signatures/paperbatch/add/", 1280, 1100),
    ("desk-mail", "campaigns/update/2/mail/", 1280, 900),
    ("desk-hand-in", "signatures/handin/1/change/", 1280, 1500),
]
# What is typed into the page of that name before its picture is taken.
TYPED = {
    "desk-paper": {
        "sheets": "VV4C-NNX9", "form-0-name": "Hanna Example", "form-0-town": "Köln",
        "form-0-country": "Germany", "form-1-country": "France", "form-1-number": "7",
    },
}  # fmt: skip
CHOSEN = {"desk-paper": {"form-0-visibility": "handin"}}
COLOURS = 128  # enough for pages, and a third of the bytes


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def prepare(folder: str, site: str) -> None:
    """An empty database of our own, before the settings are read."""
    os.environ.update(
        DJANGO_SETTINGS_MODULE="petition_site.settings",
        DATABASE_URL=f"sqlite:///{folder}/site.sqlite3",
        SITE_URL=site,
        DEFAULT_FROM_EMAIL="appeal@petition.example",
    )
    django.setup()


def fill() -> str:
    """What the pages show; the key of the app of Olga, who shows them."""
    from django.core.management import call_command  # noqa: PLC0415  (needs the settings)

    from campaigns.models import Campaign  # noqa: PLC0415
    from signatures import lifecycle, proposals, tally  # noqa: PLC0415
    from signatures.models import Signature  # noqa: PLC0415
    from tests import desk, factories  # noqa: PLC0415

    for name in ("migrate", "load_campaign", "demo"):
        call_command(name, verbosity=0)
    campaign = Campaign.objects.get()
    olga, mo = desk.make_account("olga", "owner"), desk.make_account("mo", "moderator")
    organisations = Signature.objects.filter(kind="organisation")
    organisations.filter(country__in=["DE", "GB"]).update(approved_at=None)
    organisations.filter(organisation="Pazifix").update(website="https://de0.example.org/")
    tally.recount(campaign)
    lifecycle.approve(organisations.waiting().filter(country="GB").first(), mo)
    lifecycle.hold(Signature.objects.filter(kind="individual").last(), mo, "Like another one.")
    proposals.propose("remove", campaign, 300, "Robots.", mo, verb="hold", rule={})
    for kind in ("factsheet", "book"):
        factories.make_file(campaign, olga, kind)
    return desk.give_factor(olga)


def change_texts() -> None:
    """So that the other languages are behind; the start of the site adds what is missing."""
    from campaigns.models import Campaign  # noqa: PLC0415

    campaign = Campaign.objects.get()
    campaign.history.data["en"] += " More was to come."
    del campaign.hand_in_when.data["uk"]
    campaign.save(update_fields=["history", "hand_in_when"])


@contextmanager
def running(site: str):
    """The site, answering."""
    command = [sys.executable, ROOT / "manage.py", "serve"]
    environment = {**os.environ, "PORT": site.rpartition(":")[2]}
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603
    try:
        wait(server, site)
        yield
    finally:
        server.terminate()
        server.wait()


def wait(server: subprocess.Popen, site: str) -> None:
    until = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < until:
        try:
            urlopen(f"{site}/healthz", timeout=5).close()  # noqa: S310  (our own)
            return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("The site does not start.")


def photograph(site: str, secret: str) -> None:
    from tests import desk, machine  # noqa: PLC0415

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=machine.chromium(), args=ARGUMENTS)
        context = browser.new_context(base_url=site, color_scheme="light", locale="en-GB")
        page = context.new_page()
        for name, path, width, height in PUBLIC:
            take(page, name, path, width, height)
        page.goto("/admin/")
        page.get_by_label("Username").fill("olga")
        page.get_by_label("Password").fill(desk.PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.locator("[name=code]").fill(desk.app_code(secret))
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("button", name="Log out").wait_for()
        for name, path, width, height in DESK:
            take(page, name, f"/admin/{path}", width, height)
        browser.close()


def take(page, name: str, path: str, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    answer = page.goto(path)
    if answer is None or not answer.ok:
        raise SystemExit(f"{path} does not answer with a page.")
    for field, words in TYPED.get(name, {}).items():
        page.locator(f"[name='{field}']").fill(words)
    for field, value in CHOSEN.get(name, {}).items():
        page.locator(f"[name='{field}']").select_option(value)
    page.locator(":focus").evaluate_all("found => found.forEach(element => element.blur())")
    keep(name, Image.open(io.BytesIO(page.screenshot())))


def print_out() -> None:
    """The sheet, and a page of the book with names."""
    from django.test import override_settings  # noqa: PLC0415

    from campaigns.models import Campaign  # noqa: PLC0415
    from signatures.models import HandInFile  # noqa: PLC0415
    from signatures.paper import sheet  # noqa: PLC0415

    with override_settings(SITE_URL="https://petition.example"):
        render("sheet", sheet.make(Campaign.objects.get()), 0)
    render("book", bytes(HandInFile.objects.get(kind="book").content), 7)


def render(name: str, content: bytes, number: int) -> None:
    keep(name, pypdfium2.PdfDocument(content)[number].render(scale=1.5).to_pil())


def keep(name: str, picture: Image.Image) -> None:
    path = IMAGES / f"{name}.png"
    few = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(path, optimize=True)
    sys.stdout.write(f"{path.relative_to(ROOT)} ({path.stat().st_size // 1024} KB)\n")


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    address = f"http://127.0.0.1:{free_port()}"
    with tempfile.TemporaryDirectory() as folder:
        prepare(folder, address)
        key = fill()
        print_out()
        with running(address):
            change_texts()
            photograph(address, key)
