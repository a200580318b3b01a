import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from governance import proofs
from staff.models import StaffUser


class Command(BaseCommand):
    help = "Write opt-outs and consents with their proofs into an archive (ZIP)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--recipient", required=True, help="the company that gets it"
        )
        parser.add_argument(
            "--staff", required=True, help="e-mail address of who answers for it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        who = StaffUser.objects.filter(
            email=options["staff"].strip().lower(), is_active=True
        ).first()
        if who is None or not who.has_perm("governance.export_proofs"):
            raise CommandError("Nobody of the staff with this address may do that.")
        recipient = options["recipient"].strip()
        if not 0 < len(recipient) <= 120:
            raise CommandError("Give the company's name in at most 120 characters.")
        self._write(options["file"], recipient, who.pk)

    def _write(self, path: Path, recipient: str, staff_id: int) -> None:
        """Into a new file that nobody else on the machine can read."""
        try:
            opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise CommandError(
                f"{path} cannot be written: {error.strerror}."
            ) from error
        transfer = proofs.record_transfer(recipient, staff_id=staff_id)
        with os.fdopen(opened, "wb") as file:
            for piece in proofs.archive(transfer):
                file.write(piece)
        self.stdout.write(f"{path}: transfer {transfer.pk} for {recipient}")
