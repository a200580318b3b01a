"""Complaining to us on the site (Data Protection Act 2018, section 164A(2))."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from rights_requests import complaining
from rights_requests.clock import PROGRESS_WITHIN
from rights_requests.complaint_clock import ACKNOWLEDGE_WITHIN
from rights_requests.complaint_forms import ComplaintForm, the_reference
from rights_requests.kinds import CaseKind
from rights_requests.models import Submission
from rights_requests.receiving import Asked
from rights_requests.two_steps import TwoSteps, keep_nowhere


class Complaining(TwoSteps[ComplaintForm]):
    name = "complain"
    form_page = "rights_requests/complain.html"
    check_page = "rights_requests/complain_check.html"
    check_button = "Check my complaint"

    def new_form(
        self, data: Mapping[str, Any] | None = None, **more: Any
    ) -> ComplaintForm:
        return ComplaintForm(data, **more)

    def on_form(self, form: ComplaintForm) -> dict[str, Any]:
        return {
            "acknowledged_within": ACKNOWLEDGE_WITHIN.days,
            "word_within": PROGRESS_WITHIN.days,
        }

    def asked(self, form: ComplaintForm) -> tuple[Asked, ...]:
        about = complaining.case_of(
            form.cleaned_data["about"], reader=_mailbox_that_reads_it(form)
        )
        return (Asked(CaseKind.COMPLAINT, details=form.details, about=about),)


def _mailbox_that_reads_it(form: ComplaintForm) -> str:
    """Where our letters about the complaint go, which name the case that it is about;
    empty for letters by post, for which anybody can give any street."""
    is_mailed = form.reply_goes_by == Submission.ReplyBy.E_MAIL
    return form.answer_address if is_mailed else ""


COMPLAINING = Complaining()


@csrf_exempt
@keep_nowhere
@require_http_methods(["GET", "HEAD", "POST"])
def complain(request: HttpRequest) -> HttpResponse:
    """?about= fills in the reference of the case from whose page somebody comes."""
    return COMPLAINING.answer(
        request, about=the_reference(request.GET.get("about", ""))
    )
