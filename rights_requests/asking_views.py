"""Asking on the site for what somebody may have us do with their data."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from groundwork import connector_keys
from groundwork.clock import today_here
from processing_register import notice_paths
from processing_register.models import NoticeVersion
from processing_register.register import the_register
from rights_requests.ask_forms import AskForm, Wanted
from rights_requests.at_once import consequences
from rights_requests.kinds import CaseKind
from rights_requests.receiving import Asked
from rights_requests.two_steps import TwoSteps, keep_nowhere


class Asking(TwoSteps[AskForm]):
    name = "ask"
    form_page = "rights_requests/ask.html"
    check_page = "rights_requests/ask_check.html"
    check_button = "Check my request"

    def new_form(self, data: Mapping[str, Any] | None = None, **more: Any) -> AskForm:
        return AskForm(data, uses=uses_told, **more)

    def on_form(self, form: AskForm) -> dict[str, Any]:
        return {
            "boxes": form.boxes(),
            "ends": consequences(CaseKind.MARKETING),
            # Without a key to sign with nothing is ever sent.
            "can_send": connector_keys.is_there(),
        }

    def on_check(self, form: AskForm) -> dict[str, Any]:
        return {"wanted": [(wanted, _ends_with(wanted)) for wanted in form.wanted()]}

    def asked(self, form: AskForm) -> tuple[Asked, ...]:
        return tuple(
            Asked(wanted.kind, wanted.grounds, wanted.details, send_to=wanted.send_to)
            for wanted in form.wanted()
        )


def uses_told() -> dict[str, str]:
    """What we do in our own interest and have published our weighing of: key → title."""
    versions = NoticeVersion.objects.in_force(today_here()).filter(
        notice__startswith=notice_paths.INTERESTS
    )
    published = {
        notice_paths.purpose_of(notice)
        for notice in versions.values_list("notice", flat=True)
    }
    purposes = the_register().purposes
    return {key: one.title for key, one in purposes.items() if key in published}


def _ends_with(wanted: Wanted) -> list[str]:
    return consequences(wanted.kind) if wanted.is_at_once else []


ASKING = Asking()


@csrf_exempt
@keep_nowhere
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    return ASKING.answer(request)
