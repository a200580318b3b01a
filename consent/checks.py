"""`manage.py check --deploy`: does the script for other sites still keep its promise?"""

from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import OperationalError, ProgrammingError

from consent import embed
from processing_register.models import NoticeVersion
from processing_register.register import RegisterIsWrong

# Whoever finds these says so already: groundwork.checks, processing_register.checks.
SAID_ELSEWHERE = (OperationalError, ProgrammingError, RegisterIsWrong)


@register(Tags.compatibility, deploy=True)
def script_is_small(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """The words in force and the names in the register travel in it, and may grow it."""
    try:
        size = len(embed.consent_script().brotlied)
    except (*SAID_ELSEWHERE, NoticeVersion.DoesNotExist):
        return []
    if size <= embed.MOST_BYTES:
        return []
    return [
        Warning(
            f"consent.js has {size} bytes (brotli), and at most {embed.MOST_BYTES} are "
            "promised to the sites that carry it.",
            hint="Shorten the wording of the cookie banner, or declare fewer names with "
            'where = "embed" in cookies.toml: one that ends in “*” covers several.',
            id="consent.W001",
        )
    ]
