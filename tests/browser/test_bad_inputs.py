"""The case of `bad_inputs.json` that needs a browser."""

import pytest

from signatures.models import Signature
from tests.factories import links, read_mails, sign


@pytest.mark.slow
def test_a_link_that_a_browser_opens_and_leaves_open_confirms_nothing(page, client, campaign):
    sign(client, campaign)
    link = links(read_mails()[0])["confirm"]

    answer = page.goto(link)
    page.wait_for_timeout(10_000)

    assert answer.status == 200
    assert page.url.endswith(link)
    assert Signature.objects.get().is_pending
