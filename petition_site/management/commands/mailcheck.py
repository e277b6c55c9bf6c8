import ipaddress
import smtplib
from argparse import ArgumentTypeError
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.smtp import EmailBackend
from django.core.management.base import BaseCommand, CommandError

from petition_site import mailcheck
from petition_site.checks import OWN_MACHINE
from petition_site.mailcheck import MISSING, OK, Finding


def an_address(text):
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ArgumentTypeError(f"“{text}” is no IP address.") from None


class Command(BaseCommand):
    help = (
        "Look at what other mail servers see of the domains of DEFAULT_FROM_EMAIL and "
        "BOUNCE_ADDRESS, and whether our own one takes our mails. It mails nothing."
    )

    stealth_options = ("ask", "knock")

    def add_arguments(self, parser):
        parser.add_argument("selector", nargs="+", help="of DKIM; your mail provider names it")
        parser.add_argument("--ip", type=an_address, help="from where a server of your own sends")

    def handle(self, *args, selector, ip, ask=mailcheck.ask, knock=mailcheck.knock, **options):
        sender, bounces = map(domain_of, (settings.DEFAULT_FROM_EMAIL, settings.BOUNCE_ADDRESS))
        findings = [relay(), *mailcheck.look(sender, bounces, selector, ask, knock)]
        if ip:
            findings += mailcheck.answered(lambda: mailcheck.ptr(ip, ask))
        for finding in findings:
            self.stdout.write(f"{finding.level:8}{finding.words}")
        missing = sum(finding.level == MISSING for finding in findings)
        if missing:
            raise CommandError(f"Missing: {missing}. Mails will not arrive before it is there.")


def domain_of(address):
    return parseaddr(address)[1].rpartition("@")[2].lower()


def relay():
    """Log in at our own mail server, as the sender does, and hang up."""
    server = get_connection()
    if not isinstance(server, EmailBackend):
        return Finding(MISSING, "No mail server is set: EMAIL_URL is empty, mails are files.")
    where = f"{server.host}:{server.port}"
    if not (server.use_tls or server.use_ssl) and server.host not in OWN_MACHINE:
        words = "mails would go to it in the clear: EMAIL_URL must be smtp+tls:// or smtp+ssl://."
        return Finding(MISSING, f"{where}: {words}")
    try:
        server.open()
    except (OSError, smtplib.SMTPException) as error:
        return Finding(MISSING, f"{where} cannot be used: {type(error).__name__}.")
    finally:
        server.fail_silently = True  # how it says good-bye does not matter
        server.close()
    return Finding(OK, f"{where} takes us.")
