"""What `manage.py mailcheck` says of a sender's domain, against a DNS that is a table."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.management import CommandError, call_command

from petition_site import mailcheck
from tests import sink as sinks

SELECTOR = "key._domainkey.example.org"


def key_of(bits) -> str:
    public = rsa.generate_private_key(65537, bits).public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


RSA_2048, RSA_1024 = key_of(2048), key_of(1024)
ED25519 = base64.b64encode(
    ed25519.Ed25519PrivateKey.generate().public_key().public_bytes_raw()
).decode()
GOOD = {
    ("example.org", "TXT"): ["v=spf1 mx include:_spf.provider.example -all", "something=else"],
    ("_spf.provider.example", "TXT"): ["v=spf1 ip4:203.0.113.0/24 a:mail.provider.example -all"],
    (SELECTOR, "TXT"): [f"v=DKIM1; k=rsa; p={RSA_2048}"],
    ("_dmarc.example.org", "TXT"): ["v=DMARC1; p=reject; rua=mailto:reports@example.org"],
    ("example.org", "MX"): ["10 mail.example.org."],
    ("_mta-sts.example.org", "TXT"): ["v=STSv1; id=20261124"],
    ("7.113.0.203.in-addr.arpa.", "PTR"): ["mail.example.org."],
    ("mail.example.org", "A"): ["203.0.113.7"],
}


@pytest.fixture(autouse=True)
def relay(settings):
    """A mail server of this machine, and the domain of the table."""
    settings.DEFAULT_FROM_EMAIL = "Peace <no-reply@example.org>"
    settings.BOUNCE_ADDRESS = "bounces@example.org"
    with sinks.running() as sink:
        sinks.use(settings, sink)
        yield sink


def run(capsys, changes=(), *options, knock=lambda _host: "") -> tuple[bool, list[list[str]]]:
    """Whether all is well, and (level, words) of each line."""
    table = {**GOOD, **dict(changes)}
    well = True
    try:
        call_command(
            "mailcheck",
            "key",
            *options,
            ask=lambda name, kind: table.get((name, kind), []),
            knock=knock,
        )
    except CommandError:
        well = False
    return well, [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]


def level_of(lines, words) -> str:
    (level,) = {level for level, line in lines if words in line}
    return level


def test_where_everything_is_there_each_thing_gets_a_line_and_nothing_is_mailed(capsys, relay):
    well, lines = run(capsys, {}, "--ip", "203.0.113.7")

    assert well
    assert {level for level, _words in lines} == {"ok"}
    assert [words for _level, words in lines][1:] == [
        "SPF of example.org, 3 of 10 lookups.",
        f"DKIM {SELECTOR}.",
        "DMARC of example.org: reject.",
        "MX of example.org: mail.example.org.",
        "MTA-STS of example.org.",
        "PTR of 203.0.113.7: mail.example.org.",
    ]
    assert relay.taken == []


@pytest.mark.parametrize(
    ("name", "kind", "answers", "words"),
    [
        ("example.org", "TXT", [], "example.org has no SPF record."),
        ("example.org", "TXT", ["v=spf1 -all", "v=spf1 mx -all"], "2 SPF records, not one"),
        ("example.org", "TXT", ["v=spf1 mx +all"], "lets everybody send"),
        ("example.org", "TXT", ["v=spf1 " + "a " * 11 + "-all"], "more than 10 times"),
        ("example.org", "TXT", ["v=spf1 include:example.org -all"], "more than 10 times"),
        (SELECTOR, "TXT", [], "no DKIM key"),
        (SELECTOR, "TXT", ["v=DKIM1; p="], "revoked"),
        (SELECTOR, "TXT", [f"v=DKIM1; p={RSA_1024}"], "1024 bits, not 2048"),
        (SELECTOR, "TXT", ["v=DKIM1; p=bm90IGEga2V5"], "cannot be read"),
        (SELECTOR, "TXT", ["v=DKIM1; p=§§§"], "cannot be read"),
        (SELECTOR, "TXT", ["v=DKIM1; k=ed25519; p=c2hvcnQ="], "cannot be read"),
        (SELECTOR, "TXT", [f"p={RSA_2048}", f"p={RSA_2048}"], "2 DKIM keys"),
        ("_dmarc.example.org", "TXT", [], "no DMARC record"),
        ("_dmarc.example.org", "TXT", ["v=DMARC1; p=maybe"], "is void"),
        ("_dmarc.example.org", "TXT", ["v=DMARC1; p=none", "v=DMARC1; p=none"], "is void"),
        ("example.org", "MX", [], "takes no mail"),
        ("example.org", "MX", ["0 ."], "takes no mail"),
        ("7.113.0.203.in-addr.arpa.", "PTR", [], "leads back to it"),
        ("mail.example.org", "A", ["203.0.113.8"], "leads back to it"),
    ],
)
def test_what_mails_cannot_do_without_is_missing(capsys, name, kind, answers, words):
    well, lines = run(capsys, {(name, kind): answers}, "--ip", "203.0.113.7")

    assert not well
    assert level_of(lines, words) == "MISSING"


@pytest.mark.parametrize(
    ("name", "kind", "answers", "words"),
    [
        ("example.org", "TXT", ["v=spf1 mx"], "forbids nobody"),
        (SELECTOR, "TXT", [f"t=y; p={RSA_2048}"], "only being tried"),
        ("_dmarc.example.org", "TXT", ["v=DMARC1; p=none; rua=mailto:a@b.example"], "go on to"),
        ("_dmarc.example.org", "TXT", ["v=DMARC1; p=reject"], "no reports"),
        ("_mta-sts.example.org", "TXT", [], "no MTA-STS record"),
    ],
)
def test_what_could_be_better_is_advice(capsys, name, kind, answers, words):
    well, lines = run(capsys, {(name, kind): answers})

    assert well
    assert level_of(lines, words) == "advice"


def test_ed25519_is_a_good_key(capsys):
    well, lines = run(capsys, {(SELECTOR, "TXT"): [f"v=DKIM1; k=ed25519; p={ED25519}"]})

    assert well
    assert level_of(lines, f"DKIM {SELECTOR}.") == "ok"


def test_a_subdomain_may_have_the_dmarc_record_of_the_domain_above(capsys, settings):
    settings.DEFAULT_FROM_EMAIL = settings.BOUNCE_ADDRESS = "no-reply@act.example.org"
    own = {
        ("act.example.org", "TXT"): ["v=spf1 mx -all"],
        ("act.example.org", "MX"): ["10 mail.example.org."],
        ("key._domainkey.act.example.org", "TXT"): [f"p={RSA_2048}"],
    }
    well, lines = run(capsys, own)
    assert well
    assert level_of(lines, "DMARC of example.org: reject.") == "ok"

    above = ["v=DMARC1; p=reject; sp=none; rua=mailto:a@b.example"]
    _well, lines = run(capsys, {**own, ("_dmarc.example.org", "TXT"): above})
    assert level_of(lines, "DMARC of example.org: none.") == "ok"


def test_bounces_at_another_domain_have_their_own_spf_and_mx(capsys, settings):
    settings.BOUNCE_ADDRESS = "bounces@mail.provider.example"
    well, lines = run(capsys)

    assert not well
    assert level_of(lines, "mail.provider.example has no SPF record.") == "MISSING"
    assert level_of(lines, "mail.provider.example takes no mail") == "MISSING"
    assert level_of(lines, "BOUNCE_ADDRESS is at") == "advice"


def test_a_mail_server_without_starttls_is_named(capsys):
    well, lines = run(capsys, knock=lambda _host: "SMTPNotSupportedError")

    assert well
    assert level_of(lines, "mail.example.org offers no good STARTTLS") == "advice"


def test_our_own_mail_server_must_take_us_over_tls(capsys, settings, relay):
    assert level_of(run(capsys)[1], "takes us.") == "ok"

    settings.EMAIL_USE_TLS = True  # which the sink does not offer
    well, lines = run(capsys)
    assert not well
    assert level_of(lines, "cannot be used: SMTPNotSupportedError.") == "MISSING"

    settings.EMAIL_USE_TLS, settings.EMAIL_HOST = False, "mail.example.org"
    assert level_of(run(capsys)[1], "in the clear") == "MISSING"

    settings.EMAIL_BACKEND = "petition_site.eml.EmlBackend"
    assert level_of(run(capsys)[1], "No mail server is set") == "MISSING"


def test_a_name_server_that_is_silent_is_no_proof_of_anything_and_stops_nothing(capsys):
    def ask(name, kind):
        if name == SELECTOR:
            raise mailcheck.CannotAsk(f"{kind} of {name}: LifetimeTimeout")
        return GOOD.get((name, kind), [])

    with pytest.raises(CommandError, match="Missing: 1"):
        call_command("mailcheck", "key", ask=ask, knock=lambda _host: "")
    lines = capsys.readouterr().out
    assert "MISSING No name server has answered: TXT of key._domainkey" in lines
    assert "MTA-STS of example.org." in lines


def test_an_address_that_is_none_is_refused_at_once(capsys):
    with pytest.raises(CommandError, match="is no IP address"):
        call_command("mailcheck", "key", "--ip", "mail.example.org")
