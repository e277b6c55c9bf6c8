"""Dora takes data away: for a purpose, with a reason, for a day; nobody else does."""

import csv
import io
import re
from urllib.parse import unquote

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns import spreadsheet
from campaigns.models import AuditEvent
from signatures import exports, lifecycle, proposals, small_cells
from signatures.models import Export, Proposal, Signature
from tests.desk import PASSWORD, DeskClient, make_account
from tests.factories import approved, confirmed

pytestmark = pytest.mark.django_db
EXPORTS = "/admin/signatures/export/"
KEY = pyrage.x25519.Identity.generate()


@pytest.fixture
def dora(db):
    """Dora is a data officer."""
    return make_account("dora", "data officer")


@pytest.fixture
def desk(dora):
    browser = DeskClient()
    browser.force_login(dora)
    return browser


def ask(desk, campaign, purpose, **fields):
    form = {"campaign": campaign.pk, "purpose": purpose, "reason": "For the committee.", **fields}
    return desk.post(f"{EXPORTS}add/", form)


def download(desk) -> bytes:
    answer = desk.post(f"{EXPORTS}{Export.objects.latest('pk').pk}/download/")
    assert answer.status_code == 200
    return answer.getvalue()


def table(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    assert len({len(row) for row in rows}) == 1
    return [[spreadsheet.plain(cell) for cell in row] for row in rows]


def events() -> list[str]:
    return list(AuditEvent.objects.order_by("number").values_list("verb", flat=True))


def test_the_petitions_committee_gets_who_agreed_and_the_totals(
    client, campaign, desk, dora, mo, clock
):
    confirmed(client, campaign, visibility="count", name="")
    confirmed(client, campaign, visibility="handin", name="Hanna Handin", city="Köln")
    confirmed(client, campaign, name="Олена Шевчук", country="UA", updates="on")
    approved(client, campaign, mo)
    lifecycle.withdraw(confirmed(client, campaign, name="Gone"))
    assert ask(desk, campaign, "peti")["Location"].endswith("/change/")
    rows = table(download(desk))

    assert rows == [
        ["number", "kind", "name", "town", "country code", "country", "signed on"],
        ["1", "person", "Hanna Handin", "Köln", "DE", "Germany", "2026-11-24"],
        ["2", "person", "Олена Шевчук", "", "UA", "Ukraine", "2026-11-24"],
        ["3", "organisation", "Example Action e.V.", "", "DE", "Germany", "2026-11-24"],
        ["", "all people", "3", "", "", "", ""],
        ["", "all organisations", "1", "", "", "", ""],
        ["", "all people on paper", "0", "", "", "", ""],
        ["", "all signatures", "4", "", "", "", ""],
        ["", "all countries", "2", "", "", "", ""],
        ["end of file: 8 rows", "", "", "", "", "", ""],
    ]
    assert Export.objects.get().downloads == 1
    assert events()[-3:] == ["export", "download export", "end of download"]
    end = AuditEvent.objects.first()
    assert end.by == dora
    assert end.details == {"campaign": "peace", "rows": 8, "complete": True}


def test_no_export_holds_an_address(client, campaign, desk, dora, mo):
    confirmed(client, campaign, email="canary@example.org", updates="on")
    approved(client, campaign, mo, email="canary@action.example.org", updates="on")
    for purpose in Export.Purpose:
        exports.grant(campaign, purpose, "All.", dora)
        assert b"canary" not in download(desk)


def test_organisations_with_what_organisers_know_of_them(client, campaign, desk, mo):
    approved(client, campaign, mo)
    Signature.objects.update(organisation_type="peace", aliases="Action\nExAc")
    ask(desk, campaign, "organisations")

    assert table(download(desk))[1:] == [
        ["Example Action e.V.", "Germany", "https://action.example.org/", "peace", "Action, ExAc"],
        ["end of file: 1 row", "", "", "", ""],
    ]


def test_statistics_tell_no_handful(client, campaign, desk, clock):
    for number, country in enumerate(["DE"] * 12 + ["FR"] * 11 + ["KG"]):
        confirmed(client, campaign, visibility="count", name="", country=country, city=str(number))
    ask(desk, campaign, "statistics")

    assert [row for row in table(download(desk)) if row[0] == "country"] == [
        ["country", "Germany", "12"],
        ["country", "all others together", "12"],
    ]


@given(st.dictionaries(st.text(max_size=2), st.integers(0, 60), max_size=12))
def test_nobody_can_compute_a_small_part(cells):
    shown, rest = small_cells.suppress(cells)

    assert sum(shown.values()) + rest == sum(cells.values())
    assert all(number >= 10 for number in shown.values())
    hidden = [number for part, number in cells.items() if number and part not in shown]
    if shown and hidden:
        assert len(hidden) >= 2
        assert rest >= 10


def test_contact_persons_need_a_second_organiser(client, campaign, desk, dora):
    approved(client, campaign, make_account("mo", "moderator"))
    page = ask(desk, campaign, "contacts")
    assert page["Location"] == EXPORTS
    assert not Export.objects.exists()
    proposal = Proposal.objects.get()
    assert (proposal.number, proposal.act) == (1, "export")

    assert not proposals.agree(proposal, dora)
    assert proposals.agree(proposal, make_account("otto", "owner"))
    assert Export.objects.get().by == dora
    assert table(download(desk))[1][:1] + table(download(desk))[1][3:] == [
        "Example Action e.V.", "Olga Example", "Chair",
    ]  # fmt: skip


def test_a_file_can_be_encrypted_to_a_key(client, campaign, desk):
    confirmed(client, campaign, name="Sealed Person")
    ask(desk, campaign, "peti", public_key=str(KEY.to_public()))
    content = download(desk)

    assert content.startswith(b"age-encryption.org/v1")
    assert b"Sealed Person" not in content
    assert table(pyrage.decrypt(content, [KEY]))[1][2] == "Sealed Person"


def test_a_broken_stream_gives_no_file_that_can_be_opened(campaign):
    def pieces():
        yield b"x" * 200_000
        raise ValueError("the database went away")

    got = []
    with pytest.raises(ValueError, match="went away"):
        got.extend(exports.encryption.encrypt(pieces(), str(KEY.to_public())))
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(b"".join(got), [KEY])


def test_whoever_stops_a_download_leaves_a_trace(client, campaign, desk, dora):
    confirmed(client, campaign)
    export = exports.grant(campaign, "peti", "All.", dora)
    for key in ("", str(KEY.to_public())):
        export.public_key = key
        stream = exports.download(export, dora)
        next(iter(stream), b"")
        stream.close()

    assert events()[-1] == "end of download"


@pytest.mark.parametrize("key", ["age1", "ssh-ed25519 AAAA", "x" * 200, "age1" + "q" * 58])
def test_what_is_no_key_is_refused(campaign, desk, key):
    page = ask(desk, campaign, "peti", public_key=key)

    assert "begins with age1" in page.content.decode()
    assert not Export.objects.exists()


@pytest.mark.parametrize("fields", [{"reason": ""}, {"purpose": "gossip"}, {"campaign": 999}])
def test_without_a_reason_and_a_purpose_nothing_goes_out(campaign, desk, fields):
    form = {"campaign": campaign.pk, "purpose": "peti", "reason": "Why."}
    page = desk.post(f"{EXPORTS}add/", {**form, **fields})

    assert page.status_code == 200
    assert "errorlist" in page.content.decode()
    assert not Export.objects.exists()


def test_after_a_day_it_is_gone(client, campaign, desk, dora, clock):
    export = exports.grant(campaign, "peti", "All.", dora)
    clock.shift(exports.LASTS)
    desk.force_login(dora)

    assert desk.post(f"{EXPORTS}{export.pk}/download/").status_code == 410
    assert "are over" in desk.get(f"{EXPORTS}{export.pk}/change/").content.decode()
    assert Export.objects.get().downloads == 0


def test_after_a_quarter_of_an_hour_the_password_is_asked_for_again(
    client, campaign, clock, desk, dora
):
    confirmed(client, campaign)
    export = exports.grant(campaign, "peti", "All.", dora)
    path = f"{EXPORTS}{export.pk}/download/"
    clock.shift(16 * 60)
    answer = desk.post(path)
    assert unquote(answer["Location"]) == f"/admin/login/again/?next={path}"
    assert Export.objects.get().downloads == 0

    again = desk.post(answer["Location"], {"password": PASSWORD})
    assert b"end of file" in again.getvalue()


def test_nobody_downloads_what_was_granted_to_somebody_else(client, campaign, dora):
    export = exports.grant(campaign, "peti", "All.", dora)
    otto = DeskClient()
    otto.force_login(make_account("otto", "owner"))

    assert otto.post(f"{EXPORTS}{export.pk}/download/").status_code == 403
    assert "/download/" not in otto.get(f"{EXPORTS}{export.pk}/change/").content.decode()


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_moderator_who_tries_is_refused_and_recorded(client, campaign, dora, method):  # D04
    export = exports.grant(campaign, "peti", "All.", dora)
    mo = make_account("mo", "moderator")
    client.force_login(mo)
    for path in (f"{EXPORTS}add/", f"{EXPORTS}{export.pk}/download/"):
        assert getattr(client, method)(path).status_code == 403

    tried = AuditEvent.objects.filter(verb="try to export")
    assert list(tried.values_list("by", flat=True)) == [mo.pk, mo.pk]
    assert Export.objects.get().downloads == 0


def test_names_that_are_formulas_come_back_from_a_download(client, campaign, desk):  # D05
    for text in RISKY:
        signature = confirmed(client, campaign)
        Signature.objects.filter(pk=signature.pk).update(name=text)
    ask(desk, campaign, "peti")
    rows = table(download(desk))

    assert [row[2] for row in rows[1 : len(RISKY) + 1]] == RISKY


RISKY = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", 'a"b', "＝1", "'=1", "''-x", "'t Hooft", "a\nb",
]  # fmt: skip


@pytest.mark.parametrize("text", RISKY)
def test_no_cell_is_a_formula_and_each_comes_back(text):
    sheet = "".join(spreadsheet.lines([[text, "x"]])).removeprefix(spreadsheet.BOM)
    [[cell, other]] = csv.reader(io.StringIO(sheet, newline=""), strict=True)

    assert other == "x"
    assert cell[0] not in "=+-@\t\r＝＋－＠"
    assert spreadsheet.plain(cell) == text
    assert sheet.endswith("\r\n")


@given(st.text())
def test_every_text_comes_back_from_a_table(text):
    assert spreadsheet.plain(spreadsheet.safe(text)) == text
    assert not re.match("[=+\\-@\t\r＝＋－＠]", spreadsheet.safe(text))
