"""The pages of “Your data”: from an address typed on the site to what is held, and to
what can be done about it, without an account.

What we know goes to the mailbox alone. A link opens by a button, so that a program that
checks mails uses nothing up; a visit lasts half an hour, and nothing of it is stored by
a browser.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from groundwork import connector_keys, form_tokens, rate_limits
from groundwork.holdings import Holding, Person, Record
from groundwork.refusals import NotAllowed
from groundwork.requests import network_of
from rights_requests import answering_alone, links, own_data
from rights_requests.at_once import STOPS
from rights_requests.fulfilment import bases
from rights_requests.fulfilment.pages import Place, reader_of
from rights_requests.kinds import AT_ONCE, FACTS, CaseKind
from rights_requests.link_pages import link_page
from rights_requests.models import PersonLink
from rights_requests.own_data import Shown, Use
from rights_requests.status_views import VISIT_MINUTES
from rights_requests.two_steps import keep_nowhere
from rights_requests.visit_forms import SendToForm
from subscribers import preferences
from subscribers.forms import AddressForm

FORM = "own-data"
# On the first page of everything, and on a page of one place.
FIRST_ENTRIES = 3
ON_A_PAGE = 25
MINUTES = int(own_data.LINK_LASTS.total_seconds() // 60)


# --- Asking for the link ---


@csrf_exempt
@keep_nowhere
@require_http_methods(["GET", "HEAD", "POST"])
def ask_link(request: HttpRequest) -> HttpResponse:
    """The same answer whoever’s address it is."""
    if request.method != "POST":
        return _ask_page(request, AddressForm())
    if form_tokens.is_cross_site(request):
        return render(request, "403.html", status=403)
    if request.POST.get("website"):
        return redirect("rights_requests:own-data-asked")  # a robot filled the trap
    form = AddressForm(request.POST)
    try:
        form_tokens.read(FORM, request.POST.get("shown", ""), 0)
    except form_tokens.FormTokenError:
        form.add_error(None, "This page was open too long. Press the button once more")
    if not form.is_valid():
        return _ask_page(request, form, status=400)
    if rate_limits.link_request_allowed(network_of(request)):
        own_data.ask_for_link(form.cleaned_data["email"], now=timezone.now())
    return redirect("rights_requests:own-data-asked")


def _ask_page(
    request: HttpRequest, form: AddressForm, *, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "shown": form_tokens.issue(FORM, {}),
        "minutes": MINUTES,
    }
    return render(request, "rights_requests/own_data_ask.html", context, status=status)


@require_safe
def asked(request: HttpRequest) -> HttpResponse:
    context = {"minutes": MINUTES}
    return render(request, "rights_requests/own_data_asked.html", context)


# --- Opening it ---


@link_page("GET", "HEAD", "POST")
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    if request.method == "POST":
        visit = own_data.open_visit(token, now=timezone.now())
        if visit:
            return redirect("rights_requests:own-data", visit)
        return _no_link(request, Use.FRESH, token)
    if own_data.found(Use.FRESH, token) is None:
        return _no_link(request, Use.FRESH, token)
    context = {"minutes": VISIT_MINUTES}
    return render(request, "rights_requests/own_data_open.html", context)


def _no_link(request: HttpRequest, use: str, token: str) -> HttpResponse:
    """Used, over, or never there: the way to a fresh one stands there."""
    ended = own_data.has_ended(use, token)
    context = {"is_visit": use == Use.VISIT, "has_ended": ended}
    template = "rights_requests/own_data_over.html"
    return render(request, template, context, status=410 if ended else 404)


# --- What is held ---


@link_page("GET", "HEAD", "POST")
def everything(request: HttpRequest, token: str) -> HttpResponse:
    """Every place with its first entries, and what can be done."""
    link = own_data.found(Use.VISIT, token)
    if link is None:
        return _no_link(request, Use.VISIT, token)
    if request.method != "POST":
        return _everything(request, link, token)
    act = ACTS.get(request.POST.get("act", ""))
    if act is None:
        return _everything(request, link, token, status=400)
    return act(request, link, token)


def _stay(request: HttpRequest, link: PersonLink, token: str) -> HttpResponse:
    own_data.stay(link, now=timezone.now())
    return redirect("rights_requests:own-data", token)


def _correct(request: HttpRequest, link: PersonLink, token: str) -> HttpResponse:
    """Their choices, details and address, where they signed up."""
    visit = preferences.visit_of(link.data_subject_id)
    if not visit:
        return _everything(request, link, token, status=409)
    return redirect("subscribers:preferences", visit)


ACTS: dict[str, Callable[[HttpRequest, PersonLink, str], HttpResponse]] = {
    "stay": _stay,
    "correct": _correct,
}


def _everything(
    request: HttpRequest, link: PersonLink, token: str, *, status: int = 200
) -> HttpResponse:
    person = own_data.person_behind(link)
    places = list(own_data.places(person))
    agreed = bases.agreed_by(person.id)
    context = {
        **_head(link, token),
        "places": [_place(person, one, agreed, token) for one in places],
        "kept_back": [one for one in places if one.kept_back],
        "can_correct": preferences.can_visit(link.data_subject_id),
        "minutes": VISIT_MINUTES,
    }
    return render(request, "rights_requests/own_data.html", context, status=status)


def _head(link: PersonLink, token: str) -> dict[str, Any]:
    return {"token": token, "until": link.expires_at, "masked": link.masked}


def _place(
    person: Person, shown: Shown, agreed: frozenset[str], token: str
) -> dict[str, Any]:
    holding = shown.holding
    first = own_data.entries(person, holding, 0, FIRST_ENTRIES)
    return {
        "shown": shown,
        "about": Place(holding, shown.count, agreed),
        "entries": [_in_words(holding, record) for record in first],
        "has_more": shown.count > len(first),
        "url": reverse("rights_requests:own-data-place", args=[token, holding.key]),
    }


def _in_words(holding: Holding, record: Record) -> list[tuple[str, str]]:
    """What an entry says: title and words of each field that says something."""
    told = (
        (datum.title, reader_of(holding, datum)(record.values[datum.path]))
        for datum in holding.given
    )
    return [(title, words) for title, words in told if words]


@link_page("GET", "HEAD")
def one_place(request: HttpRequest, token: str, place: str) -> HttpResponse:
    """All entries of one place, some at a time."""
    link = own_data.found(Use.VISIT, token)
    if link is None:
        return _no_link(request, Use.VISIT, token)
    found = own_data.place(place)
    if found is None:
        raise Http404
    person = own_data.person_behind(link)
    holding = found.of(person)
    count = holding.shown_count(person)
    page = Paginator(range(count), ON_A_PAGE).get_page(request.GET.get("page"))
    start = max(page.start_index() - 1, 0)
    entries = own_data.entries(person, holding, start, start + ON_A_PAGE)
    context = {
        **_head(link, token),
        "about": Place(holding, count, bases.agreed_by(person.id)),
        "kept_back": holding.told_count(person) - count,
        "entries": [_in_words(holding, record) for record in entries],
        "page": page,
        "first": start + 1,
    }
    return render(request, "rights_requests/own_data_place.html", context)


# --- What can be asked for ---


@link_page("GET", "HEAD", "POST")
def request_it(request: HttpRequest, token: str, kind: str) -> HttpResponse:
    """What it means stands there first; the button opens a case, and leads to its page."""
    link = own_data.found(Use.VISIT, token)
    if link is None:
        return _no_link(request, Use.VISIT, token)
    if kind not in own_data.CAN_ASK:
        raise Http404
    if request.method != "POST":
        return _check_page(request, link, token, CaseKind(kind))
    form = _send_to_form(CaseKind(kind), request.POST)
    if form is not None and not form.is_valid():
        return _check_page(request, link, token, CaseKind(kind), form=form, status=400)
    try:
        case = own_data.ask(
            link.pk,
            CaseKind(kind),
            now=timezone.now(),
            send_to=form.cleaned_data["send_to"] if form is not None else "",
        )
    except NotAllowed:  # its time ended at this moment
        return _no_link(request, Use.VISIT, token)
    status = links.status_token(case)
    if not status:
        return redirect("rights_requests:own-data", token)
    return redirect("rights_requests:status", status)


def _send_to_form(
    kind: CaseKind, given: Mapping[str, Any] | None = None
) -> SendToForm | None:
    """Where the file can go beside the person; None for what is not sent."""
    if kind is not CaseKind.PORTABILITY or not connector_keys.is_there():
        return None
    return SendToForm(given, is_optional=True)


def _check_page(
    request: HttpRequest,
    link: PersonLink,
    token: str,
    kind: CaseKind,
    *,
    form: SendToForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form or _send_to_form(kind),
        **_head(link, token),
        "kind": kind,
        "asked": FACTS[kind].asked,
        "stops": STOPS.get(kind, ""),
        "is_at_once": kind in AT_ONCE,
        "ends": own_data.what_ends(link, kind),
        "is_quick": answering_alone.may_be_quick(kind, now=timezone.now()),
    }
    return render(
        request, "rights_requests/own_data_check.html", context, status=status
    )
