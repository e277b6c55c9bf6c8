"""The book and the factsheet: opened and read as the addressees would."""

import io
import unicodedata

import pypdfium2
import pytest
from django.utils.translation import override

from campaigns.models import Campaign
from signatures import countries, tally
from signatures.hand_in import book, factsheet
from signatures.hand_in.contents import Contents, order
from signatures.models import SealedEntry, Signature
from tests.factories import approved, confirmed, sealed, text

pytestmark = pytest.mark.django_db
NAMES = [
    "Anna Öztürk", "Łukasz Żak", "Nguyễn Thị Ánh Tuyết", "Олена Їжакевич", "Ελένη Παπαδοπούλου",
    "ნინო ბერიძე", "ليلى حداد", "יוסף כהן", "王小明",
    "Jean-Luc " + "de la Très-Longue-Rivière " * 3,
]  # fmt: skip


def pages(write, contents) -> list[str]:
    target = io.BytesIO()
    write(contents, target)
    document = pypdfium2.PdfDocument(target.getvalue())
    return [" ".join(page.get_textpage().get_text_range().split()) for page in document]


def seal_names(client, campaign, mo, names=NAMES):
    signature = confirmed(client, campaign, visibility="handin", city="Köln")
    Signature.objects.bulk_create(
        Signature(
            campaign=campaign, appeal=signature.appeal, kind="individual", country="DE",
            visibility="handin", name=name.strip(), address_hash=str(number),
            signed_at=signature.signed_at, confirmed_at=signature.confirmed_at,
        )
        for number, name in enumerate(names)
    )  # fmt: skip
    approved(client, campaign, mo, country="FR")
    confirmed(client, campaign, visibility="count", name="")
    tally.recount(campaign)
    return sealed(campaign, mo)


def test_the_book_has_everything_in_its_order(client, campaign, mo):
    list_ = seal_names(client, campaign, mo)
    cover, contents, letter, figures, organisations, people, method = pages(
        book.write, Contents(list_)
    )

    assert "Peace now" in cover
    assert "13 signed, of whom 12 agreed to be listed here." in cover
    assert "Pat Example" in cover
    assert [
        name
        for name in ("The appeal", "The figures", "Organisations", "People")
        if name in contents
    ] == ["The appeal", "The figures", "Organisations", "People"]
    assert "Dear Pat Example," in letter
    assert "Stop!" in letter
    assert "12" in figures
    assert "Example Action e.V." in organisations
    for name in NAMES[:6]:
        assert name in unicodedata.normalize("NFC", people)
    assert "Sam Example, Köln" in people
    assert "confirmed by a press of a button" in method
    every = (cover, contents, letter, figures, organisations, people, method)
    for number, page in enumerate(every, start=1):
        assert list_.digest in page
        assert f"{number}/7" in page


def test_arabic_is_joined_and_unknown_letters_become_boxes_with_a_note(client, campaign, mo):
    *_pages, people, method = pages(book.write, Contents(seal_names(client, campaign, mo)))

    assert "□□□" in people
    assert "□ stands for each such character" in method


def test_a_book_of_many_countries_has_as_many_pages_of_contents_as_it_needs(
    client, campaign, mo, settings
):
    signature = confirmed(client, campaign)
    codes = countries.CODES[:120]
    Signature.objects.bulk_create(
        Signature(
            campaign=campaign, appeal=signature.appeal, kind="individual", country=code,
            visibility="public", name=f"Person {code}", address_hash=code,
            signed_at=signature.signed_at, confirmed_at=signature.confirmed_at,
        )
        for code in codes
    )  # fmt: skip
    written = pages(book.write, Contents(sealed(campaign, mo)))
    after = next(n for n, page in enumerate(written) if "Dear Pat Example," in page)

    assert after == 3
    assert "Contents" in written[1]
    assert "How this list came about" in written[2]
    assert written[-1].startswith("How this list came about")
    assert "Belgium" in written[1]


def test_the_factsheet_is_one_page_however_long_the_demands_are(client, campaign, mo):
    list_ = seal_names(client, campaign, mo)
    assert len(pages(factsheet.write, Contents(list_))) == 1
    for demand in campaign.appeal.demands.all():
        demand.text = text(en="We demand that this long sentence stands here. " * 25)
        demand.save()

    [sheet] = pages(factsheet.write, Contents(list_))
    assert sheet.count("We demand") == 50
    assert list_.digest in sheet


@pytest.mark.parametrize(("language", "title"), [("de", "Frieden jetzt"), ("uk", "Peace now")])
def test_the_book_speaks_the_language_that_was_asked_for(client, campaign, mo, language, title):
    list_ = seal_names(client, campaign, mo)
    with override(language):
        written = pages(book.write, Contents(list_))

    assert title in written[0]
    assert {"de": "Deutschland", "uk": "Німеччина"}[language] in "".join(written)


def test_names_that_no_page_could_hold_do_no_harm(client, campaign, mo):
    odd = [
        "W" * 100,
        "\u0301\u0301x",
        "a\u200db",
        "ﷺ" * 30,
        "नमस्ते",
        "👩\u200d👩\u200d👧",
        "x\u200d",
        "\u200d",
        "<b>{nb}</b>",
        "**bold**",
    ]
    written = pages(book.write, Contents(seal_names(client, campaign, mo, odd)))

    assert "W" * 30 in written[5]
    assert "<b>" in written[5]
    assert "**bold**" in written[5]


def test_names_are_in_the_order_of_their_letters():
    ordered = [
        "Emil", "Émile", "Öz", "Zoë", "Елла", "Євген", "Жанна", "Ира", "Іван", "Йосип", "Яна",
    ]  # fmt: skip

    assert sorted({*ordered}, key=order) == ordered


def test_an_empty_list_makes_a_book_too(client, campaign, mo):
    confirmed(client, campaign, visibility="count", name="")
    list_ = sealed(campaign, mo)
    SealedEntry.objects.all().delete()

    assert "None." in "".join(pages(book.write, Contents(list_)))
    assert Campaign.objects.get()
