from django.apps import AppConfig


class PetitionSiteConfig(AppConfig):
    name = "petition_site"

    def ready(self) -> None:
        from petition_site import checks  # noqa: F401, PLC0415  (registers the checks)
        from petition_site.staff import codes  # noqa: PLC0415  (needs the models)

        codes.install()
