"""All settings. Only this module reads the environment; `.env.example` explains each variable.

With no variable set it is the embedded default for the first five minutes and for small campaigns:
SQLite, mails as files, keys that `make run` generated into `var/keys.env`.
"""

import shutil
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"


class Environment(environ.Env):
    def int(self, var, default=environ.Env.NOTSET):
        try:
            return super().int(var, default)
        except ValueError:  # which does not say what is wrong
            raise ImproperlyConfigured(f"{var} must be a whole number.") from None


env = Environment()
if (VAR_DIR / "keys.env").exists():
    env.read_env(VAR_DIR / "keys.env")

# The one address from which every absolute link is built, never from a request.
SITE_URL = env("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
_site = urlsplit(SITE_URL)
HTTPS = _site.scheme == "https"

# Keys
SECRET_KEY = env("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])  # earlier ones, still believed
ADDRESS_KEY = env("ADDRESS_KEY")  # keyed hashes of addresses and codes
SEAL_KEYS = env.list("SEAL_KEYS")  # encrypts addresses and names; the first seals, all unseal

DEBUG = False
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[_site.hostname])
# The site's second address, in the Tor network, which encrypts by itself.
ONION_HOST = env("ONION_HOST", default="").lower()
ALLOWED_HOSTS += [ONION_HOST] if ONION_HOST else []
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
ADMIN_PATH = env("ADMIN_PATH", default="admin").strip("/")

INSTALLED_APPS = [
    "signatures",
    "campaigns",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "i18nfield",
    "captcha",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "petition_site.apps.PetitionSiteConfig",
]

MIDDLEWARE = [
    "petition_site.middleware.headers",
    "petition_site.middleware.no_body_for_head",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "petition_site.middleware.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "petition_site.middleware.language",
    "petition_site.middleware.wrong_method",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "petition_site.middleware.cookies",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "petition_site.middleware.PublicPostMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "petition_site.staff.gate.GateMiddleware",
    "petition_site.middleware.OutageMiddleware",
]

ROOT_URLCONF = "petition_site.urls"
WSGI_APPLICATION = "petition_site.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "petition_site.context.site",
            ],
        },
    },
]

FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# Database
_database_url = env("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'petition.sqlite3'}")
if not _database_url.startswith(("postgres://", "postgresql://", "sqlite:///")):
    raise ImproperlyConfigured("DATABASE_URL must begin with postgres:// or sqlite:///.")
_database = env.db_url_config(_database_url)
DATABASES = {"default": _database}
if _database["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE: a transaction that will write waits for its turn at the start instead of failing
    # half way; FULL: what was acknowledged survives a power cut.
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
else:
    # A pool per process: workers x max_size must stay below the server's max_connections. Whoever
    # comes while the server is away learns so after `timeout` seconds. When it is back, no request
    # meets an old connection, and a new one is there at once: the pool would wait twice as long
    # after each failure, but gives up before that, and every request makes it try again.
    _database["OPTIONS"] = {
        **_database.get("OPTIONS", {}),
        "pool": {"min_size": 1, "max_size": 8, "timeout": 3, "reconnect_timeout": 2},
    }
    _database["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Cache: "counters" must count exactly across processes, so it is the database unless a
# Valkey/Redis is named.
CACHES = {
    "default": env.cache_url("CACHE_URL", default="locmemcache://"),
    "counters": (
        env.cache_url("CACHE_URL")
        if env("CACHE_URL", default="")
        else {"BACKEND": "signatures.counters.CounterCache"}
    ),
}

# Mail
if env("EMAIL_URL", default=""):
    vars().update(env.email_url("EMAIL_URL"))
else:
    EMAIL_BACKEND = "petition_site.eml.EmlBackend"
EMAIL_FILE_PATH = VAR_DIR / "mail"
# Seconds for each answer of the mail server. A slow one that has just taken a mail must not be
# given up too early: the mail would go out again.
EMAIL_TIMEOUT = 40
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="no-reply@localhost")
REPLY_TO = env("REPLY_TO", default="") or DEFAULT_FROM_EMAIL
# For those who have found a weakness: an address, or the https:// address of a page.
SECURITY_CONTACT = env("SECURITY_CONTACT", default="") or REPLY_TO
BOUNCE_ADDRESS = env("BOUNCE_ADDRESS", default="") or DEFAULT_FROM_EMAIL
# All senders together; 0: as fast as the mail server takes them.
MAILS_PER_SECOND = env.int("MAILS_PER_SECOND", default=0)
# The mail provider proves with it that a report of a bounce or a complaint is its own.
MAIL_WEBHOOK_KEY = env("MAIL_WEBHOOK_KEY", default="")

# Languages; the name of each in itself. English is what the other texts are translations of.
LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", "English"),
    ("de", "Deutsch"),
    ("fr", "Français"),
    ("it", "Italiano"),
    ("el", "Ελληνικά"),
    ("es", "Español"),
    ("nl", "Nederlands"),
    ("ru", "Русский"),
    ("uk", "Українська"),
    ("be", "Беларуская"),
]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["petition_site.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# Static files
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_MIMETYPES = {".svg": "image/svg+xml; charset=utf-8"}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Security
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
# `same-origin` and not `no-referrer`: the latter makes browsers send `Origin: null` with forms.
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
# With this prefix browsers take a cookie only over https, for this very host and all its paths.
_prefix = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{_prefix}sessionid", f"{_prefix}csrftoken"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_AGE = None  # like the session, it ends with the browser
CSRF_FAILURE_VIEW = "petition_site.views.refused"
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
# The policy has Django 6's setting name, so that moving there only deletes a middleware.
SECURE_CSP = {
    "default-src": ["'none'"],
    "style-src": ["'self'"],
    "img-src": ["'self'"],
    "media-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
}
PUBLIC_POST_MAX_BYTES = 64 * 1024
PUBLIC_POST_MAX_FIELDS = 50
DESK_POST_MAX_BYTES = 8 * 1024 * 1024  # files have a limit of their own below, said in words

# The organisers' accounts: a password, then a second factor, then eight hours at most.
SESSION_ENGINE = "petition_site.staff.sessions"
SESSION_COOKIE_AGE = 8 * 3600
# Not in a cookie of its own.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
LOGIN_URL = ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
LOGIN_REDIRECT_URL = "admin:index"
AUTHENTICATION_BACKENDS = ["petition_site.staff.accounts.StaffBackend"]
PASSWORD_HASHERS = [
    "petition_site.staff.passwords.PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 15},
    },
    {
        "NAME": "petition_site.staff.passwords.MaximumLengthValidator",
        "OPTIONS": {"max_length": 128},
    },
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "petition_site.staff.passwords.ContextValidator"},
]
ACCOUNT_ADAPTER = "petition_site.staff.accounts.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_FORMS = {"login": "petition_site.staff.forms.LoginForm"}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_RATE_LIMITS = False  # they know addresses and count per process; see staff/limits.py
ACCOUNT_SESSION_REMEMBER = False
MFA_ADAPTER = "petition_site.staff.accounts.FactorAdapter"
MFA_ALLOW_UNVERIFIED_EMAIL = True  # there is none to verify
MFA_FORMS = {
    "authenticate": "petition_site.staff.forms.CodeForm",
    "authenticate_webauthn": "petition_site.staff.forms.KeyForm",
    "activate_totp": "petition_site.staff.forms.ActivateForm",
    "add_webauthn": "petition_site.staff.forms.AddKeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_RECOVERY_CODE_DIGITS = 12
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = _site.hostname
MFA_TOTP_TOLERANCE = 1  # the code before and the one after: clocks differ

# How many signatures an hour may come from one network before a question is asked first.
SIGNS_PER_NETWORK = env.int("SIGNS_PER_NETWORK", default=100)
RATELIMIT_USE_CACHE = "counters"
# django-ratelimit knows by name which caches count exactly; for ours tests/test_races.py shows it.
SILENCED_SYSTEM_CHECKS = ["django_ratelimit.W001"]
# Browsers' preload lists cannot be left for months: whoever runs the domain decides about that.
SILENCED_SYSTEM_CHECKS += ["security.W021"]
# Django looks for its own SecurityMiddleware by name; ours is a child of it.
SILENCED_SYSTEM_CHECKS += ["security.W001"]

# The question that is asked when somebody tries to spoil the count: a sum in digits.
CAPTCHA_CHALLENGE_FUNCT = "signatures.forms.sum_in_digits"
CAPTCHA_TIMEOUT = 30  # minutes
CAPTCHA_FONT_SIZE = 40
CAPTCHA_LETTER_ROTATION = (-12, 12)
CAPTCHA_PUNCTUATION = ""
CAPTCHA_2X_IMAGE = False
CAPTCHA_FLITE_PATH = shutil.which("flite")  # speaks the sum where it is installed

# How long a signature may wait for its confirmation before it is forgotten, in days.
PENDING_DAYS = env.int("PENDING_DAYS", default=7)
# What leads to a person, and the addresses of those who get news: so long after the hand-in, and
# both so long after the end of signing if nothing has been handed in by then.
AFTER_HAND_IN_DAYS = env.int("AFTER_HAND_IN_DAYS", default=180)
NEWS_DAYS = env.int("NEWS_DAYS", default=365)
AFTER_CLOSING_DAYS = env.int("AFTER_CLOSING_DAYS", default=365)
# A backup is deleted after so many days. Those who leave are remembered for twice as long, so that
# no backup brings them back.
BACKUP_DAYS = env.int("BACKUP_DAYS", default=30)
# Public keys (age1…) to which backups are encrypted; their secret halves are not on this machine.
BACKUP_RECIPIENT = env.list("BACKUP_RECIPIENT", default=[])

_level = (env("LOG_LEVEL", default="") or "INFO").upper()
if _level not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
    raise ImproperlyConfigured("LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR.")
# Logs hold no address, token, name or query string: `petition_site.logs` sees to it.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "petition_site.logs.LineFormatter",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {
        "nowhere": {"class": "logging.NullHandler"},
        "terminal": {"class": "logging.StreamHandler", "formatter": "line"},
    },
    "root": {"handlers": ["terminal"], "level": _level},
    "loggers": {
        # Django's own handlers mail error reports with form data to ADMINS; ours never do, and
        # paths of refused requests may hold tokens.
        "django": {"handlers": [], "level": "INFO"},
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"handlers": ["nowhere"], "propagate": False},
        # What makes PDFs tells hundreds of lines about each font, and which letters it met.
        "fontTools": {"level": "ERROR"},
        "fpdf": {"level": "ERROR"},
    },
}
