from django.db import migrations

from rights_requests import moves


class Migration(migrations.Migration):
    """What a flood brought by the form may be put aside: the table of moves anew."""

    dependencies = [
        ("rights_requests", "0012_questions_to_post"),
    ]

    operations = [
        migrations.RunSQL(sql=moves.function_sql(), reverse_sql=migrations.RunSQL.noop),
    ]
