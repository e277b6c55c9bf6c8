"""Paper at the desk: entered whole or not at all, counted and shown apart, taken back exactly."""

import re
import time
from datetime import UTC, date, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, IntegrityError

from campaigns import lifecycle as campaigns
from campaigns.models import Appeal, AuditEvent
from signatures import closing, ledger, lifecycle, retention, tally
from signatures.keys import stored
from signatures.lifecycle import Entered, Line
from signatures.models import Moderation, PaperBatch, PaperSheet, Signature
from signatures.paper import numbers
from tests.desk import make_account
from tests.factories import approved, confirmed, make_campaign, text, translate
from tests.papers import PDF, batch, entered, sheet_numbers, workbook

pytestmark = pytest.mark.django_db

PAPER = "/admin/signatures/paperbatch/"


@pytest.fixture
def desk(client):
    client.force_login(make_account("pia", "moderator"))
    return client


def totals(campaign):
    found = tally.read(campaign)
    assert tally.recount(campaign) == {}
    return found.people, found.organisations, found.paper


# The verb


def test_lines_count_as_paper_and_keep_what_was_agreed_to(campaign, mo, clock):
    lines = [
        Line("DE", "public", "Paula Paper", "Berlin"),
        Line("UA", "handin", "Хтось Інший"),
        Line("FR", number=3),
    ]
    unsaved = batch(campaign, mo, via="wri", collected_on=date(2026, 11, 20))
    result = lifecycle.enter(unsaved, lines)

    assert result == Entered(counted=5)
    assert totals(campaign) == (0, 0, 5)
    found = Signature.objects.order_by("country", "pk")
    assert [(s.country, s.visibility, s.name, s.city) for s in found] == [
        ("DE", "public", "Paula Paper", "Berlin"),
        ("FR", "count", "", ""),
        ("FR", "count", "", ""),
        ("FR", "count", "", ""),
        ("UA", "handin", "Хтось Інший", ""),
    ]
    first = found[0]
    assert first.signed_at == datetime(2026, 11, 20, tzinfo=UTC)
    assert first.confirmed_at == datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert (first.via, first.language, first.consent_version) == ("wri", "en", "paper")
    assert (first.appeal, first.batch, first.address_hash) == (campaign.appeal, unsaved, "")
    event = AuditEvent.objects.get(verb="enter paper")
    assert event.details == {
        "campaign": "peace", "number": 5, "held": 0, "sheets": 0, "via": "wri",
    }  # fmt: skip
    raw = Signature.objects.exclude(name="").values_list(stored("name"), flat=True)
    assert all(text.startswith("gAAAA") for text in raw)


def test_the_lines_point_at_the_version_of_the_text_on_the_sheets(campaign, mo):
    translate(campaign)
    first = campaign.appeal
    revised = campaigns.revise_appeal(first)
    assert campaigns.publish_appeal(revised, Appeal.Change.TYPO, text(en="A comma."))
    lifecycle.enter(batch(campaign, mo), [Line("DE")], appeal=first)
    lifecycle.enter(batch(campaign, mo), [Line("DE")])

    assert [s.appeal.version for s in Signature.objects.order_by("pk")] == [1, 2]


def test_whoever_looks_like_another_signature_is_held_for_a_person(client, campaign, mo):
    confirmed(client, campaign, name="Sam Example", country="DE")
    confirmed(client, campaign, name="Hanna Handin", country="DE", visibility="handin")
    confirmed(client, make_campaign("other"), name="Otto Other", country="DE")
    lifecycle.withdraw(confirmed(client, campaign, name="Gone Away", country="DE"))
    held = [
        Line("DE", "public", "EXAMPLE, Sám"),
        Line("DE", "handin", "Hanna  Handin"),
        Line("DE", "public", "twice here"),
    ]
    free = [
        Line("DE", "public", "Twice Here"),
        Line("AT", "public", "Sam Example"),
        Line("DE", "public", "Otto Other"),
        Line("DE", "public", "Gone Away"),
        Line("DE", number=2),
    ]

    assert lifecycle.enter(batch(campaign, mo), [*free, *held]) == Entered(counted=6, held=3)
    assert totals(campaign) == (2, 0, 6)
    found = Signature.objects.held()
    assert {s.name for s in found} == {line.name for line in held}
    assert set(found.values_list("held_reason", flat=True)) == {"like another signature"}
    assert not Moderation.objects.exists()
    lifecycle.release(found[0], mo)
    assert totals(campaign) == (2, 0, 7)


@pytest.mark.parametrize("status", ["draft", "handed_in"])
def test_no_paper_is_taken_before_the_opening_or_after_the_hand_in(mo, status):
    other = make_campaign("other", status)

    assert lifecycle.enter(batch(other, mo), [Line("DE")]) == Entered(is_refused=True)
    assert not PaperBatch.objects.exists()


@pytest.mark.parametrize("status", ["paused", "closed"])
def test_sheets_may_come_in_late(mo, status):
    assert lifecycle.enter(batch(make_campaign("other", status), mo), [Line("DE")]).is_done


def test_a_sheet_or_a_file_is_entered_once(campaign, mo):
    one, two, three = sheet_numbers(3)
    entered(campaign, mo, sheets=[one, two], digest="a" * 64)

    again = lifecycle.enter(batch(campaign, mo), [Line("FR")], [two, three, one])
    assert again.known_sheets == tuple(sorted([one, two]))
    assert lifecycle.enter(batch(campaign, mo, digest="a" * 64), [Line("FR")]) == Entered(
        is_known=True
    )
    assert PaperSheet.objects.count() == 2
    assert totals(campaign) == (0, 0, 1)
    other = make_campaign("other")
    assert lifecycle.enter(batch(other, mo, digest="a" * 64), [Line("FR")], [one]).is_done


def test_all_of_a_batch_is_entered_or_nothing(campaign, mo):
    broken = Line("DE", "never", "Somebody")

    with pytest.raises(IntegrityError):
        lifecycle.enter(batch(campaign, mo), [Line("DE"), broken], sheet_numbers())
    assert not PaperBatch.objects.exists()
    assert not Signature.objects.exists()
    assert not AuditEvent.objects.filter(verb="enter paper").exists()
    assert totals(campaign) == (0, 0, 0)


@pytest.mark.parametrize(
    "spoilt", [{"address_hash": "x"}, {"email": "a@example.org"}, {"confirmed_at": None}]
)
def test_the_database_keeps_paper_without_address(campaign, mo, spoilt):
    entered(campaign, mo)

    with pytest.raises(DatabaseError):
        Signature.objects.update(**spoilt)


@pytest.mark.slow
def test_twenty_thousand_lines_take_seconds(campaign, mo):
    lines = [Line("DE", "public", f"Person {number}") for number in range(20_000)]
    began = time.monotonic()
    assert lifecycle.enter(batch(campaign, mo), lines) == Entered(counted=20_000)

    assert time.monotonic() - began < 60
    assert totals(campaign) == (0, 0, 20_000)
    with pytest.raises(ValueError, match="more than 20000"):
        lifecycle.enter(batch(campaign, mo), [Line("DE", number=20_001)])


# Taking back


def test_one_line_is_withdrawn_for_its_signatory(campaign, mo):
    entered(campaign, mo, Line("DE", "public", "Paula Paper"), Line("DE"))
    paula = Signature.objects.exclude(name="").get()

    assert lifecycle.withdraw_from_paper(paula, mo)
    assert not lifecycle.withdraw_from_paper(paula, mo)
    assert totals(campaign) == (0, 0, 1)
    assert not Signature.objects.exclude(name="").exists()
    assert AuditEvent.objects.filter(verb="withdraw from paper").count() == 1


def test_a_signature_that_came_by_mail_is_not_withdrawn_so(client, campaign, mo):
    assert not lifecycle.withdraw_from_paper(confirmed(client, campaign), mo)
    assert totals(campaign) == (1, 0, 0)


def test_a_batch_is_taken_back_with_all_that_hangs_on_it(client, campaign, mo):
    confirmed(client, campaign)
    kept = entered(campaign, mo, Line("DE", number=2))
    numbers_ = sheet_numbers(2)
    mistake = entered(
        campaign, mo, Line("DE", "public", "Sam Example"), Line("FR", number=4),
        sheets=numbers_, digest="b" * 64,
    )  # fmt: skip
    lifecycle.hold(mistake.signatures.filter(country="FR").first(), mo, "doubt")
    lifecycle.withdraw_from_paper(mistake.signatures.filter(country="FR").last(), mo)
    assert totals(campaign) == (1, 0, 4)

    assert lifecycle.take_back_batch(mistake, mo) == 5
    assert lifecycle.take_back_batch(mistake, mo) is None
    assert totals(campaign) == (1, 0, 2)
    assert list(PaperBatch.objects.all()) == [kept]
    assert not PaperSheet.objects.exists()
    assert tally.read_gone(campaign)["mistaken"] == 5
    assert AuditEvent.objects.get(verb="take back paper").details["number"] == 5
    assert lifecycle.enter(batch(campaign, mo, digest="b" * 64), [Line("FR")], numbers_).is_done


def test_an_older_backup_brings_nothing_back_and_takes_nobody_else(client, campaign, mo, clock):
    entered(campaign, mo, Line("DE", "public", "Paula Paper"), Line("DE", "public", "Pete Paper"))
    mistake = entered(campaign, mo, Line("FR", number=3))
    confirmed(client, campaign)
    rows = list(Signature.objects.values())
    clock.shift(60)
    (paula,) = (s for s in Signature.objects.all() if s.name == "Paula Paper")
    lifecycle.withdraw_from_paper(paula, mo)
    lifecycle.take_back_batch(mistake, mo)
    lines = [ledger.to_line(entry) for entry in ledger.entries()]

    # As the backup had it.
    Signature.objects.all().delete()
    mistake.pk = next(row["batch_id"] for row in rows if row["country"] == "FR")
    mistake.save(force_insert=True)
    Signature.objects.bulk_create(Signature(**row) for row in rows)
    tally.recount(campaign)
    assert ledger.apply(ledger.from_lines(lines), datetime(2026, 11, 24, 10, tzinfo=UTC)) == 4
    assert totals(campaign) == (1, 0, 1)
    assert {s.name for s in Signature.objects.listed()} == {"Pete Paper", "Sam Example"}


# Shown apart


def test_paper_is_counted_listed_and_explained_apart(client, campaign, mo):
    confirmed(client, campaign, name="Mail Person")
    approved(client, campaign, mo)
    entered(campaign, mo, Line("DE", "public", "Paula Paper"), Line("FR", "handin", "Hans Handin"))

    page = client.get("/en/peace/").content.decode()
    assert "<strong>4</strong>" in page
    assert "2 on paper" in page
    figures = client.get("/api/v1/campaigns/peace/").json()
    assert [figures[name] for name in ("total", "people", "organisations", "paper")] == [4, 1, 1, 2]
    names = client.get("/en/peace/signatories/?kind=individual").content.decode()
    found = re.findall(r"<li><bdi>(.*?)</bdi> <span>(.*?)</span>", names)
    assert found == [("Paula Paper", "Germany · on paper"), ("Mail Person", "Germany")]
    assert "Hans Handin" not in names


def test_the_integrity_page_adds_up_and_says_how_many_are_on_paper(client, campaign, mo):
    confirmed(client, campaign, name="Sam Example")
    entered(campaign, mo, Line("DE", "public", "Sam Example"), Line("FR", number=2))
    lifecycle.withdraw_from_paper(Signature.objects.filter(country="FR").first(), mo)
    lifecycle.take_back_batch(entered(campaign, mo, Line("FR", number=7)), mo)
    page = client.get("/en/integrity/")

    states = page.context["accounts"][0]["states"]
    assert states == {
        "rows": 4, "counted": 2, "paper": 1, "pending": 0, "held": 1, "waiting": 0, "refused": 0,
        "withdrawn": 1,
    }  # fmt: skip
    assert page.context["accounts"][0]["is_exact"]
    assert page.context["accounts"][0]["gone"]["mistaken"] == 7
    assert "Of these on paper" in page.content.decode()


# The end


def test_what_is_on_paper_goes_when_its_time_is_up(campaign, mo, clock):
    unsaved = batch(campaign, mo, via="wri", note="market", collected_on=date(2026, 11, 1))
    lines = [
        Line("DE", "public", "Paula Paper"),
        Line("DE", "public", "Paula Paper"),
        Line("FR", number=2),
    ]
    lifecycle.enter(unsaved, lines, sheet_numbers())
    lifecycle.keep_scan(PaperSheet.objects.get(), PDF, "application/pdf", mo)
    campaigns.close(campaign)
    campaigns.hand_in(campaign)
    counted = tally.read(campaign)
    clock.shift(181 * 24 * 3600)
    noticed = dict(retention.overdue())
    assert noticed["sheets of campaigns that ended long ago"] == 1
    assert noticed["paper batches of campaigns that ended long ago"] == 1
    done = retention.forget()

    assert done["paper"] == 2
    assert done["signatures of ended campaigns"] == 4
    assert retention.overdue() == []
    assert not PaperSheet.objects.exists()
    found = PaperBatch.objects.get()
    assert (found.via, found.note, found.collected_on) == ("", "", None)
    assert set(Signature.objects.values_list("name", "via", "visibility", "address_hash")) == {
        ("", "", "count", "")
    }
    assert tally.read(campaign) == counted
    assert tally.recount(campaign) == {}


def test_closing_for_good_leaves_of_paper_the_count_and_public_names(campaign, mo):
    lines = [Line("DE", "public", "Paula Paper"), Line("DE", "handin", "Hans"), Line("DE")]
    unsaved = batch(campaign, mo, via="wri", note="market")
    lifecycle.enter(unsaved, lines, sheet_numbers())
    campaigns.close(campaign)
    going = closing.what_goes(campaign)
    assert (going.recognisable, going.names, going.sheets) == (0, 1, 1)

    assert closing.close_for_good(campaign, closing.phrase(campaign, going))
    assert sorted(Signature.objects.values_list("visibility", flat=True)) == [
        "count", "count", "public",
    ]  # fmt: skip
    assert {s.name for s in Signature.objects.all()} == {"", "Paula Paper"}
    assert not PaperSheet.objects.exists()
    assert PaperBatch.objects.get().via == ""
    assert totals(campaign) == (0, 0, 3)


# At the desk


def form(of, /, *lines, **facts):
    """What the page of entering sends."""
    fields = {"campaign": of.pk, "language": "en", **facts}
    fields |= {"form-TOTAL_FORMS": 20, "form-INITIAL_FORMS": 0}
    for number, line in enumerate(lines):
        fields |= {f"form-{number}-{name}": value for name, value in line.items()}
    return fields


PAULA = {"name": "Paula Paper", "town": "Berlin", "country": "Germany", "visibility": "public"}


def test_a_moderator_types_a_sheet_in(desk, campaign):
    (number,) = sheet_numbers()
    facts = {
        "organiser": campaign.organisers.get().pk,
        "collected_on": "2020-01-02",
        "country": "FR",
        "sheets": numbers.printed(number).lower(),
        "note": "at the market",
    }
    answer = desk.post(f"{PAPER}add/", form(campaign, PAULA, {"number": 3}, **facts))
    found = PaperBatch.objects.get()

    assert answer["Location"] == f"{PAPER}{found.pk}/change/"
    assert (found.via, found.note, found.collected_on) == ("wri", "at the market", date(2020, 1, 2))
    assert found.entered_by.username == "pia"
    assert [sheet.number for sheet in found.sheets.all()] == [number]
    assert sorted(Signature.objects.values_list("country", "visibility")) == [
        ("DE", "public"), ("FR", "count"), ("FR", "count"), ("FR", "count"),
    ]  # fmt: skip
    page = desk.get(answer["Location"]).content.decode()
    assert "4 signatures were entered and count." in page
    assert numbers.printed(number) in page


def test_pressing_enter_twice_enters_once(desk, campaign):
    fields = form(campaign, PAULA)
    assert desk.post(f"{PAPER}add/", fields).status_code == 302
    answer = desk.post(f"{PAPER}add/", fields)

    assert answer.status_code == 422
    assert "This has been entered before" in answer.content.decode()
    assert Signature.objects.count() == 1


@pytest.mark.parametrize(
    ("line", "facts", "words"),
    [
        ({**PAULA, "name": "=1+1"}, {}, "Begin with a letter or a digit."),
        ({**PAULA, "name": "Ol\0ena"}, {}, "Remove the characters that cannot be read."),
        ({**PAULA, "name": ""}, {}, "Write the name, or leave the tick out."),
        ({**PAULA, "country": ""}, {}, "Write a country by its two letters or its name."),
        ({**PAULA, "country": "Atlantis"}, {}, "Write a country by its two letters or its name."),
        ({**PAULA, "number": "2"}, {}, "A line with a name is one signature."),
        ({**PAULA, "visibility": "all"}, {}, "Write count, handin or public, or nothing."),
        (PAULA, {"sheets": "AAAA-AAAA"}, "is not the number of a sheet."),
        (PAULA, {"collected_on": "2999-01-01"}, "This day has not come yet."),
        (PAULA, {"version": "7"}, "There is no such version of the text."),
        (PAULA, {"campaign": "999"}, "Select a valid choice."),
        ({}, {}, "Write at least one line."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_entered(desk, campaign, line, facts, words):
    answer = desk.post(f"{PAPER}add/", form(campaign, line, **facts))

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not PaperBatch.objects.exists()


def test_an_organiser_of_another_campaign_is_refused(desk, campaign):
    other = make_campaign("other").organisers.get()
    answer = desk.post(f"{PAPER}add/", form(campaign, PAULA, organiser=other.pk))

    assert "belongs to another campaign" in answer.content.decode()


def test_a_known_sheet_is_named(desk, campaign, mo):
    (number,) = sheet_numbers()
    entered(campaign, mo, sheets=[number])
    answer = desk.post(f"{PAPER}add/", form(campaign, PAULA, sheets=number))

    assert f"entered before: {numbers.printed(number)}" in answer.content.decode()
    assert PaperBatch.objects.count() == 1


def test_a_workbook_is_shown_first_and_then_entered(desk, campaign, mo):
    entered(campaign, mo)
    content = workbook(
        ["Name", "Town", "Country", "Visibility", "Number"],
        ["Paula Paper", "Bonn", "DE", "public"],
        ["Новий Підпис", "Київ", "UA", "handin"],
        [None, None, "FR", None, 5],
    )
    upload = SimpleUploadedFile("list.xlsx", content)
    page = desk.post(f"{PAPER}import/", {"campaign": campaign.pk, "language": "uk", "file": upload})

    assert (page.context["number"], page.context["number_of_doubles"]) == (7, 1)
    shown = page.content.decode()
    assert "The file has 7 signatures" in shown
    assert "Новий Підпис" in shown
    assert Signature.objects.count() == 1
    sealed = re.search(r'name="shown" value="([^"]+)"', shown)[1]
    after = desk.post(f"{PAPER}import/", {"shown": sealed}, follow=True).content.decode()
    assert "6 signatures were entered and count." in after
    assert "1 looks like another signature and is held" in after
    assert totals(campaign) == (0, 0, 7)


def test_a_line_is_found_by_its_whole_name_and_withdrawn_after_a_question(desk, campaign, mo):
    found = entered(
        campaign, mo, Line("DE", "handin", "Hanna Handin"), Line("DE", "public", "Hans")
    )
    address = f"{PAPER}{found.pk}/lines/"
    assert "Hans" in desk.get(address).content.decode()
    page = desk.post(address, {"name": "hanna HANDIN"}).content.decode()
    assert "Hanna Handin" in page
    assert "Hans" not in page
    key = re.search(r'name="withdraw" value="(\d+)"', page)[1]

    asked = desk.post(address, {"withdraw": key})
    assert "Hanna Handin" in asked.content.decode()
    assert totals(campaign) == (0, 0, 2)
    desk.post(address, {"withdraw": key, "sure": "on"})
    assert totals(campaign) == (0, 0, 1)
    assert desk.post(address, {"withdraw": key, "sure": "on"}).status_code == 404
    for nonsense in ("", "x", "٣", "9" * 40, "-1"):
        assert desk.post(address, {"withdraw": nonsense}).status_code == 404


def test_a_line_of_another_batch_is_not_withdrawn_here(desk, campaign, mo):
    first, second = entered(campaign, mo, Line("DE")), entered(campaign, mo, Line("FR"))
    key = second.signatures.get().pk
    answer = desk.post(f"{PAPER}{first.pk}/lines/", {"withdraw": key, "sure": "on"})

    assert answer.status_code == 404
    assert totals(campaign) == (0, 0, 2)


def test_a_batch_is_taken_back_after_a_question(desk, campaign, mo):
    found = entered(campaign, mo, Line("DE", number=2))
    address = f"{PAPER}{found.pk}/take-back/"
    assert "its 2 signatures are erased" in desk.get(address).content.decode()
    assert totals(campaign) == (0, 0, 2)

    page = desk.post(address, {"sure": "on"}, follow=True).content.decode()
    assert "The batch is gone, and 2 signatures with it." in page
    assert totals(campaign) == (0, 0, 0)
    assert desk.post(address, {"sure": "on"}).status_code == 404


# Pictures of sheets


def keep(desk, sheet, content, name="sheet.pdf"):
    upload = SimpleUploadedFile(name, content)
    return desk.post(f"{PAPER}sheet/{sheet.pk}/scan/", {"scan": upload}, follow=True)


def test_a_picture_is_kept_encrypted_and_comes_back_as_a_file(desk, campaign, mo):
    entered(campaign, mo, sheets=sheet_numbers())
    sheet = PaperSheet.objects.get()
    assert "The picture is kept, encrypted." in keep(desk, sheet, PDF).content.decode()

    answer = desk.get(f"{PAPER}sheet/{sheet.pk}/scan/")
    name = numbers.printed(sheet.number)
    assert answer.content == PDF
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    assert PaperSheet.objects.values_list(stored("scan"), flat=True)[0].startswith("gAAAA")
    assert AuditEvent.objects.get(verb="keep scan").subject == f"signatures.PaperSheet {sheet.pk}"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<html><script>alert(1)</script>", "This is no PDF, PNG or JPEG that can be read."),
        (PDF[:-6], "This is no PDF, PNG or JPEG that can be read."),
        (b"%PDF-" + b"0" * 5 * 1024 * 1024, "The file is too large. At most 5 MB can be kept."),
        (b"", "The submitted file is empty."),
    ],
)
def test_what_is_no_picture_is_not_kept(desk, campaign, mo, content, words):
    entered(campaign, mo, sheets=sheet_numbers())
    sheet = PaperSheet.objects.get()

    assert words in keep(desk, sheet, content).content.decode()
    assert desk.get(f"{PAPER}sheet/{sheet.pk}/scan/").status_code == 404


def test_no_page_of_the_desk_names_a_sheet_in_its_history(desk, campaign, mo):
    found = entered(campaign, mo, Line("DE", "public", "Canary Name"), sheets=sheet_numbers())
    for place in ("history/", "change/"):
        assert "Canary" not in desk.get(f"{PAPER}{found.pk}/{place}").content.decode()
    assert all("anary" not in str(event.details) for event in AuditEvent.objects.all())
