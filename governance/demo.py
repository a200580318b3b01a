"""Sample content for a first look, plainly marked, at example.com."""

import secrets

from django.conf import settings
from django.contrib.auth.models import Permission

from staff.models import StaffUser

SIGN_INS = settings.DATA_DIR / "run" / "demo-sign-ins"
ROLES = {
    "editor": (
        "Sample Editor",
        [
            "write_caseupdate",
            "add_caseupdate",
            "change_caseupdate",
            "view_caseupdate",
            "view_delivery",
            "view_subscriber",
            "add_subscriber",
            "change_subscriber",
        ],
    ),
    "approver": ("Sample Approver", []),
}


def load_demo() -> None:
    """Two people to sign in with, when nobody can sign in yet."""
    if StaffUser.objects.exists():
        return
    lines = []
    for role, (name, permissions) in ROLES.items():
        password = secrets.token_urlsafe(12)
        email = f"{role}@example.com"
        user = StaffUser.objects.create_user(
            email, password, full_name=name, is_superuser=role == "approver"
        )
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        lines.append(f"{role} {email} {password}\n")
    SIGN_INS.parent.mkdir(parents=True, exist_ok=True)
    SIGN_INS.write_text("".join(lines))
    SIGN_INS.chmod(0o600)
