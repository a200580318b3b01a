import pytest


@pytest.fixture(autouse=True)
def ready(open_house: None) -> None:
    """Every test here meets the public pages as they are in use."""
