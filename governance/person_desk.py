"""The console's pages about restrictions, legal holds and disclosures.

Each verb has a permission of its own and is a form that posts; a refusal is shown in
its words, and nothing is changed.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Count
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from data_subjects import disclosures, holds, restriction
from data_subjects.models import (
    DataSubject,
    Disclosure,
    DisclosureEvidence,
    Ground,
    LegalHold,
    Restriction,
    UseDespite,
)
from data_subjects.people import subject_of, subjects_of
from governance import restrictions
from governance.person_forms import (
    ConsoleForm,
    DisclosureForm,
    HoldForm,
    RestrictForm,
    ReviewForm,
    TellForm,
    allowed_by,
)
from groundwork import addresses
from groundwork.clock import moment_in_words, today_here
from groundwork.refusals import NotAllowed
from outbox.models import State
from staff.access import note_opening, note_search
from staff.console import Place, ReadOnlyAdmin, console, staff_id
from staff.models import StaffUser
from subscribers.models import Subscriber


@dataclass(frozen=True)
class Act:
    """One form of one verb: what stands on it, and what it does when it holds."""

    permission: str
    heading: str
    lead: str
    button: str
    form: type[forms.Form]
    do: Callable[[Any, dict[str, Any], int], str]


class AboutPeopleAdmin(ReadOnlyAdmin):
    """A register whose rows are about people: masked, found by exact address."""

    change_list_template = "admin/data_subjects/list.html"
    adding: Act
    add_label = ""
    # The lookup by which the rows of one person are found.
    person_lookup = "data_subject"
    list_filter = ()

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        return lookup == self.person_lookup

    def _name(self, name: str) -> str:
        return f"admin:data_subjects_{self.opts.model_name}_{name}"

    def get_urls(self) -> list[Any]:
        find = self.admin_site.admin_view(self.find_view)
        name = f"data_subjects_{self.opts.model_name}_find"
        own = [path("find/", find, name=name)]
        for act_name in self.acts():
            view = self.admin_site.admin_view(self.act_view)
            own.append(
                path(
                    f"<int:pk>/{act_name}/",
                    view,
                    {"act_name": act_name},
                    name=f"data_subjects_{self.opts.model_name}_{act_name}",
                )
            )
        return [*own, *super().get_urls()]

    def acts(self) -> dict[str, Act]:
        """The verbs on one row, by the last part of their address."""
        return {}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(f"data_subjects.{self.adding.permission}")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {
            "add_url": reverse(self._name("add")),
            "add_label": self.add_label,
            "find_url": reverse(self._name("find")),
        }
        return super().changelist_view(request, context | (extra_context or {}))

    def find_view(self, request: HttpRequest) -> HttpResponseBase:
        """By exact address and by POST: no address in a URL or a log."""
        self.require(request, f"view_{self.opts.model_name}")
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        subject = _known_by(request.POST.get("address", ""))
        note_search(request, subject.pk if subject else None)
        there = reverse(self._name("changelist"))
        if subject is None:
            messages.warning(request, "Nobody is known by this exact address.")
            return HttpResponseRedirect(there)
        return HttpResponseRedirect(f"{there}?{self.person_lookup}={subject.pk}")

    # --- Forms ---

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        self.require(request, self.adding.permission)
        initial = {} if request.method == "POST" else _initial(request)
        return self._act(request, self.adding, None, initial)

    def act_view(self, request: HttpRequest, pk: int, act_name: str) -> HttpResponse:
        act = self.acts()[act_name]
        self.require(request, act.permission)
        row = self.model._default_manager.filter(pk=pk).first()
        if row is None:
            raise Http404
        return self._act(request, act, row, {})

    def _act(
        self, request: HttpRequest, act: Act, row: Any, initial: dict[str, Any]
    ) -> HttpResponse:
        self.require(request, act.permission)
        is_post = request.method == "POST"
        form = act.form(request.POST if is_post else None, initial=initial)
        if is_post and form.is_valid() and self._is_done(request, act, row, form):
            return HttpResponseRedirect(reverse(self._name("changelist")))
        context = {
            "form": form,
            "heading": act.heading,
            "lead": act.lead,
            "button": act.button,
        }
        return self._page(request, "form", context, status=400 if is_post else 200)

    def _is_done(
        self, request: HttpRequest, act: Act, row: Any, form: forms.Form
    ) -> bool:
        """Carry it out; a refusal changes nothing and stands on the form."""
        try:
            with transaction.atomic():
                said = act.do(row, form.cleaned_data, staff_id(request))
        except NotAllowed as refusal:
            form.add_error(None, str(refusal))
            return False
        messages.success(request, said)
        return True

    def _page(
        self,
        request: HttpRequest,
        name: str,
        context: dict[str, Any],
        *,
        status: int = 200,
    ) -> TemplateResponse:
        """A page of this register, with the way back to its list."""
        back = {
            "back": reverse(self._name("changelist")),
            "back_label": self.place.label if self.place else "",
        }
        return TemplateResponse(
            request,
            f"admin/data_subjects/{name}.html",
            self.page_context(request, title="", **context, **back),
            status=status,
        )

    # --- The page of one row ---

    @method_decorator(require_safe)
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.to_show(request, object_id)
        for subject in self.people_of(row):
            note_opening(request, subject)
        context = {
            "heading": str(row).capitalize(),
            "facts": self.facts(row),
            "buttons": self._buttons(request, row),
        }
        return self._page(request, "row", context)

    def _buttons(self, request: HttpRequest, row: Any) -> list[tuple[str, str]]:
        """The acts that are open on this row to whoever looks: words and address."""
        if not self.is_open(row):
            return []
        return [
            (act.heading, reverse(self._name(name), args=[row.pk]))
            for name, act in self.acts().items()
            if request.user.has_perm(f"data_subjects.{act.permission}")
        ]

    def people_of(self, row: Any) -> list[Any]:
        return [row.data_subject_id]

    def is_open(self, row: Any) -> bool:
        return False

    def facts(self, row: Any) -> list[tuple[str, str]]:
        """What the page of one row says of it; each register says more."""
        return [("Number", str(row.pk))]


def _known_by(typed: str) -> DataSubject | None:
    try:
        address = addresses.normalise(typed[:320].replace("\0", ""))
    except ValidationError:
        return None
    digest = addresses.digest(address)
    return DataSubject.objects.filter(address_digest=digest).first()


def _initial(request: HttpRequest) -> dict[str, Any]:
    """From the page of a reader, whose number is in the link: the address is filled in,
    and that it was shown is on record."""
    number = request.GET.get("reader", "")
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        return {"disclosed_on": today_here()}
    if not request.user.has_perm("subscribers.view_subscriber"):
        raise PermissionDenied
    reader = Subscriber.objects.filter(pk=int(number)).first()
    if reader is None:
        return {"disclosed_on": today_here()}
    note_opening(request, reader.data_subject_id)
    address = reader.address
    return {"address": address, "people": address, "disclosed_on": today_here()}


def when(moment: Any) -> str:
    return moment_in_words(moment) if moment else "—"


def who(number: int | None) -> str:
    return str(StaffUser.objects.filter(pk=number or 0).first() or "—")


def masked(address: str) -> str:
    return addresses.mask(address) if address else "—"


# --- Restrictions ---


def _restrict(row: Any, data: dict[str, Any], by: int) -> str:
    asked = restriction.Asked(Ground(data["ground"]), data["reason"], data["address"])
    restriction.restrict(subject_of(data["address"]).pk, asked, staff_id=by)
    return "Restricted: from now on the data is stored and not used."


def _tell(row: Restriction, data: dict[str, Any], by: int) -> str:
    if data["how"] == "e-mail":
        restrictions.tell_by_mail(row.pk, ending=data["ending"], staff_id=by)
        return (
            "The e-mail is on its way. Once it was sent, the restriction can be lifted."
        )
    restriction.tell(row.pk, ending=data["ending"], how=data["how"], staff_id=by)
    return "On record: the person was told. The restriction can be lifted now."


def _lift(row: Restriction, data: dict[str, Any], by: int) -> str:
    restrictions.lift(row.pk, staff_id=by)
    return "Lifted: the data may be used again."


class RestrictionAdmin(AboutPeopleAdmin):
    place = Place("Registers", 20, "Restrictions")
    lead = (
        "Data that is stored and not otherwise used (UK GDPR, Article 18): no mailing, "
        "no export, no change, no removal."
    )
    nothing_yet = "No data is restricted, and none has been."
    add_label = "Restrict somebody’s data"
    duties = {
        "view_restriction": "See restrictions",
        "impose_restriction": "Restrict the use of a person’s data",
        "tell_restriction": "Tell a person that a restriction will end",
        "lift_restriction": "Lift a restriction",
    }
    list_display = ("person", "ground", "state", "since")
    ordering = ("-pk",)
    adding = Act(
        "impose_restriction",
        "Restrict somebody’s data",
        "It takes effect at once, also for mail that is queued already. The person need "
        "not be a reader.",
        "Restrict it",
        RestrictForm,
        _restrict,
    )

    def acts(self) -> dict[str, Act]:
        return {
            "tell": Act(
                "tell_restriction",
                "Tell the person that it will end",
                "The law has us tell the person before a restriction is lifted.",
                "Tell the person",
                TellForm,
                _tell,
            ),
            "lift": Act(
                "lift_restriction",
                "Lift the restriction",
                "The data may be used again. Refused before the person was told.",
                "Lift it",
                ConsoleForm,
                _lift,
            ),
        }

    def is_open(self, row: Restriction) -> bool:
        return row.is_open

    def person(self, row: Restriction) -> str:
        return masked(row.address)

    def get_queryset(self, request: HttpRequest) -> Any:
        return restrictions.with_mail_state(super().get_queryset(request))

    def state(self, row: Any) -> SafeString:
        shape, words = state_of(row)
        return format_html('<span class="state {}">{}</span>', shape, words)

    def since(self, row: Restriction) -> str:
        return when(row.starts_at)

    def facts(self, row: Restriction) -> list[tuple[str, str]]:
        return [
            ("Person", row.address or "—"),
            ("Ground", row.get_ground_display()),
            ("Reason", row.reason),
            ("Since", when(row.starts_at)),
            ("Restricted by", who(row.staff_id)),
            ("Ends when", row.ends_when),
            *(
                (f"Used {when(use.used_at)}", _words_of_use(use))
                for use in row.uses.all()
            ),
            ("What ended it", row.ending or "—"),
            ("State", state_of(row)[1]),
            ("Person was told", when(row.notice_sent_at)),
            ("Lifted", when(row.lifted_at)),
            ("Lifted by", who(row.lifted_by_id)),
        ]


def _words_of_use(use: UseDespite) -> str:
    what = use.get_what_display()
    return (
        f"{what}, by {who(use.staff_id)}: {use.get_allowance_display()}. {use.reason}"
    )


# How far the notice by e-mail has come, while the restriction stands.
NOTICE_STATES = {
    State.QUEUED: ("waiting", "in force; notice on its way"),
    State.IN_FLIGHT: ("waiting", "in force; notice on its way"),
    State.SENT: ("waiting", "told, to be lifted"),
    State.WITHHELD: ("bad", "in force; notice was not sent"),
    State.FAILED: ("bad", "in force; notice failed"),
    State.UNKNOWN: ("bad", "in force; unknown whether the notice arrived"),
}


def state_of(row: Any) -> tuple[str, str]:
    """Shape and words; row carries the state of its e-mail (with_mail_state)."""
    if not row.is_open:
        return "over", "lifted"
    if row.notice_sent_at is not None:
        return NOTICE_STATES[State.SENT]
    return NOTICE_STATES.get(row.notice_state, ("waiting", "in force"))


# --- Legal holds ---


def _place(row: Any, data: dict[str, Any], by: int) -> str:
    matter = holds.Matter(data["matter"], data["reason"], data["review_on"])
    people = subjects_of(data["people"])
    holds.place(people, matter, owner_id=by, today=today_here())
    return "Held: nothing of these people is removed while the hold stands."


def _review(row: LegalHold, data: dict[str, Any], by: int) -> str:
    review_on = data["review_on"]
    holds.review(row.pk, review_on=review_on, staff_id=by, today=today_here())
    return f"Reviewed. The next look is due on {review_on:%-d %B %Y}."


def _release(row: LegalHold, data: dict[str, Any], by: int) -> str:
    holds.release(row.pk, staff_id=by)
    return "Released: the retention rules apply again from the next run."


class LegalHoldAdmin(AboutPeopleAdmin):
    place = Place("Registers", 21, "Legal holds")
    lead = (
        "What must be kept because a legal claim may need it. While a hold stands, no "
        "purge removes anything of the people named in it."
    )
    nothing_yet = "No hold stands, and none has stood."
    add_label = "Place a hold"
    person_lookup = "people__data_subject"
    duties = {
        "view_legalhold": "See legal holds",
        "place_legalhold": "Place a legal hold",
        "review_legalhold": "Review a legal hold",
        "release_legalhold": "Release a legal hold",
    }
    list_display = ("matter", "people", "state", "review_on")
    ordering = ("-pk",)
    adding = Act(
        "place_legalhold",
        "Place a legal hold",
        "You become its owner and are reminded of the review. The people need not be "
        "readers.",
        "Place the hold",
        HoldForm,
        _place,
    )

    def acts(self) -> dict[str, Act]:
        return {
            "review": Act(
                "review_legalhold",
                "Review the hold",
                "You looked, and it is still needed. Otherwise release it.",
                "It is still needed",
                ReviewForm,
                _review,
            ),
            "release": Act(
                "release_legalhold",
                "Release the hold",
                "What is due is removed by the next nightly run.",
                "Release it",
                ConsoleForm,
                _release,
            ),
        }

    def people_of(self, row: LegalHold) -> list[Any]:
        return list(row.people.values_list("data_subject_id", flat=True))

    def is_open(self, row: LegalHold) -> bool:
        return row.is_standing

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(people_count=Count("people"))

    def people(self, row: Any) -> int:
        return int(row.people_count)

    def state(self, row: LegalHold) -> SafeString:
        if not row.is_standing:
            return format_html('<span class="state over">{}</span>', "released")
        if row.review_on <= today_here():
            return format_html('<span class="state bad">{}</span>', "review is due")
        return format_html('<span class="state good">{}</span>', "stands")

    def facts(self, row: LegalHold) -> list[tuple[str, str]]:
        people = [
            held.address or str(held.data_subject_id) for held in row.people.all()
        ]
        return [
            ("Matter", row.matter),
            ("Reason", row.reason),
            ("People", ", ".join(people)),
            ("Owner", who(row.owner_id)),
            ("Placed", when(row.placed_at)),
            ("Next review", f"{row.review_on:%-d %B %Y}"),
            ("Released", when(row.released_at)),
            ("Released by", who(row.released_by_id)),
        ]


# --- Disclosures ---


def _disclose(row: Any, data: dict[str, Any], by: int) -> str:
    given = disclosures.Given(
        **{field.name: data[field.name] for field in fields(disclosures.Given)}
    )
    subject = subject_of(data["address"])
    disclosures.record(
        subject.pk, given, staff_id=by, today=today_here(), allowed=allowed_by(data)
    )
    return "On record. It cannot be changed; record a new one to correct it."


class DisclosureAdmin(AboutPeopleAdmin):
    place = Place("Registers", 22, "Disclosures")
    lead = (
        "What was given of one person to one organisation, once. Who gets data "
        "regularly stands among the recipients of the register."
    )
    nothing_yet = "Nothing has been disclosed."
    add_label = "Record a disclosure"
    person_lookup = "data_subject_id"
    duties = {
        "view_disclosure": "See disclosures",
        "record_disclosure": "Record a disclosure",
    }
    list_display = ("recipient", "role", "country_code", "kinds", "disclosed_on")
    ordering = ("-id",)
    adding = Act(
        "record_disclosure",
        "Record a disclosure",
        "For data that was given away once: to a court, an insurer, an adviser.",
        "Put it on record",
        DisclosureForm,
        _disclose,
    )

    def kinds(self, row: Disclosure) -> str:
        return ", ".join(row.categories)

    def facts(self, row: Disclosure) -> list[tuple[str, str]]:
        evidence = DisclosureEvidence.objects.filter(disclosure_id=row.pk).first()
        return [
            ("Organisation", row.recipient),
            ("Role", row.get_role_display()),
            ("Country", row.country_code),
            ("Safeguard", row.safeguard or "—"),
            ("Kinds of data", ", ".join(row.categories)),
            ("Purpose", row.purpose),
            ("Ground", row.get_legal_ground_display()),
            ("Given on", f"{row.disclosed_on:%-d %B %Y}"),
            ("Recorded", when(row.at)),
            ("Recorded by", who(row.staff_id)),
            ("Where to look it up", evidence.reference if evidence else "removed"),
            ("In the ledgers", str(row.data_subject_id)),
        ]


console.register(Restriction, RestrictionAdmin)
console.register(LegalHold, LegalHoldAdmin)
console.register(Disclosure, DisclosureAdmin)
