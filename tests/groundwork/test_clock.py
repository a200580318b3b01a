"""The controller's day and moment, which are not those of UTC."""

from datetime import UTC, datetime

import pytest

from groundwork.clock import moment_in_words


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2026, 11, 3, 14, 5, tzinfo=UTC), "3 Nov 2026, 14:05"),
        # Summer time: an hour later, and on the last evening of a month the next day.
        (datetime(2026, 6, 30, 23, 30, tzinfo=UTC), "1 Jul 2026, 00:30"),
    ],
)
def test_a_moment_is_told_in_the_time_that_the_controller_lives_by(
    moment: datetime, words: str
) -> None:
    assert moment_in_words(moment) == words
