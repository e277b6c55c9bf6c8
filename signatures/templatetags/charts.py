from django import template

register = template.Library()


@register.filter
def at(values: list, place: int):
    return values[place]
