from django import template

from signatures import countries

register = template.Library()
register.filter("country", countries.name)
