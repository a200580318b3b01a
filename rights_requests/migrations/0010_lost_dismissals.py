from django.db import migrations

from rights_requests import moves


class Migration(migrations.Migration):
    """A lost letter of a dismissal opens the draft again: the table of moves anew."""

    dependencies = [
        ("rights_requests", "0009_lists_by_index"),
    ]

    operations = [
        migrations.RunSQL(sql=moves.function_sql(), reverse_sql=migrations.RunSQL.noop),
    ]
