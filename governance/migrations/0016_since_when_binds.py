from typing import Any

from django.db import migrations

from data_subjects import binding_sql


def bind(apps: Any, schema_editor: Any) -> None:
    binding_sql.bind()


class Migration(migrations.Migration):
    """Since when a restriction stands is not changed while it does (config.binding)."""

    dependencies = [
        ("governance", "0015_whose_row_binds"),
        ("rights_requests", "0040_sendings_name_no_entry"),
    ]

    operations = [migrations.RunPython(bind, migrations.RunPython.noop)]
