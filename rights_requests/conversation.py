"""What we wrote to the person and the person to us, in order, as a visit shows it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve

from outbox import outcomes
from outbox.models import State as MailState
from rights_requests.deadline_words import in_words
from rights_requests.models import Case, Letter, Message
from rights_requests.writing import rendered_of

DELIVERY = {
    MailState.QUEUED: "On its way to your mail provider",
    MailState.IN_FLIGHT: "On its way to your mail provider",
    MailState.SENT: "Your mail provider has taken it",
    MailState.WITHHELD: "It was not sent by e-mail",
    MailState.FAILED: "It could not be delivered",
    MailState.UNKNOWN: "Handed over; your mail provider has not answered",
}
KEPT_IN_LETTER = "This link stands in the letter itself, and only there."
SENT_BY_MAIL = "Sent by e-mail"  # the outbox's own row is gone after 90 days


@dataclass(frozen=True)
class Turn:
    """One letter of ours (paragraphs as in letters.Block) or one message of the person."""

    at: datetime
    title: str
    paragraphs: list[dict[str, Any]]
    is_ours: bool
    delivery: str = ""
    is_newest_letter: bool = False


def conversation_of(case: Case) -> list[Turn]:
    """Every letter that left and every message that came, the oldest first."""
    sent = case.letters.filter(sent_at__isnull=False)
    letters = sent.annotate(mail_state=outcomes.state_by("mail_id"))
    turns = [*map(_of_letter, letters), *map(_of_message, case.messages.all())]
    ordered = sorted(turns, key=lambda turn: turn.at)
    newest = max((turn.at for turn in turns if turn.is_ours), default=None)
    return [_marked(turn, newest) for turn in ordered]


def _marked(turn: Turn, newest: datetime | None) -> Turn:
    return replace(turn, is_newest_letter=turn.is_ours and turn.at == newest)


def _of_letter(letter: Any) -> Turn:
    return Turn(
        at=letter.sent_at,
        title=letter.subject,
        paragraphs=[_without_key(part) for part in rendered_of(letter).paragraphs],
        is_ours=True,
        delivery=_delivery(letter, letter.mail_state),
    )


def _without_key(part: dict[str, Any]) -> dict[str, Any]:
    """The letter as it left, but for the link that opens the case: whoever looks at a
    visit that was left open shall not take more from it than the half hour."""
    if _opens_case(part.get("link", "")):
        return {"text": KEPT_IN_LETTER}
    return part


def _opens_case(link: str) -> bool:
    try:
        found = resolve(urlsplit(link).path)
    except Resolver404:
        return False
    return found.view_name == "rights_requests:confirm"


def _delivery(letter: Letter, mail_state: str | None) -> str:
    if letter.by == Letter.By.POST:
        if letter.posted_on is None:
            return "Waits to be posted"
        return f"Posted on {in_words(letter.posted_on)}"
    return DELIVERY[MailState(mail_state)] if mail_state else SENT_BY_MAIL


def _of_message(message: Message) -> Turn:
    return Turn(
        at=message.received_at,
        title="Your message",
        paragraphs=paragraphs_of(message.words),
        is_ours=False,
        delivery="We have it" if message.read_at is None else "We have read it",
    )


def paragraphs_of(words: str) -> list[dict[str, Any]]:
    """What somebody typed, as paragraphs and nothing else: no sign in it is markup."""
    return [{"text": part} for part in _parts(words.split("\n\n"))]


def _parts(parts: Iterable[str]) -> Iterable[str]:
    return filter(None, (part.strip("\n") for part in parts))
