"""Journeys in a real Chromium against a real server. `page` has JavaScript, `open_browser`
takes what a browser context takes: `open_browser(java_script_enabled=False)`."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests import machine

# No sandbox, since CI is root; and nothing that calls home.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser():
    # Playwright keeps an event loop running in this thread; Django must not take our own queries
    # for queries from within it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=machine.chromium(), args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_browser(browser, live_server):
    """Return a function that opens a page in a context of its own; each knows the live server.

    A script that fails and a breach of the content security policy fail the test.
    """
    contexts = []
    faults = []

    def heard(message):
        if "Content Security Policy" in message.text or "Content-Security-Policy" in message.text:
            faults.append(message.text)

    def open_page(**options):
        context = browser.new_context(base_url=live_server.url, locale="en-GB", **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", heard)
        page.on("pageerror", lambda error: faults.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults


@pytest.fixture
def page(open_browser):
    return open_browser()
