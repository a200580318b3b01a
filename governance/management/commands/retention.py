import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from data_subjects.retention import DueRow
from governance.retention import Preview, preview, run_retention


class Command(BaseCommand):
    help = (
        "Run every retention rule now, as the nightly schedule does. With --preview "
        "only list, rule by rule, exactly the rows that a run would remove and those "
        "that it leaves out, and change nothing. What a hold kept back of a deletion is "
        "none of them: it goes in the night after the hold was released."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--preview", action="store_true", help="change nothing")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["preview"]:
            problems = self._preview(as_json=options["json"])
        else:
            problems = self._run(as_json=options["json"])
        if problems:
            raise CommandError("A rule failed.")

    def _run(self, *, as_json: bool) -> bool:
        runs = run_retention()
        if as_json:
            names = ("rule", "removed_count", "skipped_count", "problem")
            rows = [{name: getattr(run, name) for name in names} for run in runs]
            self.stdout.write(json.dumps(rows, indent=2))
        else:
            for run in runs:
                outcome = run.problem or f"{run.removed_count} removed"
                left = f", {run.skipped_count} left out" if run.skipped_count else ""
                self.stdout.write(f"{run.rule}: {outcome}{left}")
        return any(run.problem for run in runs)

    def _preview(self, *, as_json: bool) -> bool:
        found = preview()
        if as_json:
            rows = [asdict(one) for one in found]
            self.stdout.write(json.dumps(rows, indent=2, default=str))
        else:
            for one in found:
                self._say(one)
        return any(one.problem for one in found)

    def _say(self, one: Preview) -> None:
        self.stdout.write(f"{one.rule}: {one.what}")
        if one.problem:
            self.stdout.write(f"  fails: {one.problem}")
        for row in one.go:
            self.stdout.write(f"  goes   {_line(row)}")
        for row in one.stay:
            self.stdout.write(f"  stays  {_line(row)}: {row.kept_for}")
        if not (one.go or one.stay or one.problem):
            self.stdout.write("  nothing is due")


def _line(row: DueRow) -> str:
    since = f", due since {row.since:%Y-%m-%d %H:%M} UTC" if row.since else ""
    return f"{row.model} {row.key}{since}"
