from collections.abc import Iterator

import pytest
from pytest_django import Settings

from config.mail import mailers
from tests.outbox.moody_server import MoodyServer


@pytest.fixture(autouse=True)
def ready(open_house: None) -> None:
    """Every test here meets a house whose register is loaded."""


@pytest.fixture
def moody_smtp(settings: Settings) -> Iterator[MoodyServer]:
    """An SMTP server that answers each step as it is told, or hangs up."""
    with MoodyServer() as server:
        settings.EMAIL_URL = server.url
        settings.MAILERS = mailers(server.url)
        yield server
