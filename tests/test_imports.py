"""Files that organisers bring: read whole, or refused with every error by line."""

import hashlib
import io
import re
import zipfile
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl.workbook import Workbook
from PIL import Image

from signatures.imports import lines, pictures, tables
from signatures.lifecycle import Line
from signatures.models import PaperBatch, Signature
from tests.bad_inputs import CASES, built
from tests.desk import make_account
from tests.papers import PDF, workbook

COLUMNS = ("name", "country", "number")
IMPORT = "/admin/signatures/paperbatch/import/"


def read(content, name="list.csv", **options):
    content = content.encode() if isinstance(content, str) else content
    return tables.read(content, name, COLUMNS, **options)


def rows(table):
    assert table.faults == []
    return [(row.line, *row.cells.values()) for row in table.rows]


def faults(table):
    return [(fault.line, fault.words) for fault in table.faults]


def fault(table) -> tuple[int, str]:
    (only,) = faults(table)
    return only


# CSV


@pytest.mark.parametrize(
    "content",
    [
        "name,country\nOlena,DE\n",
        "name;country\r\nOlena;DE\r\n",
        "name\tcountry\rOlena\tDE",
        "\ufeffName , COUNTRY\n\n Olena ,DE\n,\n",
        '"name","country"\n"Olena","DE"\n',
        "name,country,\nOlena,DE,\n",
    ],
)
def test_the_usual_kinds_of_csv_are_read(content):
    assert [row[1:3] for row in rows(read(content))] == [("Olena", "DE")]


def test_lines_are_those_of_the_file():
    assert rows(read("name,country\n\nOlena,DE\n\nIvan,UA\n")) == [
        (3, "Olena", "DE"),
        (5, "Ivan", "UA"),
    ]


def test_what_stands_in_quotes_may_hold_the_separator_and_quotes():
    assert rows(read('name,country\n"Müller, ""Max""",DE\n')) == [(2, 'Müller, "Max"', "DE")]


def test_missing_cells_are_empty():
    assert rows(read("name,country\nOlena\n")) == [(2, "Olena", "")]


def test_latin_1_is_refused_with_the_place_of_the_first_strange_byte():
    line, words = fault(read(b"name,country\nOlena,DE\nJos\xe9,ES\n"))

    assert line == 3
    assert "number 4 of this line" in words
    assert "CSV UTF-8" in words


def test_utf_16_is_refused():
    assert "not in UTF-8" in fault(read("name,country\nOlena,DE\n".encode("utf-16")))[1]


def test_each_unclosed_quotation_mark_is_named_and_swallows_nothing():
    table = read('name,country\n"Olena,DE\nIvan,UA\n"Petro"x,UA\n')

    assert [line for line, _words in faults(table)] == [2, 4]


def test_errors_of_several_lines_are_told_together():
    table = read(f"name,country\nOlena,DE,1,2\n{'a' * 20_000},DE\n{'b' * 2_000},DE\n")

    assert [line for line, _words in sorted(faults(table))] == [2, 3, 4]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "The file is empty."),
        ("\n , \n", "The file is empty."),
        ("name,country\n", "There is nothing below the headings."),
        ("name,colour\nOlena,red\n", "“colour” is no heading that we know."),
        ("Olena,DE\n", "“olena” is no heading that we know."),
        ("name,name\nOlena,DE\n", "A heading stands there twice."),
        ("name,,country\nOlena,,DE\n", "“” is no heading that we know."),
    ],
)
def test_a_table_without_proper_headings_is_refused(content, words):
    assert fault(read(content))[1].startswith(words)


def test_a_required_heading_must_be_there():
    assert "“country” is missing" in fault(read("name\nOlena\n", required=["country"]))[1]


def test_too_many_lines_are_refused_at_the_first_one_too_many():
    content = "name,country\n" + "Olena,DE\n" * 20_001

    assert fault(read(content)) == (
        20_002,
        "There are more than 20000 lines. Split the file.",
    )


def test_a_file_of_more_than_five_megabytes_is_refused():
    assert fault(read(b"a" * (5 * 1024 * 1024 + 1)))[1].startswith("The file is too large.")


def test_the_digest_is_that_of_the_bytes():
    assert read("name\nOlena\n").digest == hashlib.sha256(b"name\nOlena\n").hexdigest()


# XLSX


def book(*cells, change=None, name="list.xlsx"):
    return read(workbook(*cells, change=change), name)


def test_a_workbook_is_read_with_numbers_as_they_are_shown():
    table = book(["Name", "Country", "Number"], ["Олена", "UA", 3], [None, None, None], ["", "", 4])

    assert rows(table) == [(2, "Олена", "UA", "3"), (4, "", "", "4")]


def test_empty_sheets_beside_the_list_do_no_harm():
    table = book(["name"], ["Olena"], change=lambda b: b.create_sheet("empty"))

    assert rows(table) == [(2, "Olena")]


def second_sheet(book):
    book.create_sheet("more").append(["name"])


def merged(book):
    book.active.merge_cells("A2:A3")


@pytest.mark.parametrize(
    ("cells", "change", "words"),
    [
        (
            [["name"], ["Olena"]],
            second_sheet,
            "Several sheets have something in them: Sheet,",
        ),
        ([["name"], ["Olena"], ["Ivan"]], merged, "Cells are merged."),
        ([["name"], ["=1+1"]], None, "A cell holds a formula."),
        ([["name"], ['=HYPERLINK("http://evil.example")']], None, "A cell holds a formula."),
        ([["name"], [date(2026, 11, 24)]], None, "A cell holds a date or a truth value."),
        ([["name"], [True]], None, "A cell holds a date or a truth value."),
        ([], None, "The file is empty."),
        ([["name"]], None, "There is nothing below the headings."),
    ],
)
def test_a_workbook_that_is_no_plain_list_is_refused(cells, change, words):
    assert fault(book(*cells, change=change))[1].startswith(words)


def test_a_formula_is_named_with_its_line():
    assert fault(book(["name"], ["Olena"], ["=A2"]))[0] == 3


def test_too_many_lines_of_a_workbook_are_refused():
    def far_down(book):
        book.active.cell(row=1_000_000, column=1).value = "Olena"

    line, words = fault(book(["name"], ["Olena"], change=far_down))

    assert line == 40_001
    assert words.startswith("There are more than 20000 lines.")


BOMB = "Unpacked, the spreadsheet is far too large"


def packed(**parts) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/") + ".xml", content)
    return stream.getvalue()


def test_a_bomb_is_never_unpacked():
    bomb = packed(xl__worksheets__sheet1=b"0" * (51 * 1024 * 1024))

    assert len(bomb) < 100_000
    assert fault(read(bomb, "bomb.xlsx"))[1].startswith(
        "Unpacked, the spreadsheet is far too large"
    )


def test_a_part_that_would_be_read_as_a_whole_may_be_smaller_still():
    bomb = packed(xl__styles=b"0" * (6 * 1024 * 1024))

    assert fault(read(bomb, "bomb.xlsx"))[1].startswith(
        "Unpacked, the spreadsheet is far too large"
    )


def test_a_lie_about_sizes_is_noticed():
    content = bytearray(packed(xl__worksheets__sheet1=b"0" * 1_000_000))
    for mark in (b"PK\x01\x02", b"PK\x03\x04"):
        at = content.index(mark) + (24 if mark == b"PK\x01\x02" else 22)
        content[at : at + 4] = (10).to_bytes(4, "little")

    assert fault(read(bytes(content), "lie.xlsx"))[1].startswith("The spreadsheet cannot be read.")


def test_entities_are_not_expanded():
    entities = '<!DOCTYPE a [<!ENTITY b "bbbb">]><workbook>&b;</workbook>'
    content = workbook(["name"], ["Olena"])
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
        for part in old.namelist():
            new.writestr(part, entities if part == "xl/workbook.xml" else old.read(part))

    assert fault(read(stream.getvalue(), "x.xlsx"))[1].startswith("The spreadsheet cannot be read.")


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (workbook(["name"], ["Olena"]), "list.csv", "This is a spreadsheet of another kind."),
        (workbook(["name"], ["Olena"]), "list", "This is a spreadsheet of another kind."),
        (b"PK\x03\x04...", "list.xlsx", "The spreadsheet cannot be read."),
        (packed(a=b""), "list.xlsx", "The spreadsheet cannot be read."),
        (b"\xd0\xcf\x11\xe0old", "list.xls", "This is a spreadsheet of another kind."),
        (b"name\nOlena\n", "list.xlsx", "This is no spreadsheet, although its name says so."),
    ],
)
def test_a_file_is_what_is_in_it(content, name, words):
    assert fault(read(content, name))[1].startswith(words)


def test_a_spreadsheet_that_is_cut_off_or_spoilt_anywhere_is_refused_or_read():
    whole = workbook(["name"], ["Olena"])
    for at in range(4, len(whole), 97):
        spoilt = whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]
        for content in (whole[:at], spoilt):
            table = read(content, "list.xlsx")
            assert table.faults or [row.cells for row in table.rows] == [{"name": "Olena"}]


# From rows to lines


def paper(text, country=""):
    return lines.paper(tables.read(text.encode(), "a.csv", lines.PAPER_COLUMNS), country)


def test_lines_go_through_the_cleaners_of_the_page():
    found, wrong = paper(
        "name,town,country,visibility,number\n"
        "Olena,Kyiv,ua,public,\n"
        "Ivan,,Germany,handin,\n"
        "Petro,Lviv,UA,count,\n"
        ",,DE,,12\n"
    )

    assert wrong == []
    assert found == [
        Line("UA", "public", "Olena", "Kyiv"),
        Line("DE", "handin", "Ivan"),
        Line("UA", "count"),
        Line("DE", "count", number=12),
    ]


def test_without_a_tick_no_name_is_kept_and_the_batch_may_say_the_country():
    assert paper("name\nOlena\n", "DE") == ([Line("DE", "count")], [])


def test_everything_that_is_wrong_is_told_by_line():
    found, wrong = paper(
        "name,country,visibility,number\n"
        "=1+1,DE,public,\n"
        "Olena,Atlantis,public,\n"
        ",DE,public,\n"
        "Olena,DE,everybody,\n"
        "Olena,DE,public,3\n"
        "Ol\0ena,DE,public,\n"
        ",DE,,0\n"
        ",,,5\n"
    )

    assert [(line, words.partition(":")[0]) for line, words in wrong] == [
        (2, "name"), (3, "country"), (4, "name"), (5, "visibility"), (6, "number"), (7, "name"),
        (8, "number"), (9, "country"),
    ]  # fmt: skip
    assert found == []


def test_errors_of_the_file_and_of_its_cells_are_told_together():
    _found, wrong = paper('name,country,visibility\n=1,DE,public\n"open,DE,public\nOlena,QQ,\n')

    assert sorted(line for line, _words in wrong) == [2, 3, 4]


def test_a_batch_is_no_larger_than_a_file():
    _found, wrong = paper("country,number\nDE,15000\nFR,5001\n")

    assert wrong == [
        tables.Fault(0, "Together these are more than 20000 signatures. Split the file.")
    ]


# Pictures


def picture(kind, size=(3, 3)) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size).save(stream, kind)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PDF, "application/pdf"),
        (picture("PNG"), "image/png"),
        (picture("JPEG"), "image/jpeg"),
        (picture("GIF"), ""),
        (PDF[:10], ""),
        (picture("PNG")[:30], ""),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", ""),
        (b"MZ\x90", ""),
        (b"", ""),
    ],
)
def test_a_picture_is_what_is_in_it(content, media_type):
    assert pictures.type_of(content) == media_type


# The cases of the file of bad inputs, at the desk

HIDDEN = re.compile(r'name="shown" value="([^"]+)"')
READ = {"X01": 1, "X04": 1, "X10": 20_000, "X11": 1, "X16": 1}
FILES = {
    "X10": b"name,country,visibility\n"
    + b"".join(b"Person %d,DE,public\n" % number for number in range(20_000)),
    "X11": b"name,country\nOlena,DE\n",
}
ELSEWHERE = {"X17"}  # one transaction: test_paper.py
X_CASES = [case for case in CASES if case["endpoint"] == "admin-import"]


@pytest.fixture
def desk(client, db):
    client.force_login(make_account("mo", "moderator"))
    return client


def bytes_of(case) -> bytes:
    file = case["payload"]["file"]
    if case["id"] in FILES:
        return FILES[case["id"]]
    if "bytes" in file:
        return re.sub(
            rb"\\x(..)|\\([rn])",
            lambda m: bytes.fromhex(m[1].decode()) if m[1] else {b"r": b"\r", b"n": b"\n"}[m[2]],
            file["bytes"].encode("latin-1"),
        )
    return built(file["generator"]).encode()


def upload(desk, campaign, content, name="a.csv", **facts):
    part = SimpleUploadedFile("x", content)
    part.name = name  # the class would keep only the end of a path
    return desk.post(IMPORT, {"campaign": campaign.pk, "language": "en", "file": part, **facts})


def enter(desk, page):
    return desk.post(IMPORT, {"shown": HIDDEN.search(page.content.decode())[1]})


@pytest.mark.parametrize(
    "case",
    [case for case in X_CASES if case["id"] not in ELSEWHERE],
    ids=lambda case: case["id"],
)
def test_bad_file(desk, campaign, case):
    answer = upload(desk, campaign, bytes_of(case), case["payload"]["file"]["name"])

    assert answer.status_code in case["expected"]["status"]
    assert not Signature.objects.exists()
    if number := READ.get(case["id"]):
        assert answer.status_code == 200
        assert answer.context["number"] == number
        # Entering as many takes seconds; test_paper.py does so.
        assert number > 1 or enter(desk, answer).status_code == 302
    else:
        assert answer.status_code == 422
        assert not PaperBatch.objects.exists()


def test_no_case_is_left_out():
    assert {case["id"] for case in X_CASES} == {
        "X01", "X02", "X04", "X05", "X07", "X08", "X10", "X11", "X13", "X14", "X16", "X17",
    }  # fmt: skip


def test_the_same_file_is_recognised_whatever_it_is_called(desk, campaign):
    enter(desk, upload(desk, campaign, FILES["X11"]))
    answer = upload(desk, campaign, FILES["X11"], "other.csv")

    assert answer.status_code == 409
    assert "This has been entered before" in answer.content.decode()
    assert Signature.objects.count() == 1


def test_pressing_the_button_twice_enters_once(desk, campaign):
    page = upload(desk, campaign, FILES["X11"])
    assert enter(desk, page).status_code == 302
    answer = enter(desk, page)

    assert answer.status_code == 409
    assert Signature.objects.count() == PaperBatch.objects.count() == 1


def test_the_name_of_a_file_is_never_shown_as_markup(desk, campaign):
    answer = upload(desk, campaign, b"colour\nred\n", "../../<img src=x>.csv")

    assert answer.status_code == 422
    assert "<img src=x>" not in answer.content.decode()


def test_a_file_that_is_far_too_large_is_refused_unread(desk, campaign, tmp_path, settings):
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    answer = upload(desk, campaign, b"a" * 40_000_000)

    assert answer.status_code == 413
    assert "Files of up to 5 MB" in answer.content.decode()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_too_large_is_refused_with_words(desk, campaign):
    answer = upload(desk, campaign, b"name,country\n" + b"Olena,DE\n" * 700_000)

    assert answer.status_code == 422
    assert "The file is too large. At most 5 MB can be taken" in answer.content.decode()


def test_what_was_shown_cannot_be_changed_shared_or_kept(desk, campaign, client, clock):
    page = upload(desk, campaign, FILES["X11"])
    sealed = HIDDEN.search(page.content.decode())[1]
    other = make_account("max", "moderator")

    for shown in (sealed[:-4] + "AAAA", "", "x", "\0", "é"):
        assert desk.post(IMPORT, {"shown": shown}).status_code == 302
    client.force_login(other)
    assert client.post(IMPORT, {"shown": sealed}).status_code == 302
    clock.shift(3 * 3600)
    client.force_login(make_account("mia", "moderator"))
    assert client.post(IMPORT, {"shown": sealed}).status_code == 302
    assert not Signature.objects.exists()


def test_the_page_holds_no_name_in_clear_but_what_it_shows(desk, campaign):
    rows = "".join(f"Canary {number},DE,public\n" for number in range(20))
    page = upload(desk, campaign, f"name,country,visibility\n{rows}".encode()).content.decode()

    assert "Canary 9" in page
    assert "Canary 10" not in page


def test_an_empty_workbook_says_so(desk, campaign):
    stream = io.BytesIO()
    Workbook().save(stream)

    assert (
        "The file is empty." in upload(desk, campaign, stream.getvalue(), "a.xlsx").content.decode()
    )
