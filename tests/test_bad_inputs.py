"""What breaks petition sites: every case of `bad_inputs.json` whose door exists.

A case says what is sent, which answers may come back, and what may have happened afterwards.
"""

import os
import socket
import subprocess
import sys
import threading
import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from signatures import names, tally, tokens
from signatures.models import OutboxMail, Signature
from tests.bad_inputs import CASES, FORM, WORDS, Scene, built, play, seed, send, token_of, variants
from tests.factories import (
    links,
    make_campaign,
    organisation,
    person,
    post,
    press,
    read_mails,
    sign,
)

ROOT = Path(__file__).resolve().parent.parent
# The doors that exist. Who builds another one adds its word.
ENDPOINTS = {
    "sign", "confirm", "withdraw", "list", "any", "lang", "webhook", "unsubscribe", "admin-export",
}  # fmt: skip
# Cases that are played elsewhere, or that no door of ours is open to.
ELSEWHERE = {
    "D04": "with two methods: test_a_moderator_who_tries_is_refused_and_recorded",
    "D05": "in a download: test_names_that_are_formulas_come_back_from_a_download",
    "C04": "in a browser: tests/browser/test_bad_inputs.py",
    "C07": "with threads: test_fifty_presses_at_once_count_once",
    "H05": "on the web server: test_the_web_server_refuses_a_request_with_two_hosts",
    "H07": "by nginx: tests/test_front_server.py",
    "I05": "without a door: test_there_is_no_door_that_sets_a_language",
    "I07": "without a door, as I05",
}
# What we answer where a case leaves a choice. S31 and C25 stay open: limits may come to answer.
PINNED = {
    "N14": 413, "N28": 422, "N29": 422, "M23": 422, "M25": 422, "M26": 303, "S08": 400, "S16": 415,
    "S17": 415, "S19": 422, "S20": 413, "S23": 422, "S26": 303, "S28": 303, "C02-HEAD": 200,
    "C02-OPTIONS": 405, "C11": 301, "C14": 404, "C20": 404, "C22": 303, "L01": 200, "L02": 200,
    "L04": 200, "L05": 200, "L07": 200, "L08": 404, "L10": 404, "L11": 200, "L13": 200, "L14": 200,
    "H01": 400, "H02": 400, "H04": 400, "I04": 302, "I08": 404, "A10-1": 200, "A10-2": 400,
    "A10-3": 413, "A07": 200,
}  # fmt: skip
OPEN = {"S31", "C25"}
# Which answer is said to be wrong; in the cases N… it is the name, in the cases M… the address.
FAULTS = {
    **{"S01": "consent", "S02": "consent", "S04": "country", "S05": "visibility"},
    **{"S37": "comment", "N": "name", "M": "email"},
}
SLOW = {"C25", "L16", "S31"}

PLAYED = [
    variant
    for case in CASES
    if case["endpoint"] in ENDPOINTS and case["id"] not in ELSEWHERE
    for variant in variants(case)
]


RUNS = [
    pytest.param(*run, id=run[0], marks=[pytest.mark.slow] if run[0] in SLOW else [])
    for run in PLAYED
]


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "case", "payload"), RUNS)
def test_bad_input(name, case, payload, client, campaign, mo, tmp_path, settings):
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    settings.MAIL_WEBHOOK_KEY = "only-for-tests-abcdefghijklmnopqrstuvwxyz"
    scene = Scene(client, campaign, case, payload)
    if case["endpoint"] == "list":
        seed(scene, mo)

    play(scene)

    assert {answer.status_code for answer in scene.answers} <= allowed(name, case)
    for effect, wanted in case["expected"].items():
        if effect.endswith("_max"):
            assert scene.effects[effect.removesuffix("_max")] <= wanted, effect
        elif effect not in {"status", "says"}:
            assert scene.effects[effect] == wanted, effect
    assert tally.read(campaign).total == campaign.signatures.counted().count()
    if fault := fault_of(scene):
        assert f'id="id_{fault}_error"' in scene.page
    if case["id"] in SAYS:
        SAYS[case["id"]](scene)


def allowed(name, case) -> set[int]:
    statuses = set(case["expected"]["status"])
    pinned = {PINNED[key] for key in (name, case["id"]) if key in PINNED}
    assert pinned <= statuses
    return pinned or statuses


def fault_of(scene) -> str:
    case = scene.case["id"]
    return FAULTS.get(case, FAULTS.get(case[0], "")) if scene.answer.status_code == 422 else ""


def test_every_word_of_the_file_is_understood():
    assert set().union(*(payload for _name, _case, payload in PLAYED)) <= WORDS
    effects = set().union(*(case["expected"] for _name, case, _payload in PLAYED))
    assert effects == {
        "status", "says", "new_signatures", "new_signatures_max", "mails", "mails_max", "held",
        "confirmed", "erased", "rows_leaked",
    }  # fmt: skip


def test_every_choice_between_answers_is_pinned():
    choices = {name for name, case, _payload in PLAYED if len(case["expected"]["status"]) > 1}
    pinned = {name for name in choices if {name, name.partition("-")[0]} & PINNED.keys()}
    assert choices - pinned == OPEN


def test_no_case_of_an_open_door_is_left_out():
    ours = {case["id"] for case in CASES if case["endpoint"] in ENDPOINTS}
    played = {case["id"] for _name, case, _payload in PLAYED}
    assert played | ELSEWHERE.keys() == ours
    assert not played & ELSEWHERE.keys()


SAYS = {}


def says(*cases):
    """What these cases say beyond figures."""

    def register(check):
        SAYS.update(dict.fromkeys(cases, check))
        return check

    return register


@says("A07")
def the_news_are_stopped_and_nothing_else(scene):
    signature = Signature.objects.get()
    assert (signature.updates, signature.email, signature.is_counted) == (False, "", True)


@says("A08")
def looking_stops_nothing(scene):
    assert "<button" in scene.page
    assert Signature.objects.readers().count() == 1


@says("N01")
def the_value_comes_back_without_the_nul(scene):
    assert "\0" not in scene.page
    assert 'value="Olena"' in scene.page


@says("N13")
def the_limit_is_named_and_can_be_reached(scene):
    assert "100" in scene.page.partition('id="id_name_error"')[2].partition("</p>")[0]
    answer = post(scene.client, scene.campaign, {**scene.form, "name": "a" * 100})
    assert answer.status_code == 303


@says("N14")
def nothing_is_read_and_nothing_echoed(scene):
    assert scene.bodies[0].tell() == 0
    assert "aaaa" not in scene.page


@says("N16")
def the_value_cannot_leave_its_attribute(scene):
    assert 'value="&quot; onfocus=&quot;alert(1)&quot; autofocus=&quot;"' in scene.page


@says("N19", "N28")
def the_value_comes_back_as_it_was(scene):
    assert f'value="{scene.form["name"]}"' in scene.page


@says("N20")
def the_name_is_shown_apart_from_what_is_around_it(scene):
    press(scene.client, links(scene.mails[0])["confirm"])
    page = scene.client.get("/en/peace/signatories/?kind=individual").content.decode()
    assert f"<bdi>{scene.form['name']}</bdi>" in page


@says("N26")
def a_moderator_is_told_of_mixed_scripts(scene):
    assert Signature.objects.get().signals == "mixed scripts"


@says("N32")
def the_name_is_kept_as_typed_and_compared_as_meant(scene):
    assert Signature.objects.get().name == "Ｏｌｅｎａ"
    assert names.fold("Ｏｌｅｎａ") == "olena"


@says("M11", "M26")
def the_address_is_the_one_that_was_meant(scene):
    assert scene.mails[0].to == ["a@example.org"]
    post(scene.client, scene.campaign, {**scene.form, "email": "a@example.org"})
    assert Signature.objects.count() == 1


@says("M13")
def both_forms_of_a_domain_are_one_signatory(scene):
    assert scene.mails[0].to == ["a@xn--bcher-kva.example"]
    assert links(scene.mails[0]).keys() == {"manage"}


@says("M14")
def mail_goes_to_the_ascii_form(scene):
    assert scene.mails[0].to == ["a@xn--e1afmkfd.xn--p1ai"]


@says("M17")
def the_page_is_that_of_a_first_signing(scene):
    first = post(scene.client, scene.campaign, person())
    assert followed(scene, first) == followed(scene, scene.answer)


def followed(scene, answer) -> tuple[dict, str]:
    """The page that an answer leads to, without its ticket and its time."""
    page = scene.client.get(answer["Location"])
    headers = {name: value for name, value in page.headers.items() if name != "Expires"}
    return headers, page.content.decode().replace(token_of(answer["Location"]), "")


@says("M19")
def mail_goes_to_the_address_as_typed(scene):
    assert scene.mails[0].to == ["o+x@posteo.example"]


@says("M22")
def who_goes_on_gets_a_mail(scene):
    answer = post(scene.client, scene.campaign, {**scene.form, "mailbox": "go-on"})
    assert answer.status_code == 303
    assert [message.to for message in read_mails()] == [["olena@mail.ru"]]


@says("S01")
def the_other_answers_are_kept(scene):
    assert 'value="Olena Test"' in scene.page
    assert 'value="olena.test@example.org"' in scene.page


@says("S07")
def fields_of_our_own_are_not_taken_from_outside(scene):
    signature = Signature.objects.get()
    assert signature.is_pending
    assert signature.signed_at.year != 1999


@says("S10")
def the_page_is_the_usual_one_and_a_moderator_knows_the_reason(scene):
    assert scene.answer["Location"].startswith("/en/peace/sign/sent/")
    assert Signature.objects.get().held_reason == "honeypot"


@says("S20")
def the_file_is_neither_read_nor_kept(scene):
    assert scene.bodies[0].tell() == 0
    assert list(Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir()) == []


@says("S25")
def no_page_with_a_form_makes_browsers_send_a_null_origin(scene):
    for page in ("/en/peace/", "/en/peace/sign/"):
        assert scene.client.get(page)["Referrer-Policy"] == "same-origin"


@says("S26")
def no_cookie_is_set(scene):
    assert not scene.answer.cookies


@says("H08")
def the_page_begins_no_session(scene):
    assert not any(cookie.value for cookie in scene.answer.cookies.values())


@says("S28")
def every_answer_looks_like_the_first(scene):
    assert len({len(answer["Location"]) for answer in scene.answers}) == 1
    assert len({followed(scene, answer)[1] for answer in scene.answers}) == 1


@says("S29")
def everybody_gets_a_mail(scene):
    assert len({message.to[0] for message in scene.mails}) == 20


@says("S32")
def the_answer_lists_what_is_possible(scene):
    assert scene.answer["Allow"] == "GET, HEAD, POST"


@says("S34")
def a_draft_and_an_unknown_campaign_look_the_same(scene):
    page = scene.page.replace(scene.slug, "…")
    scene.slug = "hardly-known"
    send(scene)
    assert scene.page.replace(scene.slug, "…") == page


@says("S35")
def an_organisation_waits_for_a_moderator(scene):
    press(scene.client, links(scene.mails[0])["confirm"])
    assert Signature.objects.waiting().count() == 1
    assert not Signature.objects.listed().exists()
    assert "ACME" not in scene.client.get("/en/peace/signatories/").content.decode()


@says("S37")
def the_limit_stands_at_the_field(scene):
    assert "500" in scene.client.get("/en/peace/sign/").content.decode()


@says("C01")
def each_look_shows_the_button_and_leaves_no_trace(scene):
    assert len({answer.content for answer in scene.answers}) == 1
    assert '<form method="post"' in scene.page
    assert Signature.objects.filter(campaign=scene.campaign).get().is_pending


@says("C05")
def the_next_address_holds_no_token(scene):
    assert scene.token not in scene.answer["Location"]
    assert tally.read(scene.campaign).total == 1


@says("C08", "C10", "C20")
def the_page_is_that_of_an_unknown_link_and_leads_to_a_fresh_mail(scene):
    asked = token_of(scene.answer.wsgi_request.path)
    unknown = "A" * len(asked)
    page = scene.client.get(f"/en/confirm/{unknown}/").content.decode()
    assert scene.page.replace(asked, unknown) == page
    assert 'href="/en/"' in page


@says("C14")
def the_database_is_not_asked(scene):
    with CaptureQueriesContext(connection) as queries:
        send(scene)
    assert len(queries) == 0


@says("C16")
def no_token_for_anything_else_confirms(scene):
    the_page_is_that_of_an_unknown_link_and_leads_to_a_fresh_mail(scene)
    press(scene.client, scene.links["confirm"])
    own_page = tokens.derive(scene.token, tokens.Purpose.MANAGE)
    assert scene.client.get(f"/en/manage/{own_page}/").status_code == 200
    assert press(scene.client, f"/en/confirm/{own_page}/").status_code == 404


@says("C17")
def each_campaign_has_its_own_confirmation(scene):
    press(scene.client, scene.links["confirm"])
    confirmed_in = Signature.objects.confirmed().values_list("campaign__slug", flat=True)
    assert list(confirmed_in) == ["peace"]


@says("C19")
def the_thanks_can_be_read(scene):
    assert scene.client.get(scene.answer["Location"]).status_code == 200


@says("C22")
def a_signature_from_before_the_end_counts(scene):
    assert tally.read(scene.campaign).total == 1


@says("C23", "H01", "H02", "H04")
def nobody_may_keep_a_copy(scene):
    assert "no-store" in scene.answer["Cache-Control"]
    assert "evil.example" not in scene.page


@says("C25")
def whoever_has_a_link_can_still_use_it(scene):
    assert press(Client(), scene.links["confirm"]).status_code == 303


@says("C26")
def the_page_asks(scene):
    assert '<form method="post"' in scene.page


@says("L08")
def cursors_are_the_only_way_through_the_list(scene):
    assert scene.client.get("/en/peace/signatories/?after=99999999999999999999").status_code == 404


@says("L10")
def the_same_cursors_fail_under_their_real_name(scene):
    scene.payload = {**scene.payload, "query": scene.payload["query"].replace("cursor=", "after=")}
    if "valid" in scene.payload["query"]:
        scene.payload["query"] = f"after={scene.answer.wsgi_request.GET['cursor']}&kind=individual"
    send(scene)
    assert scene.answer.status_code == 404


@says("L11", "L16")
def unknown_parameters_change_nothing(scene):
    plain = scene.client.get("/en/peace/signatories/")
    assert {answer.content for answer in scene.answers} == {plain.content}
    assert scene.answer["Cache-Control"] == plain["Cache-Control"]


@says("L13")
def a_search_is_for_a_text_not_for_a_pattern(scene):
    assert "Shown Action" not in scene.page
    assert "a" * 101 not in scene.page


@says("L14")
def sql_is_a_text_like_any_other(scene):
    assert Signature.objects.filter(campaign=scene.campaign).count() == 7
    assert ("Shown Action" in scene.page) == scene.payload["query"].startswith("page=")


@says("L17")
def no_header_gets_into_the_page_or_into_the_next_one(scene):
    assert "evil.example" not in scene.page
    assert scene.client.get("/en/peace/signatories/").content == scene.answer.content


@says("A10")
def what_is_told_ten_times_happens_once(scene):
    bounced = OutboxMail.objects.filter(last_error="bounced").count()
    assert bounced == (1 if scene.answer.status_code == 200 else 0)
    assert len({answer.status_code for answer in scene.answers}) == 1
    assert scene.answer.status_code != 413 or scene.bodies[0].tell() == 0


@says("I01")
def the_page_speaks_the_language_of_the_browser_and_leads_to_all(scene):
    page = scene.client.get("/xx/", headers={"Accept-Language": "de"}).content.decode()
    assert '<html lang="de"' in page
    for code in ("en", "de", "uk"):
        assert f'href="/{code}/"' in page


@says("I04")
def nonsense_gets_the_default_language(scene):
    assert scene.answer["Location"] == "/en/"


def payload_of(wanted) -> dict:
    (payload,) = (case["payload"] for case in CASES if case["id"] == wanted)
    return payload


@pytest.mark.django_db
@pytest.mark.parametrize("case", ["I05", "I07"])
def test_there_is_no_door_that_sets_a_language(client, campaign, case):
    payload = payload_of(case)
    form = {name: built(value) for name, value in payload["form"].items()}

    answer = client.post(payload["path"], urlencode(form), content_type=FORM)

    assert answer.status_code == 404
    assert not answer.cookies


@pytest.mark.slow
def test_fifty_presses_at_once_count_once(live_server, client):
    campaign = make_campaign()
    sign(client, campaign)
    link = links(read_mails()[0])["confirm"]
    barrier, answers = threading.Barrier(50), []

    def press_it():
        server = HTTPConnection(urlsplit(live_server.url).netloc, timeout=30)
        server.connect()
        barrier.wait()
        server.request("POST", link, headers={"Content-Type": FORM})
        answers.append(server.getresponse().status)
        server.close()

    threads = [threading.Thread(target=press_it) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [303] * 50
    assert Signature.objects.confirmed().count() == 1
    assert tally.read(campaign).total == 1


@pytest.fixture
def web_server():
    """The web server as it is shipped; a function that sends bytes to it and returns its answer."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = probe.getsockname()
    command = [sys.executable, "-m", "gunicorn", "--config", "petition_site/gunicorn.conf.py"]
    process = subprocess.Popen(
        [*command, "--bind", f"127.0.0.1:{address[1]}", "petition_site.wsgi"],
        cwd=ROOT,
        env={**os.environ, "ALLOWED_HOSTS": "site.example", "WEB_WORKERS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def send_bytes(request):
        with socket.create_connection(address, timeout=20) as connected:
            connected.sendall(request)
            return connected.recv(12)

    try:
        wait_for(address, process)
        yield send_bytes
    finally:
        process.terminate()
        process.wait()


def wait_for(address, process):
    for _ in range(200):
        try:
            return socket.create_connection(address).close()
        except OSError:
            assert process.poll() is None
            time.sleep(0.1)
    return pytest.fail("the web server did not start")


@pytest.mark.slow
def test_the_web_server_refuses_a_request_with_two_hosts(web_server):
    one = b"GET /healthz HTTP/1.1\r\nHost: site.example\r\nConnection: close\r\n\r\n"
    two = payload_of("H05")["raw_http"].encode()

    assert web_server(one) == b"HTTP/1.1 200"
    assert web_server(two) == b"HTTP/1.1 400"


@pytest.mark.django_db
@pytest.mark.parametrize("nul", ["\0", "\\000"])
def test_a_session_cookie_of_nuls_is_no_session(client, nul):
    answer = client.get("/admin/login/", headers={"Cookie": f'sessionid="{nul * 32}"'})

    assert answer.status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("origin", ["", "null", "testserver", "http://[", "http://evil.example"])
def test_a_post_from_an_odd_origin_is_refused(client, campaign, origin):
    assert post(client, campaign, person(), Origin=origin).status_code == 403
    assert not Signature.objects.exists()


@pytest.mark.django_db
def test_a_name_that_grows_when_it_is_folded_can_be_kept(client, campaign):
    assert post(client, campaign, organisation(organisation="ﷺ" * 200)).status_code == 303
    assert Signature.objects.get().organisation == "ﷺ" * 200
