"""The controller's civil day. Only the edges of the house read a clock."""

from datetime import date

from django.utils import timezone


def today_here() -> date:
    """Today in the controller's own time zone (TIME_ZONE, Europe/London)."""
    return timezone.localdate()
