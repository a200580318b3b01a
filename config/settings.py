"""Every setting of Casedesk, all from the environment, safe by default.

Each variable may also be given as NAME_FILE, a path whose content is the value.
A local set-up started by `make run` writes its variables to DATA_DIR/run/env; they
count where the environment itself is silent, so `manage.py` works with none set.
"""

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.utils.csp import CSP

from config.mail import mailers
from config.schedule import SCHEDULE

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
environ.Env.read_env(str(DATA_DIR / "run" / "env"))

# The local set-up of `make run`: shows /mailbox/ and the demo sign-ins.
EMBEDDED = env.bool("EMBEDDED", default=False)

# Keys. Each has one use; none is ever stored in the database.
SECRET_KEY = env.str("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# Signs the links in e-mails, which live for years: it is not SECRET_KEY, so that
# rotating that one breaks nobody's unsubscribe link.
LINK_KEY = env.str("LINK_KEY")
# Keys the digests by which an address is found and suppressed.
ADDRESS_KEY = env.str("ADDRESS_KEY")
# Fernet keys, newest first; the older ones still decrypt.
FIELD_KEYS = env.list("FIELD_KEYS")
# Ed25519 private key (base64 of 32 bytes) that signs the seals of the ledgers.
LEDGER_KEY = env.str("LEDGER_KEY")
# Ed25519 private key (base64 of 32 bytes) by which systems outside know our requests.
# Empty: none is asked by machine.
CONNECTOR_KEY = env.str("CONNECTOR_KEY", default="")
# Networks that are not public and may be called all the same: 10.20.0.0/16.
CONNECTOR_NETWORKS = env.list("CONNECTOR_NETWORKS", default=[])

# Notes each seal outside the database: shows when the end of a ledger was cut off.
LEDGER_JOURNAL = Path(env.str("LEDGER_JOURNAL", default=str(DATA_DIR / "ledger-seals")))
# Every opt-out, opt-in and erasure, noted outside the database before it counts, so that
# a restored backup forgets none; all processes need the same file.
OPT_OUT_JOURNAL = Path(
    env.str("OPT_OUT_JOURNAL", default=str(DATA_DIR / "opt-out-journal"))
)
# Files that people sent or are sent, encrypted with keys that FIELD_KEYS wrap; the web
# processes and the workers need the same folder.
VAULT_DIR = Path(env.str("VAULT_DIR", default=str(DATA_DIR / "vault")))
# Where an erasure looks for what is left, beside the database, Redis, the vault and the
# mailbox: the folder of data, those where this machine keeps the logs, and the log of a
# database that `make run` has started.
LOG_FOLDERS = [
    *env.list("LOG_FOLDERS", default=[]),
    *env.list("DATABASE_LOG", default=[]),
]
SEARCHED_FOLDERS = [DATA_DIR, *map(Path, LOG_FOLDERS)]
# Below them, what is looked into by a door of its own, or is the same for everybody.
NOT_SEARCHED = [DATA_DIR / name for name in ("postgres", "static")]

DEBUG = env.bool("DEBUG", default=False)
SITE_URL = env.str("SITE_URL").rstrip("/")
SITE_HOST = urlsplit(SITE_URL).hostname or ""
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS",
    default=["localhost", "127.0.0.1", "[::1]"] if EMBEDDED else [SITE_HOST],
)
# How many proxies of our own stand in front; the network address of a visitor is
# taken that many steps from the right of X-Forwarded-For, and never believed further.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)

INSTALLED_APPS = [
    "governance",
    "rights_requests",
    "case_updates",
    "subscribers",
    "consent",
    "outbox",
    "data_subjects",
    "processing_register",
    "staff",
    "groundwork",
    "anymail",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Above whatever may answer by itself, so that every page gets its policy.
    "consent.gate.ConsentGateMiddleware",
    "groundwork.requests.RequestHygieneMiddleware",
    "data_subjects.journal_page.JournalMiddleware",
    "staff.console_middleware.ConsoleSessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "staff.console_middleware.ConsoleAuthenticationMiddleware",
    "staff.console_middleware.ConsoleMessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "processing_register.context.controller",
                "consent.context.cookie_banner",
                "case_updates.context.latest_update",
            ],
        },
    },
]

# Database. Three roles from the start: the owner migrates, the application reads and
# writes but can only append to ledgers, the mailer sees what sending needs.
# DATABASE_ROLE names the one that this process connects as.
OWNER_COMMANDS = {"migrate", "prepare", "sqlmigrate", "sqlflush", "dbshell"}


def database_url() -> str:
    role = env.str("DATABASE_ROLE", default="app")
    app_url = env.str("DATABASE_URL")
    if len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS:
        role = "owner"
    urls: dict[str, str] = {
        "app": app_url,
        "owner": env.str("DATABASE_OWNER_URL", default=app_url),
        "mailer": env.str("DATABASE_MAILER_URL", default=app_url),
    }
    return urls[role]


DATABASE_POOL = env.bool("DATABASE_POOL", default=False)
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        **environ.Env.db_url_config(database_url()),
        "ENGINE": "django.db.backends.postgresql",
        # The web server keeps a pool; workers keep their one connection for a while.
        "CONN_MAX_AGE": 0 if DATABASE_POOL else 60,
        "CONN_HEALTH_CHECKS": not DATABASE_POOL,
        "OPTIONS": {
            # Values go to the server beside the statement, and a statement that a
            # connection has seen five times is planned no more: a sign-up and a cookie
            # choice are one long statement each.
            "server_side_binding": True,
            "prepare_threshold": 5,
            **(
                {"pool": {"min_size": 1, "max_size": 8, "timeout": 10}}
                if DATABASE_POOL
                else {}
            ),
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Redis: broker, cache and the counters of the rate limits. Nothing that must last
# lives there; with Redis away, sign-ups still succeed and mail waits in the outbox.
REDIS_URL = env.str("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "casedesk",
        # A Redis that hangs must not hang the console with it.
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
    }
}

# E-mail. EMAIL_URL chooses the transport: smtp://, smtps://, submission:// or
# anymail+<provider>://; see config.mail.
EMAIL_URL = env.str("EMAIL_URL")
ANYMAIL: dict[str, Any] = env.json("ANYMAIL", default={})
MAIL_FROM = env.str("MAIL_FROM", default="")  # empty: the controller's own mailbox
# Where the local SMTP catcher puts messages; set only by the embedded set-up.
MAILBOX_DIR = Path(p) if (p := env.str("MAILBOX_DIR", default="")) else None
# Where mail to us is read: imaps://user:password@host/INBOX, or the webhook, or the
# catcher's folder when neither is set.
INBOUND_IMAP_URL = env.str("INBOUND_IMAP_URL", default="")
# The provider whose inbound webhook is open at /anymail/ (postmark, mailgun, …); it
# signs in with ANYMAIL's WEBHOOK_SECRET.
INBOUND_WEBHOOK = env.str("INBOUND_WEBHOOK", default="")

# Celery
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 1800}
CELERY_TASK_DEFAULT_QUEUE = "work"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "Europe/London"
CELERY_BEAT_SCHEDULE = SCHEDULE
# When beat last ran each job; beside the rest of the data, not in the working folder.
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "run" / "beat-schedule")

# Staff
AUTH_USER_MODEL = "staff.StaffUser"
LOGIN_URL = "console:login"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_COOKIE_AGE = 8 * 60 * 60
SESSION_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_HTTPONLY = True

# Ordered lists that cross the floors; each entry is a dotted path.
# Every place in which a person can be found, in the order of collecting and erasing.
PERSONAL_DATA = [
    "subscribers.holdings.SIGN_UP",
    "subscribers.holdings.LINKS",
    "subscribers.holdings.ADDRESS_CHANGE",
    "subscribers.holdings.LISTS",
    "subscribers.holdings.EVENTS",
    "consent.holdings.DECISIONS",
    "consent.holdings.EVIDENCE",
    "outbox.holdings.MAIL_TO_YOU",
    "outbox.holdings.MAIL_FROM_YOU",
    "outbox.holdings.OPT_OUTS",
    "case_updates.holdings.DELIVERIES",
    "governance.holdings.NOTICES",
    "rights_requests.holdings.SUBMISSIONS",
    "rights_requests.holdings.CASES",
    "rights_requests.holdings.LETTERS",
    "rights_requests.holdings.MESSAGES",
    "rights_requests.holdings.DOCUMENTS",
    "rights_requests.holdings.LINKS",
    "rights_requests.holdings.DECISIONS",
    "rights_requests.holdings.BALANCINGS",
    "rights_requests.holdings.CHECKS",
    "rights_requests.holdings.SEARCHES",
    "rights_requests.holdings.TASKS",
    "rights_requests.holdings.NOTES",
    "rights_requests.holdings.LEFT_OUT",
    "rights_requests.holdings.CORRECTIONS",
    "rights_requests.holdings.SENDINGS",
    "rights_requests.holdings.LOG",
    "rights_requests.holdings.OWN_LINKS",
    "data_subjects.holdings.RESTRICTIONS",
    "data_subjects.holdings.USES",
    "data_subjects.holdings.HOLDS",
    "data_subjects.holdings.HELD",
    "data_subjects.holdings.DISCLOSURES",
    "data_subjects.holdings.DISCLOSURE_EVIDENCE",
    "data_subjects.holdings.EVENTS",
    "data_subjects.holdings.CONTACT",
    "data_subjects.holdings.KEY",
    "staff.holdings.OPENINGS",
    "staff.holdings.ACCOUNT",
]
# Where something of a person stands and nobody looks for it, with the reason.
NOT_COLLECTED = {
    "consent.CookieReceipt": "A choice about cookies stands under a number that one "
    "browser alone knows; nothing here leads from a person to it. Whoever has the number "
    "sees and deletes it on the cookies page.",
    "rights_requests.ErasurePlan": "By what an erasure looks for what is left of the "
    "person, while it is carried out, emptied when it is done; and the codes of the "
    "addresses, until our report has left.",
    "rights_requests.SystemCall": "Where a system outside has put what it found, until "
    "that is fetched; then it is a document of the case.",
    "rights_requests.Residue": "Why something that an erasure found stays: whose it is, "
    "if not the person's.",
    # These lead to a case, and say nothing of the person that its own log and papers do
    # not say.
    "rights_requests.ClockFault": "That a clock could not be counted, for whoever mends it.",
    "rights_requests.ErasedPlace": "How many rows of each place a deletion found and "
    "removed: the report to the person says so.",
    "rights_requests.MailedCode": "Digests of codes drawn by lot, gone within days.",
    "rights_requests.Package": "How far a copy is put together; the copy itself is a "
    "document of the case.",
    "rights_requests.Reminder": "That staff were reminded of a day; the log says so, too.",
    "rights_requests.RuleCheck": "Whether a standing rule fitted; the log says so, too.",
    "sessions.Session": "A signed-in browser of a member of staff; the table knows a "
    "key and an encrypted rest, and is emptied by itself.",
    "admin.LogEntry": "Nothing writes it: the console keeps its own access record.",
}
# What can be corrected of a person's data, each place by the app that owns it.
CORRECTORS = [
    "subscribers.rectifying.SIGN_UP",
    "governance.rectifying.FROM_OTHERS",
]
# How a restriction binds each of these places, kept by the database.
RESTRICTION_BINDS = "config.binding.BINDING"
# Everybody whose address is held, each entry a call away: told of a significant change
# of the privacy notice.
PEOPLE_HELD = ["subscribers.held.READERS", "data_subjects.contacts.INDIRECT"]
# By what people were known until their deletion began.
KNOWN_BEFORE = "rights_requests.fulfilment.erasure_plan.known_before"
# Of whom something was chosen to stay when the rest was deleted.
WITH_CHOSEN = "rights_requests.fulfilment.erasure_plan.with_chosen"
# Who may claim an inbound message, in order: each claims it or passes. With what the
# console says of a message that it claimed.
INBOUND_READERS = {
    "subscribers.inbound.read_unsubscribe": "its sender left a list",
    "rights_requests.inbound.read_request": "it went to a case, or opened one",
}
# The nightly purges, in order; each removes what its retention period no longer covers.
RETENTION = [
    "subscribers.retention.UNCONFIRMED",
    "subscribers.retention.DEPARTED",
    "subscribers.retention.OLD_ADDRESSES",
    "subscribers.retention.SPENT_LINKS",
    "subscribers.retention.IMPORTS",
    "subscribers.retention.EVIDENCE",
    "outbox.retention.MAILS_TO_NOBODY",
    "outbox.retention.MAIL_BODIES",
    "outbox.retention.INBOUND",
    "consent.retention.COOKIE_EVIDENCE",
    "consent.retention.PAGE_COUNTS",
    "data_subjects.retention.LIFTED_RESTRICTIONS",
    "data_subjects.retention.RELEASED_HOLDS",
    "data_subjects.retention.DISCLOSURE_EVIDENCE",
    "governance.informing.INDIRECT_CONTACTS",
    "governance.notice_changes.DELIVERIES",
    "rights_requests.retention.SPENT_VISITS",
    "rights_requests.retention.SPENT_CODES",
    "rights_requests.retention.SPENT_OWN_LINKS",
    "rights_requests.retention.HANDED_COPIES",
    "rights_requests.retention.HANDED_FILES",
    "rights_requests.retention.CASE_FILES",
    # Last: the key of a person goes when nothing else is left of them.
    "data_subjects.retention.PERSON_KEYS",
]

# Whose public holidays move a deadline: england-and-wales, scotland, northern-ireland.
NATION = env.str("NATION", default="england-and-wales")

# The controller's processing register: a folder of files, ours or the controller's own.
REGISTER_DIR = Path(
    env.str("REGISTER_DIR", default=str(BASE_DIR / "processing_register" / "register"))
)

# Limits and periods (docs/decisions says why these).
SIGN_UPS_PER_NETWORK_PER_HOUR = env.int("SIGN_UPS_PER_NETWORK_PER_HOUR", default=30)
SIGN_UPS_PER_HOUR = env.int("SIGN_UPS_PER_HOUR", default=20_000)
COOKIE_CHOICES_PER_NETWORK_PER_HOUR = env.int(
    "COOKIE_CHOICES_PER_NETWORK_PER_HOUR", default=120
)
MINIMUM_FILL_SECONDS = env.int("MINIMUM_FILL_SECONDS", default=2)
# How long a copy of somebody's data can be downloaded once it was handed over. A working
# value that the controller has yet to confirm.
COPY_DAYS = env.int("COPY_DAYS", default=30)

# The pages whose views are counted for visitors who agreed: names of the URL map, none
# with anything of a person's in its address.
COUNTED_PAGES = [
    "subscribers:sign-up",
    "case_updates:archive",
    "case_updates:detail",
    "rights_requests:your-data",
    "processing_register:privacy-notice",
    "processing_register:retention",
    "processing_register:accessibility",
    "consent:cookies",
]
# A Matomo or Plausible of the controller's own (https://…), loaded after a yes only.
ANALYTICS_HOST = env.str("ANALYTICS_HOST", default="")
# Its script there: Plausible's by default; a Matomo's is its container, js/container_….js.
ANALYTICS_SCRIPT = env.str("ANALYTICS_SCRIPT", default="js/script.js")
# /.well-known/security.txt (RFC 9116): whom to tell of a weakness, as a URI. Empty:
# mailto:security@ the domain of the controller's lists.
SECURITY_CONTACT = env.str("SECURITY_CONTACT", default="")
# Until when that is promised, less than a year ahead. Whoever confirms that the contact
# still answers moves it on; a test fails thirty days before it ends.
SECURITY_TXT_EXPIRES = env.str("SECURITY_TXT_EXPIRES", default="2027-10-31T00:00:00Z")

# Pages
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Europe/London"
USE_I18N = False
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(DATA_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 512 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
# Five files of ten megabytes on any page, and no more is kept or even read.
FILE_UPLOAD_HANDLERS = ["rights_requests.upload_limits.BoundedUploads"]

# Security
HTTPS = SITE_URL.startswith("https://")
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "frame-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "no-referrer"
SECURE_HSTS_SECONDS = 2 * 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES and HTTPS else None
)
# No redirect to https from here: a mailed one-click POST must never be redirected
# (RFC 8058, section 3.1). The proxy in front redirects plain http for pages.
SECURE_SSL_REDIRECT = False
SILENCED_SYSTEM_CHECKS = ["security.W008"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
# A URL without its closing slash is a 404, not a redirect (the same RFC 8058 rule).
APPEND_SLASH = False

# Logging: to standard error, without addresses, names or tokens; see groundwork.log_lines.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "groundwork.log_lines.LineFormatter",
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
        }
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
        }
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.request": {"handlers": [], "level": "ERROR", "propagate": True},
        # Otherwise every look for work, each few seconds, leaves three lines.
        "celery": {"handlers": [], "level": "WARNING", "propagate": True},
        # Otherwise each step of drawing a PDF leaves a line.
        "weasyprint": {"handlers": [], "level": "WARNING", "propagate": True},
        "fontTools": {"handlers": [], "level": "WARNING", "propagate": True},
    },
}

MAILERS = mailers(EMAIL_URL)
