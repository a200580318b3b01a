from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("outbox", "0002_suppressed_for_each_reason")]

    operations = [
        migrations.AlterField(
            model_name="outgoingemail",
            name="message_class",
            field=models.CharField(
                choices=[
                    ("service", "service"),
                    ("marketing", "marketing"),
                    ("rights", "rights"),
                    ("notice", "notice"),
                ],
                max_length=10,
            ),
        ),
    ]
