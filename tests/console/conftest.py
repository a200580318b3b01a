import pytest
from django.test import Client

from staff.models import StaffUser
from tests.console.staff import console_of, person
from tests.people import OMAR


@pytest.fixture(autouse=True)
def ready(open_house: None) -> None:
    """Every test here meets a house with its register loaded."""


@pytest.fixture
def omar() -> StaffUser:
    """He looks after the console and may do everything."""
    return person(OMAR, is_superuser=True)


@pytest.fixture
def console(omar: StaffUser) -> Client:
    return console_of(omar)
