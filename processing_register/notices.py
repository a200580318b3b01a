"""The register as it stands: the controller, the notices in force, the sign-up wording."""

import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Any

from django.db.models import Q
from django.utils import timezone

from groundwork.clock import today_here
from processing_register import comparison, notice_text
from processing_register.models import Controller, NoticeVersion
from processing_register.register import the_register

# How long every page says that a notice has changed.
CHANGE_SHOWN_FOR = timedelta(days=30)


def current_controller() -> Controller:
    """Raises Controller.DoesNotExist until the register is loaded."""
    return Controller.objects.get(pk=1)


def notice_in_force(notice: str) -> NoticeVersion:
    version: NoticeVersion = (
        NoticeVersion.objects.in_force(today_here()).filter(notice=notice).get()
    )
    return version


def changed_since(shown: Sequence[str], asked_at: datetime) -> list[NoticeVersion]:
    """The significant versions that a person has not seen who was shown those
    (references) and asked for news then, the oldest first; also those that hold from a
    later day. Of a notice that was not shown, what came out after they asked."""
    prefix = f"{NoticeVersion.Notice.PRIVACY}/"
    numbers = [int(r.removeprefix(prefix)) for r in shown if r.startswith(prefix)]
    is_privacy = Q(notice=NoticeVersion.Notice.PRIVACY)
    newer = NoticeVersion.objects.changes().filter(
        is_privacy & Q(number__gt=max(numbers, default=0))
        | ~is_privacy & Q(published_at__gt=asked_at)
    )
    return list(newer.defer("source", "body"))


@dataclass(frozen=True)
class PurposeWording:
    key: str
    title: str
    description: str
    cadence: str

    @property
    def text(self) -> str:
        """The words beside the box, exactly as the form shows them."""
        return f"{self.title}. {self.description} {self.cadence}".strip()


@dataclass(frozen=True)
class SignUpWording:
    """The words of the sign-up form, from its published version."""

    reference: str
    heading: str
    lead: str
    optional_intro: str
    purposes_legend: str
    legal_line: str
    fields: dict[str, dict[str, str]]
    purposes: tuple[PurposeWording, ...]

    def purpose(self, key: str) -> PurposeWording:
        return next(p for p in self.purposes if p.key == key)

    def transcript(self, key: str) -> str:
        """Everything a person read who ticked this box: what a consent record keeps."""
        lines = [
            self.heading,
            self.lead,
            self.purposes_legend,
            f"[ ] {self.purpose(key).text}",
            self.legal_line,
            "[Sign up]",
        ]
        return "\n".join(lines)


def sign_up_wording() -> SignUpWording:
    """The wording in force today."""
    version = notice_in_force("sign-up")
    return read_sign_up(version.reference, version.body)


@lru_cache(maxsize=32)
def published_wording(reference: str) -> SignUpWording:
    """The wording of one published version (sign-up/1); it never changes, so it is
    read once. Raises NoticeVersion.DoesNotExist."""
    notice, number = reference.split("/")
    version = NoticeVersion.objects.get(
        notice=notice, number=number, published_at__isnull=False
    )
    return read_sign_up(reference, version.body)


@lru_cache(maxsize=32)
def read_sign_up(reference: str, body: str) -> SignUpWording:
    """Raises TOMLDecodeError, KeyError or TypeError for words that do not fit."""
    content: dict[str, Any] = tomllib.loads(body)
    purposes = tuple(PurposeWording(**p) for p in content.pop("purposes"))
    return SignUpWording(reference=reference, purposes=purposes, **content)


def purpose_titles(keys: Collection[str]) -> list[str]:
    """What these purposes are called, in the order of the register; then those that
    have left it, since consents to them last."""
    known = the_register().purposes
    retired = sorted(set(keys) - set(known))
    return [purpose_title(key) for key in [*(k for k in known if k in keys), *retired]]


def purpose_title(key: str) -> str:
    """What a purpose is called; one that has left the register, as the newest words of
    the sign-up form called it. Its key where no form ever named it."""
    known = the_register().purposes.get(key)
    if known is not None:
        return known.title
    versions = NoticeVersion.objects.published().filter(
        notice=NoticeVersion.Notice.SIGN_UP
    )
    for version in versions.order_by("-number"):
        for purpose in read_sign_up(version.reference, version.body).purposes:
            if purpose.key == key:
                return purpose.title
    return key


@dataclass(frozen=True)
class BannerCategory:
    """A kind of cookie as the choice form names it; `always` says that it has no box."""

    key: str
    title: str
    description: str
    always: str = ""


@dataclass(frozen=True)
class BannerWording:
    """The words of the cookie choice, from its published version.

    after: accepted, rejected, chosen, withdrawn → what the page says then. signal: the
    heading and text for a visitor whose browser sends Global Privacy Control.
    """

    reference: str
    heading: str
    text: str
    accept: str
    reject: str
    manage: str
    save: str
    more: str
    change: str
    hide: str
    after: dict[str, str]
    signal: dict[str, str]
    categories: tuple[BannerCategory, ...]

    def category(self, key: str) -> BannerCategory:
        return next(c for c in self.categories if c.key == key)


def banner_wording() -> BannerWording:
    """The wording in force today."""
    version = notice_in_force("cookie-banner")
    return read_banner(version.reference, version.body)


@lru_cache(maxsize=8)
def read_banner(reference: str, body: str) -> BannerWording:
    """Raises TOMLDecodeError, KeyError or TypeError for words that do not fit."""
    content: dict[str, Any] = tomllib.loads(body)
    categories = tuple(BannerCategory(**c) for c in content.pop("categories"))
    return BannerWording(reference=reference, categories=categories, **content)


def previous_of(version: NoticeVersion) -> NoticeVersion | None:
    """The published version just before this one; None for the first."""
    earlier = NoticeVersion.objects.published().filter(
        notice=version.notice, number__lt=version.number
    )
    found: NoticeVersion | None = earlier.order_by("-number").first()
    return found


def marks_of(version: NoticeVersion) -> dict[str, str]:
    """Anchor → a few words for the reader; none for a minor or a first version."""
    before = previous_of(version) if version.is_significant else None
    if before is None:
        return {}
    return comparison.marks(before.page_source, version.page_source)


def drifted(version: NoticeVersion) -> bool:
    """True when the register or our particulars have changed since: publishing the
    same source now would give another text. False where no source is on record."""
    if not version.source or version.is_wording:
        return False
    facts = notice_text.particulars(current_controller())
    return notice_text.compose(version.source, facts, the_register()) != version.body


# --- What has changed lately, for the bar on every page ---


@dataclass(frozen=True)
class NoticeChange:
    """A significant version that took effect lately, and the version before it."""

    version: NoticeVersion
    before: NoticeVersion


def effective_notices() -> list[NoticeVersion]:
    """Every version that has taken effect of the notices that people are told of,
    without its text, the newest of each first: one small query for everything a page's
    frame says of them."""
    versions = NoticeVersion.objects.effective(today_here()).concerning_everybody()
    return list(versions.order_by("notice", "-number").defer("source", "body", "names"))


def privacy_notice_in_force(effective: Sequence[NoticeVersion]) -> NoticeVersion:
    """Raises NoticeVersion.DoesNotExist until the register is loaded."""
    for version in effective:
        if version.notice == NoticeVersion.Notice.PRIVACY:
            return version
    raise NoticeVersion.DoesNotExist


def recent_changes(
    effective: Sequence[NoticeVersion], today: date
) -> list[NoticeChange]:
    """Of each notice its newest significant version, if it took effect here within 30
    days; the newest of these first."""
    found = [
        _recent_change(list(versions), today)
        for _, versions in groupby(effective, key=attrgetter("notice"))
    ]
    return sorted(
        filter(None, found),
        key=lambda change: (change.version.effective_on, change.version.pk),
        reverse=True,
    )


def _recent_change(
    effective: Sequence[NoticeVersion], today: date
) -> NoticeChange | None:
    """None when it was the first, or came with the one before it in the same load: then
    nobody can have read that one here."""
    for version, before in pairwise(effective):
        if not version.is_significant:
            continue
        is_news = version.published_at != before.published_at
        is_shown = today < _took_effect_here(version) + CHANGE_SHOWN_FOR
        return NoticeChange(version, before) if is_news and is_shown else None
    return None


def _took_effect_here(version: NoticeVersion) -> date:
    """An installation that comes late to a version has it since its own upgrade."""
    published = version.published_at
    return max(
        version.effective_on,
        timezone.localdate(published) if published else version.effective_on,
    )
