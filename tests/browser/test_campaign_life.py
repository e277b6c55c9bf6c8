"""The life of a campaign at the desk, in a real browser: from the first word to the hand-in."""

import re
from pathlib import Path

import pypdfium2
import pytest

from campaigns.models import Campaign
from signatures import jobs
from tests.browser.test_desk import heading, log_in, type_code
from tests.browser.test_journeys import fill_in_as_a_person, open_mail
from tests.desk import app_code, give_factor, make_account
from tests.factories import read_mails

pytestmark = pytest.mark.django_db(transaction=True)


def test_olga_leads_a_campaign_from_the_first_word_to_the_hand_in(open_browser, transactional_db):
    secret = give_factor(make_account("olga", "owner"))
    desk, street = open_browser(), open_browser()
    log_in(desk, "olga")
    type_code(desk, app_code(secret), "Log in")

    write_campaign(desk)
    write_appeal(desk)
    open_for_signing(desk)
    pages, words = download(desk, print_a_sheet)
    assert pages == 1
    assert "Stop the call-ups!" in words
    enter_paper(desk)
    sign_as_a_person(street)
    sign_as_an_organisation(street)
    approve_the_organisation(desk)
    write_news(desk)
    assert "We were heard" in mail_news(desk).body
    end_signing(desk)
    seal(desk)
    have_the_book_made(desk)
    pages, words = download(desk, take_the_book)
    assert pages > 1
    assert {name for name in NAMES if name in words} == set(NAMES)
    say_where_and_to_whom(desk)
    say_that_it_was_handed_in(desk)

    # A browser that has no older copy of the page.
    reader = open_browser()
    reader.goto("/en/refuge/")
    for told in ("On 24 November 2025, 6 signatures were handed in.", "The President's office"):
        reader.get_by_text(told).wait_for()


NAMES = ["Hanna Handin", "Sam Example", "Example Action e.V."]


def go(page, *links):
    """From the first screen, one link after the other."""
    page.goto("/admin/")
    for link in links:
        page.get_by_role("link", name=link, exact=True).first.click()


def fill(page, **fields):
    """The fields of a form by their names; `_0` is English."""
    for name, value in fields.items():
        page.locator(f"[name='{name}']").fill(value)


def save(page, button="Save and continue editing"):
    page.get_by_role("button", name=button, exact=True).click()
    page.locator(".messagelist .success").wait_for()


def to_the_campaign(page):
    go(page, "Campaigns", "Refuge for refusers")


def download(page, press) -> tuple[int, str]:
    """Number of pages and text of the PDF that follows when this is pressed."""
    with page.expect_download() as waiting:
        press(page)
    document = pypdfium2.PdfDocument(Path(waiting.value.path()))
    return len(document), "\n".join(page.get_textpage().get_text_range() for page in document)


def write_campaign(page):
    go(page, "Campaigns", "Add campaign")
    fill(page, slug="refuge", title_0="Refuge for refusers", summary_0="Who refuses needs refuge.")
    page.get_by_text("Add another Addressee").click()
    fill(page, **{
        "addressees-0-position": "1",
        "addressees-0-office_0": "President of the Parliament",
        "addressees-0-person_0": "Pat Example",
        "addressees-0-greeting_0": "dear Pat Example",
    })  # fmt: skip
    page.get_by_text("Add another Organiser").click()
    fill(page, **{"organisers-0-code": "wri", "organisers-0-name_0": "War Resisters"})
    save(page)


def write_appeal(page):
    page.get_by_role("link", name=re.compile("^Write what is missing")).click()
    page.locator("[name=campaign]").select_option("Refuge for refusers")
    fill(page, opening_0="we ask you to:")
    for number, words in enumerate(["Stop the call-ups!", "Open the doors!"]):
        page.get_by_text("Add another Demand").click()
        fill(page, **{f"demands-{number}-number": str(number + 1)})
        fill(page, **{f"demands-{number}-text_0": words})
    save(page)


def open_for_signing(page):
    to_the_campaign(page)
    page.get_by_role("link", name="Preview").click()
    assert page.get_by_text("Open the doors!").is_visible()
    to_the_campaign(page)
    page.get_by_role("button", name="Open for signing").click()
    page.get_by_text("Done.").wait_for()
    assert Campaign.objects.get().is_open


def print_a_sheet(page):
    go(page, "Paper batches", "Print sheets")
    page.get_by_label("How many sheets").fill("1")
    page.get_by_role("button", name="Get the PDF").click()


def enter_paper(page):
    go(page, "Paper batches", "Enter sheets")
    page.get_by_label("Country of lines that name none").select_option("DE")
    page.get_by_label("Name 1", exact=True).fill("Hanna Handin")
    page.get_by_label("Tick 1", exact=True).select_option("handin")
    page.get_by_label("How many 2", exact=True).fill("3")
    page.get_by_role("button", name="Enter", exact=True).click()
    page.get_by_text("4 signatures were entered and count.").wait_for()


def sign_as_a_person(page):
    page.goto("/en/refuge/")
    fill_in_as_a_person(page)
    page.get_by_label(re.compile("news")).check()
    press_sign_and_confirm(page)


def sign_as_an_organisation(page):
    page.goto("/en/refuge/sign/?as=organisation")
    page.get_by_label("What is the name of your organisation?").fill("Example Action e.V.")
    page.get_by_label("What is its website?").fill("action.example.org")
    page.get_by_label("What is your own name?").fill("Otto Example")
    page.get_by_label("What is your role").fill("Chair")
    page.get_by_label("What is your e-mail address?").fill("otto@action.example.org")
    page.get_by_label(re.compile("country")).select_option("FR")
    page.get_by_label("I may sign for this organisation.").check()
    page.get_by_label(re.compile("I am 16 or older")).check()
    press_sign_and_confirm(page)


def press_sign_and_confirm(page):
    page.get_by_role("button", name="Sign", exact=True).click()
    open_mail(page)
    page.get_by_role("button", name="Yes, I sign").click()
    assert heading(page) == "Thank you"


def approve_the_organisation(page):
    go(page, "Organisations", "Example Action e.V.")
    page.get_by_role("button", name="Approve", exact=True).click()
    page.get_by_role("button", name="Approve organisations").click()
    page.get_by_text("1 signature changed.").wait_for()


def write_news(page):
    go(page, "Updates", "Add update")
    page.locator("[name=campaign]").select_option("Refuge for refusers")
    fill(page, title_0="We were heard", body_0="On Monday.")
    save(page)
    page.get_by_role("button", name="Publish").click()
    page.get_by_text(re.compile("^Published. At the latest")).wait_for()


def mail_news(page):
    page.get_by_role("link", name="The mail: look at it, send it").click()
    page.get_by_role("button", name="Mail it to 1 reader").click()
    page.locator(".messagelist .success").wait_for()
    work_off()
    (mail,) = read_mails()
    return mail


def end_signing(page):
    to_the_campaign(page)
    page.get_by_role("button", name="End signing").click()
    page.locator("[name=sure]").click()
    page.get_by_text("Done.").wait_for()


def seal(page):
    page.get_by_role("link", name="Seal the list and hand it in").click()
    page.get_by_role("link", name="Seal the list", exact=True).click()
    page.locator("[name=campaign]").select_option("Refuge for refusers")
    page.get_by_role("button", name="Seal the list").click()
    page.get_by_text("being sealed").wait_for()
    work_off()


def have_the_book_made(page):
    page.reload()
    for kind in ("factsheet (PDF)", "page (HTML)", "table (CSV)"):
        page.get_by_label(kind).uncheck()
    page.get_by_role("button", name="Have them made").click()
    page.get_by_text("being made", exact=True).wait_for()
    work_off()
    page.reload()


def take_the_book(page):
    page.get_by_role("button", name="Download", exact=True).click()


def say_where_and_to_whom(page):
    fill(page, handed_in_on="2025-11-24", place_0="Brussels", recipient_0="The President's office")
    save(page)


def say_that_it_was_handed_in(page):
    to_the_campaign(page)
    page.get_by_role("button", name="Say that it was handed in").click()
    page.locator("[name=sure]").click()
    page.get_by_text("Done.").wait_for()
    assert Campaign.objects.get().status == "handed_in"


def work_off():
    """What the background does, until nothing is due: no sender runs beside the live server."""
    while jobs.is_due():
        jobs.work()
