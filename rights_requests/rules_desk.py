"""The console's pages of the standing rules: what the software answers by itself, who
proposed it and who approved it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from groundwork.clock import today_here
from groundwork.refusals import NotAllowed
from rights_requests import plainness, standing_rules
from rights_requests.case_timeline import staff_names
from rights_requests.models import OutsideSystem, StandingRule
from rights_requests.standing_rules import Terms
from staff.console import Place, ReadOnlyAdmin, console, staff_id

PROPOSE = "rights_requests.propose_standingrule"
APPROVE = "rights_requests.approve_standingrule"
LIST = "admin:rights_requests_standingrule_changelist"


def _day(label: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"required": "Enter a day", "invalid": "Enter a day"},
    )


class RuleForm(forms.Form):
    """What is proposed."""

    use_required_attribute = False

    kind = forms.ChoiceField(
        label="What may the software answer?",
        choices=StandingRule.Kind.choices,
        error_messages={
            "required": "Choose what it may answer",
            "invalid_choice": "Choose what it may answer",
        },
    )
    starts_on = _day("From")
    ends_on = _day("Until")
    reason = forms.CharField(
        label="Why may it?",
        max_length=500,
        help_text="For whoever approves it, and for whoever asks later.",
        error_messages={
            "required": "Say why",
            "max_length": "Shorten that to 500 characters",
        },
    )


@console.page("rights_requests/standingrule/new/", name="rule-new", permission=PROPOSE)
@require_http_methods(["GET", "HEAD", "POST"])
def propose_rule(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        today = today_here()
        first = {"starts_on": today, "ends_on": today + timedelta(days=180)}
        return _form_page(request, RuleForm(initial=first))
    form = RuleForm(request.POST)
    if not form.is_valid():
        return _form_page(request, form, status=400)
    try:
        standing_rules.propose(
            Terms(**form.cleaned_data), staff_id=staff_id(request), now=timezone.now()
        )
    except NotAllowed as refusal:
        form.add_error(None, str(refusal))
        return _form_page(request, form, status=409)
    messages.success(request, "Proposed. It counts once somebody else approves it.")
    return redirect(LIST)


def _form_page(
    request: HttpRequest, form: RuleForm, *, status: int = 200
) -> HttpResponse:
    context = {**console.each_context(request), "title": "", "form": form}
    template = "admin/rights_requests/standing_rule.html"
    return TemplateResponse(request, template, context, status=status)


@console.page(
    "rights_requests/standingrule/<int:pk>/approve/",
    name="rule-approve",
    permission=APPROVE,
)
@require_POST
def approve_rule(request: HttpRequest, pk: int) -> HttpResponse:
    return _done(
        request, pk, standing_rules.approve, "Approved. It counts from its day."
    )


@console.page(
    "rights_requests/standingrule/<int:pk>/end/", name="rule-end", permission=APPROVE
)
@require_POST
def end_rule(request: HttpRequest, pk: int) -> HttpResponse:
    return _done(
        request, pk, standing_rules.end, "Ended. Nothing more is answered by it."
    )


def _done(
    request: HttpRequest, pk: int, verb: Callable[..., StandingRule], words: str
) -> HttpResponse:
    try:
        verb(pk, staff_id=staff_id(request), now=timezone.now())
    except StandingRule.DoesNotExist as error:
        raise Http404 from error
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, words)
    return redirect(LIST)


class StandingRuleAdmin(ReadOnlyAdmin):
    """The list stands where the console looks for it."""

    place = Place("People’s data", 25, "Standing rules")
    duties = {
        "view_standingrule": "See what the software answers by itself",
        "propose_standingrule": "Propose what the software answers by itself",
        "approve_standingrule": "Approve or end what the software answers by itself",
    }

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.require(request, "view_standingrule")
        rules = list(StandingRule.objects.all())
        names = staff_names(
            number
            for rule in rules
            for number in (rule.proposed_by_id, rule.approved_by_id, rule.ended_by_id)
        )
        own = staff_id(request)
        context = {
            **console.each_context(request),
            "title": "",
            "rows": [_row(rule, names, own) for rule in rules],
            "conditions": list(plainness.WORDS.values()),
            "has_systems": OutsideSystem.objects.searched().exists(),
        }
        template = "admin/rights_requests/standing_rules.html"
        return TemplateResponse(request, template, context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return redirect(LIST)


def _row(rule: StandingRule, names: dict[int, str], own: int) -> dict[str, Any]:
    """A rule as the list shows it."""
    today = today_here()
    is_over = rule.ended_at is not None or rule.ends_on < today
    return {
        "rule": rule,
        "is_in_force": rule.is_in_force(today),
        "is_over": is_over,
        "waits": rule.approved_at is None and not is_over,
        "is_own": rule.proposed_by_id == own,
        "proposed_by": _name(names, rule.proposed_by_id),
        "approved_by": _name(names, rule.approved_by_id),
        "ended_by": _name(names, rule.ended_by_id),
    }


def _name(names: dict[int, str], number: int | None) -> str:
    return names.get(number, f"staff {number}") if number is not None else ""


console.register(StandingRule, StandingRuleAdmin)
