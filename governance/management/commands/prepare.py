from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection

from data_subjects import journal
from data_subjects.binding_sql import bind
from data_subjects.journal_file import Kind
from governance import replaying
from governance.demo import load_demo
from governance.replaying import Plan
from groundwork.database_roles import grant, refuse_truncate


class Command(BaseCommand):
    help = (
        "Migrate, give the database roles their privileges, have restrictions bind, "
        "load the register."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--demo",
            action="store_true",
            help="fill an empty database with sample content, plainly marked",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=options["verbosity"] - 1)
        grant(connection)
        refuse_truncate(connection)
        bind()
        call_command("load_register", stdout=self.stdout)
        # The local set-up's database ends with its processes, which would not start:
        # there is no moment for a command.
        if settings.EMBEDDED and journal.state().closed:
            self._say(replaying.replay())
        if options["demo"]:
            load_demo()

    def _say(self, done: Plan) -> None:
        """An opt-in is no act that can be done for somebody."""
        out, erased = done.count(Kind.OPTED_OUT), done.count(Kind.ERASED)
        self.stdout.write(
            "The database is older than its journal. Made good: "
            f"{_counted(out, 'opt-out')}, {_counted(erased, 'erasure')}."
        )
        if ins := done.count(Kind.OPTED_IN):
            self.stdout.write(
                f"Lost with the database: {_counted(ins, 'opt-in')}. Whoever signed up "
                "since has to do so again."
            )


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
