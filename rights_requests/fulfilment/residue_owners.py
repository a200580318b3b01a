"""Whose record it is in which something was found after a deletion."""

import re
import uuid

from django.apps import apps
from django.core.exceptions import ValidationError

from groundwork.personal_data import PersonalData
from rights_requests.models import Residue

TABLE = re.compile(r"table (\w+), \w+")
TO_PERSON = re.compile(r"(?:.+__)?(?:data_subject|data_subject_id|subscriber)")


def subject_of(residue: Residue) -> uuid.UUID | None:
    """The person to whom the row leads, as its model declares it; None where it leads to
    nobody, or the row is gone."""
    found = TABLE.fullmatch(residue.place)
    models = {model._meta.db_table: model for model in apps.get_models()}
    model = models.get(found[1]) if found else None
    declared = getattr(model, "personal_data", None)
    if model is None or not isinstance(declared, PersonalData):
        return None
    path = declared.linked_by
    if not TO_PERSON.fullmatch(path):
        return None
    if path.endswith("subscriber"):
        path = f"{path}__data_subject"
    try:
        rows = model._default_manager.filter(pk=residue.row)
    except (ValidationError, ValueError):
        return None  # its name is no key: it would name the person
    subject: uuid.UUID | None = rows.values_list(path, flat=True).first()
    return subject
