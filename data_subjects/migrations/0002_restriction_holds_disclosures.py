import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
import groundwork.encryption
import groundwork.ledger
from django.db import migrations, models

from groundwork.ledger import AppendOnly


class Migration(migrations.Migration):

    dependencies = [
        ('data_subjects', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Disclosure',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('at', models.DateTimeField(db_default=groundwork.ledger.ClockTimestamp(), editable=False)),
                ('written_in', models.BigIntegerField(db_default=groundwork.ledger.CurrentTransaction(), db_index=True, editable=False)),
                ('data_subject_id', models.UUIDField(db_index=True)),
                ('recipient', models.CharField(max_length=120)),
                ('role', models.CharField(choices=[('processor', 'processor: on our instructions'), ('controller', 'controller: decides for itself'), ('authority', 'authority: in a particular inquiry')], max_length=10)),
                ('country_code', models.CharField(max_length=2)),
                ('safeguard', models.CharField(blank=True, max_length=200)),
                ('categories', django.contrib.postgres.fields.ArrayField(base_field=models.SlugField(db_index=False))),
                ('purpose', models.SlugField(db_index=False)),
                ('legal_ground', models.CharField(choices=[('consent', "the person's consent"), ('contract', 'a contract with the person'), ('legal-obligation', 'a legal duty'), ('legitimate-interests', 'a legitimate interest'), ('legal-claims', 'a legal claim')], max_length=30)),
                ('disclosed_on', models.DateField()),
                ('staff_id', models.BigIntegerField()),
            ],
            options={
                'verbose_name': 'disclosure',
                'permissions': [('record_disclosure', 'Can record a disclosure of data')],
            },
        ),
        migrations.CreateModel(
            name='DisclosureSeal',
            fields=[
                ('number', models.BigIntegerField(primary_key=True, serialize=False)),
                ('sealed_at', models.DateTimeField(editable=False)),
                ('horizon', models.BigIntegerField()),
                ('newest', models.BigIntegerField()),
                ('is_rebased', models.BooleanField(default=False)),
                ('field_names', django.contrib.postgres.fields.ArrayField(base_field=models.TextField())),
                ('entry_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField())),
                ('entry_digests', models.BinaryField()),
                ('previous_digest', models.BinaryField()),
                ('digest', models.BinaryField()),
                ('signature', models.BinaryField()),
            ],
            options={
                'verbose_name': 'seal of disclosures',
            },
        ),
        migrations.CreateModel(
            name='SubjectEvent',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('at', models.DateTimeField(db_default=groundwork.ledger.ClockTimestamp(), editable=False)),
                ('written_in', models.BigIntegerField(db_default=groundwork.ledger.CurrentTransaction(), db_index=True, editable=False)),
                ('data_subject_id', models.UUIDField(db_index=True)),
                ('action', models.CharField(choices=[('restricted', 'restricted'), ('told', 'told that the restriction will end'), ('lifted', 'restriction lifted'), ('held', 'placed under a legal hold'), ('reviewed', 'legal hold reviewed'), ('released', 'released from a legal hold')], max_length=12)),
                ('reference', models.BigIntegerField()),
                ('detail', models.CharField(blank=True, max_length=20)),
                ('staff_id', models.BigIntegerField(null=True)),
            ],
            options={
                'verbose_name': 'restriction or hold event',
            },
        ),
        migrations.CreateModel(
            name='SubjectSeal',
            fields=[
                ('number', models.BigIntegerField(primary_key=True, serialize=False)),
                ('sealed_at', models.DateTimeField(editable=False)),
                ('horizon', models.BigIntegerField()),
                ('newest', models.BigIntegerField()),
                ('is_rebased', models.BooleanField(default=False)),
                ('field_names', django.contrib.postgres.fields.ArrayField(base_field=models.TextField())),
                ('entry_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField())),
                ('entry_digests', models.BinaryField()),
                ('previous_digest', models.BinaryField()),
                ('digest', models.BinaryField()),
                ('signature', models.BinaryField()),
            ],
            options={
                'verbose_name': 'seal of restrictions and holds',
            },
        ),
        migrations.CreateModel(
            name='DisclosureEvidence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('disclosure_id', models.BigIntegerField(unique=True)),
                ('reference', groundwork.encryption.EncryptedTextField()),
                ('disclosed_on', models.DateField()),
                ('data_subject', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='disclosure_evidence', to='data_subjects.datasubject')),
            ],
            options={
                'verbose_name_plural': 'disclosure evidence',
            },
        ),
        migrations.CreateModel(
            name='LegalHold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('matter', models.CharField(max_length=120)),
                ('reason', groundwork.encryption.EncryptedTextField()),
                ('owner_id', models.BigIntegerField()),
                ('placed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('review_on', models.DateField()),
                ('released_at', models.DateTimeField(null=True)),
                ('released_by_id', models.BigIntegerField(null=True)),
            ],
            options={
                'permissions': [('place_legalhold', "Can place a legal hold on people's data"), ('review_legalhold', 'Can review a legal hold and set the next day'), ('release_legalhold', 'Can release a legal hold')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('released_at__isnull', True), ('released_by_id__isnull', True)), models.Q(('released_at__isnull', False), ('released_by_id__isnull', False)), _connector='OR'), name='released_by_somebody')],
            },
        ),
        migrations.CreateModel(
            name='HeldPerson',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', groundwork.encryption.EncryptedTextField(blank=True)),
                ('data_subject', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='holds', to='data_subjects.datasubject')),
                ('hold', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='people', to='data_subjects.legalhold')),
            ],
            options={
                'verbose_name_plural': 'held people',
                'constraints': [models.UniqueConstraint(fields=('hold', 'data_subject'), name='held_once_by_one_hold')],
            },
        ),
        migrations.CreateModel(
            name='Restriction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', groundwork.encryption.EncryptedTextField(blank=True)),
                ('ground', models.CharField(choices=[('accuracy', 'the person says that it is not accurate'), ('unlawful', 'its use was unlawful, and the person wants it kept'), ('claims', 'the person needs it for a legal claim'), ('objection', 'the person objected, and the decision is pending')], max_length=10)),
                ('reason', groundwork.encryption.EncryptedTextField()),
                ('starts_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('staff_id', models.BigIntegerField()),
                ('ending', groundwork.encryption.EncryptedTextField(blank=True)),
                ('notice_mail_id', models.UUIDField(null=True)),
                ('notice_sent_at', models.DateTimeField(null=True)),
                ('lifted_at', models.DateTimeField(null=True)),
                ('lifted_by_id', models.BigIntegerField(null=True)),
                ('data_subject', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='restrictions', to='data_subjects.datasubject')),
            ],
            options={
                'permissions': [('impose_restriction', "Can restrict the use of a person's data"), ('tell_restriction', 'Can tell a person that a restriction will end'), ('lift_restriction', 'Can lift a restriction after telling the person')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('lifted_at__isnull', True)), fields=('data_subject', 'ground'), name='one_open_restriction_per_ground'), models.CheckConstraint(condition=models.Q(('lifted_at__isnull', True), models.Q(('lifted_at__isnull', False), ('notice_sent_at__isnull', False), ('notice_sent_at__lt', models.F('lifted_at'))), _connector='OR'), name='told_before_it_is_lifted')],
            },
        ),
        AppendOnly("data_subjects_disclosure"),
        AppendOnly("data_subjects_disclosureseal", stamped=False),
        AppendOnly("data_subjects_subjectevent"),
        AppendOnly("data_subjects_subjectseal", stamped=False),
    ]
