"""The whole story of a reader, through the public face."""

import re

import pytest
from django.test import Client

from outbox import delivery
from processing_register.loading import load_register

pytestmark = pytest.mark.django_db(transaction=True)


def test_sign_up_confirm_and_leave(smtp, settings):
    settings.MINIMUM_FILL_SECONDS = 0
    load_register()
    c = Client()
    r = c.get("/")
    assert r.status_code == 200
    shown = re.search(r'name="shown" value="([^"]+)"', r.content.decode()).group(1)
    r = c.post("/", {"shown": shown, "email": "Ada@Example.com", "purposes": ["case-updates"]})
    assert r.status_code == 302, r.content.decode()
    delivery.deliver_due()
    print(smtp)
    raw = smtp.received[-1]
    print(raw)
    assert 0
