"""An update as a message: rendered once, addressed to each reader."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from case_updates import content
from case_updates.models import CaseUpdate
from case_updates.readers import PURPOSE
from outbox.composing import Letterhead, compose, letterhead
from outbox.models import MessageClass
from subscribers import links
from subscribers.models import Subscriber

KIND = "case_updates/update"
# Of the shape of a real token, and known to nobody: the links of previews and tests.
INERT_TOKEN = "0" * 22


def inert_links() -> dict[str, str]:
    """Links that look like a reader's and can do nothing, whoever they are sent to."""
    return {
        "unsubscribe_url": links.absolute("subscribers:unsubscribe", INERT_TOKEN),
        "preferences_url": links.absolute("subscribers:preferences", INERT_TOKEN),
    }


def words_of(update: CaseUpdate) -> dict[str, Any]:
    """What the templates need that is the same for every reader."""
    return {
        "update_title": update.title,
        "body_text": content.plain_text(update.body),
        "body_html": content.mail_html(update.body),
        "archive_url": settings.SITE_URL + update.get_absolute_url(),
        "correction_of": update.corrects.title if update.corrects else "",
    }


def html_part(message: EmailMultiAlternatives) -> str:
    ((part, _),) = message.alternatives
    return str(part)


@dataclass(frozen=True)
class Letter:
    """One update, with everything that does not change from reader to reader."""

    words: dict[str, Any]
    head: Letterhead

    @classmethod
    def of(cls, update: CaseUpdate) -> "Letter":
        return cls(words_of(update), letterhead())

    def to_reader(self, reader: Subscriber, reference: str) -> EmailMultiAlternatives:
        """Raises RefusedAtTheDoor when the message has no link to stop it."""
        own_links = {
            "unsubscribe_url": links.unsubscribe_url(reader.pk, PURPOSE),
            "preferences_url": links.preferences_url(reader.pk),
        }
        return self._to(reader.address, own_links, reference)

    def specimen(self, address: str) -> EmailMultiAlternatives:
        """The message as it would leave, with links that do nothing."""
        return self._to(address, inert_links(), "specimen")

    def _to(
        self, address: str, own_links: dict[str, str], reference: str
    ) -> EmailMultiAlternatives:
        return compose(
            kind=KIND,
            message_class=MessageClass.MARKETING,
            purpose=PURPOSE,
            to=address,
            context={**self.words, **own_links},
            reference=reference,
            head=self.head,
        )
