"""The audit trail: every act at the desk, and a chain that shows a later change."""

import csv
import re
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.db import connection

from campaigns import events, spreadsheet, trail
from campaigns import lifecycle as campaigns
from campaigns.models import AuditEvent, TrailHead
from petition_site.staff import accounts
from signatures import lifecycle
from signatures.models import Moderation, Proposal
from tests.desk import PASSWORD, DeskClient, app_code, log_in, make_account
from tests.factories import confirmed, make_campaign

pytestmark = pytest.mark.django_db
LIST = "/admin/campaigns/auditevent/"
ROOT = Path(__file__).parent.parent


@pytest.fixture
def olga(db):
    return make_account("olga", "owner")


@pytest.fixture
def desk(client, olga):
    client.force_login(olga)
    return client


def shown(page) -> list[int]:
    return [event.number for event in page.context["cl"].result_list]


def table(answer) -> list[dict]:
    text = b"".join(answer.streaming_content).decode().removeprefix(spreadsheet.BOM)
    return list(csv.DictReader(text.splitlines()))


def test_who_did_what_and_when_is_recorded(client, campaign, mo, clock):
    signature = confirmed(client, campaign)
    campaigns.pause(campaign, by=mo)
    lifecycle.hide(signature, mo, "Asked to.")

    newest, before = AuditEvent.objects.all()[:2]
    assert (before.verb, before.by, before.campaign) == ("pause", mo, campaign)
    assert (newest.verb, newest.subject) == ("hide", f"signatures.Signature {signature.pk}")
    assert newest.details == {"campaign": "peace"}
    assert trail.first_break() is None


@pytest.mark.parametrize(
    "change", [{"verb": "resume"}, {"by": None}, {"details": {}}, {"subject": "x"}, {"digest": "x"}]
)
def test_a_changed_event_shows(campaign, mo, change):
    campaigns.pause(campaign, by=mo)
    campaigns.resume(campaign, by=mo)
    number = AuditEvent.objects.get(verb="pause").number
    AuditEvent.objects.filter(number=number).update(**change)

    assert trail.first_break() == number


def test_a_missing_event_and_a_cut_off_end_show(campaign, mo):
    campaigns.pause(campaign, by=mo)
    campaigns.resume(campaign, by=mo)
    last = AuditEvent.objects.first()
    last.delete()
    assert trail.first_break() == last.number

    last.save(force_insert=True)
    assert trail.first_break() is None
    AuditEvent.objects.filter(number=1).delete()
    assert trail.first_break() == 1


def test_an_event_that_was_forged_at_the_end_shows(campaign, mo):
    last = trail.record("pause", mo, campaign)
    forged = AuditEvent(number=last.number + 1, at=last.at, verb="resume", previous=last.digest)
    forged.digest = trail.digest(forged)
    forged.save()
    assert trail.first_break() == forged.number

    forged.delete()
    TrailHead.objects.update(digest="x")
    assert trail.first_break() == last.number


def test_events_that_are_added_while_the_chain_is_checked_are_no_break(campaign, mo, monkeypatch):
    trail.record("pause", mo, campaign)
    sound = trail.digest

    def digest(event):
        monkeypatch.setattr(trail, "digest", sound)
        trail.record("resume", mo, campaign)
        return sound(event)

    monkeypatch.setattr(trail, "digest", digest)
    assert trail.first_break() is None
    assert AuditEvent.objects.first().verb == "resume"


# The command


def test_one_flipped_byte_makes_the_command_fail(campaign, mo, capsys):
    campaigns.pause(campaign, by=mo)
    campaigns.resume(campaign, by=mo)
    call_command("verify_trail")
    assert capsys.readouterr().out == "3 events: none was changed, none is missing.\n"

    event = AuditEvent.objects.get(verb="pause")
    flipped = chr(ord(event.verb[0]) ^ 1) + event.verb[1:]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE campaigns_auditevent SET verb = %s WHERE id = %s", [flipped, event.pk]
        )
    with pytest.raises(CommandError, match=f"event {event.number} was changed") as failure:
        call_command("verify_trail")
    assert failure.value.returncode == 1


# At the desk


def test_the_trail_is_read_in_sentences(desk, campaign, olga, clock):
    desk.force_login(olga)
    signature = confirmed(desk, campaign)
    lifecycle.hold(signature, olga, "A name like another.")
    lifecycle.hold_all(make_campaign("bread"), signature.campaign.signatures.all(), olga, "x")
    trail.record("add", olga, campaign, campaign.appeal)
    trail.record("a new verb", None, campaign, campaign.appeal, odd=[1, 2], really=True)
    page = desk.get(LIST).content.decode()

    assert f"held person {signature.pk}" not in page
    assert f"held signature {signature.pk}" in page
    assert f"added appeal {campaign.appeal.pk}" in page
    assert f"a new verb: appeal {campaign.appeal.pk}" in page
    assert "odd: 1, 2; really: yes" in page
    assert "the site itself" in page
    assert "24 November 2026, 10:00" in page


def test_the_trail_is_searched_and_filtered(desk, campaign, mo, olga):
    start = AuditEvent.objects.count()
    bread = make_campaign("bread", status="draft")
    pause = trail.record("pause", mo, campaign).number
    resume = trail.record("resume", olga, campaign).number
    other = trail.record("pause", olga, bread, campaign.appeal).number

    assert shown(desk.get(f"{LIST}?verb=pause")) == [other, pause]
    assert shown(desk.get(f"{LIST}?by__id__exact={olga.pk}")) == [other, resume]
    assert shown(desk.get(f"{LIST}?campaign__id__exact={bread.pk}")) == [other]
    assert shown(desk.get(f"{LIST}?q=resume")) == [resume]
    assert shown(desk.get(f"{LIST}?q=appeal+{campaign.appeal.pk}")) == [other]
    assert shown(desk.get(f"{LIST}?q=mo")) == [pause]
    assert len(shown(desk.get(f"{LIST}?at__year=2020"))) == 0
    assert len(shown(desk.get(LIST))) == start + 3


def test_an_address_in_the_search_is_refused(desk, campaign):
    page = desk.get(f"{LIST}?q=sam%40example.org")

    assert shown(page) == []
    assert "The trail holds no addresses." in page.content.decode()


def test_nobody_changes_an_event_at_the_desk(desk, campaign):
    event = AuditEvent.objects.get()
    assert desk.post(f"{LIST}{event.pk}/change/", {"verb": "close"}).status_code == 403
    assert desk.post(f"{LIST}{event.pk}/delete/", {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [event.pk], "post": "yes"}
    desk.post(LIST, chosen)

    assert trail.first_break() is None
    assert AuditEvent.objects.get() == event


def test_the_button_says_whether_the_chain_is_whole(desk, campaign, olga):
    number = trail.record("pause", olga, campaign).number
    page = desk.post(f"{LIST}check/", follow=True).content.decode()
    assert "2 events: none was changed, none is missing." in page

    AuditEvent.objects.filter(number=number).update(by=None)
    page = desk.post(f"{LIST}check/", follow=True).content.decode()
    assert f"event {number} was changed or is missing" in page


def test_what_the_list_shows_is_taken_along_as_a_table_and_that_is_recorded(
    desk, campaign, mo, olga
):
    trail.record("pause", mo, campaign, campaign.appeal, reason="=cmd()", number=3)
    trail.record("resume", mo, campaign)
    answer = desk.post(f"{LIST}export/?verb=pause")

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="audit-trail.csv"'
    (row,) = table(answer)
    assert (row["by"], row["campaign"], row["verb"]) == ("mo", "peace", "pause")
    assert row["subject"] == f"campaigns.Appeal {campaign.appeal.pk}"
    assert row["details"] == "how many: 3; reason: =cmd()"
    event = AuditEvent.objects.first()
    assert (event.verb, event.by, event.details) == ("export trail", olga, {"number": 1})


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_cell_of_a_table_is_a_formula(start):
    assert spreadsheet.cell(f"{start}1") == f"'{start}1"
    assert spreadsheet.cell(f" {start}1") == f"' {start}1"


def test_cells_that_are_none_stay_as_they_are():
    assert [spreadsheet.cell(value) for value in (-3, None, "", "a=b", "Sam")] == [
        "-3", "", "", "a=b", "Sam",
    ]  # fmt: skip
    assert list(spreadsheet.lines([["a", 'b"c', "d,e\nf"]])) == ['\ufeffa,"b""c","d,e\nf"\r\n']


def test_only_owners_read_what_is_done_to_accounts(client, campaign, olga):
    accounts.trail.record("add account", olga, None, olga, account="olga")
    for role, sees in (("editor", False), ("data officer", False), ("owner", True)):
        client.force_login(make_account(role.replace(" ", ""), role))
        page = client.get(LIST).content.decode()
        assert ("made the account olga" in page) == sees, role
        rows = table(client.post(f"{LIST}export/"))
        assert ("add account" in {row["verb"] for row in rows}) == sees, role


def test_every_verb_that_is_recorded_has_its_words():
    verbs = {
        verb
        for app in ("campaigns", "signatures", "petition_site")
        for file in (ROOT / app).rglob("*.py")
        for verb in re.findall(r'trail\.record\(\s*"([^"]+)"', file.read_text())
    }
    steps = ("propose", "agree to", "decline", "take back")
    two = {f"{step} {act}" for step in steps for act in Proposal.Act}

    decisions = set(Moderation.Verb.values)

    assert (verbs | two | decisions) - events.WORDS.keys() == set()


def test_no_sentence_is_broken_by_a_row_that_is_gone(campaign, mo):
    event = trail.record("hold", mo, campaign)
    event.subject = "nonsense.Model 3"
    assert events.sentence(event) == "held nonsense.Model 3"
    event.subject = "nonsense"
    assert events.sentence(event) == "held nonsense"


# What happens to accounts

USERS = "/admin/auth/user/"


def newest() -> tuple:
    event = AuditEvent.objects.first()
    return event.verb, event.by and event.by.username, event.subject, event.details


def test_accounts_that_are_made_and_changed_are_in_the_trail(desk, olga):
    moderator, editor = (Group.objects.get(name=name).pk for name in ("moderator", "editor"))
    words = {"password1": PASSWORD, "password2": PASSWORD}
    desk.post(f"{USERS}add/", {"username": "mo", **words, "groups": [moderator]})
    mo = User.objects.get(username="mo")
    subject = f"auth.User {mo.pk}"
    assert newest() == (
        "add account", "olga", subject,
        {"account": "mo", "fields": [], "given": ["moderator"], "taken": []},
    )  # fmt: skip

    desk.post(f"{USERS}{mo.pk}/change/", {"username": "mo", "groups": [editor]})
    assert newest() == (
        "change account", "olga", subject,
        {
            "account": "mo", "fields": ["Active", "Roles"],
            "given": ["editor"], "taken": ["moderator"],
        },
    )  # fmt: skip

    new = "nine blue geese drink tea"
    desk.post(f"{USERS}{mo.pk}/password/", {"password1": new, "password2": new})
    assert newest() == (
        "change account", "olga", subject,
        {"account": "mo", "fields": ["password"], "given": [], "taken": []},
    )  # fmt: skip
    assert trail.first_break() is None


def test_second_factors_that_are_set_up_and_reset_are_in_the_trail(desk, olga):
    mo = make_account("mo", "moderator")
    browser = DeskClient()
    log_in(browser, "mo")
    page = browser.get("/admin/second-factor/app/").content.decode()
    browser.post(
        "/admin/second-factor/app/", {"code": app_code(re.search(r"<code>(\w+)</code>", page)[1])}
    )
    subject = f"auth.User {mo.pk}"
    assert newest() == ("change second factor", "mo", subject, {"account": "mo"})

    desk.post(USERS, {"action": "reset_second_factor", "_selected_action": [mo.pk]})
    assert newest() == ("reset second factor", "olga", subject, {"account": "mo"})
    call_command("reset_second_factor", "olga")
    assert newest() == ("reset second factor", None, f"auth.User {olga.pk}", {"account": "olga"})
