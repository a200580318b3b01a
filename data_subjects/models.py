"""Who a person is to the house: a UUID and the keyed digest of an address.

And what binds whoever works with that person's data: restrictions (UK GDPR Art. 18),
legal holds (Art. 17(3)(e)), and to whom the data was disclosed (Art. 19).
"""

import uuid
from datetime import date
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from groundwork.encryption import EncryptedTextField
from groundwork.ledger import AppendOnlyModel, LedgerEntry, LedgerSeal
from groundwork.one_statement import Part
from groundwork.personal_data import (
    Category,
    Erasure,
    Export,
    Held,
    NoPersonalData,
    PersonalData,
)


class DataSubjectQuerySet(models.QuerySet["DataSubject"]):
    def restricted(self) -> "DataSubjectQuerySet":
        """Those whose data may be stored and not otherwise used (Art. 18(2))."""
        return self.filter(
            Exists(Restriction.objects.open().filter(data_subject=OuterRef("pk")))
        )

    def kept(self) -> "DataSubjectQuerySet":
        """Those whose data no purge may touch: restricted or held."""
        return self.filter(
            Q(Exists(Restriction.objects.open().filter(data_subject=OuterRef("pk"))))
            | Q(
                Exists(
                    HeldPerson.objects.standing().filter(data_subject=OuterRef("pk"))
                )
            )
        )


class DataSubject(models.Model):
    """Anyone whose data is held or who asks. Ledgers know a person by this UUID only;
    when the row is gone, the UUID leads nowhere."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    # Null once the person is known by no address any more.
    address_digest = models.BinaryField(max_length=32, unique=True, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # When a record of the person last went, from which the key's period counts; null
    # while none has. Written by data_subjects.retention.
    record_went_at = models.DateTimeField(null=True)

    objects: ClassVar = DataSubjectQuerySet.as_manager()
    personal_data = PersonalData(
        fields={"address_digest": Held(Category.CONTACT, export=Export.DESCRIBED)},
        purpose="administration",
        source="house",
        retention="person-key",
        # The number stays as long as a case file or a ledger has it, and leads nowhere.
        erasure=Erasure.EMPTIED,
        others="id created_at record_went_at",
        linked_by="id",
    )

    def __str__(self) -> str:
        return str(self.id)


def subject_step(name: str, address_digest: bytes) -> Part:
    """A step that returns the id of this address's data subject, made if new.

    One upsert, so that a known and an unknown address cannot be told apart by the
    work they cause. It sets a column that is no key: setting the digest would lock out
    every foreign key to the row, and deadlock with a confirmation at the same moment.
    """
    return Part(
        name,
        """
        INSERT INTO data_subjects_datasubject AS known (id, address_digest, created_at)
        VALUES (%s, %s, now())
        ON CONFLICT (address_digest) DO UPDATE SET created_at = known.created_at
        RETURNING id
        """,
        (uuid.uuid4(), address_digest),
    )


def nameless_subject_step(name: str, *, source: str) -> Part:
    """A step that returns the id of a new person, known by no address, if the step
    `source` has its row."""
    return Part(
        name,
        f"""
        INSERT INTO data_subjects_datasubject (id, created_at)
        SELECT %s, now() FROM {source} RETURNING id
        """,  # noqa: S608 — a name of ours
        (uuid.uuid4(),),
    )


class Ground(models.TextChoices):
    """Why data is restricted: Art. 18(1), points (a) to (d)."""

    ACCURACY = "accuracy", "the person says that it is not accurate"
    UNLAWFUL = "unlawful", "its use was unlawful, and the person wants it kept"
    CLAIMS = "claims", "the person needs it for a legal claim"
    OBJECTION = "objection", "the person objected, and the decision is pending"


# The event that ends a restriction on each ground.
ENDING_EVENTS = {
    Ground.ACCURACY: "we have checked whether the data is accurate",
    Ground.UNLAWFUL: "the person no longer wants it kept",
    Ground.CLAIMS: "the person no longer needs it for the claim",
    Ground.OBJECTION: "it is decided whose reasons weigh more",
}


# When somebody looks whether that has happened, in months; the day can be moved on.
LOOK_AGAIN_AFTER = {
    Ground.ACCURACY: 1,
    Ground.UNLAWFUL: 6,
    Ground.CLAIMS: 6,
    Ground.OBJECTION: 1,
}


class RestrictionQuerySet(models.QuerySet["Restriction"]):
    def open(self) -> "RestrictionQuerySet":
        return self.filter(lifted_at__isnull=True)


class Restriction(models.Model):
    """From starts_at to lifted_at the person's data is stored and not otherwise used.

    It cannot be lifted before the person was told (Art. 18(3)). A notice by e-mail
    counts from the moment the mail server took it: until then only its outbox row is
    known (notice_mail_id).
    """

    data_subject = models.ForeignKey(
        DataSubject, on_delete=models.PROTECT, related_name="restrictions"
    )
    # Where the person is told before it ends; empty for somebody without e-mail.
    address = EncryptedTextField(blank=True)
    ground = models.CharField(max_length=10, choices=Ground)
    reason = EncryptedTextField()
    starts_at = models.DateTimeField(default=timezone.now)
    # Null: it follows by itself from an objection, or from an address.
    staff_id = models.BigIntegerField(null=True)
    # On this day somebody looks whether it can end; null for those from before.
    look_again_on = models.DateField(null=True)
    # What ended it, in the words that the person is told.
    ending = EncryptedTextField(blank=True)
    notice_mail_id = models.UUIDField(null=True)
    notice_sent_at = models.DateTimeField(null=True)
    lifted_at = models.DateTimeField(null=True)
    lifted_by_id = models.BigIntegerField(null=True)

    objects: ClassVar = RestrictionQuerySet.as_manager()
    personal_data = PersonalData(
        fields={
            "address": Category.CONTACT,
            "reason": Category.MARKETING,
            "ending": Category.MARKETING,
        },
        purpose="rights-requests",
        source="staff",
        retention="case-file",
        others="id data_subject ground starts_at staff_id look_again_on notice_mail_id"
        " notice_sent_at lifted_at lifted_by_id",
    )

    class Meta:
        permissions = [
            ("impose_restriction", "Can restrict the use of a person's data"),
            ("tell_restriction", "Can tell a person that a restriction will end"),
            ("lift_restriction", "Can lift a restriction after telling the person"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["data_subject", "ground"],
                condition=Q(lifted_at__isnull=True),
                name="one_open_restriction_per_ground",
            ),
            # Also true of statements that no verb of ours wrote: an unknown value would
            # satisfy a comparison, so it is asked for by name.
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True)
                | Q(
                    notice_sent_at__isnull=False,
                    lifted_at__isnull=False,
                    notice_sent_at__lt=F("lifted_at"),
                ),
                name="told_before_it_is_lifted",
            ),
        ]

    def __str__(self) -> str:
        return f"restriction {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.lifted_at is None

    @property
    def ends_when(self) -> str:
        """The event that ends it, as it follows from the ground."""
        return ENDING_EVENTS[Ground(self.ground)]


class Allowance(models.TextChoices):
    """What still allows a use of restricted data: Art. 18(2)."""

    CONSENT = "with consent", "the person has consented to it"
    CLAIMS = "for a claim", "it is for a legal claim"
    OTHERS = "rights of another", "it protects the rights of another person"
    PUBLIC = "public interest", "an important public interest asks for it"


class UseDespite(models.Model):
    """One use of data that was restricted, what allowed it, and why.

    It goes with its restriction: the ledger alone keeps that it happened.
    """

    class What(models.TextChoices):
        DISCLOSURE = "disclosure", "data was disclosed"
        CORRECTION = "correction", "data was corrected"

    restriction = models.ForeignKey(
        Restriction, on_delete=models.CASCADE, related_name="uses"
    )
    what = models.CharField(max_length=12, choices=What)
    allowance = models.CharField(max_length=20, choices=Allowance)
    reason = EncryptedTextField()
    used_at = models.DateTimeField(default=timezone.now)
    staff_id = models.BigIntegerField()

    personal_data = PersonalData(
        fields={"reason": Category.MARKETING},
        purpose="rights-requests",
        source="staff",
        retention="case-file",
        others="id restriction what allowance used_at staff_id",
        linked_by="restriction__data_subject",
    )

    class Meta:
        verbose_name = "use despite a restriction"
        verbose_name_plural = "uses despite a restriction"

    def __str__(self) -> str:
        return f"use {self.pk} despite restriction {self.restriction_id}"


class LegalHoldQuerySet(models.QuerySet["LegalHold"]):
    def standing(self) -> "LegalHoldQuerySet":
        return self.filter(released_at__isnull=True)


class LegalHold(models.Model):
    """A matter for which the data of some people must not be removed, by its owner."""

    matter = models.CharField(max_length=120)
    reason = EncryptedTextField()
    owner_id = models.BigIntegerField()
    placed_at = models.DateTimeField(default=timezone.now)
    review_on = models.DateField()
    released_at = models.DateTimeField(null=True)
    released_by_id = models.BigIntegerField(null=True)

    objects: ClassVar = LegalHoldQuerySet.as_manager()
    personal_data = PersonalData(
        # Words about a claim: who is in it, and why their data has to stay. They may be
        # about others, or told a lawyer: nobody gets them without being looked at.
        fields=dict.fromkeys(
            ("matter", "reason"), Held(Category.IDENTITY, export=Export.RESERVED)
        ),
        purpose="administration",
        source="staff",
        retention="legal-hold",
        erasure=Erasure.KEPT,
        others="id owner_id placed_at review_on released_at released_by_id",
        linked_by="people__data_subject",
    )

    class Meta:
        permissions = [
            ("place_legalhold", "Can place a legal hold on people's data"),
            ("review_legalhold", "Can review a legal hold and set the next day"),
            ("release_legalhold", "Can release a legal hold"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(released_at__isnull=True, released_by_id__isnull=True)
                | Q(released_at__isnull=False, released_by_id__isnull=False),
                name="released_by_somebody",
            )
        ]

    def __str__(self) -> str:
        return f"legal hold {self.pk}"

    @property
    def is_standing(self) -> bool:
        return self.released_at is None


class HeldPersonQuerySet(models.QuerySet["HeldPerson"]):
    def standing(self) -> "HeldPersonQuerySet":
        return self.filter(hold__released_at__isnull=True)


class HeldPerson(models.Model):
    """One person whose data a legal hold keeps."""

    hold = models.ForeignKey(LegalHold, on_delete=models.CASCADE, related_name="people")
    data_subject = models.ForeignKey(
        DataSubject, on_delete=models.PROTECT, related_name="holds"
    )
    # Known where staff found the person by it; it says on the console who is meant.
    address = EncryptedTextField(blank=True)

    objects: ClassVar = HeldPersonQuerySet.as_manager()
    personal_data = PersonalData(
        fields={"address": Category.CONTACT},
        purpose="administration",
        source="staff",
        retention="legal-hold",
        erasure=Erasure.EMPTIED,
        others="id hold data_subject",
    )

    class Meta:
        verbose_name_plural = "held people"
        constraints = [
            models.UniqueConstraint(
                fields=["hold", "data_subject"], name="held_once_by_one_hold"
            )
        ]

    def __str__(self) -> str:
        return f"held person {self.pk}"


class DisclosureSeal(LedgerSeal):
    personal_data = NoPersonalData(
        "digests of ledger entries",
        others="number sealed_at horizon newest is_rebased field_names entry_ids"
        " entry_digests previous_digest digest signature",
    )

    class Meta:
        verbose_name = "seal of disclosures"


class Disclosure(LedgerEntry):
    """One person's data was given to one organisation, once (Art. 19, 30).

    What stands here is nobody's data: the organisation, the kinds of data, the ground,
    and a UUID that leads nowhere once the person is erased. The words about it are in
    DisclosureEvidence, which can be erased.
    """

    class Role(models.TextChoices):
        PROCESSOR = "processor", "processor: on our instructions"
        CONTROLLER = "controller", "controller: decides for itself"
        AUTHORITY = "authority", "authority: in a particular inquiry"

    class LegalGround(models.TextChoices):
        CONSENT = "consent", "the person's consent"
        CONTRACT = "contract", "a contract with the person"
        DUTY = "legal-obligation", "a legal duty"
        INTERESTS = "legitimate-interests", "a legitimate interest"
        CLAIMS = "legal-claims", "a legal claim"

    data_subject_id = models.UUIDField(db_index=True)
    recipient = models.CharField(max_length=120)
    role = models.CharField(max_length=10, choices=Role)
    # ISO 3166; outside the UK and the EEA a safeguard is recorded (Art. 46).
    country_code = models.CharField(max_length=2)
    safeguard = models.CharField(max_length=200, blank=True)
    categories = ArrayField(models.SlugField(db_index=False))
    purpose = models.SlugField(db_index=False)
    legal_ground = models.CharField(max_length=30, choices=LegalGround)
    disclosed_on = models.DateField()
    staff_id = models.BigIntegerField()

    seal_model = DisclosureSeal
    personal_data = NoPersonalData(
        "a UUID, an organisation and keys of the register; never who it is",
        others="id at written_in data_subject_id recipient role country_code safeguard"
        " categories purpose legal_ground disclosed_on staff_id",
    )

    class Meta:
        verbose_name = "disclosure"
        permissions = [("record_disclosure", "Can record a disclosure of data")]

    def __str__(self) -> str:
        return f"disclosure {self.pk}"


class DisclosureEvidence(models.Model):
    """Where a disclosure can be looked up, in words; erased after its period."""

    disclosure_id = models.BigIntegerField(unique=True)
    data_subject = models.ForeignKey(
        DataSubject, on_delete=models.PROTECT, related_name="disclosure_evidence"
    )
    reference = EncryptedTextField()
    disclosed_on = models.DateField()

    personal_data = PersonalData(
        fields={"reference": Category.IDENTITY},
        purpose="administration",
        source="staff",
        retention="disclosure",
        others="id disclosure_id data_subject disclosed_on",
    )

    class Meta:
        verbose_name_plural = "disclosure evidence"

    def __str__(self) -> str:
        return f"evidence of disclosure {self.disclosure_id}"


class SubjectSeal(LedgerSeal):
    personal_data = NoPersonalData(
        "digests of ledger entries",
        others="number sealed_at horizon newest is_rebased field_names entry_ids"
        " entry_digests previous_digest digest signature",
    )

    class Meta:
        verbose_name = "seal of restrictions and holds"


class SubjectEvent(LedgerEntry):
    """A restriction or a hold on one person's data began, was reviewed, or ended;
    something was done with data that did not come from the person; or the person looked
    at what is held of them."""

    class Action(models.TextChoices):
        RESTRICTED = "restricted", "restricted"
        ANNOUNCED = "announced", "notice of the restriction’s end queued"
        TOLD = "told", "told that the restriction will end"
        LIFTED = "lifted", "restriction lifted"
        LOOKED_AGAIN = "looked again", "looked whether the restriction can end"
        ALLOWED = "allowed", "restricted data used, as the law allows"
        HELD = "held", "placed under a legal hold"
        REVIEWED = "reviewed", "legal hold reviewed"
        RELEASED = "released", "released from a legal hold"
        ENTERED = "entered", "entered from another source"
        LETTER = "letter", "letter about the source sent off"
        INFORMED = "informed", "told where the data came from"
        EXEMPTED = "exempted", "need not be told where the data came from"
        USED = "used", "use of data from another source"
        CORRECTED = "corrected", "data from another source corrected"
        UNTOLD = "untold", "still to be told: the letter went to a wrong address"
        REMOVED = "removed", "removed from those of other sources"
        LOOKED = "looked", "the person opened “Your data”"

    data_subject_id = models.UUIDField(db_index=True)
    action = models.CharField(max_length=12, choices=Action)
    # The number of the restriction, of the hold, of the indirect contact, or of the link.
    reference = models.BigIntegerField()
    # A ground, a kind of contact or of use, how the person was told, or the name of a
    # corrected field: a code.
    detail = models.CharField(max_length=20, blank=True)
    staff_id = models.BigIntegerField(null=True)

    seal_model = SubjectSeal
    personal_data = NoPersonalData(
        "a UUID, numbers and codes",
        others="id at written_in data_subject_id action reference detail staff_id",
    )

    class Meta:
        verbose_name = "restriction or hold event"

    def __str__(self) -> str:
        return self.get_action_display()


class ContactKind(models.TextChoices):
    """What somebody is to us whom we did not hear from directly."""

    PROSPECT = "prospect", "prospect"
    PAST_CLIENT = "past client", "past client"
    SUPPLIER = "supplier contact", "supplier contact"
    REGISTER = "public register", "found in a public register"


class Told(models.TextChoices):
    """How a person was told that we hold their data (Art. 14)."""

    E_MAIL = "e-mail", "by e-mail"
    LETTER = "letter", "by letter"
    SPOKEN = "spoken", "in person or on the telephone"


class Exemption(models.TextChoices):
    """Why a person need not be told: Art. 14(5), points (a) to (d)."""

    KNOWS = "knows", "the person has the information already"
    IMPOSSIBLE = "impossible", "impossible, or a disproportionate effort"
    LAW = "law", "a law provides for obtaining or disclosing it"
    SECRECY = "secrecy", "a duty of professional secrecy"


class IndirectContactQuerySet(models.QuerySet["IndirectContact"]):
    def untold(self) -> "IndirectContactQuerySet":
        """Those who still have to be told, a letter on its way or not."""
        return self.filter(informed_at__isnull=True, exempted_at__isnull=True)

    def overdue(self, today: date) -> "IndirectContactQuerySet":
        return self.untold().filter(inform_by__lt=today)


class IndirectContact(models.Model):
    """A person whose data did not come from themselves, and whether they were told.

    It is no sign-up: no consent stands for it, and a case update never goes to it.
    """

    data_subject = models.OneToOneField(
        DataSubject, on_delete=models.PROTECT, related_name="indirect_contact"
    )
    kind = models.CharField(max_length=20, choices=ContactKind)
    name = EncryptedTextField()
    employer = EncryptedTextField(blank=True)
    job_title = EncryptedTextField(blank=True)
    address = EncryptedTextField(blank=True)  # e-mail, normalised
    telephone = EncryptedTextField(blank=True)
    postal_address = EncryptedTextField(blank=True)
    # What the person wants said beside all this (UK GDPR Art. 16, second sentence).
    statement = EncryptedTextField(blank=True, default="", db_default="")
    # A key of the register's sources; never the person.
    source = models.SlugField(db_index=False)
    # What shows that the source was permitted to give it.
    evidence = EncryptedTextField()
    obtained_on = models.DateField()
    entered_on = models.DateField()
    created_at = models.DateTimeField(default=timezone.now)
    staff_id = models.BigIntegerField()
    # The first time we wrote or spoke to the person, and gave the data to somebody.
    communicated_on = models.DateField(null=True)
    disclosed_on = models.DateField(null=True)
    # The period of retention counts from here.
    last_used_on = models.DateField()
    # A cache of what data_subjects.article_14 computes; every verb that changes what it
    # counts from writes it anew (contacts.clock_of).
    inform_by = models.DateField()
    # The letter in the outbox; the person is told once a mail server took it.
    letter_id = models.UUIDField(null=True)
    informed_how = models.CharField(max_length=10, choices=Told, blank=True)
    informed_at = models.DateTimeField(null=True)
    exemption = models.CharField(max_length=12, choices=Exemption, blank=True)
    exemption_reason = EncryptedTextField(blank=True)
    exempted_at = models.DateTimeField(null=True)
    exempted_by_id = models.BigIntegerField(null=True)

    objects: ClassVar = IndirectContactQuerySet.as_manager()
    personal_data = PersonalData(
        fields={
            "name": Category.IDENTITY,
            "employer": Category.IDENTITY,
            "job_title": Category.IDENTITY,
            "address": Category.CONTACT,
            "telephone": Category.CONTACT,
            "postal_address": Category.CONTACT,
            "statement": Category.IDENTITY,
            "evidence": Category.MARKETING,
            "exemption_reason": Category.MARKETING,
        },
        purpose="target-market",
        source="staff",
        retention="indirect-contact",
        others="id data_subject kind source obtained_on entered_on created_at staff_id"
        " communicated_on disclosed_on last_used_on inform_by letter_id informed_how"
        " informed_at exemption exempted_at exempted_by_id",
    )

    class Meta:
        verbose_name = "person we did not hear from directly"
        verbose_name_plural = "people we did not hear from directly"
        permissions = [
            ("enter_indirectcontact", "Can enter a person from another source"),
            ("correct_indirectcontact", "Can correct what is held of such a person"),
            ("inform_indirectcontact", "Can tell such a person what we hold"),
            ("exempt_indirectcontact", "Can record why such a person is not told"),
            ("remove_indirectcontact", "Can remove such a person"),
        ]
        indexes = [
            # Read by the list and the first page: who has to be told, and by when.
            models.Index(
                fields=["inform_by"],
                condition=Q(informed_at__isnull=True, exempted_at__isnull=True),
                name="contacts_untold",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(source__in=["", "person"]),
                name="contact_came_from_another_source",
            ),
            models.CheckConstraint(
                condition=Q(obtained_on__lte=F("entered_on")),
                name="contact_not_obtained_in_the_future",
            ),
            models.CheckConstraint(
                condition=Q(informed_at__isnull=True, informed_how="")
                | Q(informed_at__isnull=False, informed_how__in=Told.values),
                name="contact_told_in_some_way",
            ),
            models.CheckConstraint(
                condition=Q(exempted_at__isnull=True, exemption="")
                | Q(
                    exempted_at__isnull=False,
                    exempted_by_id__isnull=False,
                    exemption__in=Exemption.values,
                ),
                name="contact_exempted_on_a_ground",
            ),
        ]

    def __str__(self) -> str:
        return f"indirect contact {self.pk}"


class Settled(models.TextChoices):
    """How a line of the journal came to be dealt with in this database."""

    ACT = "act", "written with the act itself"
    REPLAY = "replay", "made good after a restore"
    ROLLED_BACK = "rolled back", "the act was rolled back; an opt-out was made good"


class JournalLine(AppendOnlyModel):
    """The database has what this line of the journal says (data_subjects.journal)."""

    id = models.UUIDField(primary_key=True)
    number = models.BigIntegerField(db_index=True)
    settled = models.CharField(max_length=12, choices=Settled, default=Settled.ACT)
    at = models.DateTimeField(default=timezone.now)

    personal_data = NoPersonalData(
        "random numbers, which lead to nobody without the file",
        others="id number settled at",
    )

    class Meta:
        verbose_name = "line of the journal"
        verbose_name_plural = "lines of the journal"

    def __str__(self) -> str:
        return f"line {self.number}: {self.get_settled_display()}"


class JournalMark(models.Model):
    """Up to which line of the journal this database has everything; one row, and none
    before the first line. A restored database brings its own, older one along."""

    number = models.BigIntegerField()
    start = models.BigIntegerField()
    code = models.CharField(max_length=32, blank=True)

    objects: ClassVar["models.Manager[JournalMark]"] = models.Manager()
    personal_data = NoPersonalData("a place in a file", others="id number start code")

    class Meta:
        verbose_name = "mark in the journal"
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="one_mark_in_the_journal")
        ]

    def __str__(self) -> str:
        return f"line {self.number}"
