"""What is held of people who were told of a changed notice (groundwork.holdings)."""

from groundwork.holdings import ON_RECORD, Holding, by_subject

NOTICES = Holding(
    key="notices",
    model="governance.NoticeDelivery",
    moves_by_itself=True,
    title="Changes of our notices that you were told of",
    words="Which change you were told of and when; it shows that everybody was told.",
    find=by_subject("data_subject_id"),
    kept=ON_RECORD,
    context=("change__version__title", "state", "settled_at"),
    titles={
        "change__version__title": "what had changed",
        "settled_at": "settled",
        "data_subject_id": "the number by which you are known here",
    },
)
