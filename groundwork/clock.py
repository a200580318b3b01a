"""The controller's civil day. Only the edges of the house read a clock."""

from datetime import date, datetime

from django.utils import timezone


def today_here() -> date:
    """Today in the controller's own time zone (TIME_ZONE, Europe/London)."""
    return timezone.localdate()


def moment_in_words(moment: datetime) -> str:
    """A moment as the console writes it, in that time zone: 3 Nov 2026, 14:05."""
    return f"{timezone.localtime(moment):%-d %b %Y, %H:%M}"
