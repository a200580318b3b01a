"""What a restriction binds, place by place (UK GDPR Art. 18(2)): one entry for each
holding of settings.PERSONAL_DATA. data_subjects.binding makes triggers and policies of
it, and says what the words mean.

While somebody is restricted, what stands here of them is not changed by anybody but
themselves, is not removed, and is in no list, count or mailing.
"""

from collections.abc import Mapping

from data_subjects.binding import Binding
from outbox.suppression import HEED_RESTRICTION

LEDGER = "A ledger: its entries name nobody, and none is ever changed or removed."
ONLY_GROWS = Binding(because=LEDGER, edits=(), is_kept=False)
# Answering is what the law requires of us whatever is restricted (Art. 12), and what the
# person asked for; nothing of it is removed meanwhile.
CASE_WORK = Binding(
    because="Work on what the person asked for, which the law requires.", edits=()
)

BINDING: Mapping[str, Binding] = {
    # --- Readers ---
    "sign-up": Binding(
        because="Where the sign-up stands follows from what the person does.",
        edits=(
            "address",
            "address_digest",
            "telephone",
            "first_name",
            "last_name",
            "employer",
            "job_title",
            "statement",
            "source",
            "notice_given",
        ),
        leaves_uses=True,
    ),
    "links": Binding(
        because="A link is used up by the person to whom it was mailed.",
        edits=("subscriber",),
        path="subscriber__data_subject",
    ),
    "address-change": Binding(path="subscriber__data_subject"),
    "lists": Binding(
        because="Who is on a list can only be read in it: bringing it in leaves restricted "
        "people alone (subscribers.importing), and it is emptied after a day.",
        edits=(),
        is_kept=False,
    ),
    "sign-up-record": ONLY_GROWS,
    # --- Consent ---
    "consent": Binding(
        because=LEDGER,
        edits=(),
        is_kept=False,
        path="data_subject_id",
        leaves_uses=True,
        mailer_sees="It asks whether a consent stands; an entry names nobody, and the "
        "reader to whom it leads is hidden.",
    ),
    "consent-evidence": Binding(),
    # --- Mail ---
    "mail-to-you": Binding(
        because="What became of a message is recorded as it happens.",
        edits=("to_address", "context"),
        is_mail=True,
        classes=tuple(sorted(HEED_RESTRICTION)),
    ),
    "mail-from-you": Binding(
        because="What a message turned out to be is found out after it came.",
        edits=("raw_message",),
        path="sender_digest",
        is_digest=True,
    ),
    "opt-outs": Binding(
        because="A “no” protects the person and is heeded as it is given and taken back.",
        edits=(),
        is_kept=False,
        mailer_sees="It asks whether an address must not be written to.",
    ),
    "case-updates": Binding(
        because="What became of a delivery is recorded as it happens.",
        edits=("data_subject_id",),
        is_mail=True,
        within="mail.case_update_id IN"
        " (SELECT id FROM case_updates_caseupdate WHERE state = 'sending')",
    ),
    "notices": Binding(
        because="What became of a notice is recorded as it happens, and then never "
        "changes.",
        edits=(),
    ),
    # --- What they asked about their data ---
    "messages-about-your-rights": CASE_WORK,
    "requests": CASE_WORK,
    "letters": CASE_WORK,
    "messages": CASE_WORK,
    "documents": CASE_WORK,
    "case-links": CASE_WORK,
    "decisions": CASE_WORK,
    "weighed-reasons": CASE_WORK,
    "identity-checks": CASE_WORK,
    "searches": CASE_WORK,
    "tasks": CASE_WORK,
    "notes": CASE_WORK,
    "left-out": CASE_WORK,
    "corrections": CASE_WORK,
    "sent-to-others": CASE_WORK,
    "case-log": ONLY_GROWS,
    "own-links": Binding(
        because="The person opens what is theirs, whatever is restricted.",
        edits=("address", "address_digest"),
    ),
    # --- The person ---
    "restrictions": Binding(
        because="How it ends is written down: what is told, when, and the lifting.",
        edits=("data_subject", "ground", "reason", "starts_at"),
    ),
    "uses-despite-a-restriction": Binding(),
    "legal-holds": Binding(
        because="A hold protects a claim: it is reviewed and released all the same.",
        edits=(),
        path="people__data_subject",
    ),
    "held-for-a-claim": Binding(),
    "disclosures": ONLY_GROWS,
    "disclosure-evidence": Binding(),
    "what-bound-your-data": ONLY_GROWS,
    "from-others": Binding(
        because="When the person has to be told, and was, is duty and not use.",
        edits=(
            "name",
            "employer",
            "job_title",
            "address",
            "telephone",
            "postal_address",
            "evidence",
        ),
        leaves_uses=True,
    ),
    "person": Binding(
        because="The key follows the address that the person has now.",
        edits=(),
        path="id",
        leaves_uses=True,
        mailer_sees="It asks by an address whether somebody is restricted; the row names "
        "nobody.",
    ),
    # --- Staff ---
    "openings": ONLY_GROWS,
    "staff-account": Binding(
        because="An account of our staff is kept for their work, not as a reader’s data.",
        edits=(),
        is_kept=False,
    ),
}
