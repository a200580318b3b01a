from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consent.verifying import verify
from groundwork.proof_check import MAX_RECEIPT_BYTES, Malformed, read_json


class Command(BaseCommand):
    help = "Hold a consent receipt (JSON) against the ledger; names what does not hold."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            verdict = verify(read_json(_content(options["file"])))
        except (Malformed, OSError) as error:
            raise CommandError(str(error)) from error
        for note in verdict.notes:
            self.stdout.write(note)
        for problem in verdict.problems:
            self.stdout.write(self.style.ERROR(f"DOES NOT HOLD  {problem}"))
        if not verdict.holds:
            raise CommandError("The receipt does not hold; see above.")
        self.stdout.write("The receipt holds.")


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(MAX_RECEIPT_BYTES + 1)
    if len(content) > MAX_RECEIPT_BYTES:
        raise Malformed("This is too long to be a receipt.")
    return content
