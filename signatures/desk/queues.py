"""A list at the desk that shows first what waits for a decision."""

from django.contrib import admin


class QueueFilter(admin.SimpleListFilter):
    """Without a choice it is the first of `lookups`, not everything."""

    def choices(self, changelist):
        chosen = self.chosen()
        for lookup, title in self.lookup_choices:
            yield {
                "selected": lookup == chosen,
                "query_string": changelist.get_query_string({self.parameter_name: lookup}),
                "display": title,
            }

    def chosen(self):
        known = [lookup for lookup, _title in self.lookup_choices]
        return self.value() if self.value() in known else known[0]
