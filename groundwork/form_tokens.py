"""The signed token in a public form: what was shown, and since when.

It stands in for Django's CSRF cookie on public pages, which set no cookie at all: it
proves that the form came from us, carries the versions of the wording that the person
saw, and gives the time for the minimum fill time that keeps simple robots out.
"""

import time
from typing import Any

from django.core import signing
from django.http import HttpRequest

MAX_AGE_SECONDS = 24 * 60 * 60


class FormTokenError(Exception):
    """The token is forged, altered or older than a day."""


class TooFast(Exception):
    """The form came back sooner than a person can fill it."""


def issue(form: str, shown: dict[str, Any]) -> str:
    payload = {"at": int(time.time()), **shown}
    return signing.dumps(payload, salt=f"form.{form}")


def read(form: str, token: str, minimum_seconds: int) -> dict[str, Any]:
    """Return what the form had shown; raises FormTokenError or TooFast."""
    try:
        shown: dict[str, Any] = signing.loads(
            token, salt=f"form.{form}", max_age=MAX_AGE_SECONDS
        )
    except signing.BadSignature as error:
        raise FormTokenError from error
    if time.time() - shown.pop("at") < minimum_seconds:
        raise TooFast
    return shown


def is_cross_site(request: HttpRequest) -> bool:
    """True when the browser itself says that another site made this request.

    Absent headers pass: mail programs and old browsers send none.
    """
    if request.headers.get("Sec-Fetch-Site", "") == "cross-site":
        return True
    origin = request.headers.get("Origin", "")
    if not origin or origin == "null":
        return False
    return origin.split("://")[-1] != request.get_host()
