"""What people do, in a real browser: the whole way, with and without script, with the keyboard."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from signatures import tally
from signatures.models import Signature
from tests.factories import code, links, make_campaign, make_update, read_mails

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def campaign(transactional_db):
    return make_campaign()


def fill_in_as_a_person(page, address="sam@example.org"):
    page.get_by_label("Count me, give my name to the addressees and show it on the web.").check()
    page.get_by_label("What is your name?").fill("Sam Example")
    page.get_by_label("What is your e-mail address?").fill(address)
    page.get_by_label("Which country do you live in?").select_option("DE")
    page.get_by_label(re.compile("I am 16 or older")).check()


def open_mail(page, kind="confirm"):
    page.goto(links(read_mails()[-1])[kind])


@pytest.mark.parametrize("script", [True, False])
def test_a_person_reads_signs_confirms_and_is_counted_and_listed(open_browser, campaign, script):
    page = open_browser(java_script_enabled=script)
    page.goto("/en/peace/")
    fill_in_as_a_person(page)
    page.get_by_role("button", name="Sign", exact=True).click()
    assert "/sign/sent/" in page.url

    open_mail(page)
    page.get_by_role("button", name="Yes, I sign").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Thank you"
    assert tally.read(campaign).people == 1

    page.goto("/en/peace/signatories/?kind=individual")
    assert page.get_by_text("Sam Example").is_visible()
    assert not page.context.cookies()


def test_an_organisation_signs_and_waits_for_approval(page, campaign):
    page.goto("/en/peace/")
    page.get_by_role("link", name="I sign for an organisation").click()
    page.get_by_label("What is the name of your organisation?").fill("Example Action e.V.")
    page.get_by_label("What is its website?").fill("action.example.org")
    page.get_by_label("What is your own name?").fill("Olga Example")
    page.get_by_label("What is your role").fill("Chair")
    page.get_by_label("What is your e-mail address?").fill("olga@action.example.org")
    page.get_by_label(re.compile("country")).select_option("FR")
    page.get_by_label("I may sign for this organisation.").check()
    page.get_by_label(re.compile("I am 16 or older")).check()
    page.get_by_role("button", name="Sign", exact=True).click()
    open_mail(page)
    page.get_by_role("button", name="Yes, I sign").click()

    assert Signature.objects.waiting().get().website == "https://action.example.org"
    assert tally.read(campaign).total == 0


def test_nothing_confirms_itself_while_the_page_is_open(page, campaign):
    page.goto("/en/peace/sign/")
    fill_in_as_a_person(page)
    page.get_by_role("button", name="Sign", exact=True).click()
    open_mail(page)
    page.wait_for_timeout(3_000)

    assert Signature.objects.get().is_pending


def test_the_code_confirms_on_the_page_that_is_still_open(page, campaign):
    page.goto("/en/peace/sign/")
    fill_in_as_a_person(page)
    page.get_by_role("button", name="Sign", exact=True).click()
    page.get_by_label(re.compile("six-digit code")).fill(code(read_mails()[-1]))
    page.get_by_role("button", name="Confirm").click()

    assert tally.read(campaign).people == 1


@pytest.mark.parametrize("script", [True, False])
def test_errors_take_the_focus_and_lead_to_the_fields(open_browser, campaign, script):
    page = open_browser(java_script_enabled=script)
    page.goto("/en/peace/")
    page.get_by_role("button", name="Sign", exact=True).click()

    assert page.title().startswith("Error:")
    assert page.locator(":focus").get_attribute("id") == "errors"
    page.get_by_role("link", name="Enter your e-mail address.").click()
    page.keyboard.type("sam@example.org")
    assert page.get_by_label("What is your e-mail address?").input_value() == "sam@example.org"


def test_the_whole_form_can_be_filled_in_with_the_keyboard(page, campaign):
    page.goto("/en/peace/sign/")
    page.locator("[name=visibility]").first.focus()
    page.keyboard.press("Space")
    page.locator("[name=email]").focus()
    page.keyboard.type("sam@example.org")
    page.keyboard.press("Tab")
    page.keyboard.type("Germany")
    page.locator("[name=consent]").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign/sent/**")

    assert Signature.objects.get().country == "DE"


def test_the_own_page_corrects_and_withdraws(page, campaign):
    for _ in range(2):
        page.goto("/en/peace/sign/")
        fill_in_as_a_person(page)
        page.get_by_role("button", name="Sign", exact=True).click()
        mail = read_mails()[-1]
        if "confirm" in links(mail):
            page.goto(links(mail)["confirm"])
            page.get_by_role("button", name="Yes, I sign").click()
    page.goto(links(mail)["manage"])
    page.get_by_label("What is your name?").fill("Samira Example")
    page.get_by_role("button", name="Save").click()
    assert Signature.objects.get().name == "Samira Example"

    page.get_by_role("button", name="Withdraw my signature").click()
    page.get_by_role("button", name="Yes, withdraw it").click()
    assert tally.read(campaign).people == 0


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["en", "de", "uk"])
def test_pages_are_accessible_and_fit_the_screen(open_browser, campaign, width, scheme, lang):
    page = open_browser(viewport={"width": width, "height": 800}, color_scheme=scheme)
    news = f"peace/updates/{make_update(campaign).pk}/"
    for path in ("peace/", "peace/sign/", "peace/sign/?as=organisation", "peace/signatories/",
                 "peace/thanks/", "privacy/", "nothing/", "peace/updates/", news):  # fmt: skip
        page.goto(f"/{lang}/{path}")
        found = Axe().run(page)
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_a_sign_button_is_visible_without_scrolling_on_a_phone(open_browser, campaign):
    page = open_browser(viewport={"width": 360, "height": 640})
    for lang in ("en", "de", "uk"):
        page.goto(f"/{lang}/peace/")
        button = page.locator("a[href='#sign']").first.bounding_box()
        assert button["y"] + button["height"] <= 640
        assert button["height"] >= 44


def test_a_page_loads_nothing_from_elsewhere_and_little(open_browser, campaign, live_server):
    page = open_browser()
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto("/en/peace/")

    assert all(url.startswith(live_server.url) for url in requests)
    assert len(requests) <= 4
