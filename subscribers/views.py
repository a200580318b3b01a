"""The public pages around a subscription.

Every address of a visitor gets the same answer. No GET changes anything; a mailed
link shows a page with a button, since mail scanners follow links.
"""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import Truncator
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from consent import ledger
from consent.models import Channel
from groundwork import addresses, form_tokens, rate_limits
from groundwork.clock import today_here
from groundwork.requests import network_of
from processing_register.gate import usable_purposes
from processing_register.notices import (
    notice_in_force,
    published_wording,
    purpose_titles,
    sign_up_wording,
)
from subscribers import leaving, links, preferences, signup
from subscribers.forms import AddressForm, PreferencesForm, SignUpForm
from subscribers.models import DETAIL_FIELDS, LinkUse, Subscriber
from subscribers.receipt_views import agreed_to

ONE_CLICK = ("List-Unsubscribe", "One-Click")  # RFC 8058, section 3.1
PROBLEM_STATUS = {links.Problem.UNKNOWN: 404, links.Problem.TAKEN: 409}


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _sign_up_post(request)
    form = SignUpForm(wording=sign_up_wording(), offered=usable_purposes())
    return _sign_up_page(request, form)


def _sign_up_post(request: HttpRequest) -> HttpResponse:
    if form_tokens.is_cross_site(request):
        return render(request, "403.html", status=403)
    if request.POST.get("website"):
        return redirect("subscribers:check-your-mail")  # a robot filled the trap
    try:
        shown = form_tokens.read(
            "sign-up", request.POST.get("shown", ""), settings.MINIMUM_FILL_SECONDS
        )
    except form_tokens.TooFast:
        form = _again(request)
        return _sign_up_page(request, form, was_too_fast=True)
    except form_tokens.FormTokenError:
        form = _again(request)
        form.add_error(None, "This page was open too long. Press “Sign up” once more")
        return _sign_up_page(request, form, status=400)
    # What was offered stands in the signed token, so that a sign-up asks for nothing.
    form = SignUpForm(
        request.POST,
        wording=published_wording(shown["wording"]),
        offered=shown.get("offered", ()),
    )
    if not form.is_valid():
        return _sign_up_page(request, form, status=400)
    network = network_of(request)
    if rate_limits.sign_up_allowed(network):
        signup.request_signup(_wish(request, form, shown, network))
    return redirect("subscribers:check-your-mail")


def _again(request: HttpRequest) -> SignUpForm:
    """The filled form, with the wording and the purposes of now."""
    return SignUpForm(
        request.POST, wording=sign_up_wording(), offered=usable_purposes()
    )


def _wish(
    request: HttpRequest, form: SignUpForm, shown: dict[str, Any], network: str
) -> signup.SignUp:
    typed = {name: value for name, value in form.details().items() if value}
    return signup.SignUp(
        address=form.cleaned_data["email"],
        purposes=form.cleaned_data["purposes"],
        wording=shown["wording"],
        notices=shown["notices"],
        details=typed,
        evidence=_evidence(request, network),
    )


def _evidence(request: HttpRequest, network: str) -> dict[str, str]:
    agent = request.headers.get("User-Agent", "")
    return {
        "network": network,
        "browser": Truncator("".join(c for c in agent if c.isprintable())).chars(200),
        "page": request.path if request.path == "/" else "mailed link",
    }


def _sign_up_page(
    request: HttpRequest,
    form: SignUpForm,
    *,
    status: int = 200,
    was_too_fast: bool = False,
) -> HttpResponse:
    wording = form.wording
    notices = [notice_in_force("privacy").reference]
    context = {
        "form": form,
        "purposes": form.boxes(),
        "wording": wording,
        "was_too_fast": was_too_fast,
        "shown": form_tokens.issue(
            "sign-up",
            {
                "wording": wording.reference,
                "notices": notices,
                "offered": [purpose.key for purpose in form.purposes],
            },
        ),
    }
    return render(request, "subscribers/sign_up.html", context, status=status)


@require_safe
def check_your_mail(request: HttpRequest) -> HttpResponse:
    return render(request, "subscribers/check_your_mail.html")


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    if request.method == "POST":
        evidence = _evidence(request, network_of(request))
        result = signup.confirm_signup(token, evidence)
        if result.stands:
            return redirect("subscribers:confirmed")
        return _link_problem(request, result.problem)
    found = links.look_up(LinkUse.CONFIRM, token)
    if found.link is None or found.problem is not None:
        return _link_problem(request, found.problem)
    wording = published_wording(found.link.shown["wording"])
    context = {
        "address_masked": addresses.mask(found.link.subscriber.address),
        "purposes": [wording.purpose(key) for key in found.link.purposes],
        "token": token,
    }
    return render(request, "subscribers/confirm.html", context)


@require_safe
def confirmed(request: HttpRequest) -> HttpResponse:
    return render(request, "subscribers/confirmed.html")


def _link_problem(request: HttpRequest, problem: links.Problem | None) -> HttpResponse:
    reason = problem or links.Problem.UNKNOWN
    status = PROBLEM_STATUS.get(reason, 410)
    context = {"reason": str(reason)}
    return render(request, "subscribers/link_problem.html", context, status=status)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "OPTIONS", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """RFC 8058: the POST needs no cookie, no sign-in and no page before it, answers
    200 without a redirect, and may come twice."""
    found = links.look_up(LinkUse.UNSUBSCRIBE, token)
    if found.link is None:
        return _link_problem(request, found.problem)
    purposes = found.link.purposes
    if request.method != "POST":
        return _unsubscribe_page(request, purposes)
    is_one_click = request.POST.get(ONE_CLICK[0]) == ONE_CLICK[1]
    scope = request.POST.get("scope", "")
    if not is_one_click and scope not in ("purpose", "all"):
        return _unsubscribe_page(request, purposes, status=400)
    asked = [] if scope == "all" and not is_one_click else purposes
    channel = Channel.ONE_CLICK if is_one_click else Channel.BODY_LINK
    left = leaving.leave(found.link.subscriber_id, asked, channel=channel)
    return _unsubscribed_page(request, asked, left)


def _unsubscribe_page(
    request: HttpRequest, purposes: list[str], status: int = 200
) -> HttpResponse:
    context = {"purpose_title": ", ".join(purpose_titles(purposes)) or None}
    return render(request, "subscribers/unsubscribe.html", context, status=status)


def _unsubscribed_page(
    request: HttpRequest, asked: list[str], left: leaving.Left
) -> HttpResponse:
    undo_url = None
    if left.undo_token:
        undo_url = reverse("subscribers:undo", args=[left.undo_token])
    context = {
        "stopped": purpose_titles(asked or left.withdrawn),
        "stopped_all": not asked,
        "undo_url": undo_url,
    }
    return render(request, "subscribers/unsubscribed.html", context)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: HttpRequest, token: str) -> HttpResponse:
    if request.method == "POST":
        problem, purposes = leaving.undo(token)
        if problem is not None:
            return _link_problem(request, problem)
        context = {"restored": purpose_titles(purposes)}
        return render(request, "subscribers/undone.html", context)
    found = links.look_up(LinkUse.UNDO, token)
    if found.problem is not None:
        return _link_problem(request, found.problem)
    return render(request, "subscribers/undo.html")


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def preferences_ask(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _ask_page(request, AddressForm())
    if form_tokens.is_cross_site(request):
        return render(request, "403.html", status=403)
    if request.POST.get("website"):
        return redirect("subscribers:preferences-asked")  # a robot filled the trap
    form = AddressForm(request.POST)
    try:
        form_tokens.read("preferences", request.POST.get("shown", ""), 0)
    except form_tokens.FormTokenError:
        form.add_error(None, "This page was open too long. Press the button once more")
    if not form.is_valid():
        return _ask_page(request, form, status=400)
    if rate_limits.link_request_allowed(network_of(request)):
        preferences.ask_for_link(form.cleaned_data["email"])
    return redirect("subscribers:preferences-asked")


def _ask_page(
    request: HttpRequest, form: AddressForm, *, status: int = 200
) -> HttpResponse:
    context = {"form": form, "shown": form_tokens.issue("preferences", {})}
    return render(request, "subscribers/preferences_ask.html", context, status=status)


@require_safe
def preferences_asked(request: HttpRequest) -> HttpResponse:
    return render(request, "subscribers/preferences_asked.html")


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def preferences_open(request: HttpRequest, token: str) -> HttpResponse:
    if request.method == "POST":
        problem, visit_token = preferences.open_visit(token)
        if problem is not None:
            return _link_problem(request, problem)
        return redirect("subscribers:preferences", visit_token)
    found = links.look_up(LinkUse.FRESH, token)
    if found.problem is not None:
        return _link_problem(request, found.problem)
    return render(request, "subscribers/preferences_open.html")


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def preferences_page(request: HttpRequest, token: str) -> HttpResponse:
    """Choices for the link of any mail; a visit (from a fresh link) shows everything.

    A mail may have been forwarded: its link neither shows what we hold nor moves the
    subscription to another address.
    """
    found = links.look_up(LinkUse.VISIT, token)
    may_see = found.link is not None
    if found.link is None:
        found = links.look_up(LinkUse.PREFERENCES, token)
    if found.link is None or found.problem is not None:
        return _link_problem(request, found.problem)
    subscriber = found.link.subscriber
    if request.method == "POST":
        return _preferences_post(request, subscriber, may_see)
    return _preferences_form(request, subscriber, may_see)


def _preferences_post(
    request: HttpRequest, subscriber: Subscriber, may_see: bool
) -> HttpResponse:
    if "ask_link" in request.POST:
        preferences.ask_for_link(subscriber.address)
        return redirect("subscribers:preferences-asked")
    if "stop_all" in request.POST:
        left = leaving.leave(subscriber.pk, [], channel=Channel.PREFERENCES)
        return _unsubscribed_page(request, [], left)
    if "email" in request.POST:
        return _address_post(request, subscriber, may_see)
    if not {"choices", "purposes"} & set(request.POST):
        # Not our form: a box that is missing here was not unticked by anybody.
        return _preferences_form(request, subscriber, may_see, status=400)
    form = PreferencesForm(
        request.POST,
        wording=sign_up_wording(),
        offered=preferences.choosable(subscriber),
        today=today_here(),
    )
    if not form.is_valid():
        return _preferences_form(request, subscriber, may_see, form=form, status=400)
    changes = _save_preferences(subscriber, form, may_see)
    subscriber.refresh_from_db()
    return _preferences_form(request, subscriber, may_see, changes=changes)


@transaction.atomic
def _save_preferences(
    subscriber: Subscriber, form: PreferencesForm, may_see: bool
) -> list[str]:
    """Names, in words, of what changed."""
    typed = {n: value for n, value in form.details().items() if n in form.data}
    if not may_see:  # blank fields were not shown, so they mean "leave as it is"
        typed = {name: value for name, value in typed.items() if value}
    chosen = preferences.choose_purposes(subscriber, form.cleaned_data["purposes"])
    changes = purpose_titles(chosen)
    until = form.cleaned_data["pause_until"]
    if "pause_until" in form.data and preferences.pause(subscriber, until):
        changes.append("pause")
    changed = preferences.change_details(subscriber, typed)
    return [*changes, *(name.replace("_", " ") for name in changed)]


def _address_post(
    request: HttpRequest, subscriber: Subscriber, may_see: bool
) -> HttpResponse:
    if not may_see:
        return render(request, "403.html", status=403)
    form = AddressForm(request.POST)
    if not form.is_valid():
        return _preferences_form(
            request, subscriber, may_see, address_form=form, status=400
        )
    try:
        preferences.ask_to_change_address(subscriber, form.cleaned_data["email"])
    except preferences.NotNow as reason:
        form.add_error("email", str(reason))
        return _preferences_form(
            request, subscriber, may_see, address_form=form, status=400
        )
    return _preferences_form(request, subscriber, may_see, address_asked=True)


def _preferences_form(
    request: HttpRequest,
    subscriber: Subscriber,
    may_see: bool,
    *,
    form: PreferencesForm | None = None,
    address_form: AddressForm | None = None,
    changes: list[str] | None = None,
    address_asked: bool = False,
    status: int = 200,
) -> HttpResponse:
    if form is None:
        form = _filled_form(subscriber, may_see)
    context = {
        "form": form,
        "purposes": form.boxes(),
        "wording": form.wording,
        "shows_details": may_see,
        "address": subscriber.address if may_see else "",
        "address_form": (address_form or AddressForm()) if may_see else None,
        "address_asked": address_asked,
        "agreed": agreed_to(subscriber) if may_see else [],
        "saved": changes is not None,
        "changes": changes or [],
    }
    return render(request, "subscribers/preferences.html", context, status=status)


def _filled_form(subscriber: Subscriber, may_see: bool) -> PreferencesForm:
    standing = ledger.standing_purposes(subscriber.data_subject_id)
    initial: dict[str, Any] = {
        "purposes": list(standing),
        "pause_until": subscriber.paused_until,
    }
    if may_see:
        initial |= {name: getattr(subscriber, name) for name in DETAIL_FIELDS}
    return PreferencesForm(
        initial=initial,
        wording=sign_up_wording(),
        offered=usable_purposes() | set(standing),
        today=today_here(),
    )


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def address_confirm(request: HttpRequest, token: str) -> HttpResponse:
    if request.method == "POST":
        try:
            problem = preferences.confirm_new_address(token)
        except preferences.AddressTaken:
            problem = links.Problem.TAKEN
        is_again = problem == links.Problem.USED
        if problem is None or (is_again and preferences.has_moved_by(token)):
            return render(request, "subscribers/address_changed.html")
        return _link_problem(request, problem)
    found = links.look_up(LinkUse.ADDRESS, token)
    if found.problem is not None:
        return _link_problem(request, found.problem)
    return render(request, "subscribers/address_confirm.html")


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def address_undo(request: HttpRequest, token: str) -> HttpResponse:
    if request.method == "POST":
        try:
            problem = preferences.restore_old_address(token)
        except preferences.AddressTaken:
            problem = links.Problem.TAKEN
        if problem in (None, links.Problem.USED):
            return render(request, "subscribers/address_undone.html")
        return _link_problem(request, problem)
    found = links.look_up(LinkUse.ADDRESS_UNDO, token)
    if found.problem is not None:
        return _link_problem(request, found.problem)
    return render(request, "subscribers/address_undo.html")
