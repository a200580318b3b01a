"""The Atom feed (RFC 4287): every update in full, for nobody's data."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from case_updates import content
from case_updates.models import CaseUpdate
from processing_register.models import Controller

NEWEST = 50


class FullAtomFeed(Atom1Feed):
    """Django's Atom feed with the whole text of every entry."""

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        handler.addQuickElement("content", item["content"], {"type": "html"})


def build(controller: Controller) -> FullAtomFeed:
    """The feed of the newest updates."""
    feed = FullAtomFeed(
        title=f"Case updates from {controller.trading_name}",
        link=_absolute("case_updates:archive"),
        description="Every update on the Microsoft case, in full.",
        language="en-GB",
        author_name=controller.trading_name,
        feed_url=_absolute("case_updates:feed"),
        feed_guid=f"tag:{controller.list_domain},2026:case-updates",
    )
    newest = CaseUpdate.objects.published().select_related("corrects")
    for update in newest.prefetch_related("corrections")[:NEWEST]:
        _add(feed, update, controller)
    return feed


def _add(feed: FullAtomFeed, update: CaseUpdate, controller: Controller) -> None:
    corrections = [c for c in update.corrections.all() if c.is_released]
    prefix = "Correction: " if update.corrects else ""
    feed.add_item(
        title=prefix + update.title,
        link=settings.SITE_URL + update.get_absolute_url(),
        # Atom1Feed writes the summary as HTML, and ours is plain words.
        description=escape(update.summary),
        # Stable whatever becomes of the title, the page's address or the host.
        unique_id=(
            f"tag:{controller.list_domain},{update.created_at:%Y-%m-%d}"
            f":case-updates/{update.pk}"
        ),
        pubdate=update.published_at,
        updateddate=changed_at(update, corrections),
        content=_content(update, corrections),
    )


def changed_at(update: CaseUpdate, corrections: list[CaseUpdate]) -> Any:
    """When its page last changed: at its own publication or at its last correction."""
    return max(
        each.published_at for each in (update, *corrections) if each.published_at
    )


def _content(update: CaseUpdate, corrections: list[CaseUpdate]) -> str:
    notes = [
        _note("Corrected since. Read the correction:", correction)
        for correction in corrections
    ]
    if update.corrects:
        notes.append(_note("Correction. This puts right:", update.corrects))
    return "".join(map(str, [*notes, content.mail_html(update.body)]))


def _note(words: str, update: CaseUpdate) -> SafeString:
    url = settings.SITE_URL + update.get_absolute_url()
    return format_html(
        '<p><strong>{} <a href="{}">{}</a></strong></p>', words, url, update.title
    )


def _absolute(name: str) -> str:
    return f"{settings.SITE_URL}{reverse(name)}"
