"""Mails as a mail program shows them."""

import pytest

from tests.factories import make_campaign, read_mails, sign

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_mail_asks_no_server_for_anything(client, browser, scheme):
    sign(client, make_campaign())
    html, _type = read_mails()[0].alternatives[0]
    context = browser.new_context(
        offline=True, color_scheme=scheme, viewport={"width": 320, "height": 640}
    )
    page = context.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_content(html, wait_until="load")
    page.wait_for_timeout(300)

    assert asked == []
    assert page.get_by_role("link").count() == 2
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    context.close()
