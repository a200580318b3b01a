from typing import Any

from django.db import migrations

from data_subjects import binding_sql


def bind(apps: Any, schema_editor: Any) -> None:
    binding_sql.bind()


class Migration(migrations.Migration):
    """A restricted row is not given to somebody else (config.binding)."""

    dependencies = [
        ("governance", "0014_sent_files_bind"),
        ("rights_requests", "0034_residue_has_a_ground"),
    ]

    operations = [migrations.RunPython(bind, migrations.RunPython.noop)]
