from typing import Any

from django.db import migrations

from data_subjects import binding_sql


def bind(apps: Any, schema_editor: Any) -> None:
    binding_sql.bind()


def unbind(apps: Any, schema_editor: Any) -> None:
    binding_sql.unbind()


class Migration(migrations.Migration):
    """Restrictions bind whoever writes a statement, by triggers and row security.

    They are made from one table as it is now (settings.RESTRICTION_BINDS). Whoever
    changes that table, or adds a place or a field with somebody's data, adds a migration
    that runs binding_sql.bind() once more; a test compares. A column that a trigger looks at
    can be altered or dropped only between binding_sql.unbind() and bind().
    """

    dependencies = [
        ("governance", "0008_changes_of_every_notice"),
        ("rights_requests", "0015_systems_outside"),
        ("case_updates", "0002_released_is_frozen"),
        ("subscribers", "0003_erased_at_request"),
        ("consent", "0005_rights_request_channel"),
        ("outbox", "0006_staff_class"),
        ("data_subjects", "0008_correcting_indirect_contacts"),
        ("staff", "0002_append_only"),
    ]
    operations = [migrations.RunPython(bind, unbind)]
