"""Texts in all languages beside each other, each under the name of its language."""

from django.conf import settings
from django.template.loader import render_to_string
from i18nfield.forms import I18nTextarea, I18nTextInput


class SideBySide:
    def render(self, name, value, attrs=None, renderer=None):
        """Without placeholders: what they would say stands above each field."""
        return super().render(name, value, {"placeholder": "", **(attrs or {})}, renderer)

    def format_output(self, rendered_widgets, id_):
        names = [dict(settings.LANGUAGES)[code] for code in self.locales]
        columns = zip(self.locales, names, rendered_widgets, strict=True)
        return render_to_string("admin/side_by_side.html", {"columns": columns, "id": id_})


class SideBySideInput(SideBySide, I18nTextInput):
    pass


class SideBySideTextarea(SideBySide, I18nTextarea):
    pass
