from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("rights_requests", "0007_letters_to_post"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(
                    (
                        "state__in",
                        ["awaiting identity", "awaiting fee", "awaiting clarification"],
                    )
                ),
                fields=["governs_on", "id"],
                name="case_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("read_at__isnull", True)),
                fields=["case"],
                name="message_unread",
            ),
        ),
    ]
