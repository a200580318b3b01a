from django.db import migrations, models


class Migration(migrations.Migration):
    """While our question lies here to be posted, the time runs."""

    dependencies = [
        ("rights_requests", "0011_correcting_receipts"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="case",
            name="no_due_date_before_the_start",
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("state__in", ["awaiting identity", "awaiting fee"]),
                        _negated=True,
                    ),
                    ("due_on__isnull", True),
                    ("governs_on__isnull", False),
                    _connector="OR",
                ),
                name="no_due_date_before_the_start",
            ),
        ),
    ]
