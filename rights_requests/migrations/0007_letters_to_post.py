from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("rights_requests", "0006_letters_by_their_mail"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="letter",
            index=models.Index(
                condition=models.Q(
                    ("by", "post"),
                    ("posted_on__isnull", True),
                    ("sent_at__isnull", False),
                ),
                fields=["sent_at"],
                name="letter_to_post",
            ),
        ),
    ]
