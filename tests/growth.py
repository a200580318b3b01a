"""Whether the work for a text grows with its length, or with the square of it.

No test holds a time: machines differ. What is held is the ratio between a text and one
that is four times as long, both measured here and now.
"""

import time
from collections.abc import Callable

TIMES = 4
# Four times the text may take four times as long, and machines stutter; work that grew
# with the square would take sixteen times as long.
MOST = 11
# What takes less cannot be told from noise.
TOO_SHORT_SECONDS = 0.01


def grows_with_the_length(work: Callable[[str], object], text: str) -> bool:
    """text: the long one; its first quarter is the short one."""
    short = text[: len(text) // TIMES]
    work(short[:100])  # what is made once, at first use
    long_seconds = _seconds(work, text)
    return long_seconds < max(MOST * _seconds(work, short), TOO_SHORT_SECONDS * MOST)


def _seconds(work: Callable[[str], object], text: str) -> float:
    """Of this process alone, the better of two."""
    return min(_once(work, text) for _ in range(2))


def _once(work: Callable[[str], object], text: str) -> float:
    began = time.process_time()
    work(text)
    return time.process_time() - began
