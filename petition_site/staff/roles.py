"""Who may do what at the desk: the one table of it.

A role is a Django group; `manage.py roles` makes the groups what this table says, after each
migration. It is a command and not a migration, because Django creates permissions only after all
migrations have run, and because a right that is changed here should take effect with the next
deployment, without a migration for each change.
"""

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils.translation import gettext_lazy as _

EDITED = (
    "campaign", "appeal", "demand", "addressee", "organiser", "call", "update", "earlierappeal",
    "earlierorganisation",
)  # fmt: skip
EDITING = [
    "campaigns.view_auditevent",
    *(
        f"campaigns.{act}_{model}"
        for act in ("view", "add", "change", "delete")
        for model in EDITED
    ),
]
MAILING = [
    "signatures.view_mailing", "signatures.add_mailing", "signatures.change_mailing",
    "signatures.view_proposal",
]  # fmt: skip
READING = ["signatures.view_signature", "signatures.view_moderation"]
MODERATING = [
    "campaigns.view_auditevent",
    "signatures.moderate_signature",
    "signatures.view_proposal",
    *(
        f"signatures.{act}_{model}"
        for act in ("view", "add", "change")
        for model in ("paperbatch", "papersheet")
    ),
]
HANDING_IN = [
    "campaigns.view_auditevent",
    *(
        f"signatures.{act}_{model}"
        for act in ("view", "add", "change")
        for model in ("export", "handin", "handinfile")
    ),
]
# What one may not do alone, another one must agree to: anybody who may do it, too (at night, in an
# attack, that is the other moderator), and whoever has this right, which answers for all data.
DECIDING = ["signatures.view_proposal", "signatures.decide_proposal"]
# There is no deleting: what an account has done stays with it; it is switched off instead.
MANAGING = ["auth.view_user", "auth.add_user", "auth.change_user"]

ROLES = {
    "editor": EDITING + MAILING,
    "moderator": READING + MODERATING,
    "data officer": READING + HANDING_IN + DECIDING,
    "owner": EDITING + MAILING + READING + MODERATING + HANDING_IN + DECIDING + MANAGING,
}
LABELS = {
    "editor": _("Editor"),
    "moderator": _("Moderator"),
    "data officer": _("Data officer"),
    "owner": _("Owner"),
}
MEANING = {
    "editor": _("writes the texts and the news of campaigns, sees no signatures"),
    "moderator": _("reads and moderates signatures, enters paper sheets"),
    "data officer": _("exports, seals the list and hands it in, agrees to what others propose"),
    "owner": _("all of that, and the accounts of the desk"),
}


def label(role: Group):
    return LABELS.get(role.name, role.name)


@transaction.atomic
def sync() -> None:
    """Make the groups what the table says. Safe to repeat."""
    everything = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }
    for name, permissions in ROLES.items():
        role, _created = Group.objects.get_or_create(name=name)
        role.permissions.set(everything[permission] for permission in permissions)
