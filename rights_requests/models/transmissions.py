"""What the person takes along, sent straight to another controller (UK GDPR Art. 20(2))."""

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from groundwork.encryption import EncryptedTextField
from groundwork.personal_data import Category, Erasure, Held, PersonalData
from rights_requests.models.case import Case
from rights_requests.models.correspondence import CaseDocument


class TransmissionQuerySet(models.QuerySet["Transmission"]):
    def meant(self) -> "TransmissionQuerySet":
        """All but those in whose place the person gave another address, or none."""
        return self.exclude(state=Transmission.State.ENDED)


class Transmission(models.Model):
    """One address to which the person wants their file sent, and what became of that.

    It waits until staff have said who stands behind the address; then it leaves with the
    answer, as the copy that a second person released, and with no other. key goes with
    each try, so that the receiver can take it once.
    """

    class State(models.TextChoices):
        ASKED = "asked", "nobody has said yet who receives it"
        NAMED = "named", "it leaves with the answer"
        WAITING = "waiting", "being sent"
        ACCEPTED = "accepted", "arrived: the receiver took it"
        FAILED = "failed", "not taken: the person downloads it"
        DECLINED = "declined", "not sent, for a reason"
        ENDED = "ended", "no longer meant"

    class Problem(models.TextChoices):
        NO_KEY = "no-key", "this house has no key to sign with (CONNECTOR_KEY)"
        UNSHOWN = "unshown", "nobody has shown that the person wants this"
        GONE = "gone", "the file is no longer there"
        LARGE = "large", "the file is too large to be sent in one go"
        ADDRESS = "address", "the address does not lead to a public server"
        UNREACHED = "unreached", "the server could not be reached, or hung up"
        SLOW = "slow", "the server took too long"
        TOO_LARGE = "too-large", "the server answered with far too much"
        BUSY = "busy", "the server had an error of its own, or asked us to wait"
        REDIRECT = "redirect", "the server sent us to another address"
        REFUSED = "refused", "the server refused the file"
        PAGE = (
            "page",
            "the server answered with a web page, as none that takes files does",
        )
        BROKEN = "broken", "we had an error: the log of the worker says which"

    # Still to be done by somebody, or by the worker.
    OPEN = (State.ASKED, State.NAMED, State.WAITING)

    case = models.ForeignKey(
        Case, on_delete=models.CASCADE, related_name="transmissions"
    )
    state = models.CharField(max_length=8, choices=State, default=State.ASKED)
    # As the person gave it.
    address = EncryptedTextField()
    # How they did, where one of us wrote it down.
    words = EncryptedTextField(blank=True)
    given_at = models.DateTimeField(default=timezone.now)
    # Null: the person, on the form or on the page of the case.
    given_by_id = models.BigIntegerField(null=True)
    # Who stands behind it, as somebody of ours found out.
    recipient = EncryptedTextField(blank=True)
    country_code = models.CharField(max_length=2, blank=True)
    safeguard = models.CharField(max_length=200, blank=True)
    named_at = models.DateTimeField(null=True)
    named_by_id = models.BigIntegerField(null=True)
    # Why it is not sent, in words that the person reads.
    reason = EncryptedTextField(blank=True)
    # --- Sending ---
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    document = models.ForeignKey(
        CaseDocument, on_delete=models.SET_NULL, null=True, related_name="transmissions"
    )
    # SHA-256 of what goes out, in hexadecimal; the same with each try.
    digest = models.CharField(max_length=64, blank=True)
    # The kinds of data in it, as keys of the register.
    categories = ArrayField(models.SlugField(db_index=False), default=list)
    next_at = models.DateTimeField(null=True)
    tries_count = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=10, choices=Problem, blank=True)
    # A try got so far that the receiver may have the file, whatever it said.
    may_have_arrived = models.BooleanField(default=False)
    settled_at = models.DateTimeField(null=True)
    # In the ledger of disclosures; which entry that is stands nowhere, since the file has
    # a name and the ledger a number (fulfilment.cutting_off).
    is_on_record = models.BooleanField(default=False)

    objects: ClassVar = TransmissionQuerySet.as_manager()
    personal_data = PersonalData(
        fields={
            "address": Category.CONTACT,
            "words": Held(Category.MARKETING, source="staff"),
            "recipient": Held(Category.MARKETING, source="staff"),
            "reason": Held(Category.MARKETING, source="staff"),
        },
        purpose="rights-requests",
        source="person",
        retention="case-file",
        erasure=Erasure.KEPT,
        others="id case state given_at given_by_id country_code safeguard named_at"
        " named_by_id key document digest categories next_at tries_count problem"
        " may_have_arrived settled_at is_on_record",
        linked_by="case__submission__data_subject",
    )

    class Meta:
        ordering = ["id"]
        indexes = [
            # Read every few seconds by the worker, and nearly always empty.
            models.Index(
                fields=["next_at"],
                condition=Q(next_at__isnull=False),
                name="transmission_due",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(state__in=["asked", "named", "waiting"]),
                name="one_transmission_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", next_at__isnull=False)
                | ~Q(state="waiting") & Q(next_at__isnull=True),
                name="a_transmission_under_way_is_looked_at",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["named", "waiting", "accepted", "failed"])
                | Q(named_at__isnull=False, named_by_id__isnull=False)
                & ~Q(country_code=""),
                name="nothing_is_sent_to_nobody_known",
            ),
            models.CheckConstraint(
                condition=~Q(state="accepted")
                | Q(settled_at__isnull=False, is_on_record=True) & ~Q(digest=""),
                name="what_arrived_is_on_record",
            ),
        ]

    def __str__(self) -> str:
        return f"transmission {self.pk} ({self.get_state_display()})"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN
