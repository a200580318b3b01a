import hashlib
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consent.models import ShownWording
from groundwork import ledger
from processing_register.models import NoticeVersion


def changed_texts() -> Iterator[str]:
    """Shown wordings and published notices that no longer match their digest. The
    ledger's entries name wordings by it, so an entry proves the words it stands for."""
    for wording in ShownWording.objects.iterator():
        if ShownWording.digest_of(wording.text) != bytes(wording.digest):
            yield f"shown wording {bytes(wording.digest).hex()[:12]} was changed"
    for version in NoticeVersion.objects.filter(published_at__isnull=False):
        if hashlib.sha256(version.body.encode()).digest() != bytes(version.digest):
            yield f"{version} was changed"


class Command(BaseCommand):
    help = (
        "Check every ledger against its seals; name the first entry of each that was "
        "changed, removed or inserted. Exits with 1 when anything does not hold."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        broken = 0
        for book in ledger.ledgers():
            finding = next(ledger.findings(book), None)
            if finding is not None:
                broken += 1
                self.stdout.write(self.style.ERROR(f"BROKEN  {finding}"))
            else:
                entries = book.objects.count()
                seals = book.seal_model.objects.count()
                self.stdout.write(
                    f"sound   {book._meta.label}: {entries} entries, {seals} seals"
                )
        for text in changed_texts():
            broken += 1
            self.stdout.write(self.style.ERROR(f"BROKEN  {text}"))
        if broken:
            raise CommandError("What stands in the ledgers does not hold; see above.")
