from django import template
from django.conf import settings
from django.utils.translation import get_language

register = template.Library()


@register.filter
def language(text) -> str:
    """The code of the language in which an `I18n…` text shows itself on this page."""
    wanted = get_language()
    if not isinstance(text.data, dict) or text.data.get(wanted):
        return wanted
    if text.data.get(settings.LANGUAGE_CODE):
        return settings.LANGUAGE_CODE
    return next((code for code, words in text.data.items() if words), wanted)
