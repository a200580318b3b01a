"""The case log: what happened to each case, with the inputs of each decision."""

from typing import Any, ClassVar

from django.db import models

from groundwork.ledger import LedgerEntry, LedgerSeal
from groundwork.personal_data import NoPersonalData
from rights_requests.moves import Move


class Event(models.TextChoices):
    """What is on record beside the moves."""

    MAILBOX_CONFIRMED = "mailbox-confirmed", "the person confirmed the mailbox"
    CODE_SENT = "code-sent", "a code was mailed"
    CODE_ACCEPTED = "code-accepted", "the mailed code was entered"
    LINK_SENT = "link-sent", "a link to the status page was sent"
    LINK_REVOKED = "link-revoked", "a link to the status page was revoked"
    PROPOSED = "proposed", "proposed to a second person"
    SENT_BACK = "sent-back", "sent back by the second person"
    TAKEN_BACK = "taken-back", "the proposal was taken back"
    RELEASED = "released", "released by the second person"
    LETTER_SENT = "letter-sent", "a letter was handed over"
    LETTER_POSTED = "letter-posted", "a letter was posted"
    MESSAGE = "message", "the person wrote"
    DOCUMENT_ADDED = "document-added", "a document was added"
    DOCUMENT_REMOVED = "document-removed", "a document was removed"
    DOCUMENT_TAKEN = "document-taken", "the person downloaded a document"
    AUTHORITY_ACCEPTED = "authority-accepted", "authority to act was accepted"
    AUTHORITY_DOUBTED = "authority-doubted", "authority to act no longer counts"
    FILES_RELEASED = "files-released", "the files of the answer were released"
    COPY_RELEASED = "copy-released", "the copy was released"
    COPY_SENT_BACK = "copy-sent-back", "the copy was sent back"
    COPY_HANDED = "copy-handed", "the copy was handed to the person"
    SEND_ASKED = "send-asked", "the person said where to send the file"
    SEND_NAMED = "send-named", "who receives the file was put on record"
    SEND_DECLINED = "send-declined", "the file is not sent, for a reason"
    SEND_BEGUN = "send-begun", "the file is being sent to another organisation"
    SEND_ACCEPTED = "send-accepted", "another organisation took the file"
    SEND_STOPPED = "send-stopped", "the person no longer wants the file sent"
    SEND_FAILED = "send-failed", "the file could not be sent"
    IMPORTED = "imported", "taken over from the file of another organisation"
    BY_RULE = "by-rule", "taken up under a standing rule"
    NOT_BY_RULE = "not-by-rule", "left to the team by a standing rule"
    UNHELD = "unheld", "released to the queue"
    ASSIGNED = "assigned", "assigned"
    NOTED = "noted", "a note was written for colleagues"
    SEARCHED = "searched", "a search was recorded"
    TASK_SET = "task-set", "a task was set"
    TASK_DONE = "task-done", "a task was done"
    SYSTEM_RELEASED = "system-released", "deleting at a system outside was let go"
    SYSTEM_ASKED = "system-asked", "a system outside was asked by machine"
    SYSTEM_ANSWERED = "system-answered", "a system outside answered by machine"
    SYSTEM_FAILED = "system-failed", "a system outside gave no answer by machine"
    SYSTEM_RECALLED = "system-recalled", "a system outside was told to stop"
    SYSTEM_STOPPED = "system-stopped", "a system outside stopped, and did nothing"
    SYSTEM_NOT_STOPPED = "system-not-stopped", "a system outside could not be stopped"
    SYSTEM_LATE = "system-late", "a system outside answered too late: nothing changed"
    REMINDED = "reminded", "staff were reminded"
    LINKED = "linked", "linked to another case"
    SHUT_AWAY = "shut-away", "shut away"
    OPENED_AGAIN = "opened-again", "no longer shut away"
    SENSITIVE_REMOVED = "sensitive-removed", "what was sensitive was removed"
    PERSON_CORRECTED = "person-corrected", "who it is was put right"
    CORRECTION_PROPOSED = "correction-proposed", "a correction was proposed"
    CORRECTION_VERIFIED = "correction-verified", "a correction was verified"
    CORRECTION_ASKED = "correction-asked", "the new mailbox was asked to confirm"
    CORRECTION_APPLIED = "correction-applied", "corrected"
    CORRECTION_REFUSED = "correction-refused", "not corrected, for a reason"
    CORRECTION_TAKEN_BACK = "correction-taken-back", "a correction was taken back"
    CORRECTION_ANEW = "correction-anew", "a correction is looked at once more"
    EFFECT = "effect", "took effect in the house"
    SET_ASIDE = "set-aside", "the data was restricted"
    BALANCED = "balanced", "the reasons were weighed"
    OVERDUE = "overdue", "the time ran out"
    ERASURE_BEGUN = "erasure-begun", "the deletion began"
    ERASURE_STOPPED = "erasure-stopped", "the deletion was stopped"
    RESIDUE_FOUND = "residue-found", "something of the person was still found"
    RESIDUE_KEPT = "residue-kept", "what was found stays, two people agreed"
    RESIDUE_GONE = "residue-gone", "what was found and had stayed is gone"
    ERASED = "erased", "deleted, and nothing was found any more"


class CaseSeal(LedgerSeal):
    personal_data = NoPersonalData(
        "digests of ledger entries",
        others="number sealed_at horizon newest is_rebased field_names entry_ids"
        " entry_digests previous_digest digest signature",
    )

    class Meta:
        verbose_name = "seal of the case log"


class CaseLogEntry(LedgerEntry):
    """One thing that happened to a case.

    The clock is counted from these entries and from nothing else. inputs: days, keys of
    grounds and numbers; a reason in words stands in a row that can be erased, and here
    only its digest. number: the how-maniest move it is; null for what is no move.
    """

    case_id = models.UUIDField(db_index=False)
    number = models.PositiveIntegerField(null=True)
    # A Move or an Event.
    event = models.CharField(max_length=30)
    # The state of the case afterwards, and its due date as then counted.
    state = models.CharField(max_length=30)
    due_on = models.DateField(null=True)
    inputs = models.JSONField(default=dict)
    # Null: the person, or the software by itself.
    staff_id = models.BigIntegerField(null=True)

    seal_model = CaseSeal
    personal_data = NoPersonalData(
        "a UUID, days, and keys of grounds; never a name, a word or an address",
        others="id at written_in case_id number event state due_on inputs staff_id",
    )

    class Meta:
        verbose_name = "entry of the case log"
        verbose_name_plural = "entries of the case log"
        indexes = [models.Index(fields=["case_id", "id"], name="caselog_of_case")]
        constraints = [
            models.UniqueConstraint(
                fields=["case_id", "number"],
                condition=models.Q(number__isnull=False),
                name="one_entry_for_each_move",
            )
        ]

    EVENTS: ClassVar[dict[str, Any]] = {
        choice.value: choice.label for choice in (*Move, *Event)
    }

    def __str__(self) -> str:
        return f"entry {self.pk} of the case log"

    @property
    def in_words(self) -> str:
        if self.event == Event.OVERDUE and self.inputs.get("clock") == "promise":
            return "our own target passed; it is no limit in law"
        return str(self.EVENTS.get(self.event, self.event))
