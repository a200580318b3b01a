import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from groundwork.word_digests import are_the_words
from rights_requests import casebook
from rights_requests.models import Case, CaseLogEntry


class Command(BaseCommand):
    help = (
        "Name each entry of a case's log that keeps the digest of the words given on "
        "standard input; exit with 1 when none does."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("reference", help="such as R-7K3Q-2XNB")

    def handle(self, *args: Any, **options: Any) -> None:
        case = Case.objects.filter(reference=options["reference"]).first()
        if case is None:
            raise CommandError("No case has this reference.")
        words = sys.stdin.read().removesuffix("\n")
        entries = casebook.entries_of(case)
        found = [entry for entry in entries if self._keeps(entry, words)]
        for entry in found:
            self.stdout.write(f"{entry.at:%Y-%m-%d %H:%M:%S} UTC  {entry.event}")
        if not found:
            raise CommandError("No entry of this case keeps the digest of these words.")

    def _keeps(self, entry: CaseLogEntry, words: str) -> bool:
        kept = (value for value in entry.inputs.values() if isinstance(value, str))
        return any(are_the_words(words, value) for value in kept)
