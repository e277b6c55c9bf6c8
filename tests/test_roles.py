"""Who may do what at the desk: every page, every role, reading and writing."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.test import Client

from campaigns.models import AuditEvent, Call, Campaign, EarlierAppeal
from petition_site.staff import roles
from signatures import exports, proposals
from signatures.models import HandInFile, Moderation, PaperSheet, Signature
from tests import permissions
from tests.desk import PASSWORD, DeskClient, has_factor, make_account, pages
from tests.factories import confirmed, make_file, make_update, organisation, text
from tests.papers import entered

pytestmark = pytest.mark.django_db

# What a page answers to GET/POST (without fields): 200 it is shown, 302 it leads on, 403 and 404 it
# is refused, 405 it does not work that way. One column for each role, and for an account with none.
ROLES = ["no role", "editor", "moderator", "data officer", "owner", "superuser"]
TABLE = """
index                               200/200 200/200 200/200 200/200 200/200 200/200
password_change                     200/200 200/200 200/200 200/200 200/200 200/200
password_change_done                200/405 200/405 200/405 200/405 200/405 200/405
jsi18n                              200/405 200/405 200/405 200/405 200/405 200/405
autocomplete                        403/405 403/405 403/405 403/405 403/405 403/405
app_list                            404/404 200/200 200/200 200/200 200/200 200/200
view_on_site                        302/302 302/302 302/302 302/302 302/302 302/302
(?P<url>.*)$                        404/404 404/404 404/404 404/404 404/404 404/404

signatures_signature_changelist     403/403 403/403 200/200 200/200 200/200 200/200
signatures_signature_add            403/403 403/403 403/403 403/403 403/403 403/403
signatures_signature_change         403/403 403/403 200/403 200/403 200/403 200/403
signatures_signature_history        403/403 403/403 200/200 200/200 200/200 200/200
signatures_signature_delete         403/403 403/403 403/403 403/403 403/403 403/403
signatures_signature_rule           403/403 403/403 200/200 403/403 200/200 200/200
signatures_organisation_changelist  403/403 403/403 200/200 200/200 200/200 200/200
signatures_organisation_add         403/403 403/403 403/403 403/403 403/403 403/403
signatures_organisation_change      403/403 403/403 200/403 200/403 200/403 200/403
signatures_organisation_history     403/403 403/403 200/200 200/200 200/200 200/200
signatures_organisation_delete      403/403 403/403 403/403 403/403 403/403 403/403
signatures_organisation_describe    403/403 403/403 200/200 403/403 200/200 200/200
signatures_comment_changelist       403/403 403/403 200/200 200/200 200/200 200/200
signatures_comment_add              403/403 403/403 403/403 403/403 403/403 403/403
signatures_comment_change           403/403 403/403 200/403 200/403 200/403 200/403
signatures_comment_history          403/403 403/403 200/200 200/200 200/200 200/200
signatures_comment_delete           403/403 403/403 403/403 403/403 403/403 403/403
signatures_proposal_changelist      403/403 200/200 200/200 200/200 200/200 200/200
signatures_proposal_add             403/403 403/403 403/403 403/403 403/403 403/403
signatures_proposal_change          403/403 302/403 200/403 200/403 200/403 200/403
signatures_proposal_history         302/302 302/302 200/200 200/200 200/200 200/200
signatures_proposal_delete          403/403 403/403 403/403 403/403 403/403 403/403
signatures_proposal_decide          405/403 405/404 405/302 405/302 405/302 405/302
signatures_through                  403/405 403/405 200/405 200/405 200/405 200/405
signatures_find                     405/403 405/403 405/302 405/302 405/302 405/302

signatures_paperbatch_changelist    403/403 403/403 200/200 403/403 200/200 200/200
signatures_paperbatch_add           403/403 403/403 200/200 403/403 200/200 200/200
signatures_paperbatch_change        403/403 403/403 200/403 403/403 200/403 200/403
signatures_paperbatch_history       403/403 403/403 200/200 403/403 200/200 200/200
signatures_paperbatch_delete        403/403 403/403 403/403 403/403 403/403 403/403
signatures_paperbatch_import        403/403 403/403 200/200 403/403 200/200 200/200
signatures_paperbatch_sheets        403/403 403/403 200/405 403/403 200/405 200/405
signatures_paperbatch_lines         403/403 403/403 200/200 403/403 200/200 200/200
signatures_paperbatch_take_back     403/403 403/403 200/200 403/403 200/200 200/200
signatures_paperbatch_scan          403/403 403/403 404/302 403/403 404/302 404/302

campaigns_earlierappeal_changelist  403/403 200/200 403/403 403/403 200/200 200/200
campaigns_earlierappeal_add         403/403 200/200 403/403 403/403 200/200 200/200
campaigns_earlierappeal_change      403/403 200/200 403/403 403/403 200/200 200/200
campaigns_earlierappeal_history     403/403 200/200 403/403 403/403 200/200 200/200
campaigns_earlierappeal_delete      403/403 200/200 403/403 403/403 200/200 200/200
campaigns_earlierappeal_import      403/403 200/200 403/403 403/403 200/200 200/200

campaigns_earlierorganisation_changelist 403/403 200/200 403/403 403/403 200/200 200/200
campaigns_earlierorganisation_add        403/403 200/200 403/403 403/403 200/200 200/200
campaigns_earlierorganisation_change     403/403 200/200 403/403 403/403 200/200 200/200
campaigns_earlierorganisation_history    403/403 200/200 403/403 403/403 200/200 200/200
campaigns_earlierorganisation_delete     403/403 200/200 403/403 403/403 200/200 200/200
signatures_export_changelist        403/403 403/403 403/403 200/200 200/200 200/200
signatures_export_add               403/403 403/403 403/403 200/200 200/200 200/200
signatures_export_change            403/403 403/403 403/403 200/403 200/403 200/403
signatures_export_history           403/403 403/403 403/403 200/200 200/200 200/200
signatures_export_delete            403/403 403/403 403/403 403/403 403/403 403/403
signatures_export_download          403/403 403/403 403/403 405/403 405/403 405/403

signatures_handin_changelist        403/403 403/403 403/403 200/200 200/200 200/200
signatures_handin_add               403/403 403/403 403/403 200/200 200/200 200/200
signatures_handin_change            403/403 403/403 403/403 200/302 200/302 200/302
signatures_handin_history           403/403 403/403 403/403 200/200 200/200 200/200
signatures_handin_delete            403/403 403/403 403/403 403/403 403/403 403/403
signatures_handin_check_file        403/403 403/403 403/403 200/200 200/200 200/200
signatures_handin_make_files        403/403 403/403 403/403 302/302 302/302 302/302
signatures_handin_receipt           405/403 405/403 405/403 405/410 405/410 405/410
signatures_handin_download          405/403 405/403 405/403 405/200 405/200 405/200

campaigns_campaign_changelist       403/403 200/200 403/403 403/403 200/200 200/200
campaigns_campaign_add              403/403 200/200 403/403 403/403 200/200 200/200
campaigns_campaign_change           403/403 200/200 403/403 403/403 200/200 200/200
campaigns_campaign_history          403/403 200/200 403/403 403/403 200/200 200/200
campaigns_campaign_delete           403/403 403/403 403/403 403/403 403/403 403/403
campaigns_campaign_step             403/403 302/302 403/403 403/403 302/302 302/302
campaigns_campaign_extend           403/403 200/200 403/403 403/403 200/200 200/200
campaigns_campaign_languages        403/403 200/302 403/403 403/403 200/302 200/302
campaign_preview                    403/405 200/405 403/405 403/405 200/405 200/405
campaign_versions                   403/405 200/405 403/405 403/405 200/405 200/405

campaigns_appeal_changelist         403/403 200/200 403/403 403/403 200/200 200/200
campaigns_appeal_add                403/403 200/200 403/403 403/403 200/200 200/200
campaigns_appeal_change             403/403 200/200 403/403 403/403 200/200 200/200
campaigns_appeal_history            403/403 200/200 403/403 403/403 200/200 200/200
campaigns_appeal_delete             403/403 403/403 403/403 403/403 403/403 403/403
campaigns_appeal_revise             405/403 405/302 405/403 405/403 405/302 405/302
campaigns_appeal_publish            403/403 302/302 403/403 403/403 302/302 302/302

campaigns_auditevent_changelist     403/403 200/200 200/200 200/200 200/200 200/200
campaigns_auditevent_add            403/403 403/403 403/403 403/403 403/403 403/403
campaigns_auditevent_change         403/403 200/403 200/403 200/403 200/403 200/403
campaigns_auditevent_history        403/403 200/200 200/200 200/200 200/200 200/200
campaigns_auditevent_delete         403/403 403/403 403/403 403/403 403/403 403/403
campaigns_auditevent_check          405/403 405/302 405/302 405/302 405/302 405/302
campaigns_auditevent_export         405/403 405/200 405/200 405/200 405/200 405/200

campaigns_call_changelist           403/403 200/200 403/403 403/403 200/200 200/200
campaigns_call_add                  403/403 200/200 403/403 403/403 200/200 200/200
campaigns_call_change               403/403 200/200 403/403 403/403 200/200 200/200
campaigns_call_history              403/403 200/200 403/403 403/403 200/200 200/200
campaigns_call_delete               403/403 200/200 403/403 403/403 200/200 200/200

campaigns_update_changelist         403/403 200/200 403/403 403/403 200/200 200/200
campaigns_update_add                403/403 200/200 403/403 403/403 200/200 200/200
campaigns_update_change             403/403 200/200 403/403 403/403 200/200 200/200
campaigns_update_history            403/403 200/200 403/403 403/403 200/200 200/200
campaigns_update_delete             403/403 200/200 403/403 403/403 200/200 200/200
campaigns_update_publish            403/403 302/302 403/403 403/403 302/302 302/302
campaigns_update_mail               403/403 200/302 403/403 403/403 200/302 200/302
campaigns_update_letter             403/405 200/405 403/405 403/405 200/405 200/405

auth_user_changelist                403/403 403/403 403/403 403/403 200/200 200/200
auth_user_add                       403/403 403/403 403/403 403/403 200/200 200/200
auth_user_change                    403/403 403/403 403/403 403/403 200/200 200/200
auth_user_password_change           403/403 403/403 403/403 403/403 200/200 200/200
auth_user_history                   403/403 403/403 403/403 403/403 200/200 200/200
auth_user_delete                    403/403 403/403 403/403 403/403 403/403 403/403
"""
# Everybody's own: the login and the second factor.
OWN = {
    "account_login": "302/302",
    "account_logout": "405/302",
    "account_reauthenticate": "200/200",
    "mfa_authenticate": "302/302",
    "mfa_index": "200/405",
    "mfa_activate_totp": "302/302",
    "mfa_deactivate_totp": "200/302",
    "mfa_view_recovery_codes": "404/405",
    "mfa_generate_recovery_codes": "200/302",
    "mfa_list_webauthn": "200/405",
    "mfa_add_webauthn": "200/200",
    "mfa_remove_webauthn": "404/404",
}
# Old addresses of the admin, which lead to the page of the same object.
OLD = "/<path:object_id>/"
EXPECTED = {
    name: dict(zip(ROLES, cells, strict=True))
    for name, *cells in (line.split() for line in TABLE.splitlines() if line)
}
# What anonymous visitors see; whoever has shown a password alone sees still less: `test_staff`.
AT_THE_DOOR = {"account_login": "200/200", "account_logout": "405/302"}


@pytest.fixture
def objects(client, campaign):
    """The key of an object for each address that wants one."""
    organiser = campaign.organisers.first()
    call = Call.objects.create(organiser=organiser, title=text(en="Come"), body=text(en="Sign."))
    somebody = make_account("somebody", "moderator")
    batch = entered(campaign, make_account("enters", "moderator"))
    PaperSheet.objects.create(pk=batch.pk, campaign=campaign, batch=batch, number="one")
    earlier = EarlierAppeal.objects.create(campaign=campaign, title=text(en="June"))
    export = exports.grant(campaign, "statistics", "For the press.", somebody)
    signature = confirmed(client, campaign)
    sealed, file = make_file(campaign, somebody)
    # The address of a file is found by the key of its list.
    HandInFile.objects.filter(pk=file.pk).update(id=sealed.pk)
    return {
        "signatures/signature": signature.pk,
        "signatures/organisation": confirmed(client, campaign, organisation()).pk,
        "signatures/comment": confirmed(client, campaign, comment="Why.", quote="on").pk,
        "signatures/proposal": a_removal(campaign).pk,
        "signatures/paperbatch": batch.pk,
        "signatures/export": export.pk,
        "signatures/handin": sealed.pk,
        "campaigns/auditevent": AuditEvent.objects.last().pk,
        "campaigns/campaign": campaign.pk,
        "campaigns/appeal": campaign.appeal.pk,
        "campaigns/call": call.pk,
        "campaigns/earlierappeal": earlier.pk,
        "campaigns/earlierorganisation": earlier.organisations.create(name="Old Action").pk,
        "campaigns/update": make_update(campaign, published=False).pk,
        "auth/user": somebody.pk,
        "content type": ContentType.objects.get_for_model(Campaign).pk,
        "r/<path:content_type_id>": campaign.pk,
    }


def a_removal(campaign):
    by = make_account("proposer", "moderator")
    return proposals.propose("remove", campaign, 300, "Robots.", by, verb="hold", rule={})


def answers(enter, address) -> str:
    """To GET and POST, each in a visit of its own."""
    return f"{enter().get(address).status_code}/{enter().post(address).status_code}"


def expected(name, role) -> str:
    return "302/302" if name.endswith(OLD) else OWN.get(name) or EXPECTED[name][role]


def test_no_page_is_missing_in_the_table():
    names = {name for name, _address in pages() if not name.endswith(OLD)}

    assert names == EXPECTED.keys() | OWN.keys()


@pytest.mark.embedded
@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_what_the_table_says_and_nothing_else(objects, role):
    user = make_account("mallory", role, is_superuser=role == "superuser")

    def enter():
        browser = DeskClient()
        browser.force_login(user)
        return browser

    for name, address in pages(objects):
        assert answers(enter, address) == expected(name, role), name


def test_without_a_login_everything_leads_to_the_login(objects):
    for name, address in pages(objects):
        assert answers(Client, address) == AT_THE_DOOR.get(name, "302/302"), name
        if name not in AT_THE_DOOR:
            assert Client().get(address)["Location"].startswith("/admin/login/"), name


def test_whoever_is_no_organiser_gets_no_further_than_the_login(objects):
    visitor = User.objects.create_user("visitor")
    visitor.groups.set(Group.objects.all())

    def enter():
        browser = DeskClient()
        browser.force_login(visitor)
        return browser

    for name, address in pages(objects):
        assert answers(enter, address) == AT_THE_DOOR.get(name, "302/302"), name


# What the roles mean


def test_the_command_gives_the_groups_their_rights_and_takes_others_away(db, capsys):
    call_command("roles")
    moderator = Group.objects.get(name="moderator")
    moderator.permissions.add(Permission.objects.get(codename="delete_signature"))
    call_command("roles")

    assert set(Group.objects.values_list("name", flat=True)) == set(roles.ROLES)
    rights = set(moderator.permissions.values_list("codename", flat=True))
    assert rights == {
        "view_signature", "view_moderation", "moderate_signature", "view_auditevent",
        "view_proposal", "view_paperbatch", "add_paperbatch", "change_paperbatch",
        "view_papersheet", "add_papersheet", "change_papersheet",
    }  # fmt: skip
    assert "owner" in capsys.readouterr().out


def test_every_role_has_a_label_and_a_meaning():
    assert roles.LABELS.keys() == roles.MEANING.keys() == roles.ROLES.keys()


@pytest.mark.parametrize(("role", "done"), [("moderator", 1), ("data officer", 0), ("owner", 1)])
def test_only_who_moderates_can_moderate(client, campaign, role, done):
    signature = confirmed(client, campaign)
    client.force_login(make_account("mallory", role))
    form = {"action": "hide", "_selected_action": [signature.pk], "reason": "Asked to."}
    client.post("/admin/signatures/signature/", form)

    assert Moderation.objects.count() == done


def test_an_editor_can_neither_see_nor_count_signatures(client, campaign):
    confirmed(client, campaign, name="Canary Name", email="canary@example.org")
    client.force_login(make_account("ed", "editor"))

    for name, address in pages({"campaigns/campaign": campaign.pk}):
        page = client.get(address, follow=True).content.decode()
        assert "anary" not in page, name
        client.force_login(User.objects.get(username="ed"))


@pytest.mark.parametrize("role", ["moderator", "data officer", "owner"])
def test_no_role_reads_an_address(client, campaign, role):
    signature = confirmed(client, campaign, email="canary@example.org", updates="on")
    client.force_login(make_account("mo", role))

    for name, address in pages({"signatures/signature": signature.pk}):
        page = client.get(address, follow=True).content.decode()
        assert "canary" not in page, name
        client.force_login(User.objects.get(username="mo"))


# Accounts

USERS = "/admin/auth/user/"


@pytest.fixture
def otto(db):
    return make_account("otto", "owner")


@pytest.fixture
def desk(client, otto):
    client.force_login(otto)
    return client


def role(name) -> int:
    return Group.objects.get(name=name).pk


def test_an_owner_makes_an_account_with_roles(desk):
    names = {"password1": PASSWORD, "password2": PASSWORD}
    desk.post(f"{USERS}add/", {"username": "mo", **names, "groups": [role("moderator")]})

    mo = User.objects.get(username="mo")
    assert mo.is_staff
    assert not mo.is_superuser
    assert [group.name for group in mo.groups.all()] == ["moderator"]
    assert mo.check_password(PASSWORD)


def test_an_account_with_a_weak_password_is_not_made(desk):
    weak = {"password1": "password", "password2": "password"}
    page = desk.post(f"{USERS}add/", {"username": "mo", **weak})

    assert "too short" in page.content.decode()
    assert not User.objects.filter(username="mo").exists()


def test_an_owner_changes_roles_and_the_history_says_which(desk, otto):
    mo = make_account("mo", "moderator")
    form = {"username": "mo", "is_active": "on", "groups": [role("data officer")]}
    desk.post(f"{USERS}{mo.pk}/change/", form)

    assert [group.name for group in mo.groups.all()] == ["data officer"]
    entry = LogEntry.objects.get()
    assert entry.user == otto
    words = entry.get_change_message()
    assert "Added role “data officer”." in words
    assert "Deleted role “moderator”." in words
    assert "data officer" in desk.get(f"{USERS}{mo.pk}/history/").content.decode()


@pytest.mark.parametrize("field", ["is_superuser", "is_staff", "user_permissions", "email"])
def test_the_desk_gives_no_other_rights(desk, field):
    mo = make_account("mo", "moderator")
    page = desk.get(f"{USERS}{mo.pk}/change/").content.decode()
    assert f'name="{field}"' not in page

    right = Permission.objects.get(codename="delete_signature").pk
    form = {"username": "mo", "is_active": "on", field: right if "perm" in field else "on"}
    desk.post(f"{USERS}{mo.pk}/change/", form)
    mo.refresh_from_db()
    assert not mo.is_superuser
    assert not mo.user_permissions.exists()
    assert mo.email == ""


def test_nobody_changes_the_own_account(desk, otto):
    path = f"{USERS}{otto.pk}"
    form = {"username": "otto", "is_active": "on", "groups": [role("editor")]}

    assert desk.post(f"{path}/change/", form).status_code == 403
    new = {"password1": "nine blue geese drink tea", "password2": "nine blue geese drink tea"}
    assert desk.post(f"{path}/password/", new).status_code == 403
    otto.refresh_from_db()
    assert [group.name for group in otto.groups.all()] == ["owner"]
    assert otto.check_password(PASSWORD)


def test_an_owner_cannot_touch_whoever_set_the_site_up(desk):
    root = make_account("root", is_superuser=True)
    path = f"{USERS}{root.pk}"
    new = {"password1": "nine blue geese drink tea", "password2": "nine blue geese drink tea"}
    desk.post(f"{path}/password/", new)
    desk.post(f"{path}/change/", {"username": "root2", "groups": [role("editor")]})
    DeskClient().force_login(root)
    desk.post(USERS, {"action": "reset_second_factor", "_selected_action": [root.pk]})

    root.refresh_from_db()
    assert root.username == "root"
    assert root.check_password(PASSWORD)
    assert has_factor(root)
    assert "root" not in desk.get(USERS).content.decode()


def test_an_owner_resets_a_lost_factor_of_others_and_never_the_own(desk, otto):
    mo = make_account("mo", "moderator")
    browser = DeskClient()
    browser.force_login(mo)
    chosen = {"action": "reset_second_factor", "_selected_action": [mo.pk, otto.pk]}

    page = desk.post(USERS, chosen, follow=True).content.decode()

    assert "1 second factor was reset" in page
    assert not has_factor(mo)
    assert has_factor(otto)
    assert browser.get("/admin/").status_code == 302


def test_a_moderator_cannot_reset_a_factor(client, otto):
    DeskClient().force_login(otto)
    client.force_login(make_account("mo", "moderator"))
    client.post(USERS, {"action": "reset_second_factor", "_selected_action": [otto.pk]})

    assert has_factor(otto)


def test_only_accounts_and_no_factor_or_group_can_be_reached(client):
    client.force_login(make_account("root", is_superuser=True))

    for path in ("auth/group/", "mfa/authenticator/", "account/emailaddress/", "sessions/session/"):
        assert client.get(f"/admin/{path}").status_code == 404


def test_the_list_of_accounts_cannot_be_filtered_by_a_secret(desk):
    for lookup in ("password__startswith=a", "authenticator__data__secret__startswith=a"):
        assert desk.get(f"{USERS}?{lookup}").status_code in {302, 400}


def test_a_role_that_is_taken_away_is_away_at_once(client, campaign):
    mo = make_account("mo", "moderator")
    client.force_login(mo)
    signature = confirmed(Client(), campaign)
    assert client.get("/admin/signatures/signature/").status_code == 200

    mo.groups.clear()
    form = {"action": "hide", "_selected_action": [signature.pk], "reason": "Late."}
    assert client.post("/admin/signatures/signature/", form).status_code == 302
    assert not Signature.objects.get().hidden_at


def test_who_is_refused_a_page_is_logged_by_number(client, campaign, caplog):
    user = make_account("mallory", "editor")
    client.force_login(user)
    client.get("/admin/signatures/signature/")

    refused = f"Account {user.pk} was refused admin:signatures_signature_changelist."
    assert refused in caplog.messages
    assert "mallory" not in caplog.text


def test_the_document_of_permissions_says_the_same():
    """If not: `python -m tests.permissions` writes it anew."""
    assert permissions.PATH.read_text(encoding="utf-8") == permissions.document(EXPECTED)
