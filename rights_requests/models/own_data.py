"""The links by which a person opens “Your data”: everything that is held of them."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from data_subjects.models import DataSubject
from groundwork import addresses
from groundwork.encryption import EncryptedTextField
from groundwork.personal_data import Category, Export, Held, PersonalData


class PersonLinkQuerySet(models.QuerySet["PersonLink"]):
    def standing(self) -> "PersonLinkQuerySet":
        """Those that open something: not used up, their time not over, and mailed to the
        address that the person still has."""
        return self.filter(
            Q(use=PersonLink.Use.VISIT) | Q(used_at__isnull=True),
            expires_at__gt=timezone.now(),
            data_subject__address_digest=F("address_digest"),
        )


class PersonLink(models.Model):
    """A link to everything that is held of one person, known by the digest of its token.

    The mailed one works once, for a quarter of an hour, and opens a visit. Both stop
    when the person’s address becomes another one.
    """

    class Use(models.TextChoices):
        FRESH = "own-data-fresh", "opening “Your data”"
        VISIT = "own-data-visit", "a visit to “Your data”"

    data_subject = models.ForeignKey(
        DataSubject, on_delete=models.CASCADE, related_name="own_links"
    )
    use = models.CharField(max_length=14, choices=Use)
    token_digest = models.BinaryField(max_length=32, unique=True)
    # Where it was mailed to, and so where the answer goes to what is asked from there.
    address = EncryptedTextField()
    address_digest = models.BinaryField(max_length=32)
    made_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    objects: ClassVar = PersonLinkQuerySet.as_manager()
    personal_data = PersonalData(
        fields={
            "address": Category.CONTACT,
            "address_digest": Held(Category.CONTACT, export=Export.DESCRIBED),
            "token_digest": Held(Category.CONTACT, export=Export.DESCRIBED),
        },
        purpose="rights-requests",
        source="person",
        # As every link about a request; they go much sooner (retention.SPENT_OWN_LINKS).
        retention="case-file",
        others="id data_subject use made_at expires_at used_at",
    )

    class Meta:
        indexes = [
            # How many were mailed to one person within the hour.
            models.Index(
                fields=["data_subject", "made_at"], name="own_links_of_person"
            ),
        ]

    def __str__(self) -> str:
        return f"link {self.pk} to a person’s own data"

    @property
    def masked(self) -> str:
        return addresses.mask(self.address)
