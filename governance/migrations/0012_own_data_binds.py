from typing import Any

from django.db import migrations

from data_subjects import binding_sql


def bind(apps: Any, schema_editor: Any) -> None:
    binding_sql.bind()


class Migration(migrations.Migration):
    """Links to “Your data” are bound by a restriction as other links of a person."""

    dependencies = [
        ("governance", "0011_balancing_binds"),
        ("rights_requests", "0019_own_data"),
    ]
    operations = [migrations.RunPython(bind, migrations.RunPython.noop)]
