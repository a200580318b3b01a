from typing import Any

from django.db import migrations

from data_subjects import binding_sql


def bind(apps: Any, schema_editor: Any) -> None:
    binding_sql.bind()


class Migration(migrations.Migration):
    """The corrections of a case are bound as the rest of it, and a person’s statement as
    the data beside which it stands."""

    dependencies = [
        ("governance", "0012_own_data_binds"),
        ("rights_requests", "0023_corrections"),
        ("subscribers", "0004_statement"),
        ("data_subjects", "0012_statement"),
    ]
    operations = [migrations.RunPython(bind, migrations.RunPython.noop)]
