"""The news of a campaign for programs that look for them, in the language of the address."""

from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from campaigns.models import Campaign

NEWEST = 30


class UpdatesFeed(Feed):
    """All links are built from the configured address, never from a request."""

    feed_type = Atom1Feed
    description_template = "campaigns/feed_item.html"

    def get_object(self, request, slug):
        return get_object_or_404(Campaign.objects.public(), slug=slug)

    def title(self, campaign):
        return _("News: %(title)s") % {"title": campaign.title}

    def link(self, campaign):
        return absolute(reverse("campaigns:updates", args=[campaign.slug]))

    def feed_url(self, campaign):
        return absolute(reverse("campaigns:feed", args=[campaign.slug]))

    def feed_guid(self, campaign):
        return self.feed_url(campaign)

    def items(self, campaign):
        return campaign.updates.published()[:NEWEST]

    def item_title(self, update):
        return str(update.title)

    def item_link(self, update):
        return absolute(update.get_absolute_url())

    def item_guid(self, update):
        """A name and no address (RFC 4151): it stays when pages move."""
        host, day = urlsplit(settings.SITE_URL).hostname, f"{update.created_at:%Y-%m-%d}"
        return f"tag:{host},{day}:{update.campaign.slug}/updates/{update.pk}/{get_language()}"

    def item_pubdate(self, update):
        return update.published_at

    item_updateddate = item_pubdate


def absolute(path: str) -> str:
    return urljoin(settings.SITE_URL, path)


updates = require_safe(cache_control(public=True, max_age=60)(UpdatesFeed()))
