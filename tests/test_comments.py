"""Why people sign: said with the signature, read by an organiser, shown only with leave."""

import re

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils.timezone import now, timedelta

from campaigns.models import AuditEvent
from signatures import ledger, lifecycle
from signatures.lifecycle import Words
from signatures.models import Erasure, Moderation, Signature
from tests.factories import confirmed, links, make_campaign, person, post, press, read_mails, sign

pytestmark = pytest.mark.django_db
DESK = "/admin/signatures/comment/"
PAGE = "/en/peace/comments/"
SEEN = re.compile(r'name="seen" value="([^"]+)"')


@pytest.fixture
def desk(client, mo):
    client.force_login(mo)
    return client


def said(client, campaign, comment="Because.", **fields) -> Signature:
    """A confirmed signature whose comment may be quoted."""
    return confirmed(client, campaign, comment=comment, quote="on", **fields)


def shown(client, campaign, mo, comment="Because.", **fields) -> Signature:
    signature = said(client, campaign, comment, **fields)
    assert lifecycle.approve_comment(signature, mo)
    signature.refresh_from_db()
    return signature


def quotes(client, address=PAGE) -> list[str]:
    page = client.get(address).content.decode()
    return re.findall(r"<blockquote[^>]*><p>(.*?)</p></blockquote>", page, re.DOTALL)


def question(desk, verb, *signatures) -> str:
    chosen = {"action": verb, "_selected_action": [row.pk for row in signatures]}
    return desk.post(f"{DESK}?state=all", chosen).content.decode()


def act(desk, verb, *signatures, seen=None, reason="") -> str:
    seen = SEEN.findall(question(desk, verb, *signatures)) if seen is None else seen
    chosen = {"action": verb, "_selected_action": [row.pk for row in signatures]}
    fields = {**chosen, "seen": seen, "reason": reason}
    return desk.post(f"{DESK}?state=all", fields, follow=True).content.decode()


# Saying it


def test_the_form_asks_below_the_comment_and_nothing_is_ticked(client, campaign):
    page = client.get("/en/peace/sign/").content.decode()

    assert page.index('name="comment"') < page.index('name="quote"') < page.index('name="updates"')
    assert "checked" not in page


@pytest.mark.parametrize(
    ("fields", "quote"),
    [
        ({"comment": "Why.", "quote": "on"}, True),
        ({"comment": "Why.", "quote": "on", "visibility": "handin"}, True),
        ({"comment": "Why."}, False),
        ({"comment": "Why.", "quote": "1"}, False),
        ({"comment": "  ", "quote": "on"}, False),
        ({"quote": "on"}, False),
        ({"comment": "Why.", "quote": "on", "visibility": "count"}, False),
    ],
)
def test_leave_to_quote_is_kept_only_with_a_comment_and_a_tick(client, campaign, fields, quote):
    assert sign(client, campaign, **fields).quote is quote


def test_the_owner_of_the_address_sees_before_confirming_what_may_be_shown(client, campaign):
    sign(client, campaign, comment="Because.", quote="on", visibility="handin")

    page = client.get(links(read_mails()[-1])["confirm"]).content.decode()
    assert "Because." in page
    assert "may be shown on the web without your name" in page


def test_the_database_keeps_no_leave_to_quote_nothing(client, campaign):
    row = Signature.objects.filter(pk=said(client, campaign).pk)
    for wrong in ({"comment": ""}, {"visibility": "count", "name": "", "comment": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            row.update(**wrong)


# Deciding on it


def test_the_queue_shows_comments_that_may_be_quoted(desk, campaign):
    said(desk, campaign, "Open words")
    confirmed(desk, campaign, comment="Private words")
    sign(desk, campaign, comment="Unconfirmed words", quote="on")

    page = desk.get(DESK).content.decode()

    assert "Open words" in page
    assert "Private words" not in page
    assert "Unconfirmed words" not in page


def test_a_comment_is_shown_and_taken_down_again(desk, campaign, mo):
    signature = said(desk, campaign)
    assert "Because." in question(desk, "quote", signature)
    assert quotes(desk) == []

    act(desk, "quote", signature)
    assert quotes(desk) == ["Because."]
    assert "Because." not in desk.get(DESK).content.decode()
    act(desk, "unquote", signature, reason="Insults somebody.")
    assert quotes(desk) == []
    act(desk, "quote", signature)
    assert quotes(desk) == ["Because."]

    steps = Moderation.objects.order_by("pk").values_list("verb", "reason", "by")
    assert list(steps) == [
        ("quote", "", mo.pk),
        ("unquote", "Insults somebody.", mo.pk),
        ("quote", "", mo.pk),
    ]
    events = AuditEvent.objects.filter(by=mo).order_by("number").values_list("verb", flat=True)
    assert list(events) == ["quote", "unquote", "quote"]


def test_only_what_was_read_is_shown(desk, campaign, mo):
    signature = said(desk, campaign)
    seen = SEEN.findall(question(desk, "quote", signature))
    lifecycle.correct(signature, "Sam", "public", Words("Something else.", quote=True))

    assert "1 was left alone" in act(desk, "quote", signature, seen=seen)
    assert not lifecycle.approve_comment(signature, mo)
    assert quotes(desk) == []


def test_without_leave_nothing_is_shown(client, campaign, mo):
    private = confirmed(client, campaign, comment="Private.")
    pending = sign(client, campaign, comment="Pending.", quote="on")

    assert not lifecycle.approve_comment(private, mo)
    assert not lifecycle.approve_comment(pending, mo)


def test_who_may_not_moderate_decides_nothing(client, campaign, django_user_model):
    signature = said(client, campaign)
    client.force_login(django_user_model.objects.create_user("ed", is_staff=True))

    answer = client.post(DESK, {"action": "quote", "_selected_action": signature.pk, "reason": ""})
    assert answer.status_code == 403
    assert not Moderation.objects.exists()


# Showing it


def test_a_name_stands_beside_it_only_if_its_owner_is_listed(client, campaign, mo):
    shown(client, campaign, mo, "Given.", name="Given Person", visibility="handin", country="AT")
    shown(client, campaign, mo, "Listed.", name="Listed Person", country="FR")

    for address in (PAGE, "/en/peace/"):
        page = client.get(address).content.decode()
        assert "Given." in page
        figures = re.findall(r"<figure.*?</figure>", page, re.DOTALL)
        assert "Given Person" not in page
        assert "Austria" not in "".join(figures)
        assert re.search(r"Listed\..*<bdi>Listed Person</bdi> <span>France", page, re.DOTALL)


def test_it_is_marked_with_its_language_and_direction_and_holds_no_markup(client, campaign, mo):
    form = person(comment="Weil <b>nicht</b>.\n\nPunkt.", quote="on")
    post(client, campaign, form, language="de")
    press(client, links(read_mails()[-1])["confirm"])
    lifecycle.approve_comment(Signature.objects.get(), mo)

    page = client.get(PAGE).content.decode()
    assert '<blockquote lang="de" dir="auto"><p>Weil &lt;b&gt;nicht&lt;/b&gt;.</p>' in page


@pytest.mark.parametrize(
    "vanish",
    [
        lambda signature, mo: lifecycle.hide(signature, mo, "why"),
        lambda signature, mo: lifecycle.hold(signature, mo, "why"),
        lambda signature, mo: lifecycle.withdraw(signature),
        lambda signature, mo: lifecycle.erase(signature),
        lambda signature, mo: lifecycle.correct(signature, "", "count"),
        lambda signature, mo: lifecycle.correct(signature, "Sam", "public", Words("Because.")),
        lambda signature, mo: lifecycle.correct(signature, "Sam", "public", Words("", quote=True)),
        lambda signature, mo: lifecycle.correct(signature, "Sam", "public", Words("Else.", True)),
    ],
)
def test_it_vanishes_at_once(client, campaign, mo, vanish):
    signature = shown(client, campaign, mo)
    assert quotes(client) == ["Because."]

    assert vanish(signature, mo)

    assert quotes(client) == []
    assert quotes(client, "/en/peace/") == []


def test_another_name_leaves_it_shown_and_another_visibility_takes_the_name_away(
    client, campaign, mo
):
    signature = shown(client, campaign, mo)
    lifecycle.correct(signature, "Samira", "handin")

    assert quotes(client) == ["Because."]
    assert "Samira" not in client.get(PAGE).content.decode()


def test_the_appeal_shows_the_last_three_and_leads_to_all(client, campaign, mo):
    assert "Why people sign" not in client.get("/en/peace/").content.decode()
    for number in range(4):
        shown(client, campaign, mo, f"Reason {number}.")

    assert quotes(client, "/en/peace/") == ["Reason 3.", "Reason 2.", "Reason 1."]
    assert 'href="/en/peace/comments/"' in client.get("/en/peace/").content.decode()
    assert len(quotes(client)) == 4


def test_the_page_shows_fifty_at_a_time_and_asks_search_engines_to_stay_out(client, campaign, mo):
    first = shown(client, campaign, mo)
    rows = []
    for index in range(1, 55):
        row = Signature.objects.get(pk=first.pk)
        row.pk, row.address_hash, row.comment = None, f"hash{index}", f"Reason {index}."
        rows.append(row)
    Signature.objects.bulk_create(rows)

    answer = client.get(PAGE)
    assert answer["X-Robots-Tag"] == "noindex, noarchive"
    following = re.search(r'rel="next" href="(\?after=[^"]+)"', answer.content.decode())[1]
    pages = [quotes(client), quotes(client, PAGE + following)]
    assert [len(page) for page in pages] == [50, 5]
    assert len(set(pages[0] + pages[1])) == 55

    make_campaign("bread")
    for wrong in (f"/en/bread/comments/{following}", f"/en/peace/signatories/{following}"):
        assert client.get(wrong).status_code == 404
    assert client.get(f"{PAGE}?after=x").status_code == 404


def test_neither_page_looks_at_those_who_said_nothing(campaign):
    rows = Signature.objects.quotable().filter(campaign=campaign)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # which would read a table of three rows as it is
            cursor.execute("SET LOCAL enable_seqscan = off")

    plan = rows.order_by("-comment_approved_at", "-id")[:50].explain()
    assert "signature_quotes" in plan
    assert "SORT" not in plan.upper().replace("SORTED", "")
    assert "TEMP B-TREE" not in plan
    first = Signature.objects.listed().filter(campaign=campaign).pinned()
    assert "signature_pinned" in first.explain()


def test_the_page_holds_no_exact_time(client, campaign, mo, clock):
    signature = shown(client, campaign, mo)

    page = client.get(PAGE).content.decode()
    for moment in (signature.confirmed_at, signature.comment_approved_at):
        assert moment.strftime("%H:%M") not in page


def test_the_page_of_a_campaign_that_is_not_public_does_not_exist(client, db):
    make_campaign("secret", status="draft")
    assert client.get("/en/secret/comments/").status_code == 404


# What a backup must not bring back


def test_a_restored_backup_shows_nothing_that_was_taken_back(client, campaign, mo):
    gone, silent = shown(client, campaign, mo, "Gone."), shown(client, campaign, mo, "Silent.")
    before = dict(Signature.objects.in_bulk())
    lifecycle.correct(gone, "Sam", "public", Words())
    lifecycle.correct(silent, "Sam", "public", Words("Silent."))
    kinds = set(Erasure.objects.values_list("address_hash", "kind"))
    assert kinds == {(gone.address_hash, "comment"), (silent.address_hash, "quote")}
    for row in before.values():
        row.save()  # as the backup knew it
    assert set(quotes(client)) == {"Gone.", "Silent."}

    ledger.apply(list(ledger.entries()), since=now() - timedelta(days=1))

    assert quotes(client) == []
    assert {row.comment for row in Signature.objects.all()} == {"", "Silent."}
