from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from groundwork.clock import today_here
from processing_register.models import Controller
from processing_register.record import FORMATS, the_record


class Command(BaseCommand):
    help = "Write the record of processing (UK GDPR Art. 30) to the standard output."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", choices=sorted(FORMATS), default="csv")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            record = the_record(today_here())
        except Controller.DoesNotExist as error:
            raise CommandError("Load the register first: load_register.") from error
        for part in FORMATS[options["format"]](record):
            self.stdout.write(part, ending="")
