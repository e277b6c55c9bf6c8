from django.core.management.base import BaseCommand, CommandError

from campaigns import trail
from campaigns.models import AuditEvent


class Command(BaseCommand):
    help = "Check that no event of the audit trail was changed or is missing; ends with 1 if so."

    def handle(self, *args, **options):
        broken = trail.first_break()
        if broken is not None:
            raise CommandError(f"The trail is broken: event {broken} was changed or is missing.")
        number = AuditEvent.objects.count()
        self.stdout.write(f"{number} events: none was changed, none is missing.")
