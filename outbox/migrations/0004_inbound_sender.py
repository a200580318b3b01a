from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("outbox", "0003_notice_class")]
    operations = [
        migrations.AddField(
            model_name="inboundemail",
            name="sender_digest",
            field=models.BinaryField(max_length=32, null=True),
        ),
    ]
