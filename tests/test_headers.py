"""What every answer tells the browser: how little the page may do, and what others may know of it.

Every page of every kind, every error; then the same as a public site with https would send it.
"""

import os
import re
import runpy
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import timedelta
from html import unescape
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.http.response import ResponseHeaders
from django.test import Client
from django.utils.timezone import now

from campaigns import lifecycle as campaigns
from campaigns.models import Campaign
from petition_site.middleware import NEEDLESS
from signatures import throttle
from signatures.models import Signature
from tests import observatory
from tests.factories import links, person, post, press, read_mails
from tests.routes import ROUTES, make_site

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parent.parent
HOST = "petition.example.org"
ONION = f"{'a2' * 28}.onion"
# Of a public site with https, behind a proxy.
ENVIRONMENT = {
    "SITE_URL": f"https://{HOST}",
    "TRUSTED_PROXIES": "1",
    "EMAIL_URL": "smtp+tls://user:password@mail.example.org:587",
    "DEFAULT_FROM_EMAIL": f"petition@{HOST}",
}
NO_DATABASE = {
    "healthz", "readyz", "robots.txt", ".well-known/security.txt", "en/privacy/",
    "api/v1/openapi.json",
}  # fmt: skip
# A header that is worse than ours or missing, and what the Observatory would say.
STYLE = "default-src 'none'; frame-ancestors 'none'; style-src 'self'"
WORSE = [
    ("Content-Security-Policy", None, 75),
    ("Content-Security-Policy", "default-src 'self'", 120),
    ("Content-Security-Policy", f"{STYLE} 'unsafe-inline'", 120),
    ("Content-Security-Policy", f"{STYLE}; script-src 'unsafe-inline'", 80),
    ("Content-Security-Policy", f"{STYLE}; script-src 'unsafe-eval'", 110),
    ("Content-Security-Policy", f"{STYLE}; script-src http://cdn.example", 80),
    ("Strict-Transport-Security", None, 80),
    ("Strict-Transport-Security", "max-age=3600", 120),
    ("Referrer-Policy", "unsafe-url", 120),
    ("X-Content-Type-Options", None, 125),
    ("Cross-Origin-Resource-Policy", None, 120),
    ("Access-Control-Allow-Origin", "https://evil.example", 130),
]
POLICY = {
    "default-src": {"'none'"},
    "style-src": {"'self'"},
    "img-src": {"'self'"},
    "media-src": {"'self'"},
    "form-action": {"'self'"},
    "base-uri": {"'none'"},
    "frame-ancestors": {"'none'"},
}
DESK_POLICY = {**POLICY, "script-src": {"'self'"}, "connect-src": {"'self'"}}
OPEN_POLICY = {
    "": POLICY,
    "script": {**POLICY, "script-src": {"'self'"}, "connect-src": {"'self'"}},
    "share": {**POLICY, "script-src": {"'self'"}, "connect-src": {"'self'"}},
    "frame": {**POLICY, "frame-ancestors": {"*"}},
}
OPEN_FEATURES = {"share": {"clipboard-write", "web-share"}}
PASSKEYS = {"publickey-credentials-create", "publickey-credentials-get"}
BINARY = {"application/pdf", "image/png", "audio/wav"}
# What gives away what runs here, or how it is built.
TELLING = re.compile(
    r"django|python|gunicorn|whitenoise|traceback|exception|sqlite|postgres|psycopg|site-packages"
    r"|\.py\b|select |\b\d+\.\d+\.\d+\b",
    re.IGNORECASE,
)


@pytest.fixture
def site(client, mo, settings):
    settings.MAIL_WEBHOOK_KEY = "only for this test"  # without one there is no such page
    return make_site(client, mo)


@pytest.fixture
def guest():
    """For whom something broke is an answer, too."""
    return Client(enforce_csrf_checks=True, raise_request_exception=False)


@pytest.fixture
def break_database(db):
    """A function after which the database cannot be reached, until the test is over."""
    working = connections["default"]

    def break_it():
        broken = working.copy(alias="nowhere")
        broken.settings_dict |= {"NAME": "/nowhere/at/all", "HOST": "127.0.0.1", "PORT": "1"}
        broken.settings_dict["OPTIONS"] = (
            {"connect_timeout": 1} if broken.vendor != "sqlite" else {}
        )
        connections["default"] = broken

    yield break_it
    connections["default"] = working


@contextmanager
def web_server(**environment):
    """The web server as it is shipped; a function that gets an address from it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "BIND": f"127.0.0.1:{port}", "WEB_WORKERS": "1", **environment}
    command = [sys.executable, "-m", "gunicorn", "--config", "petition_site/gunicorn.conf.py"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([*command, "petition_site.wsgi"], cwd=ROOT, env=environment, **quiet)

    def ask(path):
        connected = HTTPConnection("127.0.0.1", port, timeout=30)
        connected.request("GET", path, headers={"Host": "testserver"})
        answer = connected.getresponse()
        answer.text = answer.read().decode()
        connected.close()
        return answer

    try:
        wait_for(port, process)
        yield ask
    finally:
        process.terminate()
        process.wait()


def wait_for(port, process):
    for _ in range(300):
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            assert process.poll() is None
            time.sleep(0.1)
    return pytest.fail("the web server did not start")


def break_a_page(campaign):
    """What stands in a sealed column is not what we sealed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE signatures_signature SET name = 'x' WHERE campaign_id = %s", [campaign.pk]
        )


def answers(guest, site) -> dict:
    """An answer of each status that a visitor can bring about."""
    url_encoded = "application/x-www-form-urlencoded"
    sign = {"path": "/de/peace/sign/", "content_type": url_encoded}
    tag = guest.get("/de/peace/signatories/")["ETag"]
    return {
        "301": guest.get("/de/peace"),
        "302": guest.get("/", headers={"Accept-Language": "de"}),
        "303": press(guest, f"/de/not-me/{site.secrets['not_me']}/"),
        "304": guest.get("/de/peace/signatories/", headers={"If-None-Match": tag}),
        "400 for a foreign host": guest.get("/de/peace/", headers={"Host": "evil.example"}),
        "400 for a field twice": guest.post(data="name=a&name=b", **sign),
        "403": guest.post(data="a=b", headers={"Origin": "https://evil.example"}, **sign),
        "404": guest.get("/de/nothing/"),
        "404 for a link": guest.get(f"/de/confirm/{'A' * 32}/"),
        "404 for bytes": guest.get("/de/%ff%fe/"),
        "405": guest.delete("/de/peace/"),
        "409": guest.post("/de/bread/sign/", "name=x", content_type=url_encoded),
        "413": guest.post(data="a" * 70_000, **sign),
        "415": guest.post("/de/peace/sign/", "{}", content_type="application/json"),
        "422 for a form": guest.post(data="name=x", **sign),
        "422 for a file": guest.post("/de/peace/sign/", {"name": "x"}),
    }


def fault_of(answer, policy=POLICY, features=frozenset(), route=None) -> str:
    """What is wrong with the headers, or nothing."""
    openness = route.openness if route else ""
    if route:
        policy, features = OPEN_POLICY[openness], OPEN_FEATURES.get(openness, frozenset())
    elsewhere = openness == "frame" or (route is not None and route.cache == "figures")
    wanted = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": None if openness == "frame" else "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "cross-origin" if elsewhere else "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
    }
    wrong = [name for name, value in wanted.items() if answer.get(name) != value]
    if directives(answer.get("Content-Security-Policy", "")) != policy:
        wrong.append("Content-Security-Policy")
    permissions = [f"{name}=({'self' if name in features else ''})" for name in NEEDLESS]
    if answer.get("Permissions-Policy", "").split(", ") != permissions:
        wrong.append("Permissions-Policy")
    kind = answer.get("Content-Type", "")
    if answer.content and kind not in BINARY and not kind.endswith("; charset=utf-8"):
        wrong.append(f"Content-Type {kind}")
    return ", ".join([*wrong, *({"Server", "X-Powered-By", "Via"} & answer.headers.keys())])


def directives(policy: str) -> dict[str, set[str]]:
    parts = [part.split() for part in policy.split(";") if part.strip()]
    assert len({part[0] for part in parts}) == len(parts)
    return {part[0]: set(part[1:]) for part in parts}


def assert_page(answer):
    """A page of our own design, in the language of the address, that gives nothing away."""
    page = answer.content.decode()
    assert '<html lang="de"' in page
    assert "css/site.css" in page
    assert page.count("<h1") == 1
    assert not TELLING.search(re.sub(r"<[^>]*>", " ", page))
    assert "no-store" in answer["Cache-Control"]
    assert answer["Content-Language"] == "de"


def test_every_page_carries_all_headers(guest, site):
    faults = {
        name: fault_of(guest.get(site.address(route)), route=route)
        for name, route in ROUTES.items()
    }

    assert faults == dict.fromkeys(ROUTES, "")


@pytest.mark.parametrize("name", [name for name, route in ROUTES.items() if route.openness])
def test_a_page_that_is_not_sent_again_keeps_its_headers(guest, site, name):
    """A browser takes those of the 304 for those of the page."""
    route = ROUTES[name]
    first = guest.get(site.address(route))
    if "ETag" in first:
        again = guest.get(site.address(route), headers={"If-None-Match": first["ETag"]})
        assert again.status_code == 304
        assert fault_of(again, route=route) == ""


@pytest.mark.parametrize("path", ["/embed/nothing/", "/de/nothing/share/", "/badge/nothing.svg"])
def test_an_error_of_an_open_page_is_as_closed_as_every_error(guest, site, path):
    answer = guest.get(path)

    assert answer.status_code == 404
    assert fault_of(answer) == ""


def test_the_desk_may_run_its_own_scripts_and_use_passkeys_and_nothing_more(client, mo, site):
    pages = [client.get("/admin/login/")]
    client.force_login(mo)
    pages += [client.get(f"/admin/{path}") for path in ("", "signatures/signature/", "nothing/")]

    for answer, status in zip(pages, (200, 200, 200, 404), strict=True):
        assert answer.status_code == status
        assert fault_of(answer, DESK_POLICY, PASSKEYS) == "", answer.wsgi_request.path
        assert "no-store" in answer["Cache-Control"]


def test_every_refusal_has_a_page_of_its_own_with_all_headers(guest, site):
    for name, answer in answers(guest, site).items():
        assert answer.status_code == int(name[:3]), name
        assert fault_of(answer) == "", name
        if answer.status_code >= 400:
            assert_page(answer)


def test_who_comes_too_often_meets_a_page_that_says_when_to_come_again(
    guest, site, settings, monkeypatch
):
    settings.SIGNS_PER_NETWORK = 1
    monkeypatch.setitem(throttle.RATES, "unknown link", "1/h")
    for _ in range(2):
        asked = post(guest, site.campaign, person(), language="de")
        limited = guest.get(f"/de/confirm/{'A' * 32}/")

    for answer in (asked, limited):
        assert answer.status_code == 429
        assert fault_of(answer) == ""
        assert_page(answer)
    assert limited["Retry-After"] == "3600"


def test_a_link_that_comes_after_the_end_meets_a_page_of_its_own(guest, site):
    campaigns.close(site.campaign)
    Campaign.objects.update(closed_at=now() - timedelta(days=8))

    answer = guest.get(f"/de/confirm/{site.secrets['confirm']}/")

    assert answer.status_code == 410
    assert fault_of(answer) == ""
    assert_page(answer)


def test_what_breaks_on_our_side_has_a_page_of_its_own(guest, site):
    break_a_page(site.campaign)

    answer = guest.get("/de/peace/")

    assert answer.status_code == 500
    assert fault_of(answer) == ""
    assert_page(answer)


# The database is away


def test_while_the_database_is_away_every_page_says_so_and_when_to_come_again(
    guest, site, break_database, caplog
):
    away = [
        route for name, route in ROUTES.items() if route.status == 200 and name not in NO_DATABASE
    ]
    break_database()

    for route in away:
        answer = guest.get(
            site.address(route).replace("/en/", "/de/"), headers={"Accept-Language": "de"}
        )
        assert answer.status_code == 503, route
        assert answer["Retry-After"] == "60"
        assert fault_of(answer) == ""
        assert_page(answer)
    assert "The database does not answer" in caplog.text


def test_what_was_typed_while_the_database_is_away_is_sent_again_with_one_press(
    guest, site, break_database
):
    form = person(name='Zoë "Z" O\'Brien', comment="Two\r\nlines & <more>", updates="on")
    working = connections["default"]
    break_database()

    answer = post(guest, site.campaign, form, language="de")
    connections["default"] = working

    assert answer.status_code == 503
    assert answer["Retry-After"] == "60"
    assert_page(answer)
    page = answer.content.decode()
    assert "nicht gespeichert" in page
    assert 'action="/de/peace/sign/"' in page
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)
    assert {name: unescape(value) for name, value in hidden} == form
    assert post(guest, site.campaign, form, language="de").status_code == 303
    assert form["name"] in {signature.name for signature in Signature.objects.all()}


def test_a_password_for_the_desk_is_never_shown_again(guest, site, break_database):
    break_database()
    desk = Client(raise_request_exception=False)

    desk.cookies["sessionid"] = "a" * 32

    answer = desk.post("/admin/login/", {"login": "mo", "password": "do not show me"})

    assert answer.status_code == 503
    assert answer["Retry-After"] == "60"
    assert desk.get("/admin/").status_code == 503
    assert "do not show me" not in answer.content.decode()


def test_health_tells_the_process_from_the_database(guest, site, break_database):
    assert guest.get("/readyz").status_code == 200
    break_database()

    assert guest.get("/healthz").status_code == 200
    answer = guest.get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"the database does not answer")
    assert fault_of(answer) == ""


@pytest.mark.slow
def test_the_web_server_as_shipped_says_the_same_and_names_no_version(tmp_path):
    away = {
        "sqlite": f"sqlite:///{tmp_path}/nowhere/site.sqlite3",
        "postgres": "postgres://nobody@127.0.0.1:1/nothing",
    }[os.environ.get("TEST_DATABASE", "sqlite")]

    with web_server(DATABASE_URL=away) as ask:
        page, asset, health = ask("/de/peace/"), ask("/static/nothing.css"), ask("/healthz")

    assert (page.status, asset.status, health.status) == (503, 404, 200)
    assert page.headers["Retry-After"] == "60"
    assert "Wir können gerade nicht antworten" in page.text
    for answer in (page, asset, health):
        assert answer.headers["Server"] == "gunicorn"
        assert directives(answer.headers["Content-Security-Policy"]) == POLICY


@pytest.mark.parametrize("broken", ["database", "page"])
def test_when_even_the_page_for_errors_is_broken_there_is_a_plain_one(
    guest, site, break_database, broken, settings, tmp_path
):
    plain = (ROOT / "templates" / "plain_error.html").read_text()
    (tmp_path / "plain_error.html").write_text(plain)
    (tmp_path / "error.html").write_text("{% there is no such tag %}")
    if broken == "database":
        break_database()
    else:
        break_a_page(site.campaign)
    settings.TEMPLATES = [
        {**settings.TEMPLATES[0], "DIRS": [tmp_path, *settings.TEMPLATES[0]["DIRS"]]}
    ]

    answer = guest.get("/de/peace/")

    assert answer.status_code == {"database": 503, "page": 500}[broken]
    assert answer.content.decode() == plain
    assert fault_of(answer) == ""
    assert answer.get("Retry-After") == {"database": "60", "page": None}[broken]


# A public site with https


@pytest.fixture
def production(settings, monkeypatch):
    """The settings of a public site with https behind a proxy, as far as they differ from ours."""
    path = str(ROOT / "petition_site" / "settings.py")
    ours = runpy.run_path(path)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for name, value in runpy.run_path(path).items():
        if name.isupper() and value != ours.get(name):
            setattr(settings, name, value)
    return settings


def visit(path="/en/peace/", secure=True, **headers):
    """Through the proxy, which says how the visitor came."""
    client = Client(raise_request_exception=False)
    proto = "https" if secure else "http"
    return client.get(path, headers={"Host": HOST, "X-Forwarded-Proto": proto, **headers})


def test_https_is_insisted_on_for_a_year_and_on_every_page(site, production):
    for name, route in ROUTES.items():
        answer = visit(site.address(route))
        seconds, *more = answer["Strict-Transport-Security"].split("; ")
        assert int(seconds.removeprefix("max-age=")) >= 365 * 24 * 3600, name
        assert more == ["includeSubDomains"], name


def test_http_leads_to_https_on_the_same_host_and_page(site, production):
    answer = visit("/en/peace/signatories/?kind=individual", secure=False)

    assert answer.status_code == 301
    assert answer["Location"] == f"https://{HOST}/en/peace/signatories/?kind=individual"
    assert fault_of(answer) == ""
    assert visit("/healthz", secure=False).status_code == 200


def test_no_other_host_is_led_anywhere(site, production):
    for secure in (True, False):
        for host in ("evil.example", f"{HOST}.evil.example", f"{HOST}@evil.example", "127.0.0.1"):
            answer = visit(secure=secure, Host=host)
            assert answer.status_code == 400
            assert "Location" not in answer.headers


def test_the_cookies_of_the_desk_are_for_this_host_over_https_and_for_no_script(site, production):
    desk = Client()
    secure = {"Host": HOST, "X-Forwarded-Proto": "https", "Referer": f"https://{HOST}/admin/"}
    shown = desk.get("/admin/login/", headers=secure)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', shown.content.decode())[1]
    form = {"login": "mo", "password": "only for this test", "csrfmiddlewaretoken": token}
    desk.post("/admin/login/", form, headers=secure)

    assert len(desk.cookies) == 2
    for name, cookie in desk.cookies.items():
        assert name.startswith("__Host-")
        assert cookie["secure"] is True
        assert cookie["httponly"] is True
        assert cookie["samesite"] == "Strict"
        assert (cookie["path"], cookie["domain"]) == ("/", "")


def test_django_finds_nothing_to_harden(production):
    call_command("check", deploy=True, fail_level="WARNING")


@pytest.mark.parametrize(
    ("address", "script"),
    [("/en/peace/", 5), ("/en/peace/signatories/", 0), ("/en/nothing/", 0)],
)
def test_the_observatory_would_give_full_marks(site, production, address, script):
    """A script whose content the page names is worth a credit."""
    answer = visit(address)
    redirect = visit(address, secure=False)["Location"]

    assert observatory.score(answer, redirect) == 130 + script
    assert observatory.score(answer, redirect, newest=True) == 150 + script


def test_what_the_observatory_marks_down_is_marked_down_here(site, production):
    answer = visit("/en/peace/signatories/")
    good = dict(answer.headers)
    for name, value, points in WORSE:
        answer.headers = ResponseHeaders({**good, name: value} if value else good)
        if not value:
            del answer.headers[name]
        assert observatory.score(answer, f"https://{HOST}/") == points, (name, value)


# The site's second address, in the Tor network


@pytest.fixture
def tor(production):
    """A public site that has an address in the Tor network, too."""
    production.ONION_HOST = ONION
    production.ALLOWED_HOSTS = [HOST, ONION]
    production.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    return production


def come_by_tor(path="/en/peace/", method="GET", **more):
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    headers = {"Host": ONION, "X-Forwarded-Proto": "http", **more.pop("headers", {})}
    return client.generic(method, path, headers=headers, **more)


def test_public_pages_tell_the_tor_browser_of_the_onion(site, tor):
    for path in ("/en/peace/", "/en/peace/signatories/?kind=individual", "/en/peace/sign/"):
        assert visit(path)["Onion-Location"] == f"http://{ONION}{path}"
    for path in ("/", "/en/nothing/", "/healthz", "/robots.txt", "/admin/login/"):
        assert "Onion-Location" not in visit(path).headers, path
    assert "Onion-Location" not in come_by_tor().headers


def test_a_site_without_an_onion_speaks_of_none(site, production):
    assert "Onion-Location" not in visit().headers
    assert come_by_tor().status_code == 400


def test_every_page_is_there_by_tor_without_https_and_leads_nowhere_else(site, tor):
    for name, route in ROUTES.items():
        answer = come_by_tor(site.address(route))
        assert answer.status_code == route.status, name
        assert fault_of(answer, route=route) == "", name
        assert "Strict-Transport-Security" not in answer.headers, name
        assert not answer.get("Location", "").startswith("http"), name
        ways = re.findall(r'<(?:a|form|img)\b[^>]*?(?:href|action|src)="([^"]*)', text_of(answer))
        assert not [way for way in ways if HOST in urlsplit(way).netloc], name


def text_of(answer) -> str:
    html = answer.get("Content-Type", "").startswith("text/html")
    return answer.content.decode() if html else ""


def test_people_sign_and_confirm_by_tor_and_the_mail_names_the_site(site, tor):
    form = urlencode(person(email="by-tor@example.org"))
    url_encoded = {"content_type": "application/x-www-form-urlencoded"}
    here = {"Origin": f"http://{ONION}", "Sec-Fetch-Site": "same-origin"}
    signed = come_by_tor("/en/peace/sign/", "POST", data=form, headers=here, **url_encoded)
    mailed = read_mails()[-1]
    link = links(mailed)["confirm"]
    pressed = come_by_tor(urlsplit(link).path, "POST", headers=here, **url_encoded)

    assert (signed.status_code, pressed.status_code) == (303, 303)
    assert link.startswith("/en/confirm/")
    assert f"https://{HOST}/en/confirm/" in mailed.body
    assert Signature.objects.confirmed().count() == 3


@pytest.mark.parametrize("origin", [f"https://{HOST}", f"https://{ONION}", "https://evil.example"])
def test_a_form_of_another_host_is_refused_by_tor(site, tor, origin):
    answer = come_by_tor(
        "/en/peace/sign/", "POST", data="a=b", headers={"Origin": origin},
        content_type="application/x-www-form-urlencoded",
    )  # fmt: skip

    assert answer.status_code == 403


def test_only_the_onion_is_spared_the_way_to_https(site, tor):
    assert visit(secure=False).status_code == 301
    assert visit(secure=False, Host=f"evil.{ONION}").status_code == 400
    assert come_by_tor(headers={"Host": ONION.upper()}).status_code == 200
