from django import template

from signatures.desk.overview import overview

register = template.Library()


@register.inclusion_tag("admin/overview.html", name="overview", takes_context=True)
def overview_for(context):
    """What waits for whoever is logged in."""
    return overview(context["user"])
