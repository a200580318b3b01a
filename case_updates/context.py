"""The newest case update, for the pages that show one."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from case_updates.models import CaseUpdate


def latest_update(request: HttpRequest) -> dict[str, Any]:
    return {"latest_update": SimpleLazyObject(CaseUpdate.objects.published().first)}
