"""The settings of the site, with a page that breaks."""

from petition_site.settings import *  # noqa: F403

ROOT_URLCONF = "tests.breaking"
STORAGES = {
    **STORAGES,  # noqa: F405
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
