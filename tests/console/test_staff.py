"""Accounts: given and closed by who looks after the console, never deleted."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from staff.models import StaffUser
from tests.console.staff import PASSWORD, SUBSCRIBERS, console_of, dana, person, text
from tests.people import DANA, OMAR

pytestmark = pytest.mark.django_db

URL = "/console/staff/staffuser/"


def duty(codename: str) -> str:
    return str(Permission.objects.get(codename=codename).pk)


def fields(user: StaffUser, **changes: Any) -> dict[str, Any]:
    """What the form of this person holds; a box that is not ticked is left out."""
    held = user.user_permissions.values_list("pk", flat=True)
    given = {
        "full_name": user.full_name,
        "email": user.email,
        "is_active": user.is_active,
        "is_superuser": user.is_superuser,
        "duties": [str(pk) for pk in held],
        **changes,
    }
    return {name: value for name, value in given.items() if value is not False}


def test_a_person_is_given_an_account_with_duties_in_words(console: Client) -> None:
    page = text(console.get(f"{URL}add/"))
    assert "Find readers and open their pages" in page
    assert "Export the list of readers" in page
    new = {
        "full_name": "Dana Writer",
        "email": "Dana@Example.com",
        "password": "four words do not belong",
        "is_active": "on",
        "duties": [duty("view_subscriber")],
    }
    response = console.post(f"{URL}add/", new)
    assert response.status_code == 302
    client = Client()
    assert client.login(username=DANA, password="four words do not belong")
    assert client.get(SUBSCRIBERS).status_code == 200
    assert client.get("/console/consent/consententry/").status_code == 403


@pytest.mark.parametrize("password", ["", "short", "password1234"])
def test_a_weak_password_is_refused(console: Client, password: str) -> None:
    new = {"full_name": "D", "email": DANA, "password": password, "is_active": "on"}
    response = console.post(f"{URL}add/", new)
    assert "There is a problem" in text(response)
    assert not StaffUser.objects.filter(email=DANA).exists()


def test_an_address_has_one_account(console: Client) -> None:
    new = {"full_name": "O", "email": OMAR.upper(), "password": PASSWORD + " x"}
    response = console.post(f"{URL}add/", new)
    assert "has an account already" in text(response)


def test_closing_an_account_ends_its_sessions_for_good(console: Client) -> None:
    user = person(DANA, "view_subscriber")
    client = console_of(user)
    assert client.get(SUBSCRIBERS).status_code == 200
    console.post(f"{URL}{user.pk}/change/", fields(user, is_active=False))
    assert client.get(SUBSCRIBERS).status_code == 302
    user.refresh_from_db()
    console.post(f"{URL}{user.pk}/change/", fields(user, is_active=True))
    assert client.get(SUBSCRIBERS).status_code == 302, "the old session stays dead"


def test_a_new_password_ends_the_sessions(console: Client) -> None:
    user = person(DANA, "view_subscriber")
    client = console_of(user)
    new = "another four words here"
    console.post(f"{URL}{user.pk}/password/", {"password": new})
    assert client.get(SUBSCRIBERS).status_code == 302
    assert Client().login(username=DANA, password=new)


def test_ones_own_new_password_keeps_only_this_session() -> None:
    user = person(DANA, "view_subscriber")
    here, elsewhere = console_of(user), console_of(user)
    new = "another four words here"
    response = here.post(
        "/console/password_change/",
        {"old_password": PASSWORD, "new_password1": new, "new_password2": new},
    )
    assert response.status_code == 302
    assert here.get(SUBSCRIBERS).status_code == 200
    assert elsewhere.get(SUBSCRIBERS).status_code == 302


def test_duties_can_be_taken_away(console: Client) -> None:
    user = person(DANA, "view_subscriber", "export_subscriber")
    kept = [duty("view_subscriber")]
    console.post(f"{URL}{user.pk}/change/", fields(user, duties=kept))
    names = set(user.user_permissions.values_list("codename", flat=True))
    assert names == {"view_subscriber"}


def test_somebody_must_look_after_the_console(console: Client, omar: StaffUser) -> None:
    for change in ({"is_active": False}, {"is_superuser": False}):
        response = console.post(f"{URL}{omar.pk}/change/", fields(omar, **change))
        assert "Somebody must look after the console" in text(response)
    omar.refresh_from_db()
    assert omar.is_active
    assert omar.is_superuser


def test_nobody_is_deleted(console: Client) -> None:
    user = person(DANA)
    assert console.post(f"{URL}{user.pk}/delete/", {"post": "yes"}).status_code == 403
    assert StaffUser.objects.filter(pk=user.pk).exists()


def test_only_who_looks_after_the_console_sees_the_staff(omar: StaffUser) -> None:
    client = dana("view_staffuser", "change_staffuser", "add_staffuser")
    for url in (URL, f"{URL}add/", f"{URL}{omar.pk}/change/"):
        assert client.get(url).status_code == 403, url
    new = {"password": "another four words here"}
    assert client.post(f"{URL}{omar.pk}/password/", new).status_code == 403
    assert Client().login(username=OMAR, password=PASSWORD)


def test_nobody_gives_themselves_duties() -> None:
    user = person(DANA, "change_staffuser")
    mine = [duty("export_subscriber")]
    response = console_of(user).post(
        f"{URL}{user.pk}/change/", fields(user, duties=mine, is_superuser="on")
    )
    assert response.status_code == 403
    user.refresh_from_db()
    assert not user.is_superuser
