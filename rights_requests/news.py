"""What came from people on cases where the next word is not ours: while we wait for
them, and after the end.

Nothing moves by it, so that no day and no number tells of it: the first page, a list and
the digest do, until somebody has looked at it.
"""

from typing import Any

from django.db.models import Exists, Min, OuterRef, QuerySet, Subquery
from django.db.models.functions import Least

from rights_requests.models import Case, CaseDocument, Letter, Message
from rights_requests.moves import CLOSED, WAITING

NOT_OURS = (*WAITING, *CLOSED)
UNREAD = "message"
PROOF = "proof of identity"
DOCUMENT = "document"


def unread(**of: Any) -> QuerySet[Message]:
    return Message.objects.filter(read_at=None, **of)


def handed_in(**of: Any) -> QuerySet[CaseDocument]:
    """Documents of people that came while we wait for them, since one of us last wrote:
    whoever wrote after that had looked at them."""
    written = Letter.objects.filter(
        case=OuterRef("case"),
        staff_id__isnull=False,
        sent_at__gte=OuterRef("added_at"),
    )
    return CaseDocument.objects.filter(
        ~Exists(written),
        staff_id=None,
        removed_at=None,
        case__state__in=WAITING,
        **of,
    )


def cases_with_news() -> QuerySet[Case]:
    """The cases that somebody has to look at; not those that wait apart in a flood."""
    of_these = unread(case__state__in=NOT_OURS).values("case")
    return Case.objects.filter(
        pk__in=of_these.union(handed_in().values("case")),
        submission__held_because="",
    )


def with_what_came(rows: QuerySet[Case]) -> QuerySet[Any]:
    """What came first, first; each says since when (came_at), and what it is."""
    of_case = OuterRef("pk")
    by_case = unread(case=of_case).order_by().values("case")
    documents = handed_in(case=of_case)
    proof = CaseDocument.Purpose.IDENTITY
    first_words = by_case.annotate(at=Min("received_at")).values("at")
    first_document = documents.order_by("added_at").values("added_at")[:1]
    # PostgreSQL leaves out of LEAST what is null.
    return (
        rows.defer("details")
        .annotate(
            has_unread=Exists(unread(case=of_case)),
            has_proof=Exists(documents.filter(purpose=proof)),
            has_document=Exists(documents.exclude(purpose=proof)),
            came_at=Least(Subquery(first_words), Subquery(first_document)),
        )
        .order_by("came_at", "id")
    )


def in_words(row: Any) -> str:
    """Message, proof of identity: what came in of a case that says it."""
    came = {
        UNREAD: row.has_unread,
        PROOF: row.has_proof,
        DOCUMENT: row.has_document,
    }
    return ", ".join(what for what, is_there in came.items() if is_there)
