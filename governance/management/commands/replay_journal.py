from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from data_subjects import journal
from data_subjects.journal_file import Kind
from governance import replaying
from governance.replaying import Plan

KINDS = {
    Kind.OPTED_OUT: "opt-outs",
    Kind.OPTED_IN: "opt-ins, which open nothing",
    Kind.ERASED: "erasures",
}


class Command(BaseCommand):
    help = (
        "Make good what the journal of opt-outs and erasures has and this database has "
        "not, after a backup was restored. A second run changes nothing; one that was "
        "broken off goes on where it was."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would be done, do nothing"
        )
        parser.add_argument(
            "--accept-file",
            action="store_true",
            help="then go on from the file as it is, although lines of it are missing or "
            "were changed: you have looked, and there is no better copy",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._replay(is_dry=options["dry_run"], accepts=options["accept_file"])
        except replaying.ReplayRuns as error:
            raise CommandError("Another replay runs at this moment.") from error
        except OSError as error:
            raise CommandError(f"The journal cannot be read: {error}") from error
        except OperationalError as error:
            raise CommandError(f"The database cannot be reached: {error}") from error

    def _replay(self, *, is_dry: bool, accepts: bool) -> None:
        if is_dry:
            self._say(replaying.plan())
            self.stdout.write("Nothing was changed.")
            return
        try:
            self._say(replaying.replay())
        except FileNotFoundError:
            if not accepts:
                raise
        if accepts and not journal.state().closed:
            journal.accept_file()
        self._end()

    def _say(self, plan: Plan) -> None:
        for kind, words in KINDS.items():
            self.stdout.write(f"{plan.count(kind):>8} {words}")
        self.stdout.write(f"{len(plan.addresses):>8} addresses in all")

    def _end(self) -> None:
        state = journal.state()
        for problem in state.problems:
            self.stdout.write(self.style.WARNING(f"The file: {problem}"))
        if state.closed:
            raise CommandError(state.closed)
        self.stdout.write("The database has what the journal has.")
        if state.problems:
            raise CommandError(
                "The file itself is not sound, and what it lost cannot be replayed. Put "
                "a better copy in its place and run this again, or accept it as it is "
                "with --accept-file."
            )
