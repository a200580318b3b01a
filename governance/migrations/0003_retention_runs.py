from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("governance", "0001_initial")]
    operations = [
        migrations.AddField(
            model_name="retentionrun",
            name="skipped_count",
            field=models.PositiveIntegerField(default=0),
        ),
    ]
