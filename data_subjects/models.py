"""Who a person is to the house: a UUID and the keyed digest of an address."""

import uuid

from django.db import models

from groundwork.one_statement import Part
from groundwork.personal_data import Category, PersonalData


class DataSubject(models.Model):
    """Anyone whose data is held or who asks. Ledgers know a person by this UUID only;
    when the row is gone, the UUID leads nowhere."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    # Null once the person is known by no address any more.
    address_digest = models.BinaryField(max_length=32, unique=True, null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    personal_data = PersonalData(
        fields={"address_digest": Category.CONTACT},
        purpose="administration",
        source="derived from the address with a key outside the database",
        kept_for="as long as anything else about the person",
        erasure="removed last",
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
