"""News for programs that look for them: Atom, from our own address, with ids that stay."""

from datetime import timedelta
from xml.etree import ElementTree

import pytest

from campaigns import lifecycle as campaigns
from tests.factories import make_campaign, make_update, text

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"


def feed(client, path="/en/peace/updates/feed/"):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    return ElementTree.fromstring(answer.content)


def of(element, name) -> str:
    return element.find(f"{ATOM}{name}").text


def entries(client, path="/en/peace/updates/feed/"):
    return feed(client, path).findall(f"{ATOM}entry")


def test_the_newest_comes_first_and_drafts_do_not_come(client, campaign, clock):
    body = text(en="Here.")
    make_update(campaign, title=text(en="First"), body=body)
    clock.shift(timedelta(days=1))
    make_update(campaign, title=text(en="Second"), body=body)
    make_update(campaign, title=text(en="Draft"), body=body, published=False)
    make_update(make_campaign("bread"), title=text(en="Elsewhere"), body=body)

    assert [of(entry, "title") for entry in entries(client)] == ["Second", "First"]


def test_an_entry_says_what_is_new_in_the_language_of_the_address(client, campaign, clock):
    update = make_update(campaign)
    (entry,) = entries(client, "/de/peace/updates/feed/")

    assert of(entry, "title") == "Wir wurden gehört"
    assert of(entry, "summary").strip() == "<p>Am Montag.</p>\n<p>Mehr bald.</p>"
    link = f"http://testserver/de/peace/updates/{update.pk}/"
    assert entry.find(f"{ATOM}link").get("href") == link
    assert of(entry, "published") == of(entry, "updated") == "2026-11-24T10:00:00+00:00"
    (entry,) = entries(client, "/uk/peace/updates/feed/")
    assert of(entry, "title") == "We were heard"


def test_links_become_links_and_what_organisers_type_is_no_html(client, campaign):
    make_update(campaign, title=text(en="A & <b>"), body=text(en="<script> https://peace.example/"))
    (entry,) = entries(client)

    assert of(entry, "title") == "A & <b>"
    assert "&lt;script&gt;" in of(entry, "summary")
    assert '<a href="https://peace.example/"' in of(entry, "summary")


def test_every_link_is_from_our_own_address_whatever_a_visitor_asks(client, campaign, settings):
    make_update(campaign)
    settings.ALLOWED_HOSTS = ["*"]
    settings.SITE_URL = "https://act.example.org"
    answer = client.get("/en/peace/updates/feed/", headers={"Host": "evil.example"})

    assert b"evil" not in answer.content
    assert b'href="https://act.example.org/en/peace/updates/feed/" rel="self"' in answer.content


def test_the_ids_stay_and_differ(client, campaign, clock):
    update = make_update(campaign)
    make_update(campaign)
    before = [of(entry, "id") for entry in entries(client)]
    campaigns.close(campaign)
    type(update).objects.filter(pk=update.pk).update(title=text(en="Mended"))
    clock.shift(timedelta(days=1))
    make_update(campaign)

    after = [of(entry, "id") for entry in entries(client)]
    assert after[1:] == before
    assert len(set(after)) == 3
    assert before[1] == f"tag:testserver,2026-11-24:peace/updates/{update.pk}/en"


def test_it_may_be_cached_for_a_minute_and_is_not_sent_twice(client, campaign):
    make_update(campaign)
    first = client.get("/en/peace/updates/feed/")

    assert first["Cache-Control"] == "public, max-age=60"
    again = client.get("/en/peace/updates/feed/", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    assert client.head("/en/peace/updates/feed/").status_code == 200


def test_without_news_it_is_empty_and_a_draft_has_none(client, campaign):
    make_campaign("secret", status="draft")

    assert entries(client) == []
    assert client.get("/en/secret/updates/feed/").status_code == 404
