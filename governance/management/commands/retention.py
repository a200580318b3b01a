from typing import Any

from django.core.management.base import BaseCommand, CommandError

from governance.retention import run_retention


class Command(BaseCommand):
    help = "Run every retention rule now, as the nightly schedule does."

    def handle(self, *args: Any, **options: Any) -> None:
        runs = run_retention()
        for run in runs:
            outcome = run.problem or f"{run.removed_count} removed"
            self.stdout.write(f"{run.rule}: {outcome}")
        if any(run.problem for run in runs):
            raise CommandError("A rule failed.")
