"""One function per mail puts it into the outbox; `render` writes it when it leaves.

No mail quotes anything from the form, and none names anybody. What news are about stands below the
lines that a mail program shows beside the subject. Secrets are made when the mail leaves, so no
readable one is ever stored and no time in the queue eats their life.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import get_language_bidi, override

from campaigns.models import Update
from signatures import outbox, tokens
from signatures.models import OutboxMail, Signature

Kind = OutboxMail.Kind
Purpose = tokens.Purpose

HEADERS = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
NO_MORE_HEADERS: Mapping[str, str] = {}
NOBODY = "reader@example.org"  # in a preview
MOST_BYTES = 30_000  # of a mail of news as it leaves


def ask_to_confirm(signature: Signature, recipient: str, language: str) -> None:
    outbox.put(Kind.CONFIRM, signature, recipient, language)


def remind(signature: Signature) -> None:
    outbox.put(Kind.REMINDER, signature, signature.email, signature.language)


def own_page(signature: Signature, recipient: str, language: str) -> None:
    outbox.put(Kind.OWN_PAGE, signature, recipient, language)


def other_spelling(signature: Signature, recipient: str, language: str) -> None:
    """To an address that counts as the one that has signed, and is spelt otherwise."""
    outbox.put(Kind.SPELLING, signature, recipient, language)


def ask_again(signature: Signature) -> None:
    outbox.put(Kind.RENEW, signature, signature.email, signature.language)


def preview(update: Update, language: str) -> EmailMultiAlternatives:
    """A mail of news as readers get it, but for the address and the link that stops the news."""
    return _news(outbox.new(Kind.TRIAL, language, now(), update=update, recipient=NOBODY))


@transaction.atomic
def render(mail: OutboxMail) -> EmailMultiAlternatives | None:
    """The mail as it leaves, its secrets made and kept; `None` if nobody waits for it any more."""
    if mail.kind == Kind.TRIAL:
        return _news(mail)
    if mail.kind == Kind.UPDATE:
        return _news_for_reader(mail)
    signature = Signature.objects.select_for_update().live().filter(pk=mail.signature_id).first()
    wants_pending = mail.kind in {Kind.CONFIRM, Kind.REMINDER}
    if signature is None or signature.is_pending is not wants_pending:
        return None
    if mail.kind == Kind.RENEW and not (signature.updates and signature.appeal.is_outdated):
        return None
    with override(mail.language):
        return _compose(mail, _secrets(mail, signature))


def _secrets(mail: OutboxMail, signature: Signature) -> dict[str, Any]:
    if mail.kind == Kind.SPELLING:
        return {}
    return _secrets_to_confirm(signature) if signature.is_pending else _own_link(signature)


def _secrets_to_confirm(signature: Signature) -> dict[str, Any]:
    token, code = tokens.new(), tokens.new_code()
    expires_at = tokens.keep_for_confirming(signature, token, code)
    return {
        "expires_at": expires_at,
        "link": absolute("signatures:confirm", token),
        "not_me_link": absolute("signatures:not_me", tokens.derive(token, Purpose.NOT_ME)),
        "code": f"{code[:3]} {code[3:]}",
    }


def _own_link(signature: Signature) -> dict[str, str]:
    token = tokens.new()
    tokens.keep_for_managing(signature, token)
    return {"link": absolute("signatures:manage", token)}


def _news_for_reader(mail: OutboxMail) -> EmailMultiAlternatives | None:
    """Only for those who want news at the moment when they leave."""
    readers = Signature.objects.select_for_update().readers()
    reader = readers.filter(pk=mail.signature_id).first()
    if reader is None:
        return None
    mail.recipient = reader.email
    return _news(mail, tokens.keep_for_unsubscribing(reader))


def _news(mail: OutboxMail, token: str = tokens.EXAMPLE) -> EmailMultiAlternatives:
    """In the language of the mail; if the update is not written in it, all of it in English."""
    update = mail.update
    if mail.language not in update.languages:
        mail.language = settings.LANGUAGE_CODE
    with override(mail.language):
        stop = absolute("signatures:unsubscribe", token)
        context = {
            "title": str(update.title),
            "paragraphs": update.paragraphs,
            "link": urljoin(settings.SITE_URL, update.get_absolute_url()),
            "appeal_link": urljoin(settings.SITE_URL, update.campaign.get_absolute_url()),
            "unsubscribe_link": stop,
        }
        headers = {
            "List-Id": f"<news-{update.campaign_id}.{urlsplit(settings.SITE_URL).hostname}>",
            "List-Unsubscribe": f"<{stop}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Precedence": "bulk",
        }
        return _compose(mail, context, Kind.UPDATE, headers)


def _compose(
    mail: OutboxMail,
    context: dict[str, Any],
    kind: str = "",
    headers: Mapping[str, str] = NO_MORE_HEADERS,
) -> EmailMultiAlternatives:
    context = {
        **context,
        "language": mail.language,
        "direction": "rtl" if get_language_bidi() else "ltr",
    }
    template = f"signatures/emails/{kind or mail.kind}"
    message = EmailMultiAlternatives(
        subject=render_to_string(f"{template}_subject.txt", context).strip(),
        body=render_to_string(f"{template}.txt", context),
        # To Django this is the envelope's sender, where bounces go; the header is its own.
        from_email=settings.BOUNCE_ADDRESS,
        to=[mail.recipient],
        reply_to=[settings.REPLY_TO],
        headers={
            **HEADERS, **headers, "From": settings.DEFAULT_FROM_EMAIL,
            "Message-ID": mail.message_id,
        },
    )  # fmt: skip
    message.attach_alternative(render_to_string(f"{template}.html", context), "text/html")
    return message


def absolute(name: str, *args: str) -> str:
    """A link built from the configured address, never from a request."""
    return urljoin(settings.SITE_URL, reverse(name, args=args))
