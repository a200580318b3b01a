"""What is held of a person as such: what binds their data, who received it, and what
came from others (groundwork.holdings)."""

from django.db.models import Q

from data_subjects import contacts
from data_subjects.models import SubjectEvent
from groundwork.holdings import ON_RECORD, Holding, Kept, by_subject, nothing
from groundwork.personal_data import Category, Erasure, PersonalData

RESTRICTIONS = Holding(
    key="restrictions",
    model="data_subjects.Restriction",
    title="Restrictions on the use of your data",
    words="Since when your data may be stored and not otherwise used, on which ground, "
    "and when that ended.",
    find=by_subject("data_subject"),
    to_mailbox=nothing,
    context=("ground", "starts_at", "notice_sent_at", "lifted_at"),
    titles={
        "starts_at": "since",
        "notice_sent_at": "told that it ends",
        "lifted_at": "lifted",
        "address": "where you are told",
        "ending": "what ended it",
    },
)
USES = Holding(
    key="uses-despite-a-restriction",
    model="data_subjects.UseDespite",
    title="Uses of restricted data that the law allows",
    words="What was done with your data while it was restricted, and what allowed it.",
    find=by_subject("restriction__data_subject"),
    to_mailbox=nothing,
    context=("used_at", "what", "allowance"),
    titles={"used_at": "when", "what": "what was done", "allowance": "what allowed it"},
)
HOLDS = Holding(
    key="legal-holds",
    model="data_subjects.LegalHold",
    title="Legal claims for which your data is kept",
    words="That your data is kept for a legal claim, since when, and until when that is "
    "looked at again.",
    find=by_subject("people__data_subject"),
    to_mailbox=nothing,
    context=("placed_at", "review_on", "released_at"),
    kept=Kept(
        "What a legal claim needed is kept for its time. Your address in it goes now, "
        "unless the claim still stands: then it is kept as long",
        "UK GDPR, Article 17(3)(e)",
    ),
    titles={
        "placed_at": "since",
        "review_on": "looked at again on",
        "released_at": "ended",
    },
)
HELD = Holding(
    key="held-for-a-claim",
    model="data_subjects.HeldPerson",
    title="Your place in a legal hold",
    emptied={"address": ""},
    addresses=("address",),
    words="The address under which you are named in it.",
    find=by_subject("data_subject"),
    to_mailbox=nothing,
    titles={"address": "e-mail address"},
)
DISCLOSURES = Holding(
    key="disclosures",
    model="data_subjects.Disclosure",
    title="Who received your data from us",
    words="Each time we gave something about you to somebody else: who, what kind of "
    "data, and on which ground.",
    find=by_subject("data_subject_id"),
    context=("disclosed_on",),
    declared=PersonalData(
        fields=dict.fromkeys(
            (
                "recipient",
                "role",
                "country_code",
                "safeguard",
                "categories",
                "purpose",
                "legal_ground",
            ),
            Category.IDENTITY,
        ),
        purpose="administration",
        source="house",
        retention="ledger",
        erasure=Erasure.KEPT,
        others="",
    ),
    kept=ON_RECORD,
    # Somebody looks first whether the law lets it be told.
    to_mailbox=nothing,
    titles={
        "disclosed_on": "on",
        "recipient": "who received it",
        "role": "in which role",
        "country_code": "country",
        "categories": "kinds of data",
        "legal_ground": "ground",
    },
)
DISCLOSURE_EVIDENCE = Holding(
    key="disclosure-evidence",
    model="data_subjects.DisclosureEvidence",
    title="Where a disclosure can be looked up",
    words="The letter, order or file in which we gave your data to somebody else.",
    find=by_subject("data_subject"),
    to_mailbox=nothing,
    context=("disclosed_on",),
    titles={"disclosed_on": "on", "reference": "where it stands"},
)
EVENTS = Holding(
    key="what-bound-your-data",
    model="data_subjects.SubjectEvent",
    title="When restrictions and holds began and ended",
    words="The record of what bound your data, and of when you looked at it. Entries are "
    "never changed.",
    find=by_subject("data_subject_id"),
    passing=Q(action=SubjectEvent.Action.LOOKED),
    context=("at",),
    declared=PersonalData(
        fields=dict.fromkeys(("action", "detail"), Category.IDENTITY),
        purpose="administration",
        source="house",
        retention="ledger",
        erasure=Erasure.KEPT,
        others="",
    ),
    kept=ON_RECORD,
    to_mailbox=lambda person: Q(action=SubjectEvent.Action.LOOKED),
    titles={"at": "when", "action": "what happened", "detail": "more exactly"},
)
CONTACT = Holding(
    key="from-others",
    model="data_subjects.IndirectContact",
    title="What others told us about you",
    words="Data that did not come from you: from a public register, a past client, a "
    "supplier. Where it came from stands beside it.",
    find=by_subject("data_subject"),
    to_mailbox=nothing,
    forget=contacts.forget,
    context=("kind", "source", "obtained_on", "informed_at", "last_used_on"),
    addresses=("address",),
    names=(("name",),),
    telephones=("telephone",),
    streets=("postal_address",),
    titles={
        "kind": "what you are to us",
        "source": "where it came from",
        "obtained_on": "obtained on",
        "informed_at": "you were told of it",
        "last_used_on": "last used on",
        "address": "e-mail address",
        "statement": "what you want said beside it",
        "evidence": "what shows that it might be given to us",
        "exemption_reason": "why you were not told",
    },
)
KEY = Holding(
    key="person",
    model="data_subjects.DataSubject",
    moves_by_itself=True,
    title="The number by which you are known here",
    words="It links your records with each other; the code made of your address finds "
    "it.",
    find=by_subject("id"),
    emptied={"address_digest": None},
    context=("id", "created_at"),
    titles={
        "id": "number",
        "created_at": "since",
        "address_digest": "code made of your address",
    },
)
