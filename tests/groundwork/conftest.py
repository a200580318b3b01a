import pytest


@pytest.fixture(autouse=True)
def ready(request: pytest.FixtureRequest) -> None:
    """Tests that use the database meet a house whose register is loaded."""
    if request.node.get_closest_marker("django_db") is not None:
        request.getfixturevalue("open_house")
