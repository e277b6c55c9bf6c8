from django import template

from signatures.paper import numbers

register = template.Library()
register.filter("printed", numbers.printed)
