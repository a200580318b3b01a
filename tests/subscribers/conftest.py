import pytest

from processing_register.loading import load_register


@pytest.fixture(autouse=True)
def register(db: None) -> None:
    load_register()
