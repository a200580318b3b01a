"""Deadlines for calendar programs (iCalendar, RFC 5545): days and references, no names.

The address holds a token that only its owner was shown, once. It works for as long as
that colleague may see cases, and looking at it changes nothing.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from groundwork.links import random_token, token_digest
from rights_requests import console_links
from rights_requests.due_days import DueDay, told_days
from rights_requests.kinds import CaseKind
from rights_requests.models import CalendarFeed, Case
from staff.models import StaffUser

USE = "calendar"
SEES_CASES = "rights_requests.view_case"
# The nearest; a calendar program chokes on more.
MOST = 2_000
LONGEST_LINE = 75  # octets without the line's end (section 3.1)

Lines = Iterator[str]


# --- The address ---


@transaction.atomic
def make(staff_id: int, *, now: datetime) -> str:
    """A new address for this colleague, in the place of the one before; the whole of it,
    which nobody can read again."""
    revoke(staff_id)
    token = random_token()
    digest = token_digest(USE, token)
    CalendarFeed.objects.create(staff_id=staff_id, token_digest=digest, made_at=now)
    return str(
        settings.SITE_URL + reverse("rights_requests:calendar", kwargs={"token": token})
    )


@transaction.atomic
def revoke(staff_id: int) -> bool:
    """The address stops working at once; False when there was none."""
    # Whoever presses the button twice does so one after the other.
    StaffUser.objects.select_for_update(no_key=True).get(pk=staff_id)
    gone, _ = CalendarFeed.objects.filter(staff_id=staff_id).delete()
    return bool(gone)


def standing_of(staff_id: int) -> CalendarFeed | None:
    return CalendarFeed.objects.filter(staff_id=staff_id).first()


# --- What stands there ---


@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """404 for a token that is unknown or was stopped, and once its owner's account is
    closed or may no longer see cases."""
    if not _is_open(token):
        raise Http404
    answer = HttpResponse(
        written(nearest(), now=timezone.now()),
        content_type="text/calendar; charset=utf-8",
    )
    answer["Cache-Control"] = "private, no-store"
    answer["Content-Disposition"] = 'inline; filename="deadlines.ics"'
    return answer


def _is_open(token: str) -> bool:
    feed = CalendarFeed.objects.filter(token_digest=token_digest(USE, token))
    owners = StaffUser.objects.who_may(SEES_CASES)
    return owners.filter(pk__in=feed.values("staff_id")).exists()


def nearest() -> Iterable[Case]:
    """The cases with a day that counts now, the earliest first."""
    cases = Case.objects.open().filter(governs_on__isnull=False)
    return cases.defer("details").order_by("governs_on", "id")[:MOST]


def written(cases: Iterable[Case], *, now: datetime) -> bytes:
    """The calendar, byte by byte: UTF-8, long lines folded, every line ended by CRLF."""
    lines = (folded(line) for line in _calendar(cases, now))
    return "".join(f"{line}\r\n" for line in lines).encode()


def _calendar(cases: Iterable[Case], now: datetime) -> Lines:
    yield "BEGIN:VCALENDAR"
    yield "VERSION:2.0"
    yield "PRODID:-//Casedesk//Deadlines//EN"
    yield "CALSCALE:GREGORIAN"
    yield "NAME:Deadlines of requests"
    yield "X-WR-CALNAME:Deadlines of requests"
    yield "REFRESH-INTERVAL;VALUE=DURATION:PT1H"
    yield "X-PUBLISHED-TTL:PT1H"
    yield from LONDON
    for case in cases:
        for due in told_days(case):
            yield from _event(case, due, now)
    yield "END:VCALENDAR"


# A calendar has a part at least (section 3.6), also when nothing is due; and this is
# where each of its days ends.
LONDON = """\
BEGIN:VTIMEZONE
TZID:Europe/London
BEGIN:STANDARD
DTSTART:19961027T020000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0100
TZOFFSETTO:+0000
TZNAME:GMT
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19970330T010000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0000
TZOFFSETTO:+0100
TZNAME:BST
END:DAYLIGHT
END:VTIMEZONE""".splitlines()


def _event(case: Case, due: DueDay, now: datetime) -> Lines:
    """One whole day. Its UID stays when the day moves, so that the entry moves too."""
    kind = CaseKind(case.kind).label
    yield "BEGIN:VEVENT"
    yield f"UID:{case.pk}-{due.clock.replace(' ', '-')}@{settings.SITE_HOST}"
    yield f"DTSTAMP:{now:%Y%m%dT%H%M%SZ}"
    yield f"DTSTART;VALUE=DATE:{_day(due.on)}"
    yield f"SUMMARY:{escaped(f'{case.reference}: {due.what} ({kind})')}"
    yield f"URL:{console_links.case_url(case)}"
    yield "TRANSP:TRANSPARENT"  # nobody is busy because of it
    yield "END:VEVENT"


def _day(day: date) -> str:
    return f"{day:%Y%m%d}"


def escaped(text: str) -> str:
    """As the value of a property of type TEXT (section 3.3.11)."""
    for sign in ("\\", ";", ","):
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())


def folded(line: str) -> str:
    """In pieces of 75 octets at most, none of which cuts a letter (section 3.1)."""
    pieces, room = [""], LONGEST_LINE
    for letter in line:
        if len((pieces[-1] + letter).encode()) > room:
            pieces.append("")
            room = LONGEST_LINE - 1  # each further piece begins with a blank
        pieces[-1] += letter
    return "\r\n ".join(pieces)
