import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('governance', '0003_retention_runs'),
    ]

    operations = [
        migrations.CreateModel(
            name='ProofsTransfer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('recipient', models.CharField(max_length=120)),
                ('staff_id', models.BigIntegerField()),
                ('people_count', models.PositiveIntegerField()),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('finished_at', models.DateTimeField(null=True)),
                ('manifest_digest', models.BinaryField(max_length=32, null=True)),
            ],
            options={
                'verbose_name': 'transfer of proofs',
                'verbose_name_plural': 'transfers of proofs',
                'ordering': ['-pk'],
                'permissions': [('export_proofs', 'Can export opt-outs and consents with proofs')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', True), ('manifest_digest__isnull', True)), models.Q(('finished_at__isnull', False), ('manifest_digest__isnull', False)), _connector='OR'), name='finished_transfer_names_its_archive')],
            },
        ),
    ]
