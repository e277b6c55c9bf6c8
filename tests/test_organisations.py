"""Organisations: what organisers find out about them, and what becomes of that."""

import re

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.translation import override

from campaigns.models import AuditEvent, EarlierAppeal, EarlierOrganisation
from signatures import lifecycle, tally
from signatures.lifecycle import Description
from signatures.models import HandIn, Moderation, SealedEntry, Signature
from tests.factories import (
    approved,
    confirmed,
    links,
    make_campaign,
    organisation,
    person,
    post,
    press,
    read_mails,
    sign,
    text,
)

pytestmark = pytest.mark.django_db
DESK = "/admin/signatures/organisation/"
LIST = "/en/peace/signatories/"
API = "/api/v1/campaigns/peace/organisations/"


@pytest.fixture
def desk(client, mo):
    client.force_login(mo)
    return client


@pytest.fixture
def olga():
    return User.objects.create_superuser("olga", password="only for this test")


def act(desk, verb, *organisations, **fields):
    chosen = {"action": verb, "_selected_action": [row.pk for row in organisations]}
    page = desk.post(f"{DESK}?state=all", {**chosen, **fields}, follow=True)
    return page.content.decode()


def description(**fields) -> Description:
    return Description(
        **{
            "organisation_type": "peace",
            "country": "DE",
            "website": "https://action.example.org/",
            **fields,
        }
    )


def described(signature, mo, **fields) -> Signature:
    assert lifecycle.describe(signature, mo, description(**fields))
    signature.refresh_from_db()
    return signature


def listed(client, address=LIST) -> list[str]:
    page = client.get(address).content.decode()
    return re.findall(r"<bdi>(.*?)</bdi>", page.partition('class="signatories"')[2])


def by_country(campaign) -> dict:
    parts = tally.count(campaign.signatures.all())
    return {(kind, country): number for (kind, country, _day), number in parts.items()}


# The queue


def test_the_queue_shows_those_who_wait_with_what_there_is_to_look_at(desk, campaign, mo):
    approved(desk, campaign, mo, organisation="Done", website="https://done.example.org")
    confirmed(desk, campaign, organisation(organisation="Waiting", email="o@gmail.com"))
    sign(desk, campaign, organisation(organisation="Unconfirmed"))

    page = desk.get(DESK).content.decode()

    assert "Waiting" in page
    assert "gmail.com ✗ action.example.org" in page
    assert "Done" not in page
    assert "Unconfirmed" not in page
    assert "Done" in desk.get(f"{DESK}?state=approved").content.decode()
    assert "Unconfirmed" in desk.get(f"{DESK}?state=all").content.decode()


def test_possible_doubles_are_hinted_at(desk, campaign, mo):
    approved(desk, campaign, mo, organisation="Réseau Paix", website="https://www.paix.example")
    confirmed(desk, campaign, organisation(organisation="RESEAU PAIX", website="https://a.example"))
    confirmed(desk, campaign, organisation(organisation="Other", website="https://paix.example/fr"))
    earlier = EarlierAppeal.objects.create(campaign=campaign, title=text(en="Before"))
    EarlierOrganisation.objects.create(appeal=earlier, name="Women in Black")
    confirmed(
        desk, campaign, organisation(organisation="women in black", website="https://w.example")
    )
    elsewhere = make_campaign("bread")
    approved(desk, elsewhere, mo, organisation="Alone", website="https://alone.example")
    confirmed(desk, campaign, organisation(organisation="Alone", website="https://alone.example"))

    rows = {row.organisation: row.hints for row in desk.get(DESK).context["cl"].result_list}

    assert rows == {
        "RESEAU PAIX": ["Réseau Paix has signed, too"],
        "Other": ["Réseau Paix has signed, too"],
        "women in black": ["signed an earlier appeal"],
        "Alone": [],
    }


def test_pages_on_one_large_site_are_not_the_same_website(desk, campaign):
    for name in ("Berlin", "Bonn"):
        form = organisation(organisation=name, website=f"https://www.facebook.com/{name}")
        confirmed(desk, campaign, form)

    assert all(row.hints == [] for row in desk.get(DESK).context["cl"].result_list)


def test_the_queue_asks_the_database_little_however_many_wait(
    desk, campaign, django_assert_max_num_queries
):
    for number in range(4):
        confirmed(desk, campaign, organisation(organisation=f"Group {number}"))

    with django_assert_max_num_queries(14):
        desk.get(DESK)


def test_the_page_of_one_shows_mandate_contact_and_the_next_steps(desk, campaign):
    signature = confirmed(desk, campaign, organisation(updates="on"))

    page = desk.get(f"{DESK}{signature.pk}/change/").content.decode()

    for shown in ("Declared when signing", "Olga Example", "Chair", "o***@e***.org"):
        assert shown in page
    for verb in ("approve", "refuse", "ask", "hold", "personal"):
        assert f'name="action" value="{verb}"' in page
    assert 'name="action" value="pin"' not in page
    assert signature.email not in page


def test_people_are_not_reached_here(desk, campaign):
    signature = confirmed(desk, campaign, name="Sam Example")

    assert desk.get(f"{DESK}{signature.pk}/describe/").status_code == 404
    assert "Sam Example" not in desk.get(f"{DESK}?state=all").content.decode()


# A second opinion


def test_whoever_asks_for_a_second_opinion_leaves_the_decision_to_somebody_else(
    desk, campaign, mo, olga
):
    signature = confirmed(desk, campaign, organisation())
    assert "somebody else has to approve" in act(desk, "ask", signature)
    act(desk, "ask", signature, reason="Is it real?")

    assert "You have asked for a second opinion" in act(desk, "approve", signature, reason="")
    assert not lifecycle.refuse(signature, mo, "no")
    assert tally.read(campaign).organisations == 0

    assert lifecycle.approve(signature, olga)
    assert tally.read(campaign).organisations == 1
    signature.refresh_from_db()
    assert signature.opinion_wanted_by is None
    steps = Moderation.objects.order_by("pk").values_list("verb", "reason", "by")
    assert list(steps) == [("ask", "Is it real?", mo.pk), ("approve", "", olga.pk)]
    events = AuditEvent.objects.filter(by__isnull=False).order_by("number")
    assert list(events.values_list("verb", "by")) == [("ask", mo.pk), ("approve", olga.pk)]


def test_the_other_one_may_refuse_as_well_and_that_ends_the_question(client, campaign, mo, olga):
    signature = confirmed(client, campaign, organisation())
    lifecycle.ask_opinion(signature, mo, "why")

    assert lifecycle.refuse(signature, olga, "No such organisation.")
    assert lifecycle.approve(signature, mo)


def test_an_opinion_is_asked_for_once_and_only_before_the_decision(client, campaign, mo, olga):
    decided = approved(client, campaign, mo)
    assert not lifecycle.ask_opinion(decided, mo, "why")
    waiting = confirmed(client, campaign, organisation())
    assert lifecycle.ask_opinion(waiting, mo, "why")
    assert not lifecycle.ask_opinion(waiting, olga, "why")


# What is known of it


def test_an_organisation_is_described_at_the_desk(desk, campaign, mo):
    signature = approved(desk, campaign, mo, organisation="Рух", website="https://ruh.example")
    page = f"{DESK}{signature.pk}/describe/"
    assert "https://ruh.example" in desk.get(page).content.decode()

    answer = desk.post(
        page,
        {
            "organisation_type": "peace",
            "country": "UA",
            "website": "https://ruh.example/en",
            "organisation_names_0": "The Movement",
            "aliases": "Ruch \n\n Rukh\nRukh",
            "reason": "Their letterhead.",
        },
    )

    assert answer["Location"] == f"{DESK}{signature.pk}/change/"
    signature.refresh_from_db()
    assert (signature.organisation_type, signature.country) == ("peace", "UA")
    assert signature.website == "https://ruh.example/en"
    assert signature.organisation_names.data == {"en": "The Movement"}
    assert signature.aliases == "Ruch\nRukh"
    assert signature.organisation_folded == "рух\nthe movement\nruch\nrukh"
    step = Moderation.objects.filter(verb="describe").get()
    assert (step.reason, step.by) == ("Their letterhead.", mo)
    event = AuditEvent.objects.get(verb="describe")
    changed = ["aliases", "country", "organisation_names", "organisation_type", "website"]
    assert event.details == {"campaign": "peace", "fields": changed}
    assert "en: The Movement" in desk.get(f"{DESK}{signature.pk}/change/").content.decode()


def test_another_country_takes_the_count_along(client, campaign, mo):
    counted = approved(client, campaign, mo)
    waiting = confirmed(client, campaign, organisation())

    described(counted, mo, country="AT")
    described(waiting, mo, country="FR")

    assert by_country(campaign) == {("organisation", "AT"): 1}
    assert tally.recount(campaign) == {}


def test_a_decision_counts_where_the_organisation_is_by_now(client, campaign, mo):
    """Whoever decides may have read the row before another one corrected the country."""
    signature = confirmed(client, campaign, organisation())
    read_before = Signature.objects.get(pk=signature.pk)
    described(signature, mo, country="AT")
    lifecycle.approve(read_before, mo)
    assert by_country(campaign) == {("organisation", "AT"): 1}

    read_before = Signature.objects.get(pk=signature.pk)
    described(signature, mo, country="FR")
    lifecycle.refuse(read_before, mo, "why")
    assert tally.recount(campaign) == {}


def test_what_changes_nothing_is_not_recorded(client, campaign, mo):
    signature = described(approved(client, campaign, mo), mo)

    assert not lifecycle.describe(signature, mo, description())
    assert Moderation.objects.filter(verb="describe").count() == 1


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"country": "XX"}, "Choose a country from the list."),
        ({"website": "nowhere"}, "Write a web address"),
        ({"organisation_names_0": "=1+1"}, "Begin with a letter or a digit."),
        ({"organisation_names_0": "x" * 201}, "200"),
        ({"aliases": "\n".join("abcdefghijkl")}, "Use at most 10 lines."),
        ({"aliases": "x" * 201}, "Use at most 200 characters a line."),
        ({"aliases": "<b>"}, "Leave out the sign"),
        ({"organisation_type": "army"}, "Select a valid choice"),
    ],
)
def test_a_wrong_description_says_what_to_do_and_changes_nothing(desk, campaign, mo, wrong, says):
    signature = approved(desk, campaign, mo)
    right = {"country": "DE", "website": "https://action.example.org/"}

    page = desk.post(f"{DESK}{signature.pk}/describe/", {**right, **wrong})

    assert says in page.content.decode()
    assert not Moderation.objects.filter(verb="describe").exists()


def test_only_who_may_moderate_describes(client, campaign, django_user_model, mo):
    signature = approved(client, campaign, mo)
    client.force_login(django_user_model.objects.create_user("ed", is_staff=True))

    assert client.get(f"{DESK}{signature.pk}/describe/").status_code == 403
    assert client.post(f"{DESK}{signature.pk}/describe/", {}).status_code == 403


# A person's after all


def test_an_organisation_that_was_a_person_counts_as_one_and_is_named_nowhere(desk, campaign, mo):
    signature = approved(desk, campaign, mo, updates="on")
    assert "This cannot be taken back." in act(desk, "personal", signature)
    assert "This field is required" in act(desk, "personal", signature, reason="")
    act(desk, "personal", signature, reason="The board knows nothing of it.")

    signature.refresh_from_db()
    assert (signature.kind, signature.visibility) == ("individual", "count")
    for field in (
        "name", "organisation", "organisation_folded", "website", "contact_domain", "role",
        "affiliation", "aliases", "organisation_type",
    ):  # fmt: skip
        assert getattr(signature, field) == "", field
    assert signature.approved_at is None
    assert signature.email
    assert by_country(campaign) == {("individual", "DE"): 1}
    assert tally.recount(campaign) == {}
    assert listed(desk) == []
    assert Moderation.objects.filter(verb="personal").count() == 1


def test_a_refused_one_counts_when_it_is_taken_personally_and_a_held_one_does_not(
    client, campaign, mo
):
    refused, held = (confirmed(client, campaign, organisation()) for _ in range(2))
    lifecycle.refuse(refused, mo, "why")
    lifecycle.hold(held, mo, "why")

    assert lifecycle.take_personally(refused, mo, "why")
    assert lifecycle.take_personally(held, mo, "why")
    assert tally.read(campaign).people == 1
    assert tally.recount(campaign) == {}


def test_what_was_sealed_of_the_organisation_goes(client, campaign, mo):
    signature = approved(client, campaign, mo)
    hand_in = HandIn.objects.create(
        campaign=campaign, number=1, moment=signature.confirmed_at, by=mo
    )
    entry = SealedEntry.objects.create(
        hand_in=hand_in, number=1, signature=signature, kind="organisation", country="DE",
        line="Example Action", leaf="x",
    )  # fmt: skip
    lifecycle.take_personally(signature, mo, "why")

    entry.refresh_from_db()
    assert entry.line == ""


def test_nobody_is_counted_twice_by_it(desk, campaign, mo):
    confirmed(desk, campaign, email="olga@example.org")
    signature = approved(desk, campaign, mo, email="olga@example.org")

    page = act(desk, "personal", signature, reason="A person's.")

    assert "This person has signed as a person already" in page
    signature.refresh_from_db()
    assert signature.kind == "organisation"
    assert tally.read(campaign).total == 2


def test_a_person_cannot_be_taken_personally(client, campaign, mo):
    assert not lifecycle.take_personally(confirmed(client, campaign), mo, "why")
    assert not lifecycle.take_personally(sign(client, campaign, organisation()), mo, "why")


def test_that_person_may_be_named_in_personal_capacity(client, campaign, mo):
    signature = approved(client, campaign, mo, email="olga@example.org")
    lifecycle.take_personally(signature, mo, "why")
    post(client, campaign, person(email="olga@example.org"))
    own_page = links(read_mails()[-1])["manage"]
    page = client.get(own_page).content.decode()
    assert "this was your own signature" in page
    assert 'name="affiliation"' in page

    fields = {"name": "Olga Example", "affiliation": "Example Action"}
    press(client, own_page, action="correct", visibility="public", **fields)

    people = client.get(f"{LIST}?kind=individual").content.decode()
    assert "<bdi>Olga Example</bdi> (<bdi>Example Action</bdi>, in personal capacity)" in people
    assert listed(client) == []
    press(client, own_page, action="correct", visibility="count", **fields)
    signature.refresh_from_db()
    assert (signature.name, signature.affiliation) == ("", "")


def test_nobody_else_can_put_an_organisation_behind_the_name(client, campaign):
    signature = confirmed(client, campaign, email="sam@example.org")
    post(client, campaign, person(email="sam@example.org"))
    own_page = links(read_mails()[-1])["manage"]
    assert 'name="affiliation"' not in client.get(own_page).content.decode()

    fields = {"name": "Sam Example", "affiliation": "The White House"}
    press(client, own_page, action="correct", visibility="public", **fields)

    signature.refresh_from_db()
    assert signature.affiliation == ""


# The first signatories


def test_the_first_signatories_stand_first_in_their_order(desk, campaign, mo):
    for name in ("Early", "Second", "First", "Late"):
        approved(desk, campaign, mo, organisation=name)
    rows = {row.organisation: row for row in Signature.objects.all()}
    act(desk, "pin", rows["Second"], reason="", place="2")
    act(desk, "pin", rows["First"], reason="", place="1")

    assert listed(desk) == ["First", "Second", "Late", "Early"]
    page = desk.get("/en/peace/").content.decode()
    first, _, recent = page.partition('id="first"')[2].partition('id="recent"')
    assert first.index("First") < first.index("Second")
    assert "Late" in recent
    assert "Second" not in recent

    act(desk, "unpin", rows["First"], reason="")
    assert listed(desk) == ["Second", "Late", "First", "Early"]
    verbs = Moderation.objects.order_by("pk").values_list("verb", flat=True)
    assert list(verbs)[-3:] == ["pin", "pin", "unpin"]


def test_a_place_is_held_by_one(desk, campaign, mo):
    first, second = (approved(desk, campaign, mo, organisation=name) for name in "AB")
    act(desk, "pin", first, reason="", place="1")

    assert 'value="2"' in act(desk, "pin", second)  # the first free one is offered
    assert "This place is taken." in act(desk, "pin", second, reason="", place="1")
    for place in (0, 21):
        assert not lifecycle.pin(second, mo, "", place)
    assert Signature.objects.filter(pinned__isnull=False).count() == 1


def test_only_what_is_listed_stands_among_the_first(client, campaign, mo):
    waiting, hidden = confirmed(client, campaign, organisation()), approved(client, campaign, mo)
    lifecycle.hide(hidden, mo, "why")

    for signature in (waiting, hidden, confirmed(client, campaign)):
        assert not lifecycle.pin(signature, mo, "", 1)

    shown = approved(client, campaign, mo, organisation="Shown")
    lifecycle.pin(shown, mo, "", 1)
    lifecycle.hide(shown, mo, "why")
    assert "First signatories" not in client.get("/en/peace/").content.decode()


# What the public sees


def test_an_organisation_is_named_in_the_language_of_the_page(client, campaign, mo):
    signature = approved(client, campaign, mo, organisation="Рух")
    described(signature, mo, organisation_names={"de": "Die Bewegung"})

    assert listed(client) == ["Рух"]
    assert listed(client, "/de/peace/signatories/") == ["Die Bewegung"]
    assert "Die Bewegung" in client.get("/de/peace/").content.decode()
    with override("uk"):
        assert signature.listed_name == "Рух"


def test_the_search_finds_every_name_of_an_organisation(client, campaign, mo):
    signature = approved(client, campaign, mo, organisation="Рух")
    described(signature, mo, organisation_names={"de": "Die Bewegung"}, aliases="UPM\nRüch")
    approved(client, campaign, mo, organisation="Other")

    for query in ("рух", "bewegung", "upm", "ruch"):
        assert listed(client, f"{LIST}?q={query}") == ["Рух"]
    assert listed(client, f"{LIST}?q=bewegung upm") == []


def test_organisations_can_be_read_as_data(client, campaign, mo):
    signature = approved(client, campaign, mo, organisation="Рух", email="olga@example.org")
    described(signature, mo, organisation_names={"de": "Die Bewegung"})
    lifecycle.pin(signature, mo, "", 1)
    approved(client, campaign, mo, organisation="Newest", country="FR")
    confirmed(client, campaign, organisation(organisation="Waiting"))
    confirmed(client, campaign, name="Sam Example")

    answer = client.get(API)

    assert answer.json() == {
        "organisations": [
            {
                "name": "Рух",
                "names": {"de": "Die Bewegung"},
                "country": "DE",
                "website": "https://action.example.org/",
                "type": "peace",
                "pinned": 1,
            },
            {
                "name": "Newest",
                "names": {},
                "country": "FR",
                "website": "https://action.example.org/",
                "type": "",
                "pinned": None,
            },
        ],
        "next": None,
    }
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Cache-Control"] == "public, max-age=60"


def test_data_come_fifty_at_a_time_each_once(client, campaign, mo):
    first = approved(client, campaign, mo, organisation="Group 000")
    rows = []
    for index in range(1, 60):
        row = Signature.objects.get(pk=first.pk)
        row.pk, row.organisation, row.address_hash = None, f"Group {index:03}", f"hash{index}"
        rows.append(row)
    Signature.objects.bulk_create(rows)
    lifecycle.pin(Signature.objects.get(organisation="Group 030"), mo, "", 1)

    page = client.get(API).json()
    assert len(page["organisations"]) == 50
    assert page["next"].startswith("http://testserver/api/v1/campaigns/peace/organisations/?after=")
    rest = client.get(page["next"]).json()
    assert rest["next"] is None
    names = [row["name"] for row in page["organisations"] + rest["organisations"]]
    assert names[0] == "Group 030"
    assert len(names) == len(set(names)) == 60
    assert len(listed(client)) == 50
    assert client.get(f"{API}?after=made-up").status_code == 404


def test_data_of_a_draft_and_too_many_questions_are_refused(client, campaign):
    make_campaign("secret", status="draft")
    assert client.get("/api/v1/campaigns/secret/organisations/").status_code == 404

    answers = [client.get(API).status_code for _ in range(61)]
    assert answers == [200] * 60 + [429]


def test_the_database_refuses_a_person_with_the_name_of_an_organisation(client, campaign, mo):
    signature = approved(client, campaign, mo)
    row = Signature.objects.filter(pk=signature.pk)

    with pytest.raises(IntegrityError), transaction.atomic():
        row.update(kind="individual", visibility="count", name="")
