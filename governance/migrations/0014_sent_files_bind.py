from typing import Any

from django.db import migrations

from data_subjects import binding_sql


def bind(apps: Any, schema_editor: Any) -> None:
    binding_sql.bind()


class Migration(migrations.Migration):
    """Where a person wanted their file sent is work on a case (config.binding)."""

    dependencies = [
        ("governance", "0013_corrections_bind"),
        ("rights_requests", "0026_transmissions"),
    ]

    operations = [migrations.RunPython(bind, migrations.RunPython.noop)]
