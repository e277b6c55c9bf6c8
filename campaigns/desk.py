"""What all pages of the organisers' desk share."""

from django.contrib import admin
from django.db import models
from django.utils.translation import gettext_lazy as _
from i18nfield.fields import I18nCharField, I18nTextField

from campaigns import trail
from campaigns.models import Campaign
from campaigns.widgets import SideBySideInput, SideBySideTextarea

admin.site.site_header = admin.site.site_title = _("Organisers' desk")
admin.site.index_title = _("What there is to do")
admin.site.enable_nav_sidebar = False  # the first screen leads everywhere, and tables need room

FIELDS = {
    I18nCharField: {"widget": SideBySideInput},
    I18nTextField: {"widget": SideBySideTextarea},
    models.URLField: {"assume_scheme": "https"},
}


class ReadOnly:
    """For a model or an inline at the desk that shows rows and changes none."""

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class DeskAdmin(admin.ModelAdmin):
    """Texts side by side, our style sheet, and every change in the audit trail."""

    formfield_overrides = FIELDS

    class Media:
        css = {"all": ["css/admin.css"]}

    def log_addition(self, request, obj, message):
        trail.record("add", request.user, campaign_of(obj), obj)
        return super().log_addition(request, obj, message)

    def log_change(self, request, obj, message):
        fields = sorted({name for part in message for name in fields_in(part)})
        trail.record("change", request.user, campaign_of(obj), obj, fields=fields)
        return super().log_change(request, obj, message)

    def log_deletions(self, request, queryset):
        for obj in queryset:
            trail.record("delete", request.user, campaign_of(obj), obj)
        return super().log_deletions(request, queryset)


def fields_in(part: dict) -> list:
    """The names of the fields in a part of Django's message of change."""
    return next(iter(part.values())).get("fields", []) if isinstance(part, dict) else []


def campaign_of(obj) -> Campaign | None:
    """The campaign that a row belongs to."""
    if isinstance(obj, Campaign):
        return obj
    for name in ("campaign", "appeal", "organiser"):
        if hasattr(obj, name):
            return campaign_of(getattr(obj, name))
    return None
