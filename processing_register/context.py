"""What every page may show of the controller, read only when a template asks."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from groundwork.clock import today_here
from processing_register.notices import (
    current_controller,
    effective_notices,
    privacy_notice_in_force,
    recent_changes,
)


def controller(request: HttpRequest) -> dict[str, Any]:
    """The controller, the privacy notice in force, and which notices changed lately: the
    last two from one query."""
    notices: Any = SimpleLazyObject(effective_notices)
    return {
        "controller": SimpleLazyObject(current_controller),
        "notice": SimpleLazyObject(lambda: privacy_notice_in_force(notices)),
        "notice_changes": SimpleLazyObject(
            lambda: recent_changes(notices, today_here())
        ),
    }
