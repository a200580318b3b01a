"""Whole addresses of the console's pages about cases, for mails and calendars of staff.

They hold a number that opens nothing to whoever is not signed in.
"""

from django.conf import settings
from django.urls import reverse

from rights_requests.models import Case


def case_url(case: Case) -> str:
    return _whole(reverse("admin:rights_requests_case_change", args=[case.pk]))


def queue_urls() -> dict[str, str]:
    """Where all that is open stands, the most urgent first: for a mail."""
    return {
        "requests_url": _whole(reverse("admin:rights_requests_case_changelist")),
        "complaints_url": _whole(reverse("admin:complaints")),
    }


def list_url(query: str) -> str:
    """The list of requests with these filters (case_queue.Wanted)."""
    requests = reverse("admin:rights_requests_case_changelist")
    return _whole(f"{requests}?{query}")


def _whole(path: str) -> str:
    return str(settings.SITE_URL + path)
