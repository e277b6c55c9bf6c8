from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

from petition_site import views
from signatures import api
from signatures.desk.versions import versions
from signatures.urls import SlugConverter  # noqa: F401  (registers the converters)
from signatures.views import challenge, embed, mail_reports, sitemap
from signatures.views.preview import preview

# Pages of the desk that belong to a campaign and show what only `signatures` knows.
CAMPAIGN = f"{settings.ADMIN_PATH}/campaigns/campaign/<int:pk>"

urlpatterns = [
    path("", views.choose_language, name="choose_language"),
    path("healthz", views.healthz),
    path("readyz", views.readyz),
    path("robots.txt", views.robots),
    path(".well-known/security.txt", views.security_txt),
    # Their names are those by which the library finds its pages.
    path("captcha/image/<hash:key>/", challenge.image, name="captcha-image"),
    path("captcha/audio/<hash:key>.wav", challenge.audio, name="captcha-audio"),
    path("sitemap.xml", sitemap.sitemap, name="sitemap"),
    path("api/v1/openapi.json", api.openapi, name="openapi"),
    path("api/v1/campaigns/", api.campaigns, name="api_campaigns"),
    path("api/v1/campaigns/<code:slug>/", api.campaign, name="api_campaign"),
    path(
        "api/v1/campaigns/<code:slug>/organisations/", api.organisations, name="api_organisations"
    ),
    path("embed/<code:slug>/", embed.embed, name="embed"),
    path("badge/<code:slug>.svg", embed.badge, name="badge"),
    path("social/<code:slug>/<code:lang>.png", embed.card, name="card"),
    path("oembed", embed.oembed, name="oembed"),
    path(f"{settings.ADMIN_PATH}/", include("petition_site.staff.urls")),
    path("hooks/mail/", mail_reports.report, name="mail_report"),
    path(f"{CAMPAIGN}/preview/", admin.site.admin_view(preview), name="campaign_preview"),
    path(f"{CAMPAIGN}/versions/", admin.site.admin_view(versions), name="campaign_versions"),
    path(f"{settings.ADMIN_PATH}/", admin.site.urls),
    *i18n_patterns(
        path("", include("campaigns.urls")),
        path("", include("signatures.urls")),
    ),
]

handler400 = views.bad_request
handler403 = views.forbidden
handler404 = views.not_found
handler500 = views.server_error
