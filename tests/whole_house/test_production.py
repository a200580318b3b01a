"""What must hold in production, asked of the real commands in processes of their own."""

import base64
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.conf import settings as project
from django.db import connection
from pytest_django import Settings

from groundwork import checks
from tests import settings as run
from tests.database_role import acting_as

ROOT = Path(project.BASE_DIR)


def production(tmp_path: Path, **changes: str) -> dict[str, str]:
    """The environment of a machine in production, its database that of the tests."""
    environment = {
        "PATH": os.environ["PATH"],
        "DATA_DIR": str(tmp_path),
        "SITE_URL": "https://updates.example.co.uk",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "LINK_KEY": secrets.token_urlsafe(32),
        "ADDRESS_KEY": secrets.token_urlsafe(32),
        "FIELD_KEYS": Fernet.generate_key().decode(),
        "LEDGER_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "DATABASE_URL": database_url("casedesk_app"),
        "DATABASE_OWNER_URL": database_url("casedesk_owner"),
        "REDIS_URL": run.REDIS_URL,
        "EMAIL_URL": "smtp://127.0.0.1:25",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    return environment | changes


def database_url(role: str) -> str:
    """This role on the test's own database."""
    return run.POSTGRES.url(role, str(connection.settings_dict["NAME"]))


def manage(
    environment: dict[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


# As docs/operations.md has it; the second names the database, as Django's manual does.
DEPLOY = ("check", "--deploy", "--fail-level", "WARNING")
CHECKS = [DEPLOY, (*DEPLOY, "--database", "default")]
AS_DOCUMENTED = pytest.mark.parametrize("check", CHECKS, ids=["plain", "database"])


@pytest.mark.django_db
@AS_DOCUMENTED
def test_check_deploy_is_clean(tmp_path: Path, check: tuple[str, ...]) -> None:
    done = manage(production(tmp_path), *check)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "no issues" in done.stdout


WRONG = {
    "groundwork.E001": {"SITE_URL": "http://updates.example.co.uk"},
    "groundwork.E003": {"EMBEDDED": "true"},
    "groundwork.E004": {"DATABASE_ROLE": "owner"},
}


@pytest.mark.django_db
@AS_DOCUMENTED
@pytest.mark.parametrize("code", WRONG)
def test_check_deploy_finds_what_is_wrong(
    tmp_path: Path, code: str, check: tuple[str, ...]
) -> None:
    done = manage(production(tmp_path, **WRONG[code]), *check)

    assert done.returncode != 0
    assert code in done.stdout + done.stderr


@pytest.mark.django_db
def test_the_owner_of_the_database_is_not_to_serve(tmp_path: Path) -> None:
    as_owner = production(tmp_path, DATABASE_URL=database_url("casedesk_owner"))
    done = manage(as_owner, *DEPLOY)

    assert done.returncode != 0
    assert "may TRUNCATE the ledger consent_consententry" in done.stderr


def test_check_deploy_says_so_when_it_cannot_reach_the_database(
    tmp_path: Path,
) -> None:
    nowhere = "postgres://casedesk_app@127.0.0.1:1/casedesk"
    done = manage(production(tmp_path) | {"DATABASE_URL": nowhere}, "check", "--deploy")

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr.count("The database cannot be reached") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("url", "is_safe"),
    [
        ("https://updates.example.co.uk", True),
        ("http://localhost:8000", True),
        ("http://127.0.0.1:8000", True),
        ("http://[::1]:8000", True),
        ("http://updates.example.co.uk", False),
        ("http://localhost.example.co.uk", False),
        ("http://192.168.1.5", False),
        ("https://", False),
        ("updates.example.co.uk", False),
    ],
)
def test_http_is_for_loopback_only(settings: Settings, url: str, is_safe: bool) -> None:
    settings.SITE_URL = url

    assert (checks.site_url_is_safe(None) == []) == is_safe


def test_the_civil_day_is_londons(settings: Settings) -> None:
    assert checks.civil_day_is_londons(None) == []
    settings.TIME_ZONE = "UTC"
    assert [e.id for e in checks.civil_day_is_londons(None)] == ["groundwork.E002"]


@pytest.mark.django_db
def test_the_database_check_sees_the_role_that_connected() -> None:
    assert checks.ledgers_are_out_of_reach(None, ["default"]) == []
    with acting_as("casedesk_mailer"):
        assert checks.ledgers_are_out_of_reach(None, ["default"]) == []
    with acting_as(None):
        found = checks.ledgers_are_out_of_reach(None, ["default"])
    assert any("TRUNCATE the ledger consent_consententry" in e.msg for e in found)


@pytest.mark.django_db
def test_in_production_there_is_no_mailbox_and_no_debug_page(tmp_path: Path) -> None:
    manage(production(tmp_path), "collectstatic", "--noinput").check_returncode()
    program = (
        "import django; django.setup()\n"
        "from django.test import Client\n"
        "for path in ('/mailbox/', '/anymail/postmark/inbound/', '/nothing/'):\n"
        "    page = Client(headers={'host': 'updates.example.co.uk'}).get(path)\n"
        "    print(path, page.status_code, b'URLconf' in page.content)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=production(tmp_path),
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.stdout.split("\n")[:3] == [
        "/mailbox/ 404 False",
        "/anymail/postmark/inbound/ 404 False",
        "/nothing/ 404 False",
    ], done.stderr


@pytest.mark.django_db
def test_cookies_are_for_https_and_this_host_alone(tmp_path: Path) -> None:
    program = (
        "import django; django.setup()\n"
        "from django.conf import settings as s\n"
        "print(s.SESSION_COOKIE_NAME, s.SESSION_COOKIE_SECURE,"
        " s.SESSION_COOKIE_HTTPONLY, s.SESSION_COOKIE_SAMESITE,"
        " s.CSRF_COOKIE_NAME, s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS >= 31536000,"
        " s.SECURE_HSTS_INCLUDE_SUBDOMAINS, s.DEBUG)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=production(tmp_path),
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.stdout.split() == (
        "__Host-session True True Strict __Host-csrf True True True False".split()
    ), done.stderr


def test_a_missing_key_stops_the_start(tmp_path: Path) -> None:
    for name in ("SECRET_KEY", "LINK_KEY", "ADDRESS_KEY", "FIELD_KEYS", "LEDGER_KEY"):
        environment = production(tmp_path)
        del environment[name]

        done = manage(environment, "check")

        assert done.returncode != 0, name
        assert name in done.stderr
