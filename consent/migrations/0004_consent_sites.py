import django.contrib.postgres.fields
from django.db import migrations, models

import consent.models


class Migration(migrations.Migration):

    dependencies = [
        ('consent', '0003_cookie_choices'),
    ]

    operations = [
        migrations.CreateModel(
            name='ConsentSite',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(default=consent.models.new_site_key, editable=False, max_length=22, unique=True)),
                ('name', models.CharField(max_length=100)),
                ('origins', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=200), size=None)),
                ('is_enabled', models.BooleanField(default=True)),
                ('has_google_consent_mode', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'verbose_name': 'site',
                'ordering': ['name'],
                'default_permissions': ('view', 'add', 'change'),
                'constraints': [models.CheckConstraint(condition=models.Q(('origins__len__gte', 1)), name='site_has_an_origin')],
            },
        ),
    ]
