"""The servers of a test run, and the database role that tests act as."""

import os
import shutil
from collections.abc import Generator, Iterator
from typing import Any

import pytest
import redis
from django.db import connection
from django.db.backends.signals import connection_created
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker, Settings

from config.embedded import Redis, free_port, own_folder
from config.mail import mailers
from groundwork.database_roles import APP, grant
from tests import settings as run
from tests.database_role import take_role
from tests.relay import Relay

IN_CI = bool(os.environ.get("CI"))


# --- The servers: one PostgreSQL and one Redis for the whole run ---


def is_worker(config: pytest.Config) -> bool:
    """True in a worker of pytest-xdist, which uses what the controller started."""
    return hasattr(config, "workerinput")


def pytest_configure(config: pytest.Config) -> None:
    if not is_worker(config) and not config.option.collectonly:
        remove_what_killed_runs_left()
        own_folder(run.TEST_DIR, 0o711)
        (run.TEST_DIR / "static").mkdir()  # WhiteNoise warns when it is missing
        run.POSTGRES.start()
        run.REDIS.start()


def remove_what_killed_runs_left() -> None:
    """Folders of test runs are named after their process; its end frees the name."""
    for folder in run.TEST_DIR.parent.glob("casedesk-test-*"):
        number = folder.name.rpartition("-")[2]
        if number.isdigit() and not is_alive(int(number)):
            shutil.rmtree(folder, ignore_errors=True)


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's
    return True


def pytest_unconfigure(config: pytest.Config) -> None:
    if not is_worker(config):
        run.REDIS.stop()
        run.POSTGRES.stop()
        shutil.rmtree(run.TEST_DIR, ignore_errors=True)


# --- Nothing is skipped in CI ---


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[
    None, pytest.TestReport, pytest.TestReport
]:
    report = yield
    if not hasattr(report, "wasxfail"):
        fail_if_skipped_in_ci(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[
    None, pytest.CollectReport, pytest.CollectReport
]:
    report = yield
    fail_if_skipped_in_ci(report)
    return report


def fail_if_skipped_in_ci(report: pytest.TestReport | pytest.CollectReport) -> None:
    if IN_CI and report.skipped:
        report.outcome = "failed"
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        report.longrepr = f"In CI nothing may be skipped. {reason}"


# --- The database: made by its owner, used as the application ---


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Give the other roles their privileges once the migrations have run."""
    with django_db_blocker.unblock():
        grant(connection)


def uses_database(request: pytest.FixtureRequest) -> bool:
    marked = request.node.get_closest_marker("django_db") is not None
    return marked or "_django_db_helper" in request.fixturenames


@pytest.fixture(autouse=True)
def acting_as_application(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every test acts as casedesk_app, in connections opened meanwhile too.

    Preparing and emptying the database is the owner's work. In a test that is one
    transaction the rollback takes the role back; otherwise the connection is closed,
    and the next one is the owner's.
    """
    if not uses_database(request):
        yield
        return
    request.getfixturevalue("db")
    take_role(connection, APP)
    connection_created.connect(act_as_application)
    yield
    connection_created.disconnect(act_as_application)
    if not connection.in_atomic_block:
        connection.close()


def act_as_application(**signal: Any) -> None:
    take_role(signal["connection"], APP)


@pytest.fixture(scope="session", autouse=True)
def emptied_quickly() -> None:
    """After a test that commits, only the tables that hold something are emptied."""
    from tests import quick_database

    # Django calls it on an instance; the database of the run is the only one there is.
    TransactionTestCase._fixture_teardown = (  # type: ignore[attr-defined]
        lambda self: quick_database.empty()
    )


# --- Redis ---


@pytest.fixture(scope="session")
def redis_client() -> Iterator[redis.Redis]:
    with redis.Redis.from_url(run.REDIS_URL) as client:
        yield client


@pytest.fixture(autouse=True)
def empty_redis(redis_client: redis.Redis) -> None:
    """No test meets the rate limits or messages that another one left."""
    redis_client.flushdb()


@pytest.fixture
def redis_server(settings: Settings) -> Iterator[Redis]:
    """A Redis of the test's own, as broker and cache, to be stopped and started."""
    from config.celery import app

    def use(url: str) -> None:
        app.conf.update(broker_url=url)
        # Forgets the connections to the broker that was set before.
        app._after_fork()  # type: ignore[attr-defined]

    server = Redis(port=free_port(), password="test")
    server.start()
    settings.REDIS_URL = server.url()
    settings.CACHES = {
        "default": settings.CACHES["default"] | {"LOCATION": server.url()}
    }
    before = app.conf.broker_url
    use(server.url())
    yield server
    use(before)
    server.stop()


# --- Mail ---


@pytest.fixture
def smtp(settings: Settings) -> Iterator[Relay]:
    """A real SMTP server that the application's mail goes to."""
    relay = Relay()
    relay.start()
    settings.EMAIL_URL = relay.url
    settings.MAILERS = mailers(relay.url)
    yield relay
    relay.stop()


@pytest.fixture
def mailbox(settings: Settings, tmp_path: Any) -> Any:
    """An empty folder in the place of the local catcher's."""
    folder = tmp_path / "mailbox"
    folder.mkdir()
    settings.MAILBOX_DIR = folder
    return folder


# --- What a process remembers ---


@pytest.fixture(autouse=True)
def empty_journals(settings: Settings, tmp_path: Any) -> None:
    """The seals and opt-outs of one test's database mean nothing to the next."""
    settings.OPT_OUT_JOURNAL = tmp_path / "opt-out-journal"
    settings.LEDGER_JOURNAL = tmp_path / "ledger-seals"


@pytest.fixture(autouse=True)
def fresh_memory() -> None:
    """Forget what this process knows of a database that has been emptied since."""
    from consent import ledger, sites
    from groundwork import rate_limits
    from outbox import inbound
    from processing_register import notices

    ledger._kept.clear()
    sites.forget()
    inbound._looked_at.clear()
    rate_limits.forget()
    notices.published_wording.cache_clear()


# --- The public pages ---


@pytest.fixture
def open_house(db: None, settings: Settings) -> None:
    """The register is loaded, and readers may be as quick and as many as they like."""
    from tests import quick_database

    quick_database.load()
    settings.MINIMUM_FILL_SECONDS = 0
    settings.SIGN_UPS_PER_NETWORK_PER_HOUR = 1_000_000
