import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from rights_requests.fulfilment import evidence
from rights_requests.models import Case
from rights_requests.references import references_in
from staff.models import StaffUser

NOBODY = 0  # on record as whoever runs the server


class Command(BaseCommand):
    help = "Write what shows how a case was handled into a signed archive (ZIP)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("reference", help="of the case, such as R-7K3Q-2XNB")
        parser.add_argument(
            "--file", type=Path, help="where to write; evidence-REFERENCE.zip otherwise"
        )
        parser.add_argument(
            "--staff",
            default="",
            help="e-mail address of who takes it out, for the record",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        named = references_in(options["reference"])
        cases = Case.objects.select_related("submission", "about")
        case = cases.filter(reference__in=named).first()
        if case is None:
            raise CommandError(f"There is no case {options['reference']}.")
        path = options["file"] or Path(evidence.file_name(case))
        self._write(case, path, _staff(options["staff"]))

    def _write(self, case: Case, path: Path, staff_id: int) -> None:
        """Into a new file that nobody else on the machine can read; none is left behind
        half-written."""
        try:
            opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise CommandError(
                f"{path} cannot be written: {error.strerror}."
            ) from error
        try:
            with os.fdopen(opened, "wb") as file:
                now = timezone.now()
                for piece in evidence.bundle(case, staff_id=staff_id, now=now):
                    file.write(piece)
        except BaseException:
            path.unlink()
            raise
        self.stdout.write(f"{path}: the evidence of case {case.reference}")


def _staff(email: str) -> int:
    if not email:
        return NOBODY
    who = StaffUser.objects.filter(email=email.strip().lower(), is_active=True).first()
    if who is None or not who.has_perm("rights_requests.work_case"):
        raise CommandError("Nobody of the staff with this address works on cases.")
    return int(who.pk)
