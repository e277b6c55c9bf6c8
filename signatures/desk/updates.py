"""News at the organisers' desk: written in all languages side by side, published, mailed."""

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils.translation import gettext_lazy as _
from i18nfield.strings import LazyI18nString

from campaigns import lifecycle
from campaigns.desk import DeskAdmin
from campaigns.models import Campaign, Update
from signatures import emails, names
from signatures.desk import mailings

TITLE_LENGTH = 200
NAMES = dict(settings.LANGUAGES)


class UpdateForm(forms.ModelForm):
    def clean_title(self):
        return self._each("title", clean_title)

    def clean_body(self):
        return self._each("body", names.clean_text)

    def clean(self):
        data = super().clean()
        campaign = data.get("campaign") or (self.instance.pk and self.instance.campaign)
        if campaign and {"title", "body"} <= data.keys():
            update = Update(pk=self.instance.pk or 0, title=data["title"], body=data["body"])
            update.campaign = campaign
            if self.instance.published_at and update.gaps:
                raise ValidationError(gap_words(update))
            for code in update.languages:
                refuse_what_no_mail_holds(update, code)
        return data

    def _each(self, name, cleaner):
        """The same rules for each language; what is wrong is said with its name."""
        clean = {}
        for code, words in self.cleaned_data[name].data.items():
            try:
                clean[code] = cleaner(words or "")
            except ValidationError as error:
                raise ValidationError(f"{NAMES[code]}: {error.messages[0]}") from error
        return LazyI18nString(clean)


def clean_title(text: str) -> str:
    text = names.clean_line(text)
    if len(text) > TITLE_LENGTH:
        raise ValidationError(_("Use at most %(most)d characters.") % {"most": TITLE_LENGTH})
    return text


def refuse_what_no_mail_holds(update, code):
    """Mail programs cut off what is too large, and with it the link that stops the news."""
    size = len(emails.preview(update, code).message().as_bytes())
    if size > emails.MOST_BYTES:
        words = _("%(language)s: too long for a mail. Shorten it by at least %(percent)d %%.")
        percent = 101 - 100 * emails.MOST_BYTES // size
        raise ValidationError(words % {"language": NAMES[code], "percent": percent})


def gap_words(update) -> str:
    missing = ", ".join(NAMES[code] for code in update.gaps)
    words = _("Each language needs a title and a text, and English both. Look at: %(languages)s.")
    return words % {"languages": missing}


@admin.register(Update)
class UpdateAdmin(DeskAdmin):
    form = UpdateForm
    list_display = ["title", "campaign__slug", "written", "published_at", "mailed"]
    list_filter = ["campaign"]
    list_select_related = ["campaign", "mailing"]
    ordering = ["-pk"]
    change_form_template = "admin/campaigns/update/change_form.html"

    def get_fields(self, request, obj=None):
        return ["campaign", "title", "body", *(["published_at"] if obj else [])]

    def get_readonly_fields(self, request, obj=None):
        return ["campaign", "published_at"] if obj else []

    def has_delete_permission(self, request, obj=None):
        """What has been mailed cannot be unsaid."""
        is_mailed = obj is not None and mailings.of(obj) is not None
        return not is_mailed and super().has_delete_permission(request, obj)

    def get_actions(self, request):
        """One by one: a list would not tell apart what has been mailed."""
        return {}

    def view_on_site(self, update):
        is_public = Campaign.objects.public().filter(pk=update.campaign_id).exists()
        return update.get_absolute_url() if update.published_at and is_public else None

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        context["gaps"] = gap_words(obj) if obj and obj.gaps else ""
        context["mailing"] = mailings.words_about(mailings.of(obj)) if obj else ""
        context["may_mail"] = request.user.has_perm("signatures.add_mailing")
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def get_urls(self):
        pages = {"publish": self.publish, "mail": mailings.mail, "letter": mailings.letter}
        own = [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(page),
                name=f"campaigns_update_{name}",
            )
            for name, page in pages.items()
        ]
        return [*own, *super().get_urls()]

    def publish(self, request, pk):
        update = get_object_or_404(Update, pk=pk)
        if not self.has_change_permission(request, update):
            raise PermissionDenied
        if request.method == "POST":
            if lifecycle.publish_update(update, by=request.user):
                words = _("Published. At the latest in a minute everybody sees it.")
                self.message_user(request, words, messages.SUCCESS)
            else:
                words = gap_words(update) if update.gaps else _("It was published before.")
                self.message_user(request, words, messages.WARNING)
        return redirect("admin:campaigns_update_change", pk)

    @admin.display(description=_("languages"))
    def written(self, update):
        return ", ".join(update.languages) or "–"

    @admin.display(description=_("mailed"))
    def mailed(self, update):
        return mailings.words_about(mailings.of(update)) or "–"
