"""What is held of case updates that were sent (groundwork.holdings)."""

from groundwork.holdings import Holding, Kept, by_subject

DELIVERIES = Holding(
    key="case-updates",
    model="case_updates.Delivery",
    moves_by_itself=True,
    title="Case updates that were sent to you",
    words="Which case update went to you, and whether it was handed over.",
    find=by_subject("data_subject_id"),
    kept=Kept(
        "It shows how many readers each case update went to. You stand there by a number "
        "only. While we keep the file of your requests, which has the same number, it "
        "leads to you, and afterwards to nobody",
        "UK GDPR, Articles 5(2) and 11(1)",
    ),
    context=("case_update__title",),
    titles={
        "case_update__title": "case update",
        "subscriber": "number of your sign-up",
        "data_subject_id": "the number by which you are known here",
        "settled_at": "settled",
    },
)
