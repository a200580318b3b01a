from typing import Any

from django.db import migrations
from django.utils import timezone

COVERED = "covered by a newer one"


def name_what_was_covered(apps: Any, schema_editor: Any) -> None:
    """Until now a change that a newer one covered got that one's very moment as its own
    end, and what it had not sent stayed open for ever."""
    changes = apps.get_model("governance", "NoticeChange").objects
    deliveries = apps.get_model("governance", "NoticeDelivery").objects
    ended = changes.filter(finished_at__isnull=False).select_related("version")
    for change in ended.filter(closed_by__isnull=True).order_by("-version__number"):
        newer = ended.filter(
            finished_at=change.finished_at,
            version__number__gt=change.version.number,
        )
        by = newer.order_by("-version__number").first()
        if by is not None:
            changes.filter(pk=change.pk).update(covered_by=by)
    left = deliveries.filter(change__covered_by__isnull=False, state="waiting")
    left.update(state="withheld", reason=COVERED, settled_at=timezone.now())
    # What it had queued has been sent by now, or has failed: the schedule looks.


class Migration(migrations.Migration):
    dependencies = [("governance", "0005_covered_changes")]

    operations = [
        migrations.RunPython(name_what_was_covered, migrations.RunPython.noop),
    ]
