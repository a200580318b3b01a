"""What every page may show of the controller, read only when a template asks."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from groundwork.clock import today_here
from processing_register.models import NoticeVersion
from processing_register.notices import (
    current_controller,
    effective_privacy_notices,
    recent_change,
)


def controller(request: HttpRequest) -> dict[str, Any]:
    """The controller, the privacy notice in force, and its newest change if any: the
    last two from one query."""
    notices: Any = SimpleLazyObject(effective_privacy_notices)
    return {
        "controller": SimpleLazyObject(current_controller),
        "notice": SimpleLazyObject(lambda: _in_force(notices)),
        "notice_change": SimpleLazyObject(lambda: recent_change(notices, today_here())),
    }


def _in_force(notices: Any) -> NoticeVersion:
    """Raises NoticeVersion.DoesNotExist until the register is loaded."""
    if not notices:
        raise NoticeVersion.DoesNotExist
    newest: NoticeVersion = notices[0]
    return newest
