from django.urls import path, re_path, register_converter

from signatures.views import (
    appeal,
    comments,
    confirm,
    earlier,
    hand_in,
    integrity,
    lists,
    manage,
    pages,
    paper,
    share,
    sign,
    statistics,
    unsubscribe,
    versions,
)

app_name = "signatures"


class TokenConverter:
    """A mailed secret: 24 random bytes are 32 characters; room for longer ones later."""

    regex = "[A-Za-z0-9_-]{20,64}"
    to_python = to_url = staticmethod(str)


class SealConverter:
    """A short text that `keys.seal` has encrypted."""

    regex = "[A-Za-z0-9_=-]{100,300}"
    to_python = to_url = staticmethod(str)


class SlugConverter:
    """The code of a campaign or an organiser."""

    regex = "[a-z0-9-]{1,60}"
    to_python = to_url = staticmethod(str)


class HashConverter:
    """The key of a question; django-simple-captcha asks for the address of one named dummy."""

    regex = "[0-9a-z]{1,40}"
    to_python = to_url = staticmethod(str)


register_converter(HashConverter, "hash")
register_converter(TokenConverter, "token")
register_converter(SealConverter, "seal")
register_converter(SlugConverter, "code")

urlpatterns = [
    path("privacy/", pages.privacy, name="privacy"),
    path("integrity/", integrity.integrity, name="integrity"),
    path("confirm/<token:token>/", confirm.confirm, name="confirm"),
    # What mail programs and people glue to the end of a link.
    re_path(r"^confirm/(?P<token>[A-Za-z0-9_-]{20,64})/?[.,;:!)>\]\s]+/?$", confirm.tidy),
    path("not-me/<token:token>/", confirm.not_me, name="not_me"),
    path("manage/<token:token>/", manage.manage, name="manage"),
    path("unsubscribe/<token:token>/", unsubscribe.unsubscribe, name="unsubscribe"),
    path("<code:slug>/", appeal.appeal, name="appeal"),
    path("<code:slug>/sign/", sign.sign, name="sign"),
    path("<code:slug>/sign/sent/<seal:ticket>/", sign.sent, name="sent"),
    path("<code:slug>/thanks/", confirm.thanks, name="thanks"),
    path("<code:slug>/thanks/<seal:ticket>/", confirm.thanks, name="thanks"),
    path("<code:slug>/denied/", pages.denied, name="denied"),
    path("<code:slug>/withdrawn/", pages.withdrawn, name="withdrawn"),
    path("<code:slug>/signatories/", lists.signatories, name="signatories"),
    path("<code:slug>/versions/", versions.versions, name="versions"),
    path("<code:slug>/comments/", comments.comments, name="comments"),
    path("<code:slug>/earlier/", earlier.earlier, name="earlier"),
    path("<code:slug>/paper.pdf", paper.paper, name="paper"),
    path("<code:slug>/hand-in/", hand_in.hand_in, name="hand_in"),
    path("<code:slug>/share/", share.share, name="share"),
    path("<code:slug>/qr.svg", share.qr, name="qr"),
    path("<code:slug>/statistics/", statistics.statistics, name="statistics"),
    path("<code:slug>/statistics/<code:chart>.svg", statistics.chart, name="chart"),
    path("<code:slug>/call/<code:partner>/", appeal.call, name="call"),
]
