"""Sam signs."""

import pytest

from signatures import tally
from signatures.models import Signature
from tests.factories import person, post, read_mails

pytestmark = pytest.mark.django_db


def test_a_person_signs_and_is_asked_to_confirm(client, campaign):
    answer = post(client, campaign, person(email="Sam@Example.org", updates="on", city="Bonn"))

    assert answer.status_code == 303
    assert answer["Location"].startswith("/en/peace/sign/sent/")
    signature = Signature.objects.get()
    assert (signature.name, signature.email, signature.city) == (
        "Sam Example",
        "Sam@example.org",
        "Bonn",
    )
    assert (signature.country, signature.visibility, signature.language) == ("DE", "public", "en")
    assert signature.appeal == campaign.appeal
    assert signature.is_pending
    assert [message.to for message in read_mails()] == [["Sam@example.org"]]
    assert tally.read(campaign).total == 0
