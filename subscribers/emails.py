"""The mails about a subscription, one function each."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from consent.models import ConsentEntry
from outbox.models import OutgoingEmail
from outbox.queueing import queue
from processing_register.models import PRIVACY, NoticeVersion
from processing_register.notices import published_wording
from subscribers import links
from subscribers.models import LinkUse, Subscriber

NO_READER = "no reader, or too many links"

FIVE_AN_HOUR = "five receipts an hour"
# How the first mail begins to somebody whom staff entered.
MET: dict[str, str] = {
    Subscriber.Source.EVENT: "when we met at an event",
    Subscriber.Source.TELEPHONE: "when we spoke on the telephone",
}


def confirmation(
    address: str,
    *,
    token: str,
    purposes: Sequence[str],
    wording: str,
    expires_at: datetime,
    source: str = Subscriber.Source.SIGN_UP_FORM,
) -> dict[str, Any]:
    """The confirmation mail. Nothing that the visitor typed stands in it."""
    words = published_wording(wording)
    return {
        "kind": "subscribers/confirm",
        "to": address,
        "context": {
            "confirm_url": links.absolute("subscribers:confirm", token),
            "purposes": [words.purpose(key).title for key in purposes],
            "expires_on": _day(expires_at),
            "met": MET.get(source, ""),
        },
    }


def ask_to_confirm(subscriber: Subscriber, mail: dict[str, Any]) -> None:
    queue(data_subject_id=subscriber.data_subject_id, **mail)


def welcome(
    subscriber: Subscriber,
    entries: Sequence[ConsentEntry],
    changes: Sequence[NoticeVersion] = (),
) -> None:
    """The receipt: what was agreed to, in which words, and how to stop it.

    changes: significant versions of notices that are newer than what the person was
    shown, the oldest first.
    """
    if not entries:
        return
    titles, texts, notices, legal_line = _receipt(entries)
    _to(
        subscriber,
        "subscribers/welcome",
        purposes=titles,
        consented_at=_moment(timezone.now()),
        notice_names=notices,
        wordings=texts,
        legal_line=legal_line,
        receipt_id=f"{entries[0].data_subject_id}/{entries[0].pk}",
        check_url=links.absolute("receipts:check"),
        unsubscribe_url=links.unsubscribe_url(subscriber.pk, links.ALL),
        preferences_url=links.preferences_url(subscriber.pk),
        withheld_because=FIVE_AN_HOUR if _has_many_receipts(subscriber) else "",
        **_changes(changes),
    )


def _changes(versions: Sequence[NoticeVersion]) -> dict[str, Any]:
    privacy = [version for version in versions if version.notice == PRIVACY]
    others = [version for version in versions if version.notice != PRIVACY]
    found: dict[str, Any] = {"other_changes": [_change(version) for version in others]}
    if privacy:
        newest = _change(privacy[-1])
        found["changes"] = [version.summary_of_changes for version in privacy]
        found["changes_hold_from"] = newest["holds_from"]
        found["changes_url"] = newest["url"]
    return found


def _change(version: NoticeVersion) -> dict[str, str]:
    return {
        "name": version.name,
        "summary": version.summary_of_changes,
        "holds_from": _day_of(version),
        "url": settings.SITE_URL + version.get_absolute_url(),
    }


def _has_many_receipts(subscriber: Subscriber) -> bool:
    """Whoever holds a forwarded mail can change the choices as often as they like; the
    reader's mailbox shall not be filled with it."""
    recent = OutgoingEmail.objects.filter(
        data_subject=subscriber.data_subject_id,
        kind="subscribers/welcome",
        created_at__gt=timezone.now() - timedelta(hours=1),
    )
    return recent.count() >= 5


def _receipt(
    entries: Sequence[ConsentEntry],
) -> tuple[list[str], list[dict[str, str]], list[str], str]:
    references = entries[0].notices
    wording = published_wording(next(r for r in references if r.startswith("sign-up/")))
    words = [wording.purpose(entry.purpose) for entry in entries]
    versions = NoticeVersion.objects.filter(
        notice__in=[r.split("/")[0] for r in references]
    )
    notices = [
        f"{version} ({_day_of(version)})"
        for version in versions
        if version.reference in references
    ]
    texts = [{"title": word.title, "text": word.text} for word in words]
    titles = [word.title for word in words]
    return titles, texts, sorted(notices), wording.legal_line


def preferences_link(address: str, subject: uuid.UUID | None, token: str) -> None:
    """The fresh link; for a stranger's address only the fact that one was asked for."""
    minutes = int(links.LIFETIMES[LinkUse.FRESH].total_seconds() // 60)
    context = {
        "link_url": links.absolute("subscribers:preferences-open", token),
        "minutes": minutes,
    }
    queue(
        "subscribers/preferences_link",
        to=address if subject else "",
        data_subject_id=subject,
        context=context if subject else {},
        withheld_because="" if subject else NO_READER,
    )


def confirm_new_address(subscriber: Subscriber, new_address: str, token: str) -> None:
    queue(
        "subscribers/address_confirm",
        to=new_address,
        data_subject_id=subscriber.data_subject_id,
        context={"confirm_url": links.absolute("subscribers:address-confirm", token)},
    )


def address_changed(subscriber: Subscriber, old_address: str, token: str) -> None:
    """Tells the old mailbox, with a way back."""
    hours = int(links.LIFETIMES[LinkUse.ADDRESS_UNDO].total_seconds() // 3600)
    queue(
        "subscribers/address_changed",
        to=old_address,
        data_subject_id=subscriber.data_subject_id,
        context={
            "undo_url": links.absolute("subscribers:address-undo", token),
            "hours": hours,
        },
    )


def address_restored(subscriber: Subscriber) -> None:
    _to(subscriber, "subscribers/address_undone")


def stopped(subscriber: Subscriber, titles: Sequence[str]) -> None:
    """Answers a mailed “unsubscribe”, so that a forged one does not pass in silence."""
    _to(
        subscriber,
        "subscribers/stopped",
        purposes=list(titles),
        preferences_url=links.preferences_url(subscriber.pk),
    )


def _to(
    subscriber: Subscriber, kind: str, *, withheld_because: str = "", **context: Any
) -> None:
    queue(
        kind,
        to=subscriber.address,
        data_subject_id=subscriber.data_subject_id,
        context=context,
        withheld_because=withheld_because,
    )


def _day(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%A %-d %B %Y}"


def _moment(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%A %-d %B %Y at %H:%M}"


def _day_of(version: NoticeVersion) -> str:
    return f"{version.effective_on:%-d %B %Y}"
