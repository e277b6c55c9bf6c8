from django.core.management.base import BaseCommand

from petition_site.staff import roles


class Command(BaseCommand):
    help = "Give the roles of the desk their rights; to be run after `migrate`. Safe to repeat."

    def handle(self, *args, **options):
        roles.sync()
        if options["verbosity"]:
            self.stdout.write("Roles: " + ", ".join(roles.ROLES))
