"""The events of the audit trail in words.

The trail keeps a verb and the key of a row; what that means to a reader stands here alone, for the
verbs of the whole site. Without words of its own a verb is shown as it is.
"""

from django.apps import apps
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

# Each completes a sentence that begins with the name of an account.
WORDS = {
    "add": _("added %(subject)s"),
    "change": _("changed %(subject)s"),
    "delete": _("deleted %(subject)s"),
    "try to export": _("tried to export without the right to"),
    # A campaign
    "publish": _("opened the campaign for signing"),
    "pause": _("paused signing"),
    "resume": _("let signing go on"),
    "guard": _("had a question asked before signing"),
    "unguard": _("had no question asked any more"),
    "close": _("ended signing"),
    "extend": _("moved the last day of signing"),
    "reopen": _("opened the campaign again"),
    "close for good": _("closed the campaign for good"),
    "hand in": _("said that the campaign was handed in"),
    "revise appeal": _("started a new version of the appeal"),
    "publish appeal": _("let people sign a new version of the appeal"),
    "compare translation": _("compared a translation with the English text"),
    "publish update": _("published news"),
    "try mail": _("mailed the news to an own address, to try them out"),
    "stop mailing": _("stopped the mail to those who asked for news"),
    "take over organisations": _("took over organisations from an earlier appeal"),
    # A signature
    "approve": _("approved %(subject)s"),
    "refuse": _("refused %(subject)s"),
    "hide": _("took the name of %(subject)s off the web"),
    "restore": _("showed the name of %(subject)s again"),
    "hold": _("held %(subject)s"),
    "release": _("released %(subject)s"),
    "hold by rule": _("held signatures by a rule"),
    "release by rule": _("released signatures by a rule"),
    "ask": _("asked for a second opinion on %(subject)s"),
    "describe": _("described %(subject)s"),
    "personal": _("took %(subject)s for a person's, in personal capacity"),
    "pin": _("put %(subject)s among the first signatories"),
    "unpin": _("took %(subject)s away from the first signatories"),
    "quote": _("approved the comment of %(subject)s"),
    "unquote": _("did not let the comment of %(subject)s be shown"),
    "look for an address": _("looked for signatures by an address"),
    # On paper
    "enter paper": _("entered %(subject)s"),
    "keep scan": _("kept a scan of %(subject)s"),
    "withdraw from paper": _("took %(subject)s back for somebody who signed on paper"),
    "take back paper": _("took %(subject)s back"),
    # The hand-in
    "seal": _("began to seal the list"),
    "sealed": _("sealed the list"),
    "record hand-in": _("recorded a hand-in"),
    "keep receipt": _("kept the receipt of a hand-in"),
    "make file": _("had a file of the hand-in made"),
    "download file": _("took a file of the hand-in away"),
    "download receipt": _("took the receipt of a hand-in away"),
    # What needs two persons
    "propose export": _("proposed an export with contact data"),
    "propose remove": _("proposed to take away many signatures"),
    "propose mail": _("proposed a mail to many people"),
    "agree to export": _("agreed to an export with contact data"),
    "agree to remove": _("agreed to take away many signatures"),
    "agree to mail": _("agreed to a mail to many people"),
    "decline export": _("declined an export with contact data"),
    "decline remove": _("declined to take away many signatures"),
    "decline mail": _("declined a mail to many people"),
    "take back export": _("took back the own proposal of an export"),
    "take back remove": _("took back the own proposal to take away signatures"),
    "take back mail": _("took back the own proposal of a mail"),
    "finish remove": _("finished taking away what was agreed"),
    "export": _("got leave to take data away"),
    "download export": _("began to take data away"),
    "end of download": _("took data away, to the last row"),
    "mail": _("let a mail to those who asked for news begin"),
    # An account
    "add account": _("made the account %(account)s"),
    "change account": _("changed the account %(account)s"),
    "change second factor": _("changed the own second factor"),
    "reset second factor": _("reset the second factor of %(account)s"),
    # The trail itself
    "export trail": _("took a copy of the audit trail away"),
}
DETAILS = {
    "number": _("how many"),
    "reason": _("reason"),
    "fields": _("what"),
    "version": _("version"),
    "purpose": _("purpose"),
    "given": _("roles given"),
    "taken": _("roles taken"),
    "found": _("found"),
}
IN_THE_SENTENCE = {"campaign", "account"}


def sentence(event) -> str:
    """What was done, without who did it: “held signature 12”."""
    words = WORDS.get(event.verb)
    if words is None:
        return f"{event.verb}: {subject(event)}" if event.subject else event.verb
    return words % {"subject": subject(event), "account": event.details.get("account", "–")}


def words(verb: str) -> str:
    """For a list of verbs: “held …”."""
    return WORDS.get(verb, verb) % {"subject": "…", "account": "…"}


def subject(event) -> str:
    """“signature 12” of `signatures.Signature 12`; as it is, if there is no such model any more."""
    label, _blank, key = event.subject.partition(" ")
    try:
        return f"{apps.get_model(label)._meta.verbose_name} {key}"
    except (LookupError, ValueError):
        return event.subject


def details(event) -> str:
    """“how many: 300, reason: A wave of robots.”"""
    # In an order of their own, since one of our databases keeps none.
    known = [*DETAILS, *sorted(event.details.keys() - DETAILS.keys() - IN_THE_SENTENCE)]
    told = {name: event.details.get(name) for name in known}
    return "; ".join(
        f"{DETAILS.get(name, name)}: {plain(value)}"
        for name, value in told.items()
        if value not in ("", None, [])
    )


def plain(value) -> str:
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
