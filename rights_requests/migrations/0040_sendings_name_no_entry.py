from django.db import migrations, models

TABLE = "rights_requests_transmission"
# The column becomes whether there is an entry: in place, so that no trigger looks at the
# rows, some of which may be of people whose data is restricted.
SQL = f"""
    ALTER TABLE {TABLE}
        ALTER COLUMN disclosure_id TYPE boolean USING disclosure_id IS NOT NULL,
        ALTER COLUMN disclosure_id SET NOT NULL;
    ALTER TABLE {TABLE} RENAME COLUMN disclosure_id TO is_on_record;
"""
# Which entry it was is known no more.
REVERSE_SQL = f"""
    ALTER TABLE {TABLE} RENAME COLUMN is_on_record TO disclosure_id;
    ALTER TABLE {TABLE}
        ALTER COLUMN disclosure_id DROP NOT NULL,
        ALTER COLUMN disclosure_id TYPE bigint USING CASE WHEN disclosure_id THEN 0 END;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('rights_requests', '0039_waits_for_a_file'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='transmission',
            name='what_arrived_is_on_record',
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField(
                    model_name='transmission',
                    name='disclosure_id',
                ),
                migrations.AddField(
                    model_name='transmission',
                    name='is_on_record',
                    field=models.BooleanField(default=False),
                ),
            ],
            database_operations=[migrations.RunSQL(SQL, REVERSE_SQL)],
        ),
        migrations.AddConstraint(
            model_name='transmission',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'accepted'), _negated=True) | models.Q(('is_on_record', True), ('settled_at__isnull', False), models.Q(('digest', ''), _negated=True)), name='what_arrived_is_on_record'),
        ),
    ]
