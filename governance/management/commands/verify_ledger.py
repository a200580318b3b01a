from typing import Any

from django.core.management.base import BaseCommand, CommandError

from groundwork import ledger


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
        if broken:
            raise CommandError(f"{broken} of the ledgers do not hold.")
