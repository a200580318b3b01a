"""How long the record of a cookie choice and the page counts are kept."""

from django.utils import timezone

from consent.models import CookieReceipt, PageCount
from data_subjects.retention import Purge, StartOfDay

COOKIE_EVIDENCE = Purge(
    rule="cookie-evidence",
    what="Records of choices about cookies",
    due=lambda limit: CookieReceipt.objects.filter(made_at__lt=limit),
    counts_from="made_at",
)
PAGE_COUNTS = Purge(
    rule="page-counts",
    what="Counts of pages",
    due=lambda limit: PageCount.objects.filter(day__lt=timezone.localdate(limit)),
    counts_from=StartOfDay("day"),
)
