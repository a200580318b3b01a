"""Is the house well? For a load balancer, and for the console's first page."""

from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from data_subjects import journal

BEAT_KEY = "beat-alive-at"
BEAT_SILENT_AFTER = timedelta(minutes=5)


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """200 while the database answers and has what the opt-out journal has. Redis may be
    away: sign-ups still succeed."""
    try:
        closed = journal.state().closed
    except DatabaseError:
        return HttpResponse("database away\n", status=503, content_type="text/plain")
    if closed:
        return HttpResponse(f"{closed}\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")


def note_beat() -> None:
    cache.set(BEAT_KEY, timezone.now().isoformat(), timeout=None)


def beat_last_seen() -> datetime | None:
    """When the schedule last ran; None when never, or when Redis is away."""
    try:
        text = cache.get(BEAT_KEY)
    except Exception:  # whatever the cache's client raises, it means "not known"
        return None
    return datetime.fromisoformat(text) if text else None
