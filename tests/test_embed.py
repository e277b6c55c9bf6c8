"""What other sites show of a campaign: the frame, the badge, oEmbed; and what they may not."""

import xml.etree.ElementTree as ET

import pytest
from django.test import Client

from signatures import lifecycle
from signatures.models import Tally
from tests.factories import confirmed, make_campaign, text
from tests.pages import Page

pytestmark = pytest.mark.django_db

SVG = "{http://www.w3.org/2000/svg}"


def count_to(campaign, number):
    Tally.objects.create(campaign=campaign, kind="individual", country="DE", shard=0, number=number)


def test_the_frame_has_the_count_the_progress_and_a_button_to_the_appeal(client, campaign):
    count_to(campaign, 1_234)
    answer = client.get("/embed/peace/?lang=de")
    page = Page(answer.content.decode())

    assert answer["Content-Language"] == "de"
    assert page.all("html", "lang") == ["de"]
    assert "Frieden jetzt" in page.text
    assert "1.234" in page.text
    assert page.all("progress", "value") == ["61"]
    button = next(attributes for tag, attributes in page.elements if tag == "a")
    assert (button["href"], button["target"], button["rel"]) == (
        "/de/peace/", "_blank", "noopener",
    )  # fmt: skip
    assert not page.all("script", "src")
    assert not any("style" in attributes for _tag, attributes in page.elements)


@pytest.mark.parametrize("query", ["", "?lang=", "?lang=xx", "?lang=../de", "?lang=%00", "?l=de"])
def test_an_unknown_language_shows_the_frame_in_english(client, campaign, query):
    answer = client.get(f"/embed/peace/{query}", headers={"Accept-Language": "uk"})

    assert answer.status_code == 200
    assert 'lang="en"' in answer.content.decode()
    assert answer["Content-Language"] == "en"


def test_only_the_frame_may_be_framed(client, campaign):
    frame = client.get("/embed/peace/")
    assert "frame-ancestors *" in frame["Content-Security-Policy"]
    assert "X-Frame-Options" not in frame.headers

    for path in ("/en/peace/", "/en/peace/sign/", "/en/peace/share/", "/en/peace/statistics/",
                 "/embed/nothing/", "/embed/peace/x"):  # fmt: skip
        answer = client.get(path)
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"], path
        assert answer["X-Frame-Options"] == "DENY", path


@pytest.mark.parametrize("status", ["paused", "closed", "handed_in"])
def test_when_nobody_can_sign_the_frame_offers_to_read(client, db, status):
    count_to(make_campaign(status=status), 500)

    page = client.get("/embed/peace/").content.decode()
    assert "500" in page
    assert "Read the appeal" in page
    assert "Sign this appeal" not in page


def test_of_a_draft_or_nothing_there_is_no_frame_badge_or_card(client, db):
    make_campaign(status="draft")

    for slug in ("peace", "nothing"):
        for path in (f"/embed/{slug}/", f"/badge/{slug}.svg", f"/social/{slug}/en.png"):
            assert client.get(path).status_code == 404
    for url in ("http://testserver/en/peace/", "http://testserver/en/nothing/"):
        assert client.get("/oembed", {"url": url}).status_code == 404


def test_the_badge_is_the_count_as_a_picture(client, campaign):
    count_to(campaign, 12_345)
    answer = client.get("/badge/peace.svg?lang=de")
    picture = ET.fromstring(answer.content)

    assert answer["Content-Type"] == "image/svg+xml; charset=utf-8"
    assert picture.find(f"{SVG}title").text.startswith("Frieden jetzt: 12.345")
    assert [part.text for part in picture.iter(f"{SVG}text")][1] == "12.345"
    assert float(picture.get("width")) > 100
    assert b"style" not in answer.content


def test_a_title_with_anything_in_it_is_still_a_picture_and_a_frame(client, db):
    count_to(make_campaign(title=text(en='A & B <b> "c"')), 20)

    assert ET.fromstring(client.get("/badge/peace.svg").content).find(f"{SVG}title").text == (
        'A & B <b> "c": 20 Signatures'
    )
    frame = client.get("/oembed?url=http://testserver/en/peace/").json()["html"]
    assert Page(frame).all("iframe", "title") == ['A & B <b> "c"']


def test_every_language_of_the_badge_is_the_same_for_every_browser(client, campaign):
    plain = client.get("/badge/peace.svg")

    for accepts in ("de", "uk"):
        answer = client.get("/badge/peace.svg", headers={"Accept-Language": accepts})
        assert answer.content == plain.content
        assert "Vary" not in answer.headers


def test_a_withdrawn_signature_is_gone_from_everything_within_a_minute(client, campaign):
    signature = confirmed(client, campaign)
    confirmed(client, campaign)
    lifecycle.withdraw(signature)

    for path in ("/embed/peace/", "/badge/peace.svg", "/api/v1/campaigns/peace/"):
        answer = client.get(path)
        assert answer["Cache-Control"] in {"public, max-age=60", "public, max-age=30"}
        assert b">2<" not in answer.content
        assert b"1" in answer.content


# oEmbed


def test_a_link_to_the_appeal_becomes_its_frame(client, campaign):
    page = Page(client.get("/de/peace/").content.decode())
    discovered = next(
        attributes["href"]
        for tag, attributes in page.elements
        if tag == "link" and attributes.get("type") == "application/json+oembed"
    )
    answer = client.get(discovered.removeprefix("http://testserver"))

    assert answer["Access-Control-Allow-Origin"] == "*"
    found = answer.json()
    assert {name: found[name] for name in ("version", "type", "title", "width", "height")} == {
        "version": "1.0", "type": "rich", "title": "Frieden jetzt", "width": 480, "height": 360,
    }  # fmt: skip
    frame = Page(found["html"])
    assert frame.all("iframe", "src") == ["http://testserver/embed/peace/?lang=de"]
    assert found["thumbnail_url"] == "http://testserver/social/peace/de.png"


@pytest.mark.parametrize("page", ["", "share/", "call/wri/", "statistics/", "?utm=1", "#sign"])
def test_every_page_of_a_campaign_stands_for_it(client, campaign, page):
    answer = client.get("/oembed", {"url": f"http://testserver/en/peace/{page}"})

    assert answer.json()["title"] == "Peace now"


def test_the_frame_is_no_larger_than_the_room_there_is(client, campaign):
    url = "http://testserver/en/peace/"
    found = client.get("/oembed", {"url": url, "maxwidth": "300", "maxheight": "9999"}).json()
    assert (found["width"], found["height"]) == (300, 360)

    for odd in ("", "0", "-1", "x", "1e3", "٣", "9" * 4000):
        found = client.get("/oembed", {"url": url, "maxwidth": odd})
        assert found.status_code == 200
        assert found.json()["width"] == 480


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 400),
        ({"url": ""}, 404),
        ({"url": "http://testserver/en/peace/", "format": "xml"}, 501),
        ({"url": "http://testserver.evil.example/en/peace/"}, 404),
        ({"url": "https://evil.example/en/peace/"}, 404),
        ({"url": "http://testserver/xx/peace/"}, 404),
        ({"url": "http://testserver/en/privacy/"}, 404),
        ({"url": "http://testserver/en/peace/thanks/"}, 404),
        ({"url": "http://testserver/"}, 404),
        ({"url": "http://testserver/en/%00/"}, 404),
        ({"url": "http://testserver/en/[/"}, 404),
        ({"url": "http://testserver//[x/en/peace/"}, 404),
    ],
)
def test_what_is_no_page_of_a_campaign_has_no_frame(campaign, query, status):
    answer = Client(raise_request_exception=False).get("/oembed", query)

    assert answer.status_code == status
