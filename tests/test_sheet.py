"""The printable sheet: in the page's language, with a number of its own, legible and whole."""

import re

import pypdfium2
import pytest
from django.core.exceptions import ValidationError
from django.utils.translation import override

from campaigns.models import AuditEvent
from signatures.models import PaperBatch, PaperSheet
from signatures.paper import numbers, sheet
from tests.desk import make_account
from tests.factories import make_campaign, text

pytestmark = pytest.mark.django_db

NUMBER = re.compile(rf"\b[{numbers.SIGNS}]{{4}}-[{numbers.SIGNS}]{{4}}\b")


def pages(content: bytes) -> list[str]:
    """What can be read on each page, without the line breaks."""
    document = pypdfium2.PdfDocument(content)
    return [" ".join(page.get_textpage().get_text_range().split()) for page in document]


def get(client, campaign, query="", language="en"):
    return client.get(f"/{language}/{campaign.slug}/paper.pdf{query}")


def test_the_sheet_says_what_is_signed_who_collects_and_what_happens(client, campaign):
    answer = get(client, campaign, "?via=wri")
    (page,) = pages(answer.content)

    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert "no-store" in answer["Cache-Control"]
    for words in (
        "Peace now", "Dear Pat Example,", "We ask you to:", "Stop!", "Talk!",
        "Collected by: War Resisters", "http://testserver/en/peace/sign/?via=wri",
        "I am 16 or older and sign this appeal.", "political opinion", "Name, in block letters",
        "only count me", "give it to the addressees", "and show it on the web", "Signature",
        "Names are erased at the latest 180 days after the hand-in", "Responsible: War Resisters.",
        "Please send this sheet to: War Resisters", "Text: version 1",
    ):  # fmt: skip
        assert words in page
    assert NUMBER.search(page)
    assert "12" in page.split()


def test_the_page_is_a4_and_names_its_language(client, campaign):
    content = get(client, campaign, language="de").content
    (width, height) = pypdfium2.PdfDocument(content)[0].get_size()

    assert (round(width), round(height)) == (595, 842)
    assert b"/Lang (de" in content


@pytest.mark.parametrize("query", ["", "?via=", "?via=unknown", "?via=<b>", "?via=a&via=b"])
def test_without_a_known_organiser_the_sheet_is_the_campaigns(client, campaign, query):
    answer = get(client, campaign, query)
    (page,) = pages(answer.content)

    assert answer.status_code == 200
    assert "Collected by" not in page
    assert "http://testserver/en/peace/sign" in page
    assert "via" not in page


def test_each_sheet_has_another_number_and_none_is_stored(client, campaign):
    found = {NUMBER.search(pages(get(client, campaign).content)[0])[0] for _each in range(3)}

    assert len(found) == 3
    assert {numbers.clean(number) for number in found} == {n.replace("-", "") for n in found}
    assert not PaperSheet.objects.exists()


def test_the_text_is_in_the_language_of_the_page(client, campaign):
    (page,) = pages(get(client, campaign, language="de").content)

    assert "Frieden jetzt" in page
    assert "Halt!" in page


def test_a_sheet_of_a_paused_campaign_can_be_printed(client):
    assert get(client, make_campaign(status="paused")).status_code == 200


@pytest.mark.parametrize(
    ("status", "answer"), [("draft", 404), ("closed", 410), ("handed_in", 410)]
)
def test_there_is_no_sheet_where_nobody_can_sign(client, status, answer):
    assert get(client, make_campaign(status=status), "?via=wri").status_code == answer


def test_a_page_from_right_to_left_is_mirrored_and_its_letters_join(campaign):
    campaign.title = text(ar="سلام الآن", en="Peace now")
    with override("ar"):
        mirrored = pypdfium2.PdfDocument(sheet.make(campaign))[0]
    with override("en"):
        straight = pypdfium2.PdfDocument(sheet.make(campaign))[0]

    def side_of_the_code(page):
        (image,) = (item for item in page.get_objects() if item.type == 3)
        left, _bottom, right, _top = image.get_bounds()
        return "left" if (left + right) / 2 < page.get_width() / 2 else "right"

    assert (side_of_the_code(mirrored), side_of_the_code(straight)) == ("left", "right")
    # Joined letters stand under the code points of their forms, or as the letters themselves.
    assert mirrored.get_textpage().count_chars() > 500


def test_a_long_appeal_takes_a_second_page_and_loses_nothing(campaign):
    demand = campaign.appeal.demands.first()
    type(demand).objects.filter(pk=demand.pk).update(text=text(en="Grant asylum to all. " * 260))
    with override("en"):
        first, second = pages(sheet.make(campaign))

    assert first.count("Grant asylum to all.") == 260
    assert NUMBER.search(first)[0] == NUMBER.search(second)[0]
    assert "Name, in block letters" in second


# Numbers


def test_a_number_is_read_however_it_is_typed():
    number = numbers.new()

    assert numbers.clean(f" {number[:4].lower()} – {number[4:]}\n") == number
    assert numbers.printed(number) == f"{number[:4]}-{number[4:]}"
    assert numbers.clean_all(f"{number},\n{numbers.printed(number)}; ") == [number]


def test_every_slip_of_one_sign_and_every_swap_is_noticed():
    number = numbers.new()
    slips = {
        number[:place] + sign + number[place + 1 :]
        for place in range(numbers.LENGTH)
        for sign in numbers.SIGNS
    }
    swaps = {
        number[:place] + number[place + 1] + number[place] + number[place + 2 :]
        for place in range(numbers.LENGTH - 1)
    }

    for wrong in (slips | swaps) - {number}:
        with pytest.raises(ValidationError):
            numbers.clean(wrong)


@pytest.mark.parametrize("typed", ["", "0", "ABCDEFGH", "A" * 500, "\0", "٣" * 8])
def test_what_is_no_number_is_refused(typed):
    with pytest.raises(ValidationError):
        numbers.clean(typed)


# Many at the desk

SHEETS = "/admin/signatures/paperbatch/sheets/"


@pytest.fixture
def desk(client):
    client.force_login(make_account("mo", "moderator"))
    return client


def test_many_sheets_come_in_one_file(desk, campaign):
    organiser = campaign.organisers.get()
    query = {"campaign": campaign.pk, "organiser": organiser.pk, "language": "de", "number": 5}
    answer = desk.get(SHEETS, query)
    found = pages(answer.content)

    assert answer["Content-Disposition"] == 'attachment; filename="peace-de.pdf"'
    assert "no-store" in answer["Cache-Control"]
    assert len(found) == 5
    assert all("Frieden jetzt" in page for page in found)
    assert len({NUMBER.search(page)[0] for page in found}) == 5
    assert not PaperBatch.objects.exists()
    assert not AuditEvent.objects.filter(verb__contains="paper").exists()


@pytest.mark.parametrize("number", ["0", "201", "-1", "many", ""])
def test_no_more_than_two_hundred_at_once(desk, campaign, number):
    query = {"campaign": campaign.pk, "language": "en", "number": number}

    assert desk.get(SHEETS, query).status_code == 422
