"""Whatever is sent to whatever address, by whatever method: an answer, and never one of 500 and up.

FUZZ_EXAMPLES says how many examples each property gets; a night is long enough for 10000.
"""

import gc
import hashlib
import hmac
import json
import os
import re
import time
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from signatures import keys, tally
from signatures.models import Signature
from tests.factories import organisation, person
from tests.pages import FORM, Visitor
from tests.routes import METHODS, ROUTES, make_site

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

fuzzed = hypothesis_settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES") or 120),
    deadline=None,
    # All examples of a property share one site; what it holds must not matter.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
BROKEN = 500
SECONDS = 0.2  # of computing, for one answer
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
PLACE = re.compile(r"\{\w+\}|peace|wri")
PIECE = st.one_of(
    TEXT.map(lambda text: quote(text, safe="")),
    TEXT.map(quote),
    st.binary(max_size=40).map(lambda octets: quote(octets, safe="")),
    st.from_regex(r"[A-Za-z0-9_=-]{1,310}", fullmatch=True),
    st.integers().map(str),
    st.sampled_from(["", ".", "..", "%2e%2e", "%00", "%0d%0aX: y", "peace", "wri", "a" * 5000]),
)
HEADER = st.text(st.characters(max_codepoint=255, exclude_characters="\0\r\n"), max_size=60)
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "Host", "Cookie", "Accept-Language", "X-Forwarded-For", "X-Forwarded-Proto", "Range",
            "X-Forwarded-Host", "If-None-Match", "If-Modified-Since", "Content-Type", "Origin",
            "Sec-Fetch-Site", "Referer", "X-Signature", "Expect", "Content-Encoding",
        ]
    ),
    HEADER,
    max_size=4,
)  # fmt: skip
# What a field may hold: something good, something that anybody might type, or far too much.
VALUE = st.one_of(TEXT, st.text(max_size=5).map(lambda text: text * 400), st.just("a" * 70_000))
FIELDS = sorted({*person(), *organisation(), "city", "comment", "via", "homepage", "mailbox"})


@pytest.fixture
def site(client, mo, settings):
    settings.SIGNS_PER_NETWORK = 1_000_000
    settings.MAIL_WEBHOOK_KEY = "only for this test"
    return make_site(client, mo)


@pytest.fixture
def visitor(site):
    visitor = Visitor(raise_request_exception=False)
    for route in ROUTES.values():  # templates are compiled when they are first shown
        visitor.get(site.address(route))
    visitor.send("/en/peace/sign/")
    return visitor


def ask(visitor, method, path, body=b"", content_type=FORM, headers=None, query=""):
    """One request whose path and query reach the site byte for byte."""
    gc.disable()  # it would have to look through all examples so far
    begun = time.process_time()
    answer = visitor.generic(
        method,
        path,
        body,
        content_type,
        headers={name: value.strip() for name, value in (headers or {}).items()},
        QUERY_STRING=query,
    )
    spent = time.process_time() - begun
    gc.enable()
    assert answer.status_code < BROKEN, (method, path, answer.status_code)
    assert spent < SECONDS, (method, path, spent)
    assert "Content-Security-Policy" in answer.headers
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert not answer.cookies or path.startswith("/admin/")
    return answer


@st.composite
def addresses(draw):
    """An address of the site in which some pieces are something else."""
    pieces = draw(st.sampled_from(list(ROUTES.values()))).address.split("/")
    for number, piece in enumerate(pieces):
        if number and (PLACE.search(piece) or draw(st.integers(0, 9)) == 0):
            pieces[number] = draw(PIECE)
    return "/".join(pieces)


@fuzzed
@given(
    path=addresses() | st.lists(PIECE, max_size=6).map(lambda pieces: "/" + "/".join(pieces)),
    method=st.sampled_from(["GET", "GET", *METHODS]),
    query=st.binary(max_size=60).map(quote) | HEADER,
    headers=HEADERS,
)
@example(path="/en/peace/%ed%a0%80/", method="GET", query="", headers={})
@example(path="//evil.example/%2f..", method="GET", query="", headers={})
def test_no_address_breaks_anything_or_leads_away(visitor, path, method, query, headers):
    answer = ask(visitor, method, path, headers=headers, query=query)

    if "Location" in answer.headers:
        assert re.match(r"/(?![/\\])", answer["Location"])


@fuzzed
@given(
    kind=st.sampled_from(["individual", "organisation"]),
    changes=st.dictionaries(st.sampled_from(FIELDS), st.none() | VALUE, max_size=4),
    more=st.dictionaries(TEXT, TEXT, max_size=3),
    twice=st.none() | st.sampled_from(FIELDS),
)
def test_a_form_is_kept_whole_or_not_at_all(visitor, kind, changes, more, twice):
    """A field that is `None` is missing."""
    good = person() if kind == "individual" else organisation()
    form = {**more, **good, **changes}
    pairs = [(name, value) for name, value in form.items() if value is not None]
    pairs += [(name, value) for name, value in pairs if name == twice]
    before = Signature.objects.count()

    answer = ask(visitor, "POST", "/en/peace/sign/", urlencode(pairs).encode())

    assert answer.status_code in {200, 303, 400, 413, 422, 429}
    if twice in dict(pairs):
        assert answer.status_code in {400, 413}
    kept = Signature.objects.count() - before
    assert kept == (1 if answer.status_code == 303 else 0)
    if kept and Signature.objects.latest("pk").kind == "individual":
        signature = Signature.objects.latest("pk")
        assert signature.visibility == form["visibility"]
        assert signature.name == "" or signature.visibility != "count"
    assert tally.read(Signature.objects.first().campaign).total == 2


@fuzzed
@given(
    address=st.sampled_from(
        [route.address for route in ROUTES.values() if "POST" in route.methods]
    ),
    body=st.binary(max_size=200)
    | st.binary(max_size=200).map(lambda octets: quote(octets).encode()),
    content_type=HEADER
    | st.sampled_from([FORM, f"{FORM}; charset=utf-7", "multipart/form-data", "application/json"]),
    headers=HEADERS,
)
def test_no_body_breaks_anything(visitor, site, address, body, content_type, headers):
    before = Signature.objects.confirmed().count()
    path = address.format(**{**site.secrets, "confirm": "A" * 32, "not_me": "A" * 32})

    ask(visitor, "POST", path, body, content_type, headers)

    assert Signature.objects.confirmed().count() == before


@fuzzed
@given(
    address=st.sampled_from(["/en/manage/{manage}/", "/en/peace/sign/sent/{sent}/"]),
    form=st.dictionaries(
        st.sampled_from(["action", "name", "visibility", "email", "code"]),
        VALUE | st.sampled_from(["correct", "want-updates", "ask-erase", "public", "123456"]),
    ),
)
def test_the_own_page_and_the_code_take_nothing_for_something_else(visitor, site, address, form):
    if form.get("action") in {"withdraw", "erase"}:
        return

    answer = ask(visitor, "POST", address.format(**site.secrets), urlencode(form).encode())

    site.signed.refresh_from_db()
    assert answer.status_code in {200, 303, 413, 422}
    assert site.signed.visibility in {"public", form.get("visibility")}
    assert tally.read(site.campaign).total == 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=8,
)
REPORT = st.fixed_dictionaries(
    {},
    optional={
        "id": JSON,
        "event": JSON | st.sampled_from(["bounce", "complaint"]),
        "message_id": JSON | st.just("<x@localhost>"),
        "permanent": JSON,
    },
)


@fuzzed
@given(
    body=st.binary(min_size=1, max_size=100)
    | (JSON | REPORT).map(lambda report: json.dumps(report).encode()),
    signed=st.booleans(),
)
@example(body=b"[" * 50_000, signed=True)
@example(body=b'{"id": %s}' % (b"9" * 5_000), signed=True)
def test_no_report_of_a_mail_breaks_anything(visitor, site, body, signed):
    key = b"only for this test" if signed else b"another"
    digest = hmac.new(key, body, hashlib.sha256).hexdigest()

    answer = ask(visitor, "POST", "/hooks/mail/", body, "application/json", {"X-Signature": digest})

    assert answer.status_code in ({200, 400} if signed else {403})


HOSTS = st.sampled_from(["testserver", "TESTSERVER", "evil.example", "testserver.evil.example"])
ORIGINS = (
    st.none()
    | HEADER
    | st.builds(
        "{}{}{}".format,
        st.sampled_from(["http://", "https://", "HTTP://", "//", "null", "http:", "javascript://"]),
        HOSTS,
        st.sampled_from(["", ":80", ":443", "/", "@evil.example", ".", "%00", "#testserver"]),
    )
)
SITES = (
    st.none()
    | HEADER
    | st.sampled_from(
        ["same-origin", "none", "same-site", "cross-site", "SAME-ORIGIN", "same-origin, none", ""]
    )
)


@fuzzed
@given(origin=ORIGINS, fetch_site=SITES, host=st.just("testserver") | HOSTS)
@example(origin="http://testserver", fetch_site="same-origin", host="testserver")
@example(origin="https://testserver", fetch_site=None, host="testserver")
@example(origin="null", fetch_site="same-origin", host="testserver")
def test_only_a_post_from_here_is_taken(visitor, origin, fetch_site, host):
    sent = {"Origin": origin, "Sec-Fetch-Site": fetch_site, "Host": host}
    headers = {name: value for name, value in sent.items() if value is not None}

    answer = ask(visitor, "POST", f"/en/confirm/{'A' * 32}/", headers=headers)

    if host.lower() != "testserver":
        assert answer.status_code == 400
        return
    origin, fetch_site = (
        value if value is None else value.strip() for value in (origin, fetch_site)
    )
    from_here = origin is None or origin.lower() == "http://testserver"
    by_itself = fetch_site in {None, "same-origin", "none"}
    assert answer.status_code == (404 if from_here and by_itself else 403)


@fuzzed
@given(
    ticket=st.one_of(
        TEXT.filter(bool),
        st.text(st.sampled_from("ABCxyz019_=-"), min_size=100, max_size=300),
        st.text(st.characters(exclude_categories=["Cs"]), min_size=100, max_size=150),
    )
)
def test_no_seal_of_somebody_else_opens_anything(visitor, site, ticket):
    looks_like_one = re.fullmatch("[A-Za-z0-9_=-]{100,300}", ticket)
    for path, status in (("/en/peace/sign/sent/", 404), ("/en/peace/thanks/", 200)):
        answer = ask(visitor, "GET", f"{path}{quote(ticket, safe='')}/")
        assert answer.status_code == (status if looks_like_one else 404)
        assert "/manage/" not in answer.content.decode()
    with pytest.raises(keys.BadSeal):
        keys.unseal(ticket)


@fuzzed
@given(
    st.dictionaries(
        st.sampled_from(["kind", "country", "q", "after", "cursor", "offset", "page"]) | TEXT,
        TEXT | st.sampled_from(["\0", "organisation", "individual", "DE", "%", "_", "\\"]),
        max_size=4,
    )
)
@example({"q": "\0"})
@example({"country": "\0"})
@example({"after": "\0"})
def test_no_question_breaks_the_list_or_gets_more_than_the_list_has(visitor, site, query):
    answer = ask(visitor, "GET", "/en/peace/signatories/", query=urlencode(query))

    assert answer.status_code in {200, 404}
    assert answer.status_code == 404 or "after" not in query
    assert "Waiting Person" not in answer.content.decode()
