from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("data_subjects", "0008_correcting_indirect_contacts"),
        ("rights_requests", "0008_news_from_people"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "draft",
                            "in progress",
                            "awaiting identity",
                            "awaiting fee",
                            "awaiting clarification",
                        ],
                    )
                ),
                fields=["kind", "governs_on", "id"],
                name="case_queue_by_kind",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "draft",
                            "in progress",
                            "awaiting identity",
                            "awaiting fee",
                            "awaiting clarification",
                        ],
                    )
                ),
                fields=["assigned_to_id", "governs_on", "id"],
                name="case_queue_by_staff",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("state", "draft")),
                fields=["governs_on", "id"],
                name="case_drafts",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "fulfilled",
                            "partly fulfilled",
                            "refused",
                            "withdrawn",
                            "lapsed",
                            "dismissed",
                        ],
                    )
                ),
                fields=["-received_at", "id"],
                name="case_closed",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "fulfilled",
                            "partly fulfilled",
                            "refused",
                            "withdrawn",
                            "lapsed",
                            "dismissed",
                        ],
                    )
                ),
                fields=["kind", "-received_at", "id"],
                name="case_closed_by_kind",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "fulfilled",
                            "partly fulfilled",
                            "refused",
                            "withdrawn",
                            "lapsed",
                            "dismissed",
                        ],
                    )
                ),
                fields=["assigned_to_id", "-received_at", "id"],
                name="case_closed_by_staff",
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                condition=models.Q(("held_because", ""), _negated=True),
                fields=["id"],
                name="submission_held",
            ),
        ),
    ]
