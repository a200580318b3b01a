from django.db import migrations

from groundwork.ledger import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("staff", "0001_initial")]
    operations = [
        AppendOnly("staff_accessrecord"),
        AppendOnly("staff_accessseal", stamped=False),
    ]
