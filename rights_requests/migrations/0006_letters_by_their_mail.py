from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rights_requests", "0005_one_calendar_each")]
    operations = [
        migrations.AddIndex(
            model_name="letter",
            index=models.Index(
                condition=models.Q(("mail_id__isnull", False)),
                fields=["mail_id"],
                name="letter_of_mail",
            ),
        ),
    ]
