"""An appeal is passed on: plain links that say nothing of anybody, a QR code, a card."""

import io
from html import unescape
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
import segno
from django.core.cache import cache
from django.utils.timezone import now
from django.utils.translation import override
from PIL import Image, ImageChops, ImageDraw

from campaigns.models import Call
from signatures import card, lifecycle
from signatures.desk import through
from signatures.models import PaperBatch, Signature, Tally
from tests.desk import make_account
from tests.factories import approved, confirmed, links, make_campaign, press, read_mails, sign, text
from tests.pages import Page

pytestmark = pytest.mark.django_db

TITLES = {
    "en": "Protection & asylum for deserters and conscientious objectors",
    "de": "Schutz und Asyl für Deserteure und Kriegsdienstverweigererorganisationsvertreterinnen",
    "uk": "Росія, Білорусь, Україна: захист і притулок для дезертирів і відмовників",
    "ar": "الحماية واللجوء للفارين من الخدمة العسكرية والمستنكفين ضميرياً من روسيا وبيلاروسيا",
}


@pytest.fixture
def letter(campaign):
    return Call.objects.create(
        organiser=campaign.organisers.get(), title=text(en="Come"), body=text(en="Sign.")
    )


def ways(page) -> dict[str, str]:
    """The links that lead to other services, by their host or scheme."""
    links = [link for link in page.links if link.startswith(("https://", "mailto:"))]
    return {urlsplit(link).hostname or "mailto": link for link in links}


def test_the_share_page_leads_to_each_service_with_the_title_and_the_address(client, campaign):
    page = Page(client.get("/en/peace/share/").content.decode())

    link = "http://testserver/en/peace/"
    assert {host: unquote(way) for host, way in ways(page).items()} == {
        "mailto": f"mailto:?subject=Peace now&body=Peace now {link}",
        "wa.me": f"https://wa.me/?text=Peace now {link}",
        "t.me": f"https://t.me/share/url?url={link}&text=Peace now",
        "share.joinmastodon.org": f"https://share.joinmastodon.org/#text=Peace now {link}",
        "bsky.app": f"https://bsky.app/intent/compose?text=Peace now {link}",
        "www.facebook.com": f"https://www.facebook.com/sharer/sharer.php?u={link}",
        "x.com": f"https://x.com/intent/post?url={link}&text=Peace now",
    }
    for tag, attributes in page.elements:
        if tag == "a" and (attributes["href"] or "").startswith("https://"):
            assert attributes["rel"] == "noopener noreferrer"


def test_a_title_with_anything_in_it_stays_one_text(client, db):
    make_campaign(title=text(en='Stop & "think" <now> #1? 100 %'))
    page = client.get("/en/peace/share/").content.decode()

    facebook, x = (ways(Page(page))[host] for host in ("www.facebook.com", "x.com"))
    assert dict(parse_qsl(urlsplit(x).query))["text"] == 'Stop & "think" <now> #1? 100 %'
    assert dict(parse_qsl(urlsplit(facebook).query)) == {"u": "http://testserver/en/peace/"}
    snippet = unescape(page.partition('id="frame"')[2].partition(">")[2].partition("</textarea")[0])
    assert Page(snippet).all("iframe", "title") == ['Stop & "think" <now> #1? 100 %']
    assert Page(snippet).all("iframe", "src") == ["http://testserver/embed/peace/?lang=en"]


@pytest.mark.parametrize("step", ["confirm", "code"])
def test_what_is_shared_after_signing_holds_no_token(client, campaign, step):
    sign(client, campaign)
    mailed = read_mails()[-1]
    answer = press(client, links(mailed)["confirm"])
    thanks = Page(client.get(answer["Location"]).content.decode())

    shared = [*ways(thanks).values(), *thanks.all("button", "data-link")]
    assert len(shared) == 8
    for link in shared:
        assert "/en/peace/" in unquote(link)
        assert "thanks" not in link
        assert "manage" not in link
        assert len(unquote(link)) < 120


def test_the_link_of_an_organiser_leads_to_its_letter_and_carries_no_other_code(
    client, campaign, letter
):
    ours = client.get("/en/peace/share/?via=wri").content.decode()
    assert "http://testserver/en/peace/call/wri/" in ours
    assert 'src="/en/peace/qr.svg?via=wri"' in ours

    for code in ("nobody", "x" * 5000, "%00", "<script>", "wri/../../"):
        answer = client.get("/en/peace/share/", {"via": code})
        assert answer.status_code == 200
        assert answer.content == client.get("/en/peace/share/").content


def test_an_organiser_without_a_letter_shares_the_appeal(client, campaign):
    assert client.get("/en/peace/share/?via=wri").content == client.get("/en/peace/share/").content


def test_the_qr_code_is_the_address_dark_on_light(client, campaign, letter):
    for query, address in (
        ("", "http://testserver/de/peace/"),
        ("?via=wri", "http://testserver/de/peace/call/wri/"),
        ("?via=nobody", "http://testserver/de/peace/"),
    ):
        answer = client.get(f"/de/peace/qr.svg{query}")
        wanted = io.BytesIO()
        segno.make(address, error="m", micro=False).save(
            wanted, kind="svg", scale=8, light="#ffffff", xmldecl=False, svgclass=None,
            lineclass=None,
        )  # fmt: skip
        assert answer["Content-Type"] == "image/svg+xml; charset=utf-8"
        assert answer.content == wanted.getvalue()
        assert b"style" not in answer.content


@pytest.mark.parametrize("status", ["paused", "closed", "handed_in"])
def test_what_has_ended_can_still_be_passed_on(client, db, status):
    make_campaign(status=status)

    for path in ("/en/peace/share/", "/en/peace/qr.svg", "/social/peace/en.png"):
        assert client.get(path).status_code == 200


def test_of_a_draft_or_nothing_there_is_nothing_to_share(client, db):
    make_campaign(status="draft")

    for slug in ("peace", "nothing"):
        for path in (f"/en/{slug}/share/", f"/en/{slug}/qr.svg", f"/social/{slug}/en.png"):
            assert client.get(path).status_code == 404


def test_the_card_is_a_picture_of_the_size_that_networks_want(client, campaign):
    for code in ("en", "de", "uk"):
        answer = client.get(f"/social/peace/{code}.png")
        picture = Image.open(io.BytesIO(answer.content))
        assert (picture.format, picture.size) == ("PNG", (1200, 630))
        assert answer["Content-Type"] == "image/png"
        assert len(answer.content) < 60_000
    assert client.get("/social/peace/xx.png").status_code == 404


def test_the_appeal_names_its_card_in_its_language(client, campaign):
    page = client.get("/de/peace/").content.decode()

    assert '<meta property="og:image" content="http://testserver/social/peace/de.png">' in page


@pytest.mark.parametrize(
    ("total", "words"),
    [
        (0, ""), (9, ""), (10, "10 signatures"), (57, "More than 50 signatures"),
        (1_000, "1,000 signatures"), (3_785, "More than 3,700 signatures"),
        (1_234_567, "More than 1,200,000 signatures"),
    ],
)  # fmt: skip
def test_the_card_says_a_round_number(total, words):
    with override("en"):
        assert card.count(total) == words


@pytest.mark.parametrize("language", TITLES)
def test_the_title_fits_on_the_card_in_every_script(language):
    drawn = card.draw(TITLES[language], "", "", right_to_left=language == "ar")
    picture = Image.open(io.BytesIO(drawn)).convert("RGB")
    # Nothing is drawn in the margins, and something is at the side where the language begins.
    for side in ((0, 30, 60, 630), (1140, 30, 1200, 630)):
        box = picture.crop(side)
        assert len(box.getcolors()) == 1, side
    starts = (1000, 60, 1140, 420) if language == "ar" else (60, 60, 200, 420)
    assert len(picture.crop(starts).getcolors()) > 1


def test_our_font_has_every_letter_of_the_titles():
    missing = _glyph("\U0010ffff")
    for title in TITLES.values():
        for letter in set(title) - {" "}:
            assert ImageChops.difference(_glyph(letter), missing).getbbox(), letter


def _glyph(letter):
    image = Image.new("L", (120, 120))
    ImageDraw.Draw(image).text((10, 10), letter, 255, card._font(card.BOLD, 60))
    return image


def test_a_text_that_is_far_too_long_is_cut():
    lines, font = card.fit("word " * 500, card.TITLE_SIZES, card.TITLE_HEIGHT)

    assert len(lines) * card._line(font) <= card.TITLE_HEIGHT
    assert lines[-1].endswith("…")
    assert card.fit("x" * 500, card.TITLE_SIZES, card.TITLE_HEIGHT)[0][0].endswith("…")


def test_the_card_is_drawn_again_only_when_it_says_something_new(client, campaign, monkeypatch):
    cache.clear()
    drawn = []
    draw = card.draw
    monkeypatch.setattr(card, "draw", lambda *a, **k: drawn.append(a) or draw(*a, **k))
    confirmed(client, campaign)
    client.get("/social/peace/en.png")
    client.get("/social/peace/en.png")
    assert len(drawn) == 1

    Tally.objects.update(number=50)
    client.get("/social/peace/en.png")
    assert len(drawn) == 2


# At the desk


def test_each_organiser_s_figures_are_at_the_desk_and_name_nobody(client, campaign, mo, letter):
    confirmed(client, campaign, via="wri", name="Sam Through")
    confirmed(client, campaign, via="wri", visibility="count", name="")
    sign(client, campaign, via="wri")  # not confirmed
    lifecycle.withdraw(confirmed(client, campaign, via="wri"))
    confirmed(client, campaign, via="nobody-s-code", name="Sam Without")
    approved(client, campaign, mo, via="wri")
    on_paper(campaign, mo, "wri", 3)

    assert through.by_organiser(campaign) == [
        {"organiser": campaign.organisers.get(), "people": 2, "organisations": 1, "paper": 3}
    ]
    client.force_login(mo)
    page = client.get("/admin/signatures/signature/through/").content.decode()
    assert "War Resisters" in page
    assert "nobody-s-code" not in page
    assert "Sam" not in page


def test_an_organiser_s_figures_are_no_business_of_an_editor(client, campaign):
    client.force_login(make_account("edith", "editor"))

    assert client.get("/admin/signatures/signature/through/").status_code == 403


def test_signing_works_with_a_code_that_is_nobody_s(client, campaign):
    for code in ("nobody", "x" * 500, "<b>", "Wri"):
        signature = confirmed(client, campaign, via=code)
        assert signature.is_counted
        assert signature.via in {"nobody", ""}


def on_paper(campaign, by, code, number):
    batch = PaperBatch.objects.create(
        campaign=campaign, via=code, language="en", entered_by=by, entered_at=now()
    )
    for _ in range(number):
        Signature.objects.create(
            campaign=campaign, appeal=campaign.appeal, batch=batch, kind="individual",
            language="en", country="DE", visibility="count", signed_at=now(), confirmed_at=now(),
        )  # fmt: skip


def test_nothing_on_the_share_page_comes_from_elsewhere(client, campaign):
    page = Page(client.get("/en/peace/share/").content.decode())

    assert all(asset.startswith("/") and not asset.startswith("//") for asset in page.assets)
    for tag, attributes in page.elements:
        assert "style" not in attributes
        assert not any(name.startswith("on") for name in attributes)
        if tag == "script":
            assert attributes["integrity"].startswith("sha384-")
