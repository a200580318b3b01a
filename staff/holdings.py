"""What is held of staff, and of whose data they opened (groundwork.holdings)."""

from django.db.models import Q

from groundwork.holdings import ON_RECORD, Holding, Kept, by_subject
from groundwork.personal_data import Category, Erasure, PersonalData

ACCOUNT = Holding(
    key="staff-account",
    model="staff.StaffUser",
    title="Your account as one of our staff",
    words="Your name, your address and when you last signed in.",
    find=lambda person: Q(email__in=list(person.addresses)),
    context=("date_joined",),
    kept=Kept(
        "You work here: your account goes when you leave",
        "UK GDPR, Article 17(1)(a)",
    ),
    titles={"date_joined": "since", "last_login": "last signed in"},
)
OPENINGS = Holding(
    key="openings",
    model="staff.AccessRecord",
    moves_by_itself=True,
    title="When our staff opened your data",
    words="Each time a member of staff opened your page or took your data out. Who it "
    "was is not told here: that concerns them.",
    find=by_subject("data_subject_id"),
    context=("at",),
    declared=PersonalData(
        fields={"action": Category.TECHNICAL},
        purpose="administration",
        source="house",
        retention="ledger",
        erasure=Erasure.KEPT,
        others="",
    ),
    kept=ON_RECORD,
    titles={"at": "when", "action": "what was done"},
)
