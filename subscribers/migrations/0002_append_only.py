from django.db import migrations

from groundwork.ledger import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("subscribers", "0001_initial")]
    operations = [
        AppendOnly("subscribers_subscriberevent"),
        AppendOnly("subscribers_subscriberseal", stamped=False),
    ]
