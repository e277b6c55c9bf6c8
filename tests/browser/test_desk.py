"""Organisers at their desk, in a real browser; a breach of its security policy fails the test."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.contenttypes.models import ContentType

from campaigns.models import Call, Campaign
from signatures import lifecycle, proposals
from signatures.models import Moderation
from tests.desk import PASSWORD, app_code, give_factor, make_account, pages
from tests.factories import confirmed, make_campaign, make_update, text

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def campaign(transactional_db):
    return make_campaign()


def log_in(page, name="mo"):
    page.goto("/admin/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def type_code(page, code, button):
    page.get_by_label(re.compile("code", re.IGNORECASE)).fill(code)
    page.get_by_role("button", name=button).click()


def log_out(page):
    page.get_by_role("button", name="Log out").click()


def heading(page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


def test_the_first_login_sets_up_an_app_and_the_next_one_moderates(page, client, campaign):
    make_account("mo", "moderator")
    confirmed(client, campaign, name="Sam Example")

    log_in(page)
    assert heading(page) == "Set up a second factor"
    assert page.get_by_role("img", name="The key as a picture").bounding_box()["width"] > 150
    secret = page.locator("main code").inner_text()
    type_code(page, app_code(secret), "Set up")

    assert heading(page) == "Recovery codes"
    assert page.locator("main li").count() == 10
    page.get_by_role("link", name="I have kept them").click()
    assert heading(page) == "What there is to do"
    log_out(page)

    log_in(page)
    assert heading(page) == "Second factor"
    assert not page.get_by_role("button", name="Use my security key").count()
    type_code(page, app_code(secret, later=1), "Log in")
    page.goto("/admin/signatures/signature/")
    page.get_by_role("row", name="Sam Example").get_by_role("checkbox").check()
    page.locator("select[name=action]").select_option("Hold: do not count for now")
    page.get_by_role("button", name="Go", exact=True).click()
    page.get_by_label("Reason").fill("A name like another.")
    page.get_by_role("button", name="Hold: do not count for now").click()

    page.get_by_text("1 signature changed.").wait_for()
    assert Moderation.objects.get().by.username == "mo"


def test_a_security_key_is_a_second_factor(page, campaign):
    mo = make_account("mo", "moderator")
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    key = {
        "protocol": "ctap2",
        "transport": "usb",
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    plugged = devices.send("WebAuthn.addVirtualAuthenticator", {"options": key})

    log_in(page)
    page.get_by_role("link", name="Use a security key").click()
    page.get_by_label("A name for this key").fill("The blue one")
    page.get_by_role("button", name="Add my key").click()
    page.get_by_role("link", name="I have kept them").click()
    log_out(page)

    log_in(page)
    page.get_by_role("button", name="Use my security key").click()
    page.wait_for_url("**/admin/")
    assert heading(page) == "What there is to do"
    log_out(page)

    log_in(page)
    devices.send("WebAuthn.clearCredentials", plugged)
    assert not page.get_by_role("alert").is_visible()
    page.get_by_role("button", name="Use my security key").click()
    page.get_by_role("alert").wait_for()
    assert mo.authenticator_set.get(type="webauthn").wrap().name == "The blue one"


def test_an_address_is_found_through_the_box_and_stands_in_no_url(page, client, campaign):
    secret = give_factor(make_account("mo", "moderator"))
    confirmed(client, campaign, name="Sam Example", email="sam@example.org")
    confirmed(client, campaign, name="Somebody Else")
    urls = []
    page.on("request", lambda request: urls.append(request.url))
    log_in(page)
    type_code(page, app_code(secret), "Log in")

    page.goto("/admin/signatures/signature/")
    page.get_by_label("Search").fill("sam@example.org")
    page.get_by_label("Search").press("Enter")

    page.get_by_text("Sam Example").wait_for()
    assert not page.get_by_text("Somebody Else").is_visible()
    assert not any("sam" in url for url in urls)


def test_every_page_of_the_desk_keeps_to_its_policy(page, client, campaign):
    secret = give_factor(make_account("olga", "owner"))
    organiser = campaign.organisers.first()
    call = Call.objects.create(organiser=organiser, title=text(en="Come"), body=text(en="Sign."))
    objects = {
        "signatures/signature": confirmed(client, campaign).pk,
        "campaigns/campaign": campaign.pk,
        "campaigns/appeal": campaign.appeal.pk,
        "campaigns/call": call.pk,
        "campaigns/update": make_update(campaign).pk,
        "auth/user": make_account("mo", "moderator").pk,
        "content type": ContentType.objects.get_for_model(Campaign).pk,
        "r/<path:content_type_id>": campaign.pk,
    }
    log_in(page, "olga")
    type_code(page, app_code(secret), "Log in")
    assert heading(page) == "What there is to do"

    for _name, address in pages(objects):
        page.goto(address)
        page.wait_for_load_state()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_around_the_login_are_accessible_and_fit_a_telephone(open_browser, campaign, scheme):
    make_account("mo", "moderator")
    page = open_browser(viewport={"width": 320, "height": 800}, color_scheme=scheme)

    def is_good():
        # Else axe copies style sheets into the page, which the policy refuses.
        found = Axe().run(page, options={"preload": False})
        assert found.violations_count == 0, f"{page.url}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url

    page.goto("/admin/login/")
    is_good()
    page.get_by_label("Username").fill("mo")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    is_good()
    log_in(page)
    is_good()
    secret = page.locator("main code").inner_text()
    page.goto("/admin/second-factor/keys/add/")
    is_good()
    page.goto("/admin/second-factor/app/")
    secret = page.locator("main code").inner_text()
    type_code(page, app_code(secret), "Set up")
    is_good()
    for path in ("", "codes/", "codes/new/", "app/remove/"):
        page.goto(f"/admin/second-factor/{path}")
        is_good()
    page.get_by_role("button", name="Log out").click()
    log_in(page)
    is_good()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_first_screen_is_accessible_and_fits_a_telephone(
    open_browser, client, campaign, scheme
):
    olga = make_account("olga", "owner")
    secret = give_factor(olga)
    mo = make_account("mo", "moderator")
    lifecycle.hold(confirmed(client, campaign), mo, "A name like another.")
    removal = proposals.propose("remove", campaign, 300, "Robots.", mo, verb="hold", rule={})
    page = open_browser(viewport={"width": 320, "height": 800}, color_scheme=scheme)
    log_in(page, "olga")
    type_code(page, app_code(secret), "Log in")

    for path in ("", f"signatures/proposal/{removal.pk}/change/"):
        page.goto(f"/admin/{path}")
        found = Axe().run(page, context="main", options={"preload": False})
        assert found.violations_count == 0, f"{page.url}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
    page.get_by_role("button", name="Agree: it is done at once").click()
    page.get_by_text("Agreed: 0 signatures changed.").wait_for()
