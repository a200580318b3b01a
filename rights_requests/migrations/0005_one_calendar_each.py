from django.db import migrations, models


class Migration(migrations.Migration):
    """An address that was stopped goes at once: nobody has a use for it any more."""

    dependencies = [("rights_requests", "0004_first_letter_by_the_worker")]
    operations = [
        migrations.RunSQL(
            sql="DELETE FROM rights_requests_calendarfeed WHERE revoked_at IS NOT NULL",
            reverse_sql=migrations.RunSQL.noop,
        ),
        migrations.RemoveConstraint(
            model_name="calendarfeed", name="one_calendar_for_each_person"
        ),
        migrations.RemoveField(model_name="calendarfeed", name="revoked_at"),
        migrations.AlterField(
            model_name="calendarfeed",
            name="staff_id",
            field=models.BigIntegerField(unique=True),
        ),
    ]
