"""What the published policy promises: an answer within a month of the letter's date.

A target that we set ourselves, shown beside the statute. It is never a legal limit: the
law counts from the day on which a request is received.
"""

from dataclasses import dataclass
from datetime import date

from groundwork.periods import civil_day, months_after, next_working_day
from processing_register.bank_holidays import Holidays
from rights_requests import deadline_words as words
from rights_requests.deadlines import Deadline

PROMISED_MONTHS = 1
# What ends the promise, as the end of “because …”.
ENDED_BECAUSE = {
    "identity": "it had to be shown who asks",
    "fee": "a fee was asked for",
    "clarification": "a question stopped the clock",
    "extension": "the time was made longer",
}


@dataclass(frozen=True)
class Promise:
    """target_on is None once the promise has ended; ended_by says with what.
    is_certain is False where the public holidays of the target's year are unknown."""

    target_on: date | None
    ended_by: tuple[str, ...]
    is_certain: bool
    sentence: str


def policy_promise(dated_on: date, *, statute: Deadline, holidays: Holidays) -> Promise:
    """One month from the date that the request itself bears, moved to a working day.

    The promise is of what happens normally. It ends when the statute's own clock is
    moved: by a request for identity or a fee, a clarification that stops the clock, or
    an extension. An event without effect on the clock leaves it as it is.
    """
    nominal = months_after(civil_day(dated_on), PROMISED_MONTHS)
    target = next_working_day(nominal, holidays)
    is_certain = holidays.knows(nominal) and holidays.knows(target)
    if statute.moved_by:
        reasons = " and ".join(ENDED_BECAUSE[event] for event in statute.moved_by)
        sentence = f"Our own target of one month no longer counts, because {reasons}."
        return Promise(None, statute.moved_by, is_certain, sentence)
    sentence = (
        "Our policy promises an answer normally within one month of the date of the "
        f"request: by {words.in_words(target)}. That is our own target."
    )
    return Promise(target, (), is_certain, sentence)
