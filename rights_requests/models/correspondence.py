"""What goes between us and the person: letters, messages, documents, links, codes."""

import uuid
from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from groundwork.encryption import EncryptedJSONField, EncryptedTextField
from groundwork.personal_data import (
    Category,
    Erasure,
    Export,
    Held,
    NoPersonalData,
    PersonalData,
)
from rights_requests.models.case import Case, Channel


class Letter(models.Model):
    """What we wrote to the person, as it left: words, template and its version.

    A letter by e-mail is the outbox's message mail_id; one by post is drawn as a PDF
    from the same words and counts from posted_on.
    """

    class By(models.TextChoices):
        E_MAIL = "e-mail", "e-mail"
        POST = "post", "post"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="letters")
    # The template: a kind of rights_requests.letters and its version.
    kind = models.SlugField(db_index=False)
    version = models.PositiveSmallIntegerField()
    subject = EncryptedTextField()
    # The blocks in order, each {"name", "text", "is_required"}.
    blocks = EncryptedJSONField()
    # SHA-256 of subject and blocks: what the case log names.
    digest = models.BinaryField(max_length=32)
    by = models.CharField(max_length=6, choices=By)
    # Null while it waits for a second person.
    sent_at = models.DateTimeField(null=True)
    mail_id = models.UUIDField(null=True)
    posted_on = models.DateField(null=True)
    # Handed over, failed or posted: what became of it is known and acted on.
    settled_at = models.DateTimeField(null=True)
    # A move that this letter makes known; its failure takes that move back.
    move_number = models.PositiveIntegerField(null=True)
    written_at = models.DateTimeField(default=timezone.now)
    staff_id = models.BigIntegerField(null=True)

    personal_data = PersonalData(
        fields={
            "subject": Category.MARKETING,
            "blocks": Category.MARKETING,
        },
        purpose="rights-requests",
        source="house",
        retention="case-file",
        erasure=Erasure.KEPT,
        others="id case kind version digest by sent_at mail_id posted_on settled_at"
        " move_number written_at staff_id",
        linked_by="case__submission__data_subject",
    )

    class Meta:
        ordering = ["written_at", "id"]
        indexes = [
            # Read by letters_gone: those of which nobody knows yet what became of them.
            models.Index(
                fields=["mail_id"],
                condition=Q(settled_at__isnull=True, mail_id__isnull=False),
                name="letter_unsettled",
            ),
            # Read by the first page and the digest: which wait to be posted?
            models.Index(
                fields=["sent_at"],
                condition=Q(by="post", posted_on__isnull=True, sent_at__isnull=False),
                name="letter_to_post",
            ),
            # Read by the first page: which letters were those that failed or hang?
            models.Index(
                fields=["mail_id"],
                condition=Q(mail_id__isnull=False),
                name="letter_of_mail",
            ),
        ]

    def __str__(self) -> str:
        return f"letter {self.pk} ({self.kind})"


class Message(models.Model):
    """What the person wrote to us about a case after asking."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="messages")
    words = EncryptedTextField()
    channel = models.CharField(max_length=12, choices=Channel)
    received_at = models.DateTimeField(default=timezone.now)
    # When a member of staff looked at it.
    read_at = models.DateTimeField(null=True)
    inbound_email_id = models.BigIntegerField(null=True)
    staff_id = models.BigIntegerField(null=True)  # who took it down, if somebody did

    personal_data = PersonalData(
        fields={"words": Category.MARKETING},
        purpose="rights-requests",
        source="person",
        retention="case-file",
        erasure=Erasure.KEPT,
        others="id case channel received_at read_at inbound_email_id staff_id",
        linked_by="case__submission__data_subject",
    )

    class Meta:
        ordering = ["received_at", "id"]
        indexes = [
            # Read by the first page and the digest: what has nobody looked at yet?
            models.Index(
                fields=["case"],
                condition=Q(read_at__isnull=True),
                name="message_unread",
            ),
        ]

    def __str__(self) -> str:
        return f"message {self.pk}"


class CaseDocument(models.Model):
    """A file of a case, encrypted in the vault (rights_requests.vault).

    A file that answers a request for a copy, and that the house did not put together
    itself (Package), is let go by somebody else than whoever brought it.
    """

    class Purpose(models.TextChoices):
        EVIDENCE = "evidence", "what the person sent"
        SCAN = "scan", "a letter that came by post"
        AUTHORITY = "authority", "authority to act for the person"
        IDENTITY = "identity", "proof of identity"
        ANSWER = "answer", "our answer"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="documents")
    purpose = models.CharField(max_length=10, choices=Purpose)
    name = EncryptedTextField()
    media_type = models.CharField(max_length=100)
    size = models.BigIntegerField()
    content_digest = models.BinaryField(max_length=32)
    # Empty once the file is gone.
    vault_name = models.CharField(max_length=40, blank=True)
    added_at = models.DateTimeField(default=timezone.now)
    staff_id = models.BigIntegerField(null=True)
    # Who of ours read it, and found that it shows that somebody may act for the person.
    accepted_at = models.DateTimeField(null=True)
    accepted_by_id = models.BigIntegerField(null=True)
    # Of an answer with somebody’s data: who let it go, and since when the person has it.
    released_at = models.DateTimeField(null=True)
    released_by_id = models.BigIntegerField(null=True)
    handed_at = models.DateTimeField(null=True)
    # Proof of identity goes when the check closes; what stays is that there was one.
    removed_at = models.DateTimeField(null=True)

    personal_data = PersonalData(
        fields={
            "name": Category.IDENTITY,
            # The file is given; what the vault calls it tells nobody anything.
            "vault_name": Held(Category.IDENTITY, export=Export.DESCRIBED),
        },
        purpose="rights-requests",
        source="person",
        retention="case-file",
        erasure=Erasure.KEPT,
        others="id case purpose media_type size content_digest added_at staff_id"
        " accepted_at accepted_by_id released_at released_by_id handed_at removed_at",
        linked_by="case__submission__data_subject",
    )

    class Meta:
        ordering = ["added_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True, accepted_by_id__isnull=True)
                | Q(
                    accepted_at__isnull=False,
                    accepted_by_id__isnull=False,
                    purpose__in=["authority", "evidence", "scan"],
                ),
                name="authority_is_accepted_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True, released_by_id__isnull=True)
                | Q(
                    released_at__isnull=False,
                    released_by_id__isnull=False,
                    purpose="answer",
                ),
                name="a_file_is_released_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(released_by_id__isnull=True)
                | Q(staff_id__isnull=True)
                | ~Q(released_by_id=models.F("staff_id")),
                name="a_file_is_released_by_somebody_else",
            ),
            models.CheckConstraint(
                condition=Q(handed_at__isnull=True) | Q(released_at__isnull=False),
                name="no_file_is_handed_over_unreleased",
            ),
            models.UniqueConstraint(
                fields=["vault_name"],
                condition=~Q(vault_name=""),
                name="one_document_for_each_file",
            ),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True) & ~Q(vault_name="")
                | Q(removed_at__isnull=False, vault_name=""),
                name="a_removed_document_has_no_file",
            ),
        ]

    def __str__(self) -> str:
        return f"document {self.pk}"

    @property
    def is_put_together(self) -> bool:
        """Whether it is a copy of what is held, and no file that somebody chose."""
        return hasattr(self, "package")


# The regulator asks people to come to it within three months of our last answer, and the
# mails themselves are kept as long. Until then the first letter leads back to the case.
OPENS_AFTER_CLOSING = timedelta(days=90)


class CaseLinkQuerySet(models.QuerySet["CaseLink"]):
    def standing(self) -> "CaseLinkQuerySet":
        """Those that open something. One that confirms the mailbox opens the case
        without a code, so it ends some time after all that was asked for with it was
        closed; a status page is there as long as its case is."""
        now = timezone.now()
        asked = Case.objects.filter(submission=OuterRef("case__submission"))
        still_counts = Q(closed_at__isnull=True) | Q(
            closed_at__gt=now - OPENS_AFTER_CLOSING
        )
        return self.filter(
            Q(expires_at__isnull=True) | Q(expires_at__gt=now),
            ~Q(use=CaseLink.Use.CONFIRM) | Exists(asked.filter(still_counts)),
            revoked_at__isnull=True,
        )


class CaseLink(models.Model):
    """A link of one case, known by the digest of its token; each use knows its own."""

    class Use(models.TextChoices):
        # Shows how the case stands, and nothing of the person; survives forwarding.
        STATUS = "case-status", "status page"
        # Only the mailbox gets it: pressing its button shows whose mailbox it is. The
        # first letter holds one that lasts, and each mail with a code one for an hour.
        CONFIRM = "case-confirm", "confirming the mailbox"
        # Opened by a code or by the confirmation: messages, documents, and acting.
        VISIT = "case-visit", "a visit to one's own case"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="links")
    use = models.CharField(max_length=12, choices=Use)
    # The how-maniest of its use for this case: the token is derived from it.
    number = models.PositiveSmallIntegerField(default=1)
    token_digest = models.BinaryField(max_length=32, unique=True)
    made_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    # Of a visit: when a mailed code was entered last. A copy is handed out soon after.
    code_at = models.DateTimeField(null=True)

    objects: ClassVar = CaseLinkQuerySet.as_manager()
    personal_data = PersonalData(
        fields={"token_digest": Held(Category.CONTACT, export=Export.DESCRIBED)},
        purpose="rights-requests",
        source="house",
        retention="case-file",
        erasure=Erasure.KEPT,
        others="id case use number made_at expires_at used_at revoked_at code_at",
        linked_by="case__submission__data_subject",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(code_at__isnull=True) | Q(use="case-visit"),
                name="a_code_is_entered_on_a_visit",
            ),
            models.UniqueConstraint(
                fields=["case", "use", "number"],
                name="links_of_a_case_are_numbered",
            ),
        ]

    def __str__(self) -> str:
        return f"link {self.pk}"


class MailedCode(models.Model):
    """Six digits that were mailed to the person, for ten minutes and five tries.

    Each request for a code stands by itself, under a challenge that only the browser
    that asked has: nobody uses up another one's tries.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="codes")
    challenge_digest = models.BinaryField(max_length=32, unique=True)
    code_digest = models.BinaryField(max_length=32)
    expires_at = models.DateTimeField()
    tries_count = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    personal_data = NoPersonalData(
        "digests of numbers that were drawn by lot",
        others="id case challenge_digest code_digest expires_at tries_count used_at",
    )

    def __str__(self) -> str:
        return f"code {self.pk}"
