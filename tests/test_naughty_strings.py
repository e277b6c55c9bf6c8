"""The Big List of Naughty Strings in everything that a visitor can write.

Nothing breaks, nothing becomes part of a page, and what is accepted is kept as it was typed.
"""

import itertools
import json
import re
import unicodedata
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from django.db import transaction
from django.utils.timezone import now

from signatures import keys, lifecycle, names, tokens
from signatures.models import Signature
from tests.factories import confirmed, organisation, person
from tests.pages import FORM, Page, Visitor

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

STRINGS = json.loads((Path(__file__).parent / "naughty_strings.json").read_text())["strings"]
# So that several workers share them.
PARTS = [pytest.param(STRINGS[start::2], id=f"part {start + 1}") for start in range(2)]
GOOD = {"individual": person, "organisation": organisation}
TEXTS = {
    "individual": ("name", "city", "comment"),
    "organisation": ("organisation", "website", "name", "role"),
}
# What links of a page may begin with.
SAFE_LINK = re.compile(
    r"/(?!/)|[?#]|mailto:\?|mailto:no-reply@localhost$|http://testserver/|https://"
)
PATHS = (
    "/{}/", "/en/{}", "/en/peace/{}/", "/en/confirm/{}/", "/en/peace/sign/sent/{}/",
    "/api/v1/campaigns/{}/", "/api/v1/campaigns/{}/organisations/",
    "/captcha/image/{}/", "/admin/{}/", "/en/{}/comments/",
)  # fmt: skip
HEADERS = (
    "Accept-Language", "User-Agent", "Referer", "X-Forwarded-For", "X-Forwarded-Host", "Forwarded",
    "If-None-Match", "If-Modified-Since", "Range", "Accept", "Accept-Encoding", "X-Forwarded-Proto",
)  # fmt: skip
KNOWN: set[tuple[str, ...]] = set()


@pytest.fixture
def visitor(settings, campaign):
    settings.SIGNS_PER_NETWORK = 1_000_000
    return Visitor(raise_request_exception=False)


@pytest.fixture
def known(visitor, campaign, mo):
    """The elements that pages have when nobody does any harm; the same for every test."""
    if not KNOWN:
        with transaction.atomic():
            KNOWN.update(*(Page(answer.text).shapes for answer in harmless(visitor, campaign, mo)))
            KNOWN.add(("a", "class", "href", "rel"))  # to the next fifty names
            transaction.set_rollback(True)
    return KNOWN


def harmless(visitor, campaign, mo):
    """Every page, with every kind of fault."""
    for kind, good in GOOD.items():
        texts = {*TEXTS[kind], *good()}
        for fields in ({}, good(), dict.fromkeys(texts, "x"), dict.fromkeys(texts, "\ue000")):
            yield visitor.send("/en/peace/sign/", **{**fields, "kind": kind})
        yield visitor.get(f"/en/peace/sign/?as={kind}&via=x")
        signature, token = confirmed(visitor, campaign, good()), tokens.new()
        if kind == "organisation":
            lifecycle.approve(signature, mo)
        tokens.keep_for_managing(signature, token)
        yield visitor.get(f"/en/manage/{token}/")
        for action, text in itertools.product(("correct", "want-updates"), ("", "%")):
            yield visitor.send(f"/en/manage/{token}/", action=action, name=text, email=text)
        yield visitor.get(f"/en/peace/signatories/?kind={kind}")
    for text in ("", "x"):
        ticket = keys.ticket("sent", "individual", "x", "typed")
        yield visitor.send(f"/en/peace/sign/sent/{ticket}/", code=text)
    yield visitor.get("/en/peace/")
    yield visitor.get("/en/privacy/")
    yield visitor.get("/en/nothing/")


def assert_harmless(answer, known) -> Page:
    page = Page(answer.content.decode())
    assert page.shapes <= known, page.shapes - known
    assert all(SAFE_LINK.match(link) for link in page.links if link), page.links
    return page


def shown(text: str) -> str:
    """What a field of a page can hold of a text."""
    return text.replace("\0", "")


def kept(text: str) -> str:
    """As it was typed, without blanks around it; what shows nothing is nothing."""
    shows = any(unicodedata.category(character)[0] in "LNPS" for character in text)
    return unicodedata.normalize("NFC", text.strip()) if shows else ""


def refused(answer) -> set[str]:
    return set(re.findall(r'id="id_(\w+)_error"', answer.content.decode()))


def test_the_list_is_whole():
    assert len(STRINGS) == 515


@pytest.mark.parametrize("kind", GOOD)
@pytest.mark.parametrize("strings", PARTS)
def test_in_every_field_of_a_form_it_is_refused_or_kept_as_it_was_typed(
    visitor, campaign, known, strings, kind
):
    accepted = dict.fromkeys(TEXTS[kind], 0)
    for text in strings:
        every = {*TEXTS[kind], *GOOD[kind](), "via", "mailbox", "updates", "captcha_0"}
        bad = {**dict.fromkeys(every, text), "kind": kind, "visibility": "public"}
        answer = visitor.send("/en/peace/sign/", **bad)
        assert answer.status_code == 422, text
        page = assert_harmless(answer, known)
        for field in (*TEXTS[kind], "email", "via"):
            assert page.fields[field] == shown(text), (field, text)

        good = GOOD[kind]()
        taken = {field: text for field in TEXTS[kind] if field not in refused(answer)}
        if not taken:
            continue
        answer = visitor.send("/en/peace/sign/", **{**good, **taken, "via": text})
        assert answer.status_code == 303, (text, refused(answer))
        signature = Signature.objects.latest("pk")
        for field in taken:
            scheme = "https://" if field == "website" and "://" not in text else ""
            assert getattr(signature, field) == scheme + kept(text), (field, text)
            accepted[field] += 1
    assert all(accepted[field] for field in TEXTS[kind] if field != "website"), accepted


@pytest.mark.parametrize("strings", PARTS)
def test_even_if_it_got_into_the_database_no_page_takes_it_for_a_part_of_itself(
    visitor, campaign, known, strings
):
    """Past the forms, as an import or an earlier version could have let it in."""
    person, group = confirmed(visitor, campaign), confirmed(visitor, campaign, organisation())
    strings = [text[:200] for text in strings if text.strip()]
    Signature.objects.bulk_create(
        copy(row, number, text) for row in (person, group) for number, text in enumerate(strings)
    )

    for kind in GOOD:
        assert set(strings) <= set(listed(visitor, kind, known))
    rows = list(Signature.objects.order_by("pk"))
    for start in range(0, len(rows), 8):
        newest = [row.pk for row in rows[start : start + 8]]
        Signature.objects.filter(pk__in=newest).update(confirmed_at=now() + timedelta(days=start))
        assert_harmless(visitor.get("/en/peace/"), known)


def copy(row: Signature, number: int, text: str) -> Signature:
    """Another signature like this one, counted and listed under this text."""
    values = {field.attname: getattr(row, field.attname) for field in Signature._meta.fields}
    texts = {"name": text, "city": text, "comment": text, "role": text}
    if row.kind == "organisation":
        texts |= {"organisation": text, "organisation_folded": names.fold(text)}
    values |= {**texts, "id": None, "address_hash": f"{number}", "approved_at": row.confirmed_at}
    return Signature(**values)


def listed(visitor, kind, known):
    """All names on all pages of the list."""
    address = f"?kind={kind}"
    while address:
        page = assert_harmless(visitor.get(f"/en/peace/signatories/{address}"), known)
        yield from page.names
        address = next((link for link in page.links if "after=" in link), "")


@pytest.mark.parametrize("strings", PARTS)
def test_on_the_own_page_it_is_refused_or_kept_as_it_was_typed(visitor, campaign, known, strings):
    signature, token = confirmed(visitor, campaign), tokens.new()
    tokens.keep_for_managing(signature, token)
    address = f"/en/manage/{token}/"
    for text in strings:
        wrong = visitor.send(address, action="want-updates", email=text)
        assert wrong.status_code == 422, text
        assert assert_harmless(wrong, known).fields["email"] == shown(text)

        answer = visitor.send(address, action="correct", name=text, visibility="public")
        assert answer.status_code in {303, 422}, text
        if answer.status_code == 303:
            answer = visitor.get(address, {"download": text, text: text})
            signature.refresh_from_db()
            assert signature.name == kept(text)
            assert assert_harmless(answer, known).fields["name"] == kept(text)
        else:
            assert assert_harmless(answer, known).fields["name"] == shown(text)

    for text in strings[::8]:  # an act that is none
        assert visitor.send(address, action=text, visibility=text).status_code == 200, text


@pytest.mark.parametrize("strings", PARTS)
def test_as_a_code_it_confirms_nothing(visitor, campaign, known, strings):
    for number, text in enumerate(strings):
        ticket = keys.ticket("sent", "individual", str(number), "typed")
        answer = visitor.send(f"/en/peace/sign/sent/{ticket}/", code=text)
        assert answer.status_code == 422, text
        assert assert_harmless(answer, known).fields["code"] == shown(text)
    assert not Signature.objects.confirmed().exists()


@pytest.mark.parametrize("strings", PARTS)
def test_behind_a_question_mark_it_chooses_at_most_what_is_shown(visitor, campaign, known, strings):
    for text in strings:
        found = visitor.get("/en/peace/signatories/", {"kind": "organisation", "q": text})
        assert found.status_code == 200, text
        assert assert_harmless(found, known).fields["q"] == shown(text)[:100]

        query = dict.fromkeys(("kind", "country", "after", text), text)
        answer = visitor.get("/en/peace/signatories/", query)
        assert answer.status_code == 404, text
        assert_harmless(answer, known)

    for text in strings[::8]:  # the form has been shown with each of them already
        form = visitor.get("/en/peace/sign/", {"as": text, "via": text, text: text})
        assert form.status_code == 200
        assert assert_harmless(form, known).fields["via"] == shown(text)


@pytest.mark.parametrize("strings", PARTS)
def test_as_a_piece_of_an_address_it_leads_nowhere_else(visitor, campaign, known, strings):
    for text in strings:
        for path in PATHS:
            for piece in {quote(text, safe=""), quote(text)}:
                answer = visitor.get(path.format(piece))
                # A picture that is no longer there is gone.
                assert answer.status_code in {200, 301, 302, 404, 410}, (path, text)
                if answer.status_code in {301, 302}:
                    assert re.match(r"/(?![/\\])", answer["Location"]), (path, text)
                elif path in {"/{}/", "/en/{}"}:
                    assert_harmless(answer, known)


@pytest.mark.parametrize("strings", PARTS)
def test_in_a_header_it_changes_no_page_and_no_signing(visitor, campaign, known, strings, settings):
    settings.TRUSTED_PROXIES = 1
    plain = visitor.get("/en/privacy/")
    for text in strings:
        header = as_header(text)
        cookies = f"sessionid={header}; csrftoken={header}; messages={header}; {header}"
        headers = {**dict.fromkeys(HEADERS, header), "Cookie": cookies}

        read = visitor.get("/en/privacy/", headers=headers)
        assert read.status_code in {200, 304}, text
        assert read.content in {plain.content, b""}, text
        assert not read.cookies
        assert visitor.get("/", headers=headers)["Location"] in {"/en/", "/de/", "/uk/"}, text
        assert visitor.get("/admin/", headers=headers).status_code == 302, text

        form = {"data": urlencode(person()), "content_type": FORM}
        signed = visitor.post("/en/peace/sign/", headers=headers, **form)
        assert signed.status_code == 303, text
        for name in ("Origin", "Sec-Fetch-Site"):
            foreign = visitor.post("/en/peace/sign/", headers={name: header}, **form)
            assert foreign.status_code in {303, 403}, (name, text)
        host = visitor.get("/en/privacy/", headers={"Host": header or "testserver"})
        assert host.status_code in {200, 400}, text
        assert assert_harmless(host, known)


def as_header(text: str) -> str:
    """As a web server hands it on: bytes as Latin-1, and what would end the line is not let in."""
    return re.sub(r"[\r\n\0]", "", text).encode().decode("latin-1").strip()


@pytest.mark.parametrize("strings", PARTS)
def test_a_search_at_the_desk_finds_at_most_something(client, campaign, mo, strings):
    client.force_login(mo)
    address = "/admin/signatures/signature/"
    plain = set().union(
        *(Page(client.get(address, {"q": text}).text).shapes for text in ("x", "@", "x" * 99))
    )
    for text in strings:
        typed = client.post(f"{address}find/", {"q": text})
        assert typed["Location"].startswith(f"{address}?"), text
    for start in range(0, len(strings), 4):  # a slow page
        text = " ".join(strings[start : start + 4])
        answer = client.get(address, {"q": text})
        assert answer.status_code == 200, text
        page = Page(answer.text)
        assert page.shapes <= plain, page.shapes - plain
        assert page.fields["q"] == shown(text)
    for text in strings[::8]:  # what stands there is looked at by Django alone
        odd = client.get(address, {"kind__exact": text, "o": text})
        assert odd.status_code in {200, 302}, text
