"""Copies of somebody's data: put together, looked into, released."""

import io
import zipfile

from django.utils import timezone

from rights_requests import vault
from rights_requests.fulfilment import building, redacting, releasing
from rights_requests.fulfilment.redacting import Wanted
from rights_requests.models import Case, Package, Redaction

MAKER, READER = 7, 8


def put_together(case: Case, *, staff_id: int = MAKER) -> Package:
    building.ask(case.pk, staff_id=staff_id, now=timezone.now())
    package = building.build_next(timezone.now())
    assert package is not None
    package.refresh_from_db()
    return package


def released(case: Case) -> Package:
    """A copy that one put together and another one let go."""
    package = put_together(case)
    return releasing.release(package.pk, (), staff_id=READER, now=timezone.now())


def leave_out(case: Case, wanted: Wanted, *, staff_id: int = MAKER) -> Redaction:
    return redacting.leave_out(case.pk, wanted, staff_id=staff_id, now=timezone.now())


def opened(package: Package) -> zipfile.ZipFile:
    assert package.document is not None
    raw = b"".join(vault.read(package.document.vault_name))
    return zipfile.ZipFile(io.BytesIO(raw))


def everything_in(package: Package) -> str:
    """Every byte of every file in it, and their names."""
    archive = opened(package)
    names = archive.namelist()
    inside = b"".join(archive.read(name) for name in names)
    return "\n".join(names) + inside.decode("utf-8", errors="replace")
