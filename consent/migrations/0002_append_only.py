from django.db import migrations

from groundwork.ledger import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("consent", "0001_initial")]
    operations = [
        AppendOnly("consent_shownwording", stamped=False),
        AppendOnly("consent_consententry"),
        AppendOnly("consent_consentseal", stamped=False),
    ]
