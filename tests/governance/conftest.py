import pytest
from django.test import Client

from tests.console.staff import console_of, person
from tests.people import OMAR


@pytest.fixture(autouse=True)
def ready(open_house: None) -> None:
    """Every test here meets a house with its register loaded."""


@pytest.fixture
def console() -> Client:
    """Omar's, who may do everything."""
    return console_of(person(OMAR, is_superuser=True))
