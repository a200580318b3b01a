import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from processing_register.register import the_register


@pytest.fixture(autouse=True)
def ready(open_house: None) -> None:
    """Every test here meets a house with its register loaded."""


@pytest.fixture
def own_register(settings: Settings, tmp_path: Path) -> Iterator[Path]:
    """A copy of the register's files that the test may change; whoever does clears
    what the process remembers of them."""
    folder = tmp_path / "register"
    shutil.copytree(settings.REGISTER_DIR, folder)
    settings.REGISTER_DIR = folder
    the_register.cache_clear()
    yield folder
    the_register.cache_clear()
