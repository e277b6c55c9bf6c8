"""Plain functions that bring a test to where it begins, through the doors that people use."""

import itertools
import re
from urllib.parse import urlencode

from django.core import mail
from django.utils.timezone import now
from i18nfield.strings import LazyI18nString

from campaigns import lifecycle as campaigns
from campaigns import translations
from campaigns.models import Addressee, Appeal, Campaign, Demand, Organiser, Update
from signatures import hand_in, lifecycle
from signatures.management.commands.send_outbox import send_batch
from signatures.models import HandIn, HandInFile, Signature

numbers = itertools.count(1)
LINK = re.compile(r"/(\w\w)/(confirm|not-me|manage)/([A-Za-z0-9_-]+)/")
CODE = re.compile(r"\b(\d{3}) (\d{3})\b")


def text(**languages) -> LazyI18nString:
    return LazyI18nString(languages)


def make_campaign(slug="peace", status="open", pk=None, **fields) -> Campaign:
    """A campaign with two demands, an addressee and an organiser, in English.

    Once it is open, German is begun. `fields` are what organisers fill in, whatever is missing.
    """
    campaign = Campaign.objects.create(
        pk=pk, slug=slug, title=text(en="Peace now"), summary=text(en="Why.")
    )
    appeal = Appeal.objects.create(campaign=campaign, opening=text(en="We ask you to:"))
    Demand.objects.create(appeal=appeal, number=1, text=text(en="Stop!"))
    Demand.objects.create(appeal=appeal, number=2, text=text(en="Talk!"))
    Addressee.objects.create(
        campaign=campaign,
        position=1,
        office=text(en="President"),
        person=text(en="Pat Example"),
        greeting=text(en="dear Pat Example"),
    )
    Organiser.objects.create(campaign=campaign, code="wri", name=text(en="War Resisters"))
    for verb in PATH_TO[status]:
        assert verb(campaign)
    if status != "draft":
        fields = {"title": text(en="Peace now", de="Frieden jetzt"), **fields}
        for demand, german in zip(appeal.demands.all(), ["Halt!", "Redet!"], strict=True):
            demand.text = text(**demand.text.data, de=german)
            demand.save()
    for name, value in fields.items():
        setattr(campaign, name, value)
    campaign.save(update_fields=list(fields))
    return campaign


def translate(campaign, language="de") -> None:
    """Write in this language what still stands there in English alone."""
    for known in translations.texts(campaign):
        if known.words("en") and not known.words(language):
            languages = {**getattr(known.row, known.field).data}
            setattr(known.row, known.field, text(**languages, **{language: known.words("en")}))
            known.row.save(update_fields=[known.field])


PATH_TO = {
    "draft": [],
    "open": [campaigns.publish],
    "paused": [campaigns.publish, campaigns.pause],
    "closed": [campaigns.publish, campaigns.close],
    "handed_in": [campaigns.publish, campaigns.close, campaigns.hand_in],
}


def person(**fields) -> dict:
    """What a person types into the form."""
    return {
        "kind": "individual",
        "visibility": "public",
        "name": "Sam Example",
        "email": f"sam{next(numbers)}@example.org",
        "country": "DE",
        "consent": "on",
        **fields,
    }


def organisation(**fields) -> dict:
    """What somebody types who signs for an organisation."""
    return {
        "kind": "organisation",
        "organisation": "Example Action e.V.",
        "website": "https://action.example.org/",
        "name": "Olga Example",
        "role": "Chair",
        "mandate": "on",
        "email": f"olga{next(numbers)}@example.org",
        "country": "DE",
        "consent": "on",
        **fields,
    }


def post(client, campaign, form, language="en", **headers):
    """Send a form as a browser does: url-encoded."""
    return client.post(
        f"/{language}/{campaign.slug}/sign/",
        urlencode(form),
        content_type="application/x-www-form-urlencoded",
        headers=headers,
    )


def press(client, path, **fields):
    """Press the button of a page."""
    return client.post(path, urlencode(fields), content_type="application/x-www-form-urlencoded")


def read_mails() -> list:
    """Let the sender work, and return what has arrived since."""
    before = len(mail.outbox)
    while send_batch():
        pass
    return mail.outbox[before:]


def links(message) -> dict:
    """The paths in a mail by what they are for: `confirm`, `not-me`, `manage`."""
    return {match[2]: match[0] for match in LINK.finditer(message.body)}


def code(message) -> str:
    return "".join(CODE.search(message.body).groups())


def sign(client, campaign, form=None, **fields) -> Signature:
    """Sign through the page; the signature is pending and its mail waits."""
    post(client, campaign, form or person(**fields))
    return Signature.objects.filter(campaign=campaign).latest("pk")


def confirmed(client, campaign, form=None, **fields) -> Signature:
    """Sign, read the mail and press the button."""
    signature = sign(client, campaign, form, **fields)
    press(client, links(read_mails()[-1])["confirm"])
    signature.refresh_from_db()
    return signature


def approved(client, campaign, by, **fields) -> Signature:
    """An organisation that has signed and that an organiser has approved."""
    signature = confirmed(client, campaign, organisation(**fields))
    lifecycle.approve(signature, by)
    signature.refresh_from_db()
    return signature


def make_update(campaign, published=True, **fields) -> Update:
    """News in English and German."""
    fields = {
        "title": text(en="We were heard", de="Wir wurden gehört"),
        "body": text(en="On Monday.\n\nSee https://peace.example/.", de="Am Montag.\n\nMehr bald."),
        **fields,
    }
    update = Update.objects.create(campaign=campaign, **fields)
    if published:
        assert campaigns.publish_update(update)
        update.refresh_from_db()
    return update


def make_readers(campaign, number, language="en", **fields) -> list[Signature]:
    """So many people who have signed, confirmed, and want news; `reader0@example.org` and so on."""
    moment = now()
    return Signature.objects.bulk_create(
        Signature(
            **{
                "campaign": campaign, "appeal": campaign.appeal, "kind": "individual",
                "language": language, "email": f"reader{index}@{index}.example.org",
                "address_hash": f"{next(numbers)}", "country": "DE", "visibility": "count",
                "updates": True, "consent_version": "1", "signed_at": moment,
                "confirmed_at": moment, **fields,
            }
        )
        for index in range(number)
    )  # fmt: skip


def sealed(campaign, by) -> HandIn:
    """A sealed list of what counts now."""
    started = hand_in.seal(campaign, by)
    work_off()
    started.refresh_from_db()
    return started


def make_file(campaign, by, kind="table", language="en", country="") -> tuple[HandIn, HandInFile]:
    """The newest sealed list of a campaign, or a new one, and a file that was made of it."""
    lists = campaign.hand_ins.exclude(sealed_at=None)
    list_ = lists.first() or sealed(campaign, by)
    file = hand_in.ask(list_, kind, language, by, country)
    work_off()
    file.refresh_from_db()
    return list_, file


def work_off() -> None:
    """What the background does, until nothing is due."""
    while hand_in.is_due():
        hand_in.work()
