"""What every page may show of the controller, read only when a template asks."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from processing_register.notices import current_controller, notice_in_force


def controller(request: HttpRequest) -> dict[str, Any]:
    return {
        "controller": SimpleLazyObject(current_controller),
        "notice": SimpleLazyObject(lambda: notice_in_force("privacy")),
    }
