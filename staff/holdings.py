"""What is held of staff, and of whose data they opened (groundwork.holdings)."""

from django.db.models import Q

from groundwork.holdings import Holding, by_subject
from groundwork.personal_data import Category, PersonalData

ACCOUNT = Holding(
    key="staff-account",
    model="staff.StaffUser",
    title="Your account as one of our staff",
    words="Your name, your address and when you last signed in.",
    find=lambda person: Q(email__in=list(person.addresses)),
    context=("date_joined",),
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
        others="",
    ),
    titles={"at": "when", "action": "what was done"},
)
