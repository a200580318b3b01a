from django.db import migrations

from groundwork.ledger import AppendOnly
from rights_requests import moves


class Migration(migrations.Migration):
    """The case log only grows, and a case changes by the moves of one table.

    The functions are generated from the table as it is now. Whoever changes the table
    adds a migration that runs moves.function_sql() once more; a test compares.
    """

    dependencies = [("rights_requests", "0001_initial")]
    operations = [
        AppendOnly("rights_requests_caselogentry"),
        AppendOnly("rights_requests_caseseal", stamped=False),
        migrations.RunSQL(
            sql=moves.function_sql() + moves.TRIGGERS_SQL,
            reverse_sql=moves.NO_TRIGGERS_SQL,
        ),
    ]
