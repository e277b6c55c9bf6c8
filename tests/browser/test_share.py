"""Sharing in a real browser: the frame in a foreign page, copying, the live count, with and without
script."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from axe_playwright_python.sync_playwright import Axe

from signatures import statistics
from tests.factories import confirmed, make_campaign
from tests.test_statistics import grow

pytestmark = pytest.mark.django_db(transaction=True)

FOREIGN = """<!doctype html><html lang="en"><title>Another site</title>
<iframe id="frame" src="{url}/embed/peace/?lang=de" title="Peace" width="400" height="360"></iframe>
<iframe id="appeal" src="{url}/de/peace/" title="Not allowed" width="400" height="300"></iframe>
<img id="badge" src="{url}/badge/peace.svg" alt="">
<img id="card" src="{url}/social/peace/en.png" alt="">
<script>
  fetch("{url}/api/v1/campaigns/").then(answer => answer.json())
    .then(found => {{ document.title = `total ${{found.campaigns[0].total}}`; }});
</script>"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture
def campaign(client, live_server):
    campaign = make_campaign()
    confirmed(client, campaign)
    return campaign


@pytest.fixture
def foreign(tmp_path, live_server):
    """The address of a page of another site that shows ours."""
    (tmp_path / "index.html").write_text(FOREIGN.format(url=live_server.url))
    handler = partial(Quiet, directory=tmp_path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("script", [True, False])
def test_another_site_shows_the_frame_and_nothing_else_of_ours(
    browser, live_server, campaign, foreign, script
):
    context = browser.new_context(java_script_enabled=script)
    page = context.new_page()
    page.goto(foreign)
    page.wait_for_load_state("networkidle")

    frame = page.frame_locator("#frame")
    assert frame.get_by_role("heading").inner_text() == "Frieden jetzt"
    assert frame.locator(".total strong").inner_text() == "1"
    button = frame.get_by_role("link")
    assert button.bounding_box()["height"] >= 44
    assert not page.frame_locator("#appeal").get_by_text("Frieden jetzt").count()
    if script:
        for name in ("badge", "card"):
            assert page.evaluate(f"document.getElementById('{name}').naturalWidth") > 0
        page.wait_for_function("document.title === 'total 1'")
        with context.expect_page() as opened:
            button.click()
        assert opened.value.url == f"{live_server.url}/de/peace/"
        assert opened.value.evaluate("opener") is None
    context.close()


def test_the_link_is_copied_with_one_press(open_browser, campaign, live_server):
    page = open_browser(permissions=["clipboard-read", "clipboard-write"])
    page.goto("/en/peace/share/")
    page.evaluate(
        """() => {
            window.copied = [];
            navigator.clipboard.writeText = async text => { copied.push(text); };
        }"""
    )
    page.get_by_role("button", name="Copy the link").click()

    page.get_by_role("status").get_by_text("Copied").wait_for()
    assert page.evaluate("copied") == ["http://testserver/en/peace/"]


def test_the_browser_lets_our_script_write_to_the_clipboard(open_browser, campaign):
    page = open_browser(permissions=["clipboard-read", "clipboard-write"])
    page.goto("/en/peace/share/")
    page.get_by_role("button", name="Copy the link").click()

    page.get_by_role("status").get_by_text("Copied").wait_for()


def test_without_script_the_share_page_is_whole_and_offers_nothing_that_does_not_work(
    open_browser, campaign
):
    page = open_browser(java_script_enabled=False)
    page.goto("/en/peace/share/")

    assert page.get_by_role("link", name="WhatsApp").is_visible()
    assert "http://testserver/en/peace/" in page.get_by_label("copy this").first.input_value()
    assert page.get_by_role("button").count() == 0


def test_the_count_follows_while_the_page_is_open(open_browser, client, campaign):
    page = open_browser()
    page.clock.install()
    page.goto("/en/peace/")
    total = page.locator(".count .total strong")
    assert total.inner_text() == "1"
    page.fill("[name=email]", "half-typed@")

    confirmed(client, campaign)
    page.clock.run_for(30_000)
    assert total.inner_text() == "1"
    with page.expect_response("**/en/peace/"):
        page.clock.run_for(60_000)
    page.get_by_text("2 people").wait_for()
    assert total.inner_text() == "2"
    assert page.input_value("[name=email]") == "half-typed@"


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_for_sharing_are_accessible_and_fit_the_screen(open_browser, campaign, width, scheme):
    grow(campaign, {"DE": 1_234, "FR": 345, "UA": 57, "BY": 8})
    statistics.renew(campaign)
    page = open_browser(viewport={"width": width, "height": 800}, color_scheme=scheme)
    for path in ("/en/peace/share/", "/uk/peace/statistics/", "/embed/peace/?lang=de"):
        page.goto(path)
        found = Axe().run(page)
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        shown = "() => [...document.images].every(image => image.naturalWidth > 0)"
        assert page.evaluate(shown), path
