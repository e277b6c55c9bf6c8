"""Who may do what at the desk: the one table of it.

A role is a Django group; `manage.py roles` makes the groups what this table says, after each
migration. It is a command and not a migration, because Django creates permissions only after all
migrations have run, and because a right that is changed here should take effect with the next
deployment, without a migration for each change.
"""

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils.translation import gettext_lazy as _

EDITED = ("campaign", "appeal", "demand", "addressee", "organiser", "call")
EDITING = [
    "campaigns.view_campaignstep",
    *(
        f"campaigns.{act}_{model}"
        for act in ("view", "add", "change", "delete")
        for model in EDITED
    ),
]
READING = ["signatures.view_signature", "signatures.view_moderation"]
MODERATING = ["signatures.moderate_signature"]
# There is no deleting: what an account has done stays with it; it is switched off instead.
MANAGING = ["auth.view_user", "auth.add_user", "auth.change_user"]

ROLES = {
    "editor": EDITING,
    "moderator": READING + MODERATING,
    "data officer": READING,
    "owner": EDITING + READING + MODERATING + MANAGING,
}
LABELS = {
    "editor": _("Editor"),
    "moderator": _("Moderator"),
    "data officer": _("Data officer"),
    "owner": _("Owner"),
}
MEANING = {
    "editor": _("writes the texts of campaigns, sees no signatures"),
    "moderator": _("reads and moderates signatures"),
    "data officer": _("reads signatures and their history"),
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
