"""The settings of the tests: those of the application, on servers of the test run.

Importing this starts nothing: it only chooses where the servers of this run will be.
The conftest starts them there. The workers of pytest-xdist inherit the choice.
"""

import base64
import os
import tempfile
from pathlib import Path

from config.embedded import Postgres, Redis, free_port

# Chosen once per run; set here and not by the developer, whose own servers must
# never be touched by a test.
os.environ.setdefault(
    "CASEDESK_TEST_DIR", f"{tempfile.gettempdir()}/casedesk-test-{os.getpid()}"
)
os.environ.setdefault("CASEDESK_TEST_REDIS_PORT", str(free_port()))
TEST_DIR = Path(os.environ["CASEDESK_TEST_DIR"])
POSTGRES = Postgres(TEST_DIR / "postgres", durable=False)
REDIS = Redis(port=int(os.environ["CASEDESK_TEST_REDIS_PORT"]), password="test")
# Each worker has a Redis database of its own, as it has a PostgreSQL database.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))

os.environ.update(
    DATA_DIR=str(TEST_DIR),
    EMBEDDED="true",
    DEBUG="false",
    PORT="8000",
    SITE_URL="http://localhost:8000",
    SECRET_KEY="a-secret-key-for-tests-only-and-long-enough-for-the-checks-of-django",
    LINK_KEY="a-link-key-for-tests-only",
    ADDRESS_KEY="an-address-key-for-tests-only",
    FIELD_KEYS=base64.urlsafe_b64encode(b"f" * 32).decode(),
    LEDGER_KEY=base64.b64encode(b"l" * 32).decode(),
    CONNECTOR_KEY=base64.b64encode(b"c" * 32).decode(),
    # The owner connects, because it makes and empties the test database. While a
    # test runs, the connection acts as the application: see conftest.
    DATABASE_ROLE="owner",
    DATABASE_URL=POSTGRES.url("casedesk_app"),
    DATABASE_OWNER_URL=POSTGRES.url("casedesk_owner"),
    DATABASE_MAILER_URL=POSTGRES.url("casedesk_mailer"),
    REDIS_URL=REDIS.url(WORKER % 16),
    EMAIL_URL="smtp://127.0.0.1:1",
    MAILBOX_DIR=str(TEST_DIR / f"mailbox-{WORKER}"),
)
for name in (
    "ALLOWED_HOSTS",
    "ANYMAIL",
    "CONNECTOR_NETWORKS",
    "DATABASE_POOL",
    "INBOUND_IMAP_URL",
    "INBOUND_WEBHOOK",
    "LOG_FOLDERS",
    "MAIL_FROM",
    "OPT_OUT_JOURNAL",
    "SECRET_KEY_FALLBACKS",
    "TRUSTED_PROXIES",
    "VAULT_DIR",
):
    os.environ.pop(name, None)

from config.settings import *  # noqa: E402, F403
from config.settings import DATABASES, SEARCHED_FOLDERS, STORAGES  # noqa: E402

# Connections end with the test that opened them: they carry its role.
DATABASES["default"]["CONN_MAX_AGE"] = 0
# Without the manifest, so that no test needs collectstatic.
STORAGES["staticfiles"] = {
    "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
}
# The real one takes a tenth of a second on purpose.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# What other tests keep meanwhile is nobody's residue.
SEARCHED_FOLDERS.clear()
