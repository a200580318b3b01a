from typing import Any

from django.db import migrations

from data_subjects import binding_sql


def bind(apps: Any, schema_editor: Any) -> None:
    binding_sql.bind()


class Migration(migrations.Migration):
    """Restrictions bind what is weighed of an objection, too."""

    dependencies = [
        ("governance", "0010_left_out_binds"),
        ("rights_requests", "0018_balancing"),
        ("data_subjects", "0010_looking_again"),
    ]
    operations = [migrations.RunPython(bind, migrations.RunPython.noop)]
