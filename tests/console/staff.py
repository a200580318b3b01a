"""The staff of these tests, and what they see."""

from typing import Any

from django.contrib.auth.models import Permission
from django.test import Client

from staff.models import AccessRecord, StaffUser
from subscribers.models import Subscriber
from tests.people import DANA

PASSWORD = "correct horse battery"
SUBSCRIBERS = "/console/subscribers/subscriber/"


def person(email: str, *permissions: str, **fields: Any) -> StaffUser:
    name = email.partition("@")[0].capitalize()
    user: StaffUser = StaffUser.objects.create_user(
        email, PASSWORD, full_name=name, **fields
    )
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


def dana(*permissions: str) -> Client:
    """The console as Dana sees it, who may do only this."""
    return console_of(person(DANA, *permissions))


def console_of(user: StaffUser) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page_of(subscriber: Subscriber) -> str:
    return f"{SUBSCRIBERS}{subscriber.pk}/change/"


def text(response: Any) -> str:
    return str(response.content.decode())


def accesses(action: str) -> list[AccessRecord]:
    return list(AccessRecord.objects.filter(action=action).order_by("id"))
