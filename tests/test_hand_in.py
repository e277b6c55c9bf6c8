"""Olga seals the list, hands it in, and anybody can check what was handed in."""

import csv
import hashlib
import io
import json
import re
import subprocess
from datetime import date

import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from campaigns import spreadsheet
from campaigns.models import AuditEvent
from signatures import hand_in, lifecycle, retention
from signatures.hand_in import sealing
from signatures.models import HandIn, HandInFile, SealedEntry, Signature
from tests import machine
from tests.desk import DeskClient, make_account
from tests.factories import (
    approved,
    confirmed,
    links,
    make_file,
    press,
    read_mails,
    sealed,
    sign,
    text,
    work_off,
)

pytestmark = pytest.mark.django_db
HAND_INS = "/admin/signatures/handin/"


@pytest.fixture
def dora(db):
    """Dora is a data officer."""
    return make_account("dora", "data officer")


@pytest.fixture
def desk(dora):
    browser = DeskClient()
    browser.force_login(dora)
    return browser


@pytest.fixture
def _small_blocks(monkeypatch):
    """So that a handful of signatures fills several blocks."""
    for module in (sealing, hand_in.proof):
        monkeypatch.setattr(module, "BLOCK", 2)


def three(client, campaign, mo):
    """One who is only counted, one for the addressees, one organisation."""
    return (
        confirmed(client, campaign, visibility="count", name=""),
        confirmed(client, campaign, visibility="handin", name="Hanna Handin", city="Köln"),
        approved(client, campaign, mo, country="FR"),
    )


def own_page(client, campaign, **fields) -> str:
    """Sign, confirm, and take the link to the own page from the page of thanks."""
    sign(client, campaign, **fields)
    answer = press(client, links(read_mails()[-1])["confirm"])
    thanks = client.get(answer["Location"]).content.decode()
    return re.search(r"/en/manage/[\w-]+/", thanks)[0]


# Sealing


def test_what_counts_is_sealed_and_the_rest_is_not(client, campaign, mo):
    three(client, campaign, mo)
    sign(client, campaign, name="Pending")
    lifecycle.hold(confirmed(client, campaign, name="Held"), mo, "made up?")
    lifecycle.withdraw(confirmed(client, campaign, name="Gone"))
    list_ = sealed(campaign, mo)

    totals = (list_.people, list_.organisations, list_.paper, list_.countries, list_.named)
    assert totals == (2, 1, 0, 2, 2)
    lines = [json.loads(entry.line) for entry in SealedEntry.objects.order_by("number")]
    salts = {line.pop("salt") for line in lines}
    assert len(salts) == 3
    assert all(len(salt) == 32 for salt in salts)
    assert lines == [
        {"list": "peace/1", "number": 1, "kind": "individual", "country": "DE"},
        {
            "list": "peace/1", "number": 2, "kind": "individual", "country": "DE",
            "name": "Hanna Handin", "town": "Köln",
        },
        {
            "list": "peace/1", "number": 3, "kind": "organisation", "country": "FR",
            "name": "Example Action e.V.",
        },
    ]  # fmt: skip
    leaves = list(SealedEntry.objects.order_by("number").values_list("leaf", flat=True))
    block = hashlib.sha256("".join(f"{leaf}\n" for leaf in leaves).encode()).hexdigest()
    assert list_.digest == hashlib.sha256(f"{block}\n".encode()).hexdigest()


@pytest.mark.usefixtures("_small_blocks")
def test_sealing_goes_on_where_it_was_interrupted_and_seals_nobody_twice(
    client, campaign, mo, monkeypatch
):
    for number in range(5):
        confirmed(client, campaign, name=f"Person {'ABCDE'[number]}")
    list_ = hand_in.seal(campaign, mo)
    assert hand_in.work()
    monkeypatch.setattr(sealing, "_end", _break_down)
    hand_in.work()
    with pytest.raises(KeyboardInterrupt):
        hand_in.work()
    assert SealedEntry.objects.count() == 4
    monkeypatch.undo()
    monkeypatch.setattr(sealing, "BLOCK", 2)
    monkeypatch.setattr(hand_in.proof, "BLOCK", 2)
    work_off()

    list_.refresh_from_db()
    assert list_.total == 5
    assert len(list_.blocks.split()) == 3
    assert SealedEntry.objects.values("signature").distinct().count() == 5
    assert hand_in.check(list_).is_sound
    assert not hand_in.work()


def _break_down(_list):
    raise KeyboardInterrupt


def test_who_signs_later_is_in_the_next_list(client, campaign, mo):
    confirmed(client, campaign)
    first = hand_in.seal(campaign, mo)
    confirmed(client, campaign, name="Later")
    assert hand_in.seal(campaign, mo) is None
    work_off()
    second = sealed(campaign, mo)

    first.refresh_from_db()
    assert (first.total, second.total, second.number) == (1, 2, 2)
    assert first.digest != second.digest


def test_nothing_is_sealed_where_nothing_counts(campaign, desk, mo):
    page = desk.post(f"{HAND_INS}add/", {"campaign": campaign.pk})

    assert "Nothing counts yet" in page.content.decode()
    assert not HandIn.objects.exists()


def test_olga_seals_at_the_desk_and_the_trail_says_so(client, campaign, desk, dora):
    confirmed(client, campaign)
    answer = desk.post(f"{HAND_INS}add/", {"campaign": campaign.pk})
    assert "being sealed: 0" in desk.get(answer["Location"]).content.decode()
    work_off()

    list_ = HandIn.objects.get()
    assert list_.digest in desk.get(answer["Location"]).content.decode()
    verbs = list(AuditEvent.objects.filter(by=dora).values_list("verb", flat=True))
    assert verbs == ["sealed", "seal"]
    assert AuditEvent.objects.get(verb="sealed").details["digest"] == list_.digest


# What is taken back


@pytest.mark.parametrize("verb", [lifecycle.withdraw, lifecycle.erase, lifecycle.deny])
def test_who_takes_it_back_leaves_the_list_and_the_list_is_proven_all_the_same(
    client, campaign, mo, verb
):
    gone = confirmed(client, campaign, name="Gone Person")
    confirmed(client, campaign, name="Staying Person")
    list_, file = make_file(campaign, mo)
    assert b"Gone Person" in HandInFile.objects.get().content
    verb(gone)

    entry = SealedEntry.objects.get(number=1)
    assert (entry.line, entry.country) == ("", "" if verb is lifecycle.erase else "DE")
    assert entry.taken_back_at.hour == 0
    assert not HandInFile.objects.get().content
    assert hand_in.correction(list_) == (1, 0)
    found = hand_in.check(list_)
    assert (found.entries, found.without_line, found.is_sound) == (2, 1, True)
    _list, file = make_file(campaign, mo)
    again = HandInFile.objects.get(pk=file.pk).content.decode()
    assert "Gone Person" not in again
    assert "Staying Person" in again
    assert "1 signature was taken back" in again


def test_who_only_wants_to_be_counted_from_now_on_leaves_the_names(client, campaign, mo):
    signature = confirmed(client, campaign, name="Shy Person")
    sealed(campaign, mo)
    lifecycle.correct(signature, "", "count")

    assert SealedEntry.objects.get().line == ""
    assert hand_in.correction(HandIn.objects.get()).taken_back == 1


def test_what_organisers_stop_counting_is_told_and_the_list_stands(client, campaign, mo):
    signature = confirmed(client, campaign)
    list_ = sealed(campaign, mo)
    lifecycle.hold(signature, mo, "a neighbour says it is made up")

    assert hand_in.correction(list_) == (0, 1)
    _list, file = make_file(campaign, mo)
    content = HandInFile.objects.get(pk=file.pk).content.decode()
    assert "stopped counting 1 signature" in content
    assert "made up" not in content


def test_a_file_that_somebody_leaves_while_it_is_made_is_made_again(
    client, campaign, mo, monkeypatch
):
    gone = confirmed(client, campaign, name="Gone Person")
    confirmed(client, campaign, name="Staying Person")
    list_ = sealed(campaign, mo)
    hand_in.ask(list_, "table", "en", mo)
    make = hand_in.files.make

    def slowly(file):
        content = make(file)
        lifecycle.withdraw(gone)
        return content

    monkeypatch.setattr(hand_in.files, "make", slowly)
    assert hand_in.work()
    assert HandInFile.objects.get().built_at is None
    monkeypatch.undo()
    work_off()

    assert b"Gone Person" not in HandInFile.objects.get().content


# The proof


@pytest.mark.parametrize("fields", [{}, {"visibility": "count", "name": ""}])
@pytest.mark.usefixtures("_small_blocks")
def test_the_own_page_proves_that_the_signature_is_in_the_list(client, campaign, mo, fields):
    for _ in range(3):
        confirmed(client, campaign)
    path = own_page(client, campaign, **fields)
    confirmed(client, campaign)
    list_ = sealed(campaign, mo)
    page = client.get(path).content.decode()
    assert "Your signature is number 4 in the list that was sealed on" in page
    answer = client.get(f"{path}?download=proof&list=1")

    assert "attachment" in answer["Content-Disposition"]
    proof = answer.json()
    assert hashlib.sha256(proof["line"].encode()).hexdigest() == proof["leaf"]
    assert proof["leaf"] == proof["leaves_of_block"][1]
    assert digest_of(proof["leaves_of_block"]) == proof["blocks"][proof["block"] - 1]
    assert digest_of(proof["blocks"]) == proof["digest"] == list_.digest
    assert json.loads(proof["line"])["number"] == proof["number"] == 4
    assert ("name" in json.loads(proof["line"])) == (not fields)
    assert list_.digest in client.get("/en/peace/hand-in/").content.decode()


def digest_of(lines) -> str:
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


@pytest.mark.embedded
def test_the_commands_in_the_proof_give_what_they_say(client, campaign, mo, tmp_path):
    machine.jq()
    path = own_page(client, campaign, name="Олена «Оля» Шевчук")
    sealed(campaign, mo)
    content = client.get(f"{path}?download=proof&list=1").content
    (tmp_path / "proof.json").write_bytes(content)
    proof = json.loads(content)
    printed = [
        subprocess.run(
            ["sh", "-c", step], cwd=tmp_path, capture_output=True, text=True, check=True
        ).stdout.split()[0]
        for step in proof["how"]
        if step.startswith("jq")
    ]

    assert printed == [proof["leaf"], proof["blocks"][0], proof["digest"]]


@pytest.mark.parametrize("query", ["list=2", "list=", "list=x", "list=99999", ""])
def test_there_is_no_proof_for_another_list(client, campaign, mo, query):
    path = own_page(client, campaign)
    sealed(campaign, mo)
    answer = client.get(f"{path}?download=proof&{query}")

    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/html")


def test_a_list_that_was_changed_is_noticed(client, campaign, mo, capsys):
    for name in "ABC":
        confirmed(client, campaign, name=f"Person {name}")
    list_ = sealed(campaign, mo)
    call_command("verify_hand_in", "peace", 1)
    assert list_.digest in capsys.readouterr().out
    entry = SealedEntry.objects.get(number=2)

    for changes, wrong in (
        ({"line": entry.line.replace("Person B", "Person X")}, "entry 2 has another line"),
        ({"leaf": "0" * 64, "line": ""}, "block 1 is not what was sealed"),
    ):
        SealedEntry.objects.filter(pk=entry.pk).update(**changes)
        with pytest.raises(CommandError, match=wrong):
            call_command("verify_hand_in", "peace", 1)
    entry.save()
    SealedEntry.objects.filter(number=3).delete()
    with pytest.raises(CommandError, match="2 entries instead of 3"):
        call_command("verify_hand_in", "peace", 1)
    with pytest.raises(CommandError, match="no sealed list 2"):
        call_command("verify_hand_in", "peace", 2)


# Files


@pytest.fixture
def made(client, campaign, mo, dora):
    three(client, campaign, mo)
    return make_file(campaign, dora)


def test_dora_lets_files_be_made_and_takes_them_away(made, desk):
    list_, _file = made
    path = f"{HAND_INS}{list_.pk}/"
    chosen = {"kinds": ["table", "page"], "languages": ["de", "uk"], "country": ""}
    assert desk.post(f"{path}files/", chosen)["Location"] == f"{path}change/"
    work_off()
    assert HandInFile.objects.count() == 5
    file = HandInFile.objects.get(kind="page", language="uk")
    answer = desk.post(f"{HAND_INS}file/{file.pk}/")

    assert answer["Content-Disposition"] == 'attachment; filename="peace-1-page-uk.html"'
    assert hashlib.sha256(answer.content).hexdigest() == file.digest
    assert '<html lang="uk" dir="ltr">' in answer.content.decode()
    assert AuditEvent.objects.first().verb == "download file"


def test_nothing_chosen_makes_nothing(made, desk):
    list_, _file = made
    page = desk.post(f"{HAND_INS}{list_.pk}/files/", {"kinds": ["table"]}, follow=True)

    assert "at least one language" in page.content.decode()
    assert HandInFile.objects.count() == 1


def test_the_table_says_what_the_book_says(made):
    content = HandInFile.objects.get().content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(content, newline=""), strict=True))
    assert {len(row) for row in rows} == {5}
    cells = [[spreadsheet.plain(cell) for cell in row if cell] for row in rows]

    assert ["3 signed, of whom 2 agreed to be listed here."] in cells
    assert ["people", "2"] in cells
    assert ["all other countries", "3", "2"] in cells
    assert cells[-3:] == [
        ["France", "organisation", "Example Action e.V.", "3"],
        ["Germany", "person", "Hanna Handin", "Köln", "2"],
        ["end of the list: 2 names"],
    ]


def test_of_one_country_only_what_that_country_has(client, campaign, mo):
    three(client, campaign, mo)
    _list, file = make_file(campaign, mo, kind="page", country="FR")
    page = HandInFile.objects.get(pk=file.pk).content.decode()

    assert "fewer than 10 signed, of whom 1 agreed to be listed here." in page
    assert "Example Action e.V." in page
    assert "Hanna Handin" not in page


def test_after_a_week_the_digest_is_left_of_a_file(client, campaign, desk, mo, clock):
    confirmed(client, campaign)
    _list, file = make_file(campaign, mo)
    content = HandInFile.objects.get().content
    clock.shift(7 * 24 * 3600)
    retention.forget()
    desk.force_login(mo)

    assert desk.post(f"{HAND_INS}file/{file.pk}/").status_code == 410
    kept = HandInFile.objects.get()
    assert (kept.content, kept.size, kept.digest) == (
        b"", len(content), hashlib.sha256(content).hexdigest(),
    )  # fmt: skip


def test_a_file_is_told_from_one_that_was_altered(made, desk):
    content = HandInFile.objects.get().content

    for shown, words in (
        (content, "To the last byte this is a file of ours: table (CSV), language en, of list 1"),
        (content.replace(b"Hanna", b"Anna"), "no file of ours, or it was altered"),
    ):
        file = io.BytesIO(shown)
        file.name = "x.csv"
        page = desk.post(f"{HAND_INS}check/", {"file": file}).content.decode()
        assert words in page
        assert hashlib.sha256(shown).hexdigest() in page


# The hand-in itself


def picture(kind="PNG") -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (20, 20)).save(target, kind)
    return target.getvalue()


def tell(desk, list_, content=None, **fields):
    form = {
        "handed_in_on": "2026-11-20", "place_0": "Brussels", "recipient_0": "The doorkeeper",
        **fields,
    }  # fmt: skip
    if content is not None:
        form["receipt_file"] = io.BytesIO(content)
        form["receipt_file"].name = "receipt.png"
    return desk.post(f"{HAND_INS}{list_.pk}/change/", form)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (picture(), "image/png"),
        (picture("JPEG"), "image/jpeg"),
        (b"%PDF-1.7\n...\n%%EOF\n", "application/pdf"),
    ],
)
def test_day_place_recipient_and_receipt_are_kept_and_told(made, desk, client, content, kind):
    list_, _file = made
    assert tell(desk, list_, content).status_code == 302
    list_.refresh_from_db()

    assert list_.handed_in_on == date(2026, 11, 20)
    assert (bytes(list_.receipt), list_.receipt_type) == (content, kind)
    answer = desk.post(f"{HAND_INS}{list_.pk}/receipt/")
    assert (answer.content, answer["Content-Type"]) == (content, kind)
    for path in ("/en/peace/", "/en/peace/hand-in/"):
        page = client.get(path).content.decode()
        assert "20 November 2026" in page
        assert "Brussels" in page
        assert "The doorkeeper" in page
    verbs = AuditEvent.objects.values_list("verb", flat=True)
    assert {"record hand-in", "keep receipt", "download receipt"} <= set(verbs)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"just text", "no PDF, PNG or JPEG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no PDF, PNG or JPEG"),
        (b"MZ\x90\x00", "no PDF, PNG or JPEG"),
        (picture()[:50], "no PDF, PNG or JPEG"),
        (picture("GIF"), "no PDF, PNG or JPEG"),
        (b"%PDF-1.7\n half of", "incomplete"),
        (b"%PDF-1.7\n" + b"x" * (5 * 1024 * 1024) + b"%%EOF", "larger than 5 MB"),
    ],
)
def test_what_is_no_receipt_is_refused_and_nothing_is_half_done(made, desk, content, words):
    list_, _file = made
    answer = tell(desk, list_, content)

    assert answer.status_code == 200
    assert words in answer.content.decode()
    list_.refresh_from_db()
    assert (list_.handed_in_on, list_.receipt, str(list_.place)) == (None, b"", "")


def test_a_day_that_has_not_come_yet_is_refused(made, desk):
    list_, _file = made
    answer = tell(desk, list_, handed_in_on="2099-01-01")

    assert "has not come yet" in answer.content.decode()


def test_the_public_page_tells_totals_and_no_name(client, campaign, mo):
    three(client, campaign, mo)
    list_ = sealed(campaign, mo)
    HandIn.objects.update(place=text(en="Brussels"))
    page = client.get("/en/peace/hand-in/").content.decode()

    assert list_.digest in page
    assert "List 1, sealed on" in page
    assert "Not handed in yet." in page
    assert "Hanna" not in page
    assert not set(SealedEntry.objects.values_list("leaf", flat=True)) & set(page.split('"'))


def test_a_campaign_without_a_list_says_so(client, campaign):
    assert "No list has been sealed yet." in client.get("/en/peace/hand-in/").content.decode()
    assert client.get("/en/nowhere/hand-in/").status_code == 404


def test_a_stripped_list_is_still_proven(client, campaign, mo):
    confirmed(client, campaign)
    list_ = sealed(campaign, mo)
    retention.forgetting.blank(list(SealedEntry.objects.values_list("pk", flat=True)))

    found = hand_in.check(list_)
    assert (found.without_line, found.is_sound) == (1, True)
    assert Signature.objects.get().sealed_entries.count() == 0
