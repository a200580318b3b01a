import pytest


@pytest.fixture(autouse=True)
def ready(open_house: None) -> None:
    """Every test here meets a house whose register is loaded."""
