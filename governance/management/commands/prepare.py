from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection

from data_subjects import journal
from data_subjects.binding_sql import bind
from governance import replaying
from governance.demo import load_demo
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
            done = replaying.replay()
            self.stdout.write(
                f"The database had forgotten {len(done.lines)} opt-outs, opt-ins and "
                "erasures that the journal has; they were made good."
            )
        if options["demo"]:
            load_demo()
