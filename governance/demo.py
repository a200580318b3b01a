"""Sample content for a first look, plainly marked as such, at example.com."""

import secrets
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import Permission
from django.db import transaction
from django.utils import timezone

from case_updates import content, release
from case_updates.models import CaseUpdate
from data_subjects import contacts, holds
from data_subjects.people import subjects_of
from groundwork.clock import today_here
from rights_requests.demo import load_cases
from staff.models import StaffUser
from subscribers import importing

ROLES = {
    "editor": (
        "Sample Editor",
        [
            "write_caseupdate",
            "view_caseupdate",
            "view_subscriber",
            "enter_subscriber",
            "import_subscriber",
            "stop_subscriber",
            "change_subscriber",
            "view_outgoingemail",
            "view_inboundemail",
            "change_inboundemail",
            "view_noticeversion",
            "write_noticeversion",
            "review_noticeversion",
            "view_processingpurpose",
            "view_controller",
            "view_datacategory",
            "view_datasource",
            "view_recipient",
            "view_retentionrule",
            "view_storeditem",
            "view_noticechange",
            "view_indirectcontact",
            "enter_indirectcontact",
            "correct_indirectcontact",
            "inform_indirectcontact",
            "view_case",
            "work_case",
        ],
    ),
    "approver": ("Sample Approver", []),
}

UPDATES = [
    (
        "Sample: the hearing has a date",
        "An invented example of a case update, to show what one looks like.",
        """This is sample text. Nothing in it is news.

## What happened

The tribunal has set aside *three days in the spring* for the hearing. Both sides
exchange their skeleton arguments four weeks before.

## What it means for you

- Nothing to do now. If you bought licences in the years concerned, keep the invoices.
- The [public archive of updates]({site}/updates/) holds everything we send.

## What comes next

We write again when the arguments are public.
""",
    ),
    (
        "Sample: what the parties argue",
        "A second invented example: two sides, one paragraph each.",
        """This is sample text. Nothing in it is news.

**The claimant** says that some licence terms kept second-hand licences off the
market, and that buyers paid more than they would have.

**The defendant** says that the terms were an ordinary part of a bargain.

> The tribunal decides which of the two is right. Until then both are arguments.

The next sample update would tell you about the hearing.
""",
    ),
]
DRAFT = (
    "Sample: a draft to try out",
    "Change it, submit it, and let the approver send it.",
    """This is sample text. Nothing in it is news.

Write **Markdown** here. Look at the preview, send yourself a test, then submit.
""",
)
READERS = """email,first_name,last_name,employer,purposes,consented_at,consent_source,consent_wording
avery@example.com,Avery,Sample,Example Trading Ltd,case-updates,2026-10-05T09:12:00+01:00,Sample list,Yes: send me case updates by e-mail. (Sample wording.)
blake@example.com,Blake,Sample,Example Council,case-updates;own-news,2026-10-09T16:40:00+01:00,Sample list,Yes: send me case updates and your own news by e-mail. (Sample wording.)
casey@example.com,Casey,Sample,,case-updates,2026-10-21T11:03:00+01:00,Sample list,Yes: send me case updates by e-mail. (Sample wording.)
devon@example.com,Devon,Sample,Example University,own-news,2026-11-02T08:30:00+00:00,Sample list,Yes: send me your own news by e-mail. (Sample wording.)
ellis@example.com,Ellis,Sample,Example Hospital,,,,
"""


@transaction.atomic
def load_demo() -> None:
    """Fill an empty database: two people to sign in with, updates, a few readers."""
    if StaffUser.objects.exists():
        return
    sign_ins().unlink(missing_ok=True)
    staff = {role: _person(role) for role in ROLES}
    for title, summary, body in UPDATES:
        _publish(_draft(title, summary, body, staff["editor"]), staff)
    _draft(*DRAFT, staff["editor"])
    upload = importing.keep_upload(
        READERS, file_name="sample-readers.csv", staff_id=staff["approver"].pk
    )
    importing.apply_upload(
        upload.pk, digest=upload.digest.hex(), staff_id=staff["approver"].pk
    )
    _hold_somebody(staff["approver"])
    _write_down_others(staff["editor"])
    load_cases(staff["editor"].pk, staff["approver"].pk, now=timezone.now())


def sign_ins() -> Path:
    """Where the sample passwords are written, for the owner of the machine alone."""
    return Path(settings.DATA_DIR) / "run" / "demo-sign-ins"


def _person(role: str) -> StaffUser:
    name, permissions = ROLES[role]
    password = secrets.token_urlsafe(12)
    email = f"{role}@example.com"
    person: StaffUser = StaffUser.objects.create_user(
        email, password, full_name=name, is_superuser=role == "approver"
    )
    person.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    path = sign_ins()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    with path.open("a") as file:
        file.write(f"{role} {email} {password}\n")
    return person


def _hold_somebody(owner: StaffUser) -> None:
    today = today_here()
    matter = holds.Matter(
        "Sample matter 1", "Sample: a claim was announced.", today + timedelta(days=90)
    )
    people = subjects_of(["ellis@example.com"])
    holds.place(people, matter, owner_id=owner.pk, today=today)


def _write_down_others(writer: StaffUser) -> None:
    """Two people who did not come to us; nothing is mailed to them by itself."""
    today = today_here()
    for contact in (
        contacts.Found(
            kind="prospect",
            name="Frankie Sample",
            address="frankie@example.com",
            source="companies-house",
            evidence="Sample: company 01234567, looked up on the day.",
            obtained_on=today - timedelta(days=3),
            details={"employer": "Example Licences Ltd", "job_title": "Director"},
        ),
        contacts.Found(
            kind="past client",
            name="Gray Sample",
            source="staff",
            evidence="Sample: noted by a colleague after a visit.",
            obtained_on=today - timedelta(days=45),
            details={"telephone": "01632 960 001"},
        ),
    ):
        contacts.enter(contact, staff_id=writer.pk)


def _draft(title: str, summary: str, body: str, writer: StaffUser) -> CaseUpdate:
    text = body.replace("{site}", settings.SITE_URL)
    return release.write(CaseUpdate(title=title, summary=summary, body=text), by=writer)


def _publish(update: CaseUpdate, staff: dict[str, StaffUser]) -> None:
    release.submit(update.pk, by=staff["editor"])
    release.release(update.pk, by=staff["approver"], digest=content.digest(update))
