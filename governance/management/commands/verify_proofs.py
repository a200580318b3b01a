from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from groundwork.proof_check import Malformed, check_proofs
from groundwork.seal_keys import public_key


class Command(BaseCommand):
    help = "Check an archive of proofs; names the first item that was altered."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            problem = next(check_proofs(options["file"], public_key()), "")
        except Malformed as error:
            raise CommandError(str(error)) from error
        if problem:
            raise CommandError(f"Does not hold: {problem}")
        self.stdout.write("Everything holds.")
