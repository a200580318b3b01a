"""What is held of consents, place by place (groundwork.holdings)."""

from django.db.models import Q

from consent.models import Action, ConsentEntry
from groundwork.holdings import ON_RECORD, Holding, by_subject
from groundwork.personal_data import Category, Erasure, Held, PersonalData

DECISIONS = Holding(
    key="consent",
    model="consent.ConsentEntry",
    title="What you agreed to and took back",
    words="Each decision about our e-mails, the words you agreed to and the notices you "
    "were shown. Entries are never changed; they name you by a number only.",
    find=by_subject("data_subject_id"),
    context=("at", "wording__text"),
    declared=PersonalData(
        # The choice itself is what e-mails are sent by; the rest proves it.
        fields={
            "purpose": Held(Category.MARKETING, purpose="case-updates"),
            "action": Held(Category.MARKETING, purpose="case-updates"),
            "channel": Category.MARKETING,
            "notices": Category.MARKETING,
        },
        purpose="proof-of-consent",
        source="person",
        retention="ledger",
        erasure=Erasure.KEPT,
        others="",
    ),
    kept=ON_RECORD,
    titles={
        "at": "when",
        "wording__text": "the words you saw",
        "action": "what happened",
        "channel": "how",
        "notices": "notices you were shown",
    },
)
EVIDENCE = Holding(
    key="consent-evidence",
    model="consent.ConsentEvidence",
    title="What your browser told us when you decided",
    words="A shortened network address and the name of the browser, kept for a year to "
    "answer a doubt about whether a decision was yours.",
    find=by_subject("data_subject_id"),
    # Whoever typed the address into the form may have been somebody else.
    to_mailbox=lambda person: Q(
        entry_id__in=ConsentEntry.objects.filter(data_subject_id=person.id)
        .exclude(action=Action.REQUESTED)
        .values("pk")
    ),
    context=("created_at",),
    titles={"created_at": "when", "details": "what it told us"},
)
