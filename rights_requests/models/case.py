"""What was sent in at one time, and one case for each thing asked."""

import uuid
from datetime import date, datetime
from typing import TYPE_CHECKING, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from data_subjects.models import DataSubject
from groundwork.encryption import EncryptedTextField
from groundwork.personal_data import Category, Erasure, Held, PersonalData
from rights_requests import moves
from rights_requests.kinds import FACTS, ON_THE_CLOCK, CaseKind, Facts
from rights_requests.letter_frames import LetterKind
from rights_requests.moves import Move, State

if TYPE_CHECKING:
    from rights_requests.models.log import CaseLogEntry


class Channel(models.TextChoices):
    FORM = "form", "form on the site"
    E_MAIL = "e-mail", "e-mail"
    TELEPHONE = "telephone", "telephone"
    POST = "post", "post"
    SOCIAL = "social media", "social media"
    IN_PERSON = "in person", "in person"


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def to_acknowledge(self, now: datetime) -> "SubmissionQuerySet":
        """Those to which the first letter is to be written by now."""
        return self.filter(acknowledge_from__lte=now)

    def held(self) -> "SubmissionQuerySet":
        """What came in a flood and waits apart."""
        return self.exclude(held_because="")


class Submission(models.Model):
    """What one person sent in at one time; it may ask for several things.

    The person whose data it is about is the data subject; somebody else may write for
    them (is_by_agent), and then address and name are the person's and the agent's stand
    beside them.
    """

    class ReplyBy(models.TextChoices):
        E_MAIL = "e-mail", "e-mail"
        POST = "post", "post"

    class AnswerTo(models.TextChoices):
        PERSON = "person", "the person"
        AGENT = "agent", "whoever writes for the person"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    data_subject = models.ForeignKey(
        DataSubject, on_delete=models.PROTECT, related_name="submissions"
    )
    name = EncryptedTextField(blank=True)
    address = EncryptedTextField(blank=True)
    postal_address = EncryptedTextField(blank=True)
    telephone = EncryptedTextField(blank=True)
    is_by_agent = models.BooleanField(default=False)
    agent_name = EncryptedTextField(blank=True)
    agent_address = EncryptedTextField(blank=True)
    answer_to = models.CharField(
        max_length=6, choices=AnswerTo, default=AnswerTo.PERSON
    )
    # In the person's own words, card and insurance numbers masked.
    words = EncryptedTextField(blank=True)
    channel = models.CharField(max_length=12, choices=Channel)
    reply_by = models.CharField(max_length=6, choices=ReplyBy, default=ReplyBy.E_MAIL)
    # The date that the letter itself bears, and the moment at which we had it.
    dated_on = models.DateField()
    received_at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=timezone.now)
    # Somebody pressed the button behind the link that only this mailbox got.
    mailbox_confirmed_at = models.DateTimeField(null=True)
    wants_recipients = models.BooleanField(default=False)
    # What the text seems to hold that we never ask for (groundwork.masking.Sign).
    signs = ArrayField(models.SlugField(db_index=False), default=list)
    shut_away_at = models.DateTimeField(null=True)
    # Why it waits apart from the queue (a flood); its clock runs all the same.
    held_because = models.SlugField(blank=True, db_index=False)
    # From when the worker writes the first letter; null: it has, or must not.
    acknowledge_from = models.DateTimeField(null=True)
    # Digest of the form's own number: pressing the button twice sends once.
    form_digest = models.BinaryField(max_length=32, unique=True, null=True)
    inbound_email_id = models.BigIntegerField(null=True, unique=True)
    staff_id = models.BigIntegerField(null=True)

    objects: ClassVar = SubmissionQuerySet.as_manager()
    personal_data = PersonalData(
        fields={
            "name": Category.IDENTITY,
            "address": Category.CONTACT,
            "postal_address": Category.CONTACT,
            "telephone": Category.CONTACT,
            "agent_name": Category.IDENTITY,
            "agent_address": Category.CONTACT,
            "words": Category.MARKETING,
            "signs": Held(Category.MARKETING, source="house"),
            "wants_recipients": Category.MARKETING,
        },
        purpose="rights-requests",
        source="person",
        retention="case-file",
        # The whole file is kept through an erasure, for its time: it shows how the
        # person was answered (Art. 17(3)(b)), and the first letter says so (limits).
        erasure=Erasure.KEPT,
        others="id data_subject is_by_agent answer_to channel reply_by dated_on"
        " received_at recorded_at mailbox_confirmed_at shut_away_at held_because"
        " acknowledge_from form_digest inbound_email_id staff_id",
    )

    class Meta:
        indexes = [
            # Read every two seconds by the worker, and nearly always empty.
            models.Index(
                fields=["acknowledge_from"],
                condition=Q(acknowledge_from__isnull=False),
                name="submission_unacknowledged",
            ),
            # Asked of every case that a list shows, and nearly always empty.
            models.Index(
                fields=["id"], condition=~Q(held_because=""), name="submission_held"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_by_agent=True) | Q(answer_to="person"),
                name="only_an_agent_is_answered_for_a_person",
            ),
        ]

    def __str__(self) -> str:
        return f"submission {self.pk}"

    @property
    def reply_address(self) -> str:
        """The e-mail address that letters go to; empty when only post reaches them."""
        if self.answer_to == self.AnswerTo.AGENT:
            return self.agent_address
        return self.address

    @property
    def reply_name(self) -> str:
        is_to_agent = self.answer_to == self.AnswerTo.AGENT
        return self.agent_name if is_to_agent else self.name


class CaseQuerySet(models.QuerySet["Case"]):
    def open(self) -> "CaseQuerySet":
        return self.filter(state__in=moves.OPEN)

    def queued(self) -> "CaseQuerySet":
        """Open, and not held apart."""
        return self.open().filter(~Exists(self._held()))

    def held(self) -> "CaseQuerySet":
        """Open, and waiting apart, since it came in a flood."""
        held = Submission.objects.held().values("pk")
        return self.open().filter(submission__in=held)

    @staticmethod
    def _held() -> SubmissionQuerySet:
        found: SubmissionQuerySet = Submission.objects.held()
        return found.filter(pk=OuterRef("submission"))

    def waiting_for_us(self) -> "CaseQuerySet":
        return self.filter(state__in=[State.DRAFT, State.IN_PROGRESS])

    def waiting_for_them(self) -> "CaseQuerySet":
        return self.filter(state__in=moves.WAITING)

    def overdue(self, today: date) -> "CaseQuerySet":
        """The day that governs is over; none does while we wait for the person."""
        return self.open().filter(governs_on__lt=today)

    def due_by(self, day: date) -> "CaseQuerySet":
        return self.open().filter(governs_on__lte=day)

    def with_systems_to_ask(self) -> "CaseQuerySet":
        """Those whose systems outside were not asked yet, though their answer may lie
        there."""
        return self.filter(
            state=State.IN_PROGRESS,
            systems_asked_at__isnull=True,
            kind__in=sorted(kind.value for kind in ON_THE_CLOCK),
        )

    def complaints(self) -> "CaseQuerySet":
        return self.filter(kind=CaseKind.COMPLAINT)

    def requests(self) -> "CaseQuerySet":
        return self.exclude(kind=CaseKind.COMPLAINT)


class Case(models.Model):
    """One thing that somebody asked of us, or one complaint.

    state, last_move and moves_count change together and by moves only (rights_requests.
    moves; the database refuses the rest). The days are a cache of what is counted from
    the case log, with one writer (rights_requests.clock).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    # What the person reads out on the telephone; it opens nothing.
    reference = models.CharField(max_length=12, unique=True)
    submission = models.ForeignKey(
        Submission, on_delete=models.CASCADE, related_name="cases"
    )
    kind = models.CharField(max_length=24, choices=CaseKind)
    # Keys of kinds.GROUNDS, as the person chose them.
    grounds = ArrayField(models.SlugField(db_index=False), default=list)
    # What exactly is meant: which data, what is wrong with it; or how it was narrowed.
    details = EncryptedTextField(blank=True)
    state = models.CharField(max_length=30, choices=State, default=State.IN_PROGRESS)
    last_move = models.CharField(max_length=30, default=Move.RECEIVE)
    moves_count = models.PositiveIntegerField(default=1)
    received_at = models.DateTimeField()
    # --- Counted by rights_requests.clock, and by nobody else ---
    starts_on = models.DateField(null=True)
    due_on = models.DateField(null=True)
    notice_by = models.DateField(null=True)
    promise_on = models.DateField(null=True)
    progress_due_on = models.DateField(null=True)
    # The earliest of them that counts now; null while we wait, and when closed.
    governs_on = models.DateField(null=True)
    next_reminder_on = models.DateField(null=True)
    paused_days = models.PositiveIntegerField(default=0)
    flags = ArrayField(models.SlugField(db_index=False), default=list)
    # --- Who works on it, and how it ended ---
    assigned_to_id = models.BigIntegerField(null=True)
    # Of a complaint: when the person was told that we have it. One whose letter lies
    # here to be posted was not acknowledged yet.
    acknowledged_at = models.DateTimeField(null=True)
    # When those who answer for systems outside were asked to search them.
    systems_asked_at = models.DateTimeField(null=True)
    # When the tasks to tell recipients of what changed were set (Art. 19); null again
    # when something more was corrected.
    recipients_set_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    # What a complaint is about; its clock is another one.
    about = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, related_name="complaints"
    )

    # The entries of its log, where somebody has read them (casebook.read_log).
    log_as_read: "list[CaseLogEntry] | None" = None

    objects: ClassVar = CaseQuerySet.as_manager()
    personal_data = PersonalData(
        fields={
            "details": Category.MARKETING,
            "grounds": Category.MARKETING,
            "kind": Category.MARKETING,
            "state": Held(Category.MARKETING, source="house"),
        },
        purpose="rights-requests",
        source="person",
        retention="case-file",
        erasure=Erasure.KEPT,
        others="id reference submission last_move moves_count received_at starts_on"
        " due_on notice_by promise_on progress_due_on governs_on next_reminder_on"
        " paused_days flags assigned_to_id acknowledged_at systems_asked_at"
        " recipients_set_at closed_at about",
        linked_by="submission__data_subject",
    )

    class Meta:
        permissions = [
            ("work_case", "Can work on requests and complaints"),
            ("release_case", "Can release what a colleague proposed"),
            ("see_shut_away", "Can open what was shut away as sensitive"),
        ]
        indexes = [
            # The queue: what is open, the most urgent first.
            models.Index(
                fields=["governs_on", "id"],
                condition=Q(state__in=[state.value for state in moves.OPEN]),
                name="case_queue",
            ),
            # Its filters, each of which may leave few of many.
            models.Index(
                fields=["kind", "governs_on", "id"],
                condition=Q(state__in=[state.value for state in moves.OPEN]),
                name="case_queue_by_kind",
            ),
            models.Index(
                fields=["assigned_to_id", "governs_on", "id"],
                condition=Q(state__in=[state.value for state in moves.OPEN]),
                name="case_queue_by_staff",
            ),
            models.Index(
                fields=["governs_on", "id"],
                condition=Q(state__in=[state.value for state in moves.WAITING]),
                name="case_waiting",
            ),
            models.Index(
                fields=["governs_on", "id"],
                condition=Q(state=State.DRAFT.value),
                name="case_drafts",
            ),
            # Read by the sweep of reminders: only what is due, however many are open.
            models.Index(
                fields=["next_reminder_on", "id"],
                condition=Q(next_reminder_on__isnull=False),
                name="case_reminders",
            ),
            models.Index(fields=["-received_at"], name="case_newest"),
            # Read every few seconds by the worker, and nearly always empty.
            models.Index(
                fields=["id"],
                condition=Q(
                    state=State.IN_PROGRESS.value,
                    systems_asked_at__isnull=True,
                    kind__in=sorted(kind.value for kind in ON_THE_CLOCK),
                ),
                name="case_systems_unasked",
            ),
            # The list of closed ones, the newest first, and its filters.
            models.Index(
                fields=["-received_at", "id"],
                condition=Q(state__in=[state.value for state in moves.CLOSED]),
                name="case_closed",
            ),
            models.Index(
                fields=["kind", "-received_at", "id"],
                condition=Q(state__in=[state.value for state in moves.CLOSED]),
                name="case_closed_by_kind",
            ),
            models.Index(
                fields=["assigned_to_id", "-received_at", "id"],
                condition=Q(state__in=[state.value for state in moves.CLOSED]),
                name="case_closed_by_staff",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=[state.value for state in moves.OPEN],
                    closed_at__isnull=True,
                )
                | Q(
                    state__in=[state.value for state in moves.CLOSED],
                    closed_at__isnull=False,
                    governs_on__isnull=True,
                    next_reminder_on__isnull=True,
                ),
                name="closed_cases_say_when",
            ),
            models.CheckConstraint(
                condition=~Q(
                    state__in=[
                        State.AWAITING_IDENTITY.value,
                        State.AWAITING_FEE.value,
                    ]
                )
                | Q(due_on__isnull=True)
                # While our question lies here to be posted, the time runs.
                | Q(governs_on__isnull=False),
                name="no_due_date_before_the_start",
            ),
            models.CheckConstraint(
                condition=Q(about__isnull=True) | Q(kind=CaseKind.COMPLAINT.value),
                name="only_a_complaint_is_about_a_case",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def facts(self) -> Facts:
        return FACTS[CaseKind(self.kind)]

    @property
    def is_open(self) -> bool:
        return self.state in moves.OPEN

    @property
    def is_waiting(self) -> bool:
        """The person must act."""
        return self.state in moves.WAITING

    @property
    def is_complaint(self) -> bool:
        return self.kind == CaseKind.COMPLAINT

    def is_overdue(self, today: date) -> bool:
        return self.is_open and self.governs_on is not None and today > self.governs_on

    def waits_to_post(self, kind: str) -> bool:
        """Whether a letter of this kind lies here to be posted: it told nobody yet."""
        by_post = self.letters.filter(kind=kind, by="post", posted_on__isnull=True)
        return bool(by_post.filter(sent_at__isnull=False).exists())

    def has_acknowledgement(self) -> bool:
        """Whether the person was told that we have it, or the letter that says so lies
        here to be posted: then no other is written. Only a complaint counts from the
        posting; no clock of a request rests on its acknowledgement."""
        if self.acknowledged_at is not None or not self.is_complaint:
            return self.acknowledged_at is not None
        return self.waits_to_post(LetterKind.ACKNOWLEDGE_COMPLAINT)

    def answered_on(self) -> date | None:
        """The day on which the letter that closed it left; one by post counts from its
        posting. None while it waits to be posted, and while the case is open."""
        letter = self.letters.filter(move_number=self.moves_count).first()
        if letter is not None and letter.by == "post":
            return letter.posted_on
        return timezone.localdate(self.closed_at) if self.closed_at else None

    def was_answered_late(self, *, today: date) -> bool:
        """Whether its answer left after the statutory day, or still lies here."""
        if self.due_on is None or self.is_open:
            return False
        return (self.answered_on() or today) > self.due_on


__all__ = ["Case", "CaseQuerySet", "Channel", "Submission"]
