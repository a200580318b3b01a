from django.db import migrations, models

import groundwork.encryption


class Migration(migrations.Migration):
    dependencies = [("outbox", "0004_inbound_sender")]
    operations = [
        migrations.AddField(
            model_name="inboundemail",
            name="content_digest",
            field=models.BinaryField(max_length=32, null=True),
        ),
        migrations.AddField(
            model_name="inboundemail",
            name="remarks",
            field=groundwork.encryption.EncryptedTextField(blank=True, default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="inboundemail",
            name="is_shut_away",
            field=models.BooleanField(default=False),
        ),
        migrations.AddIndex(
            model_name="inboundemail",
            index=models.Index(
                condition=models.Q(("content_digest__isnull", False)),
                fields=["content_digest"],
                name="inbound_copies",
            ),
        ),
        migrations.AddIndex(
            model_name="inboundemail",
            index=models.Index(
                fields=["sender_digest", "received_at"], name="inbound_of_sender"
            ),
        ),
    ]
