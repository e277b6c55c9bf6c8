"""The accounts of the desk. Only owners see them, and nobody changes the own one here."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import Group, User
from django.forms import CheckboxSelectMultiple, ModelMultipleChoiceField
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from campaigns import trail
from campaigns.desk import fields_in
from petition_site.staff import accounts, roles

# Rights are what `roles` says, and what allauth keeps is nothing to look at.
for model in (Group, User, EmailAddress, Authenticator):
    admin.site.unregister(model)


ROLE = "role"


class RolesField(ModelMultipleChoiceField):
    def label_from_instance(self, role):
        return f"{roles.label(role)}: {roles.MEANING[role.name]}"


@admin.register(User)
class AccountAdmin(UserAdmin):
    add_form = UserCreationForm
    add_form_template = None
    add_fieldsets = [(None, {"fields": ["username", "password1", "password2", "groups"]})]
    fieldsets = [
        (None, {"fields": ["username", "password", "is_active", "groups"]}),
        (None, {"fields": ["last_login", "date_joined"]}),
    ]
    readonly_fields = ["last_login", "date_joined"]
    list_display = ["username", "given_roles", "second_factor", "is_active", "last_login"]
    list_filter = ["is_active", "groups"]
    search_fields = ["username"]
    actions = ["reset_second_factor"]

    def get_queryset(self, request):
        """Whoever set the site up stands above the owners, who cannot touch that account."""
        users = super().get_queryset(request).prefetch_related("groups", "authenticator_set")
        return users if request.user.is_superuser else users.filter(is_superuser=False)

    def has_change_permission(self, request, obj=None):
        return obj != request.user and super().has_change_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        return False

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        return RolesField(
            queryset=Group.objects.filter(name__in=roles.ROLES),
            label=_("Roles"),
            required=False,
            widget=CheckboxSelectMultiple,
        )

    def save_model(self, request, obj, form, change):
        obj.is_staff = True
        super().save_model(request, obj, form, change)

    def construct_change_message(self, request, form, formsets, add=False):
        """With the roles that were given and taken."""
        before = set(form.initial.get("groups", []))
        after = set(form.cleaned_data.get("groups", []))
        return [
            *super().construct_change_message(request, form, formsets, add),
            *({"added": {"name": ROLE, "object": role.name}} for role in after - before),
            *({"deleted": {"name": ROLE, "object": role.name}} for role in before - after),
        ]

    def log_addition(self, request, obj, message):
        record("add account", request.user, obj, message)
        return super().log_addition(request, obj, message)

    def log_change(self, request, obj, message):
        """Also when a password is set."""
        record("change account", request.user, obj, message)
        return super().log_change(request, obj, message)

    @admin.display(description=_("roles"))
    def given_roles(self, user):
        return ", ".join(str(roles.label(role)) for role in user.groups.all()) or "–"

    @admin.display(description=_("second factor"), boolean=True)
    def second_factor(self, user):
        return bool(user.authenticator_set.all())

    @admin.action(description=_("Reset the second factor"), permissions=["change"])
    def reset_second_factor(self, request, queryset):
        others = queryset.exclude(pk=request.user.pk)
        number = sum(accounts.reset_second_factor(user, request.user) for user in others)
        words = ngettext(
            "%(number)d second factor was reset: the next login sets up a new one.",
            "%(number)d second factors were reset: the next login sets up a new one.",
            number,
        )
        self.message_user(request, words % {"number": number}, messages.SUCCESS)


def record(verb, by, user, message):
    """Into the audit trail, with the roles that were given and taken."""
    trail.record(
        verb,
        by,
        None,
        user,
        account=user.get_username(),
        fields=sorted({name for part in message for name in fields_in(part)}),
        given=roles_in("added", message),
        taken=roles_in("deleted", message),
    )


def roles_in(change, message) -> list[str]:
    parts = (part.get(change, {}) for part in message)
    return sorted(part["object"] for part in parts if part.get("name") == ROLE)
