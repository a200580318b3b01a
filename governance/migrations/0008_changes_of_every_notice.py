from typing import Any

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models import Exists, OuterRef, Q

from groundwork.ledger import AppendOnly


def let_a_person_look_first(apps: Any, schema_editor: Any) -> None:
    """Significant versions of other notices than the privacy notice were mailed to
    nobody until now. They wait for a person, and are not mailed by themselves."""
    versions = apps.get_model("processing_register", "NoticeVersion").objects
    changes = apps.get_model("governance", "NoticeChange").objects
    earlier = versions.filter(
        notice=OuterRef("notice"),
        number__lt=OuterRef("number"),
        published_at__isnull=False,
    )
    untold = versions.filter(
        Q(notice__in=["cookies", "retention"]) | Q(notice__startswith="interests-"),
        Exists(earlier),
        severity="significant",
        published_at__isnull=False,
        announcement__isnull=True,
    )
    for version in untold:
        changes.get_or_create(version=version)


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0007_records_stay"),
        ("processing_register", "0005_registration_number"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="noticechange",
            options={
                "ordering": ["-version__published_at", "-version_id"],
                "permissions": [
                    (
                        "release_noticechange",
                        "Can tell everybody held of a changed notice",
                    )
                ],
                "verbose_name": "change of notice",
                "verbose_name_plural": "changes of notices",
            },
        ),
        migrations.CreateModel(
            name="OverruledWords",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "words",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), size=None
                    ),
                ),
                ("reason", models.CharField(max_length=500)),
                (
                    "decided_at",
                    models.DateTimeField(default=django.utils.timezone.now),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="overruled_words",
                        to="processing_register.noticeversion",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "overruled words",
                "ordering": ["pk"],
            },
        ),
        AppendOnly("governance_overruledwords", stamped=False),
        migrations.RunPython(let_a_person_look_first, migrations.RunPython.noop),
    ]
