"""Who takes part here: Dana writes, Omar approves, readers have confirmed."""

from typing import Any

from django.contrib.auth.models import Permission

from case_updates import content, release
from case_updates.models import CaseUpdate
from outbox.models import OutgoingEmail
from staff.models import StaffUser
from subscribers.models import Subscriber
from subscribers.signup import SignUp, confirm_signup, request_signup
from tests.people import ADA, CASE_UPDATES, DANA, OMAR, subscriber_of

BODY = """\
The Court of Appeal heard us on [2 November](https://www.example.org/hearing?day=2&page=1).

## What happens next

- Judgment is expected *before* Christmas.
- Nothing changes until then.
"""


def staff(email: str, *permissions: str, name: str = "") -> StaffUser:
    user: StaffUser = StaffUser.objects.create_user(
        email, "a long enough password", full_name=name or email.split("@")[0].title()
    )
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


def dana() -> StaffUser:
    """She writes."""
    return StaffUser.objects.filter(email=DANA).first() or staff(
        DANA, "write_caseupdate", "view_subscriber"
    )


def omar() -> StaffUser:
    """He approves."""
    return StaffUser.objects.filter(email=OMAR).first() or staff(
        OMAR, "release_caseupdate", "view_subscriber"
    )


def reader(
    address: str = ADA, purposes: tuple[str, ...] = (CASE_UPDATES,)
) -> Subscriber:
    """Somebody who signed up and confirmed, by the verbs behind the pages."""
    pending_reader(address, purposes)
    mail = OutgoingEmail.objects.filter(kind="subscribers/confirm").latest("created_at")
    token = mail.context["confirm_url"].rstrip("/").rpartition("/")[2]
    assert confirm_signup(token, {}).problem is None
    return subscriber_of(address)


def pending_reader(
    address: str, purposes: tuple[str, ...] = (CASE_UPDATES,)
) -> Subscriber:
    request_signup(
        SignUp(
            address=address,
            purposes=purposes,
            wording="sign-up/1",
            notices=["privacy/1"],
        )
    )
    return subscriber_of(address)


def draft(title: str = "The court has heard us", **words: Any) -> CaseUpdate:
    words = {"summary": "What was said, and what comes next.", "body": BODY} | words
    return release.write(CaseUpdate(title=title, **words), by=dana())


def submitted(title: str = "The court has heard us", **words: Any) -> CaseUpdate:
    return release.submit(draft(title, **words).pk, by=dana())


def released(title: str = "The court has heard us", **words: Any) -> CaseUpdate:
    update = submitted(title, **words)
    return release.release(update.pk, by=omar(), digest=content.digest(update))
