"""The links of a case: making them, finding what one opens, taking one back.

A status link shows how the case stands and nothing of the person, so it may be
forwarded. Reading and acting need a visit, which the mailbox opens: by the link that
only the first letter holds, or by a mailed code.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse

from groundwork.links import derived_token, random_token, token_digest
from rights_requests.models import Case, CaseLink

Use = CaseLink.Use
VISIT_LASTS = timedelta(minutes=30)
FIRST_LETTER = 1


def token_of(case: Case, use: str, number: int) -> str:
    """The token of a lasting link: made again for every letter, and stored nowhere."""
    return derived_token(use, case.pk, number)


def lasting(case: Case, use: str, number: int = 1) -> CaseLink:
    """A link that is not saved yet, under its derived token."""
    token = token_of(case, use, number)
    return CaseLink(
        case=case, use=use, number=number, token_digest=token_digest(use, token)
    )


def first_links(cases: Iterable[Case]) -> list[CaseLink]:
    """What every new case gets: a page of its own, and a way to confirm the mailbox."""
    return [lasting(case, use) for case in cases for use in (Use.STATUS, Use.CONFIRM)]


def standing_number(case: Case, use: str) -> int | None:
    """The newest link of this use that was not revoked; None when there is none."""
    standing = CaseLink.objects.standing().filter(case=case, use=use)
    return standing.order_by("-number").values_list("number", flat=True).first()


def status_url(case: Case, number: int | None = None) -> str:
    """The whole address of the status page, for a letter; empty when it was revoked."""
    token = token_of(case, Use.STATUS, number) if number else status_token(case)
    return whole("rights_requests:status", token) if token else ""


def status_token(case: Case) -> str:
    """That of the status link which stands; empty when it was revoked."""
    number = standing_number(case, Use.STATUS)
    return token_of(case, Use.STATUS, number) if number else ""


def confirm_url(case: Case, number: int = FIRST_LETTER) -> str:
    token = token_of(case, Use.CONFIRM, number)
    return whole("rights_requests:confirm", token)


def has_first_letter(case: Case) -> bool:
    """Whether the link in its first letter still opens the case."""
    links = CaseLink.objects.standing().filter(case=case, use=Use.CONFIRM)
    return links.filter(number=FIRST_LETTER).exists()


def way_in(case: Case, *, until: datetime) -> str:
    """The whole address of one more link that confirms the mailbox, for a mail to it.
    The caller holds the case."""
    link = lasting(case, Use.CONFIRM, _last_number(case, Use.CONFIRM) + 1)
    link.expires_at = until
    link.save(force_insert=True)
    return confirm_url(case, link.number)


def _last_number(case: Case, use: str) -> int:
    numbers = CaseLink.objects.filter(case=case, use=use).order_by("-number")
    return numbers.values_list("number", flat=True).first() or 0


def whole(name: str, token: str) -> str:
    """The whole address of such a page, for a mail."""
    return str(settings.SITE_URL + reverse(name, args=[token]))


def found(use: str, token: str) -> CaseLink | None:
    """The standing link of this token; every use knows its own tokens only."""
    digest = token_digest(use, token)
    links = CaseLink.objects.standing().select_related("case__submission")
    return links.filter(use=use, token_digest=digest).first()


def ended(use: str, token: str) -> CaseLink | None:
    """The link of this token whose time is over, and that was never revoked."""
    known = CaseLink.objects.select_related("case__submission").filter(
        use=use, token_digest=token_digest(use, token), revoked_at__isnull=True
    )
    return known.exclude(pk__in=CaseLink.objects.standing().values("pk")).first()


def open_visit(case: Case, *, now: datetime, code_at: datetime | None = None) -> str:
    """A way into the person's own case for half an hour; returns its token. code_at: when
    the mailed code was entered that opened it, if one did."""
    token = random_token()
    CaseLink.objects.create(
        case=case,
        use=Use.VISIT,
        number=_last_number(case, Use.VISIT) + 1,
        token_digest=token_digest(Use.VISIT, token),
        made_at=now,
        expires_at=now + VISIT_LASTS,
        code_at=code_at,
    )
    return token


def renew_status(case: Case, *, now: datetime) -> CaseLink:
    """Revoke every status link of the case and make the next. The caller holds it."""
    links = CaseLink.objects.filter(case=case, use=Use.STATUS)
    links.filter(revoked_at__isnull=True).update(revoked_at=now)
    link = lasting(case, Use.STATUS, _last_number(case, Use.STATUS) + 1)
    link.save(force_insert=True)
    return link
