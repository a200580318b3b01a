from typing import Any

from django.core.management.base import BaseCommand, CommandError

from processing_register.gaps import Gap, all_gaps
from processing_register.register import RegisterIsWrong


class Command(BaseCommand):
    help = "Say what the published policy leaves open, and what is done meanwhile."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = all_gaps()
        except RegisterIsWrong as error:
            raise CommandError(str(error)) from error
        self._print("Open", [gap for gap in found if gap.is_open])
        self._print("Answered", [gap for gap in found if not gap.is_open])

    def _print(self, heading: str, found: list[Gap]) -> None:
        self.stdout.write(f"{heading}: {len(found)}")
        for gap in found:
            self._print_one(gap)
        self.stdout.write("")

    def _print_one(self, gap: Gap) -> None:
        self.stdout.write(f"\n{gap.key}: {gap.clause}")
        self.stdout.write(f"  Meanwhile: {gap.meanwhile}")
        if gap.is_open:
            self.stdout.write(f"  To settle: {gap.to_settle}")
        for name in gap.names:
            self.stdout.write(f"    - {name}")
