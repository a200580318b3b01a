import pytest


@pytest.fixture(autouse=True)
def house(open_house: None) -> None:
    """Every test here needs the register."""
