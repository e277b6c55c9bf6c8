"""Every address says what it takes and who may keep its answer; nothing else happens there."""

import re
from urllib.parse import unquote

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import translation

from signatures import keys
from tests.factories import press
from tests.routes import DESK, METHODS, ROUTES, everything, make_site, walk

pytestmark = pytest.mark.django_db

# What a visitor's browser says about the visitor.
VISITORS = [
    {"Accept-Language": "de", "User-Agent": "a", "Cookie": "sessionid=1; csrftoken=2"},
    {"Accept-Language": "uk", "Origin": "https://other.example", "Referer": "https://o.example/"},
    {"Accept": "application/json", "X-Forwarded-Host": "evil.example", "Sec-Fetch-Site": "none"},
]
# What people and caches glue to an address to have its answer taken for a file.
SUFFIXES = ["x.css", "/x.js", ";x.css", ".css", "%2Fx.css", "%3Bx.css", "%0Ax.css", "%23x.png"]


@pytest.fixture
def site(client, mo, settings):
    settings.MAIL_WEBHOOK_KEY = "only for this test"  # without one there is no such page
    return make_site(client, mo)


@pytest.fixture
def guest():
    """A client that has no cookie and for whom CSRF protection is on, as for any visitor."""
    return Client(enforce_csrf_checks=True)


def of_class(*classes):
    return [(name, route) for name, route in ROUTES.items() if route.cache in classes]


def cache_control(answer) -> set[str]:
    return set(re.split(r",\s*", answer.get("Cache-Control", "")))


def headers_of(answer) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "Expires"}


def test_every_route_is_declared_and_every_declaration_has_its_route():
    with translation.override("en"):
        routes = list(walk())
    ours = [route for route in routes if not route.startswith(DESK)]

    assert sorted(ours) == sorted(ROUTES)
    assert len(routes) > len(ours)


def test_every_route_answers_as_declared(guest, site):
    answers = {name: guest.get(site.address(route)) for name, route in ROUTES.items()}

    assert {name: answer.status_code for name, answer in answers.items()} == {
        name: route.status for name, route in ROUTES.items()
    }


def test_what_is_public_may_be_kept_for_a_minute_and_holds_nothing_of_the_visitor(guest, site):
    for name, route in of_class("public", "figures"):
        answer = guest.get(site.address(route))
        age = re.fullmatch(r"public, max-age=(\d+)", answer["Cache-Control"])
        assert age, name
        assert 0 < int(age[1]) <= 60, name
        assert not answer.cookies, name
        assert b"csrf" not in answer.content, name


def test_what_is_public_is_the_same_for_everybody_byte_for_byte(guest, site):
    for name, route in of_class("public", "figures"):
        plain = guest.get(site.address(route))
        assert "Vary" not in plain.headers, name
        for headers in VISITORS:
            answer = guest.get(site.address(route), headers=headers)
            assert answer.content == plain.content, name
            assert headers_of(answer) == headers_of(plain), name


def test_only_the_figures_can_be_read_by_other_sites(guest, site):
    for name, route in ROUTES.items():
        answer = guest.get(site.address(route), headers={"Origin": "https://other.example"})
        shared = {key for key in answer.headers if key.startswith("Access-Control-")}
        assert shared == ({"Access-Control-Allow-Origin"} if route.cache == "figures" else set())
        assert answer.get("Access-Control-Allow-Origin", "*") == "*", name


def test_what_is_personal_is_kept_by_nobody(guest, site):
    for name, route in of_class("personal", "health"):
        for method in route.methods:
            answer = guest.generic(method, site.address(route))
            assert "no-store" in cache_control(answer), (name, method)
            assert "public" not in cache_control(answer), name
            assert not answer.cookies, name


def test_the_first_address_depends_on_the_language_of_the_browser_and_says_so(guest, site):
    answer = guest.get("/")

    assert answer["Vary"] == "Accept-Language"
    assert "no-store" in cache_control(answer)


def test_nobody_keeps_an_error(guest, site):
    for name, route in ROUTES.items():
        address = site.address(route)
        path = address.partition("?")[0]
        if route.status == 301:  # to the same address without what was glued to it
            continue
        secret = re.search(r"[A-Za-z0-9_=-]{32,}", address)
        wrong = address.replace(secret[0], "A" * len(secret[0])) if secret else f"{path}x/y/"
        answer = guest.get(wrong)
        # A ticket of thanks that has expired still thanks.
        assert answer.status_code == (200 if "/thanks/A" in wrong else 404), name
        assert "no-store" in cache_control(answer), name
        assert not answer.cookies, name


def test_a_personal_page_cannot_be_taken_for_a_file(guest, site):
    for name, route in of_class("personal"):
        if route.status == 200 and site.address(route).endswith("/"):
            for suffix in SUFFIXES:
                answer = guest.get(site.address(route) + suffix)
                assert answer.status_code == 404, (name, suffix)
                assert "no-store" in cache_control(answer), (name, suffix)
            asked = guest.get(site.address(route) + "?x.css")
            assert "no-store" in cache_control(asked), name


def test_an_address_without_its_slash_leads_there_and_nobody_keeps_it(guest, site):
    for name, route in of_class("personal", "public"):
        address = site.address(route)
        if address.count("/") > 1 and address.endswith("/"):
            answer = guest.get(address.rstrip("/"))
            assert (answer.status_code, unquote(answer["Location"])) == (301, address), name
            assert "no-store" in cache_control(answer), name


@pytest.mark.slow
def test_every_other_method_meets_a_page_of_its_own_and_changes_nothing(guest, site):
    before = everything()

    for name, route in ROUTES.items():
        for method in set(METHODS) - set(route.methods):
            answer = guest.generic(method, site.address(route), headers={"Accept-Language": "de"})
            assert answer.status_code == 405, (name, method)
            assert set(answer["Allow"].split(", ")) == set(route.methods), (name, method)
            assert method == "HEAD" or b"<h1>" in answer.content, (name, method)
            assert "no-store" in cache_control(answer), (name, method)
            assert not answer.cookies, (name, method)

    assert everything() == before


def test_looking_changes_nothing_however_often(guest, site):
    before = everything()

    for _ in range(2):
        for name, route in ROUTES.items():
            shown = guest.get(site.address(route))
            head = guest.head(site.address(route))
            assert head.status_code == shown.status_code, name
            assert head.content == b"", name
            assert set(head.headers) - {"Content-Length"} <= set(shown.headers), name

    assert everything() == before


def test_a_method_with_another_ones_name_in_a_header_is_still_itself(guest, site):
    before = everything()

    for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        answer = guest.get(
            site.address(ROUTES["en/manage/<token:token>/"]), headers={header: "POST"}
        )
        assert answer.status_code == 200
    press(guest, f"/en/manage/{site.secrets['manage']}/", _method="DELETE")

    assert everything() == before


def desk() -> list[str]:
    """An address for each route of the desk, whatever its placeholders stand for."""
    with translation.override("en"):
        routes = [route for route in walk() if route.startswith(DESK)]
    named = {"int": "1", "path": "1", "str": "x", "slug": "x", "uuid": "0" * 32}
    addresses = []
    for route in routes:
        address = re.sub(r"<(?:(\w+):)?\w+>", lambda match: named.get(match[1], "x"), route)
        address = re.sub(r"\(\?P<\w+>(?:[^()]|\([^()]*\))*\)", "x", address)
        addresses.append("/" + re.sub(r"[\^$\\]|\?$", "", address))
    return addresses


@pytest.mark.slow
def test_no_page_of_the_desk_is_kept_or_shown_to_a_stranger(guest, site):
    before = everything()

    for address in desk():
        for method in METHODS:
            answer = guest.generic(method, address)
            assert answer.status_code < 500, (method, address)
            assert "no-store" in cache_control(answer), (method, address)
            assert "public" not in cache_control(answer), (method, address)
            assert "Shown Person" not in answer.content.decode(), (method, address)

    assert everything() == before


def test_assets_have_the_hash_of_their_content_in_their_name_and_are_kept_for_good(
    client, settings, tmp_path
):
    settings.STATIC_ROOT = tmp_path
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    backend = "whitenoise.storage.CompressedManifestStaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": backend}}
    call_command("collectstatic", verbosity=0, interactive=False)
    page = client.get("/en/privacy/").content.decode()
    assets = re.findall(r'"(/static/[^"]+)"', page)

    assert len(assets) == 2
    for asset in assets:
        assert re.search(r"\.[0-9a-f]{12}\.\w+$", asset)
        answer = client.get(asset)
        answer.close()
        assert answer.status_code == 200
        assert cache_control(answer) == {"max-age=315360000", "public", "immutable"}
        assert not answer.cookies
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_ticket_for_one_page_opens_no_other(guest, client, mo, site):
    cursor = keys.ticket("list", f"{site.campaign.pk}:individual", "2026-11-24T10:00:00+00:00", "1")
    tickets = {"list": cursor, "sent": site.secrets["sent"], "thanks": site.secrets["thanks"]}
    client.force_login(mo)
    pages = {
        "sent": (guest, "/en/peace/sign/sent/{}/", 404),
        "thanks": (guest, "/en/peace/thanks/{}/", 200),  # thanks, and no way to the own page
        "list": (guest, "/en/peace/signatories/?after={}", 404),
        "found": (client, "/admin/signatures/signature/?found={}", 200),
    }

    for page, (browser, address, status) in pages.items():
        for ticket in tickets.keys() - {page}:
            answer = browser.get(address.format(tickets[ticket]))
            assert answer.status_code == status, (page, ticket)
            assert "/manage/" not in answer.content.decode(), (page, ticket)


@pytest.mark.parametrize(
    "path", ["/static/", "/static/css/", "/.git/config", "/.env", "/manage.py"]
)
def test_no_folder_is_listed_and_no_file_of_the_program_is_served(guest, path):
    assert guest.get(path).status_code == 404
