"""What came before: an earlier appeal's organisations, shown and counted nowhere."""

import re
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from campaigns.models import AuditEvent, EarlierAppeal, EarlierOrganisation
from signatures import tally
from tests.desk import make_account
from tests.factories import make_campaign, text
from tests.papers import workbook

pytestmark = pytest.mark.django_db

ADMIN = "/admin/campaigns/earlierappeal/"
ROWS = (
    "name,country,website\n"
    "Old Action e.V.,DE,https://old.example.org/\n"
    "Стара Дія,Ukraine,\n"
    "Nowhere Group,,\n"
)


@pytest.fixture
def earlier(campaign):
    return EarlierAppeal.objects.create(
        campaign=campaign,
        title=text(en="Appeal of June"),
        note=text(en="To the European bodies."),
        signed_on=date(2026, 6, 20),
    )


@pytest.fixture
def desk(client):
    client.force_login(make_account("ed", "editor"))
    return client


def upload(desk, earlier, content, name="list.csv"):
    content = content.encode() if isinstance(content, str) else content
    file = SimpleUploadedFile(name, content)
    return desk.post(f"{ADMIN}{earlier.pk}/import/", {"file": file})


def enter(desk, earlier, page, **options):
    sealed = re.search(r'name="shown" value="([^"]+)"', page.content.decode())[1]
    return desk.post(f"{ADMIN}{earlier.pk}/import/", {"shown": sealed}, **options)


def organisations() -> list[tuple[str, str, str]]:
    return sorted(EarlierOrganisation.objects.values_list("name", "country", "website"))


def test_a_list_is_shown_first_and_then_taken_over(desk, earlier):
    page = upload(desk, earlier, ROWS)
    assert "The file has 3 organisations." in page.content.decode()
    assert organisations() == []
    after = enter(desk, earlier, page, follow=True)

    assert "3 organisations." in after.content.decode()
    assert organisations() == [
        ("Nowhere Group", "", ""),
        ("Old Action e.V.", "DE", "https://old.example.org/"),
        ("Стара Дія", "UA", ""),
    ]
    assert AuditEvent.objects.get(verb="take over organisations").details["number"] == 3


def test_a_workbook_will_do_as_well(desk, earlier):
    content = workbook(["Name", "Country"], ["Old Action", "DE"])
    enter(desk, earlier, upload(desk, earlier, content, "list.xlsx"))

    assert organisations() == [("Old Action", "DE", "")]


def test_the_same_list_twice_names_each_line_that_is_there(desk, earlier):
    page = upload(desk, earlier, ROWS)
    enter(desk, earlier, page)
    again = upload(desk, earlier, ROWS)

    assert again.status_code == 422
    assert [fault.line for fault in again.context["faults"]] == [2, 3, 4]
    assert "entered before" in enter(desk, earlier, page, follow=True).content.decode()
    assert len(organisations()) == 3


def test_all_errors_are_told_by_line_and_nothing_is_taken_over(desk, earlier):
    page = upload(
        desk,
        earlier,
        "name,country,website\n"
        ",DE,\n"
        "Good,Atlantis,\n"
        "Better,DE,javascript:alert(1)\n"
        "Twice,DE,\n"
        "Twice,FR,\n"
        "=1+1,DE,\n",
    )

    assert page.status_code == 422
    assert [fault.line for fault in page.context["faults"]] == [2, 3, 4, 6, 7]
    assert organisations() == []


def test_what_was_shown_for_one_appeal_is_not_taken_over_into_another(desk, earlier):
    other = EarlierAppeal.objects.create(campaign=earlier.campaign, title=text(en="Other"))
    enter(desk, other, upload(desk, earlier, ROWS))

    assert organisations() == []


def test_one_by_hand_goes_through_the_same_door(desk, earlier):
    add = "/admin/campaigns/earlierorganisation/add/"
    good = {"appeal": earlier.pk, "name": "By Hand", "country": "de", "website": ""}

    assert desk.post(add, {**good, "name": "=1+1"}).status_code == 200
    assert desk.post(add, {**good, "country": "QQ"}).status_code == 200
    assert desk.post(add, good).status_code == 302
    assert organisations() == [("By Hand", "DE", "")]


def test_visitors_see_the_list_labelled_and_not_counted(client, campaign, earlier):
    for name, country in [("Zebra", "FR"), ("Old <b>Action</b>", "DE"), ("Nowhere", "")]:
        earlier.organisations.create(name=name, country=country, website="https://a.example.org/")
    page = client.get("/en/peace/earlier/").content.decode()

    assert "Signed by 3 organisations, June 2026. Not counted here." in page
    assert "To the European bodies." in page
    assert re.findall(r"<bdi>(.*?)</bdi></a> <span>(.*?)</span>", page) == [
        ("Zebra", "France"),
        ("Old &lt;b&gt;Action&lt;/b&gt;", "Germany"),
        ("Nowhere", ""),
    ]
    assert tally.read(campaign).total == 0
    assert client.get("/api/v1/campaigns/peace/").json()["organisations"] == 0


def test_the_appeal_leads_there_only_if_there_is_something(client, campaign):
    assert "/en/peace/earlier/" not in client.get("/en/peace/").content.decode()
    EarlierAppeal.objects.create(campaign=campaign, title=text(en="Appeal of June"))

    assert "/en/peace/earlier/" in client.get("/en/peace/").content.decode()


def test_there_is_no_page_without_an_earlier_appeal_or_for_a_draft(client, campaign):
    draft = make_campaign("draft", "draft")
    EarlierAppeal.objects.create(campaign=draft, title=text(en="Secret"))

    assert client.get("/en/peace/earlier/").status_code == 404
    assert client.get("/en/draft/earlier/").status_code == 404
