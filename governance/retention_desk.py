"""The console's page "Retention": the schedule, what is due now, the last runs."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from governance.models import RetentionRun
from governance.retention import Outlook, outlook, purges
from processing_register.register import RetentionRule, the_register
from staff.console import Place, console

WORDS = {
    "here": "every night, by this system",
    "lasting": "no end that can be counted",
    "outside": "outside this system: its owner removes it",
}


@dataclass(frozen=True)
class Line:
    """One rule of the schedule and the purges that carry it out."""

    rule: RetentionRule
    carried_out: str
    outlooks: list[Outlook]


@console.page(
    "retention/",
    name="retention",
    place=Place("The house", 1, "Retention"),
    permission="governance.view_retentionrun",
)
@require_safe
def retention(request: HttpRequest) -> HttpResponse:
    context = {
        **console.each_context(request),
        "title": "Retention",
        "lines": _lines(),
        "runs": RetentionRun.objects.all()[: 2 * len(purges())],
    }
    return TemplateResponse(request, "admin/governance/retention.html", context)


def _lines() -> list[Line]:
    found = list(outlook())
    return [
        Line(
            rule,
            WORDS[rule.carried_out],
            [one for one in found if one.purge.rule == rule.key],
        )
        for rule in the_register().retention.values()
    ]
