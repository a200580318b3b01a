from typing import Any

from django.db import migrations

from data_subjects import binding_sql


def bind(apps: Any, schema_editor: Any) -> None:
    binding_sql.bind()


class Migration(migrations.Migration):
    """What was left out of copies is bound by a restriction as the rest of a case."""

    dependencies = [
        ("governance", "0009_restriction_binds"),
        ("rights_requests", "0016_copies_are_released"),
    ]
    operations = [migrations.RunPython(bind, migrations.RunPython.noop)]
