"""What staff are shown beside a person's words: what they seem to ask for, and why.

It is read anew from the words that are kept, by the same rules as when they came, so
nothing of it has to be stored.
"""

from django.utils import timezone

from groundwork.sensitive import Finding
from outbox.models import InboundEmail
from rights_requests import sensitive
from rights_requests.inbound import SUBJECT
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, Channel, Submission
from rights_requests.recognising import Suggestion, recognise
from rights_requests.sensitive import Text

# Somebody on our form need not say that they speak of their data: the form does.
WHAT_THE_FORM_IS_ABOUT = "My personal data"


def suggestion_of(submission: Submission) -> Suggestion:
    """What the words ask for. Its reasons quote them: show it only to who may read what
    was shut away (sensitive.may_read)."""
    subject, words = "", submission.words
    if submission.inbound_email_id is not None and words.startswith(SUBJECT):
        subject, _, words = words.removeprefix(SUBJECT).partition("\n\n")
    today = timezone.localdate(submission.received_at)
    return recognise(subject, words, today=today)


def sounds_like_complaint(case: Case) -> bool:
    """Whether somebody asked for something on the form in words that complain as well,
    and no complaint was opened of it. A mail was asked about while it was a draft."""
    submission = case.submission
    if submission.channel != Channel.FORM or case.is_complaint:
        return False
    text = f"{submission.words}\n\n{case.details}"
    today = timezone.localdate(submission.received_at)
    if not recognise(WHAT_THE_FORM_IS_ABOUT, text, today=today).looks_like_complaint:
        return False
    return not submission.cases.filter(kind=CaseKind.COMPLAINT).exists()


def why_sensitive(submission: Submission) -> list[tuple[Text, Finding]]:
    """Each text of the submission with each sign that was found in it, and why."""
    today = timezone.localdate(submission.recorded_at)
    return sensitive.why_sensitive(submission, today=today)


def remarks_of(submission: Submission) -> list[str]:
    """What the software noticed about the mail that it came in; empty once the mail is
    removed."""
    mails = InboundEmail.objects.filter(pk=submission.inbound_email_id or 0)
    return "\n".join(mails.values_list("remarks", flat=True)).splitlines()
