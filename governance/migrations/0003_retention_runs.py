from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("governance", "0002_notice_changes")]
    operations = [
        migrations.AddField(
            model_name="retentionrun",
            name="skipped_count",
            field=models.PositiveIntegerField(default=0),
        ),
    ]
