"""The console's lists of requests and of complaints, and looking for one of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Exists, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from data_subjects.models import DataSubject
from data_subjects.people import known_before
from groundwork import addresses
from groundwork.clock import today_here
from rights_requests import case_queue
from rights_requests.case_queue import COUNTED_TO, SHOW, WHOSE, Wanted
from rights_requests.models import Case
from rights_requests.references import REFERENCE
from staff.access import note_search
from staff.console import Place, ShortList, console, staff_id
from subscribers.models import Subscriber

MAY_SEE = "rights_requests.view_case"
MAY_FIND_READERS = "subscribers.view_subscriber"
ON_A_PAGE = 50
LEADS = {
    False: "What people ask of us about their data, the most urgent first. The day "
    "beside each is the earliest that counts now.",
    True: "What people say we do wrong with their data (Data Protection Act 2018, "
    "section 164A), the most urgent first.",
}


@dataclass(frozen=True)
class Choice:
    """A word of the line of filters."""

    words: str
    url: str
    is_chosen: bool


# --- The lists ---


@console.page(
    "complaints/",
    name="complaints",
    place=Place("", 2, "Complaints"),
    permission=MAY_SEE,
)
@require_safe
def complaints(request: HttpRequest) -> HttpResponse:
    return list_page(request, is_complaints=True)


class _Pages(ShortList):
    """Counted along the index of the list."""

    object_list: QuerySet[Case]

    @cached_property
    def count(self) -> int:
        return case_queue.counted(self.object_list).count()


def list_page(request: HttpRequest, *, is_complaints: bool) -> HttpResponse:
    """One page of cases, with the filters as lines of plain words."""
    wanted = Wanted.of(request.GET, is_complaints=is_complaints)
    today = today_here()
    rows = case_queue.cases(wanted, staff_id=staff_id(request), today=today)
    page = _Pages(rows, ON_A_PAGE).get_page(request.GET.get("page"))
    shown = _on(page, rows, wanted)
    context = {
        **console.each_context(request),
        "title": "",
        "heading": "Complaints" if is_complaints else "Requests",
        "lead": LEADS[is_complaints],
        "wanted": wanted,
        "filters": [] if wanted.person else _filters(wanted),
        "lines": [case_queue.line_of(row, today) for row in shown],
        "page": page,
        "has_more": page.paginator.count >= COUNTED_TO,
        "numbers": page.paginator.get_elided_page_range(page.number),
        "query": wanted.query,
        "home": home_of(is_complaints=is_complaints),
        "nothing": _nothing(wanted),
        "held_url": _url_of_held(wanted, shown),
        "reader": _reader(request, wanted),
    }
    return TemplateResponse(request, "admin/rights_requests/cases.html", context)


def home_of(*, is_complaints: bool) -> str:
    """The list in which such cases stand."""
    name = "complaints" if is_complaints else "rights_requests_case_changelist"
    return reverse(f"admin:{name}")


def _url(wanted: Wanted) -> str:
    return f"{home_of(is_complaints=wanted.is_complaints)}?{wanted.query}"


def _filters(wanted: Wanted) -> list[tuple[str, list[Choice]]]:
    """Lines of filters: what each is about, and its words."""
    lines = [("Show", _choices(wanted, "show", SHOW))]
    if not wanted.is_complaints:
        abouts = {"": "anything", **case_queue.abouts()}
        lines.append(("About", _choices(wanted, "about", abouts)))
    return [*lines, ("Assigned", _choices(wanted, "whose", WHOSE))]


def _choices(wanted: Wanted, name: str, words: Mapping[str, str]) -> list[Choice]:
    """The values of one filter, each leading to the same list but for itself."""
    chosen = getattr(wanted, name)
    found = []
    for value, word in words.items():
        change: dict[str, Any] = {name: value}
        found.append(Choice(word, _url(replace(wanted, **change)), value == chosen))
    return found


def _reader(request: HttpRequest, wanted: Wanted) -> Subscriber | None:
    """The reader whose cases these are, for whoever may see the page of readers."""
    if wanted.person is None or not request.user.has_perm(MAY_FIND_READERS):
        return None
    readers = Subscriber.objects.filter(data_subject=wanted.person)
    return readers.only("pk").first()


def _on(page: Any, rows: QuerySet[Case], wanted: Wanted) -> list[Any]:
    """The cases on this page; each says, besides, whether any are held."""
    held = case_queue.held(is_complaints=wanted.is_complaints)
    start = ON_A_PAGE * (page.number - 1)
    shown = case_queue.with_particulars(rows).annotate(any_held=Exists(held))
    return list(shown[start : start + ON_A_PAGE])


def _url_of_held(wanted: Wanted, shown: Sequence[Any]) -> str:
    """Where those are that wait apart; empty when there are none, or they are shown."""
    if wanted.show == "held" or wanted.person is not None:
        return ""
    held = case_queue.held(is_complaints=wanted.is_complaints)
    is_any = shown[0].any_held if shown else held.exists()
    return _url(Wanted(wanted.is_complaints, show="held")) if is_any else ""


NOTHING = {
    "overdue": "Nothing is overdue.",
    "week": "Nothing is due within the next seven days.",
    "us": "Nothing waits for us.",
    "them": "We wait for nobody.",
    "new": "Nothing new. What people write or hand in while we wait for them, or after "
    "the end, waits here until somebody has looked at it.",
    "drafts": "Every message that seemed to ask for something has been confirmed or "
    "found to be no request.",
    "held": "Nothing is held. What comes in a flood waits here, its clock running, "
    "until somebody has looked at it.",
    "closed": "Nothing is closed yet. A case stays here for as long as its file is kept.",
}


def _nothing(wanted: Wanted) -> str:
    """What an empty list teaches."""
    if wanted.person is not None:
        return "This person has asked for nothing."
    if wanted.about or wanted.whose:
        return "Nothing matches."
    if wanted.show in NOTHING:
        return NOTHING[wanted.show]
    if wanted.is_complaints:
        return (
            "No complaint is open. People complain on the page “Your data”; the thirty "
            "days for telling them that we have it begin when it arrives."
        )
    return (
        "No request is open. People ask on the page “Your data”, by e-mail, on the "
        "telephone or by post; each request appears here at once, its clock running."
    )


# --- Looking for one ---


@console.page("rights_requests/case/find/", name="case-find", permission=MAY_SEE)
@require_POST
def find(request: HttpRequest) -> HttpResponse:
    """From the top of every page: by reference, or by the exact address of the person.
    By POST, so that no address stands in a URL or a log; who looked for whom is on
    record. Who asked for nothing is looked for among the readers.
    """
    typed = request.POST.get("address", "").strip()[:320].replace("\0", "")
    if reference := reference_in(typed):
        return _by_reference(request, reference)
    subject = _known_by(typed)
    has_cases = subject is not None and subject.submissions.exists()
    if not has_cases and request.user.has_perm(MAY_FIND_READERS):
        # The same form goes on to the readers, which puts the search on record.
        return redirect("admin:subscribers_subscriber_find", preserve_request=True)
    note_search(request, subject.pk if subject else None)
    home = home_of(is_complaints=False)
    if not has_cases:
        messages.warning(
            request, "No case has this reference or this exact e-mail address."
        )
        return redirect(home)
    return redirect(f"{home}?{Wanted(False, person=subject.pk).query}")


def reference_in(typed: str) -> str:
    """The reference as we write it, however it was read out; empty when it is none."""
    found = REFERENCE.fullmatch(typed.strip())
    return "-".join(found.groups()).upper() if found else ""


def _by_reference(request: HttpRequest, reference: str) -> HttpResponse:
    case = Case.objects.filter(reference=reference).select_related("submission").first()
    note_search(request, case.submission.data_subject_id if case else None)
    if case is None:
        messages.warning(request, f"No case has the reference {reference}.")
        return redirect(home_of(is_complaints=reference.startswith("C")))
    return redirect(case_url(case))


def _known_by(typed: str) -> Any:
    try:
        address = addresses.normalise(typed)
    except ValidationError:
        return None
    digest = addresses.digest(address)
    known = DataSubject.objects.filter(address_digest=digest).first()
    if known is not None and known.submissions.exists():
        return known
    # While a deletion runs, its case is found by what the person was known by.
    return DataSubject.objects.filter(pk__in=known_before([digest])).first() or known


def case_url(case: Case) -> str:
    return reverse("admin:rights_requests_case_change", args=[case.pk])
