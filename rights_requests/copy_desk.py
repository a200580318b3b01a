"""The console's pages of a copy: reading it before it leaves, leaving something out of
it, and letting it go.

What goes into the copy is read a page at a time. Reading it is for whoever works on
cases, and where anything of the person is shut away, for whoever may see that.
"""

import uuid
from collections.abc import Callable
from functools import cached_property
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from groundwork.holdings import Holding, Record
from groundwork.refusals import NotAllowed
from rights_requests import documents_desk
from rights_requests.act_desk import require, tab_url
from rights_requests.case_acts import RELEASE, WORK
from rights_requests.case_forms import Line, Words, one_of
from rights_requests.case_page import CasePage, page_of, render
from rights_requests.case_timeline import staff_names
from rights_requests.desk import MAY_SEE
from rights_requests.fulfilment import building, freshness, redacting, releasing
from rights_requests.fulfilment.hints import Hints
from rights_requests.fulfilment.marks import (
    Extent,
    Reason,
    Remark,
    idle_in_words,
    remark_on,
)
from rights_requests.fulfilment.pages import Place
from rights_requests.fulfilment.redacting import LONGEST_NOTE, LONGEST_WORDS, Wanted
from rights_requests.fulfilment.showing import Entry, shown_entry
from rights_requests.models import Package, Redaction
from staff.console import console, staff_id

ON_A_PAGE = 25
MOST_MARKS = 200
ROUTE = "rights_requests/case/<uuid:pk>/copy/contents/"


# --- What is left out ---


class _Why(forms.Form):
    """Why something is left out."""

    use_required_attribute = False

    reason = one_of("Why may it be left out?", Reason.choices, "Choose the reason")
    note = Line(
        "A note for colleagues",
        max_length=LONGEST_NOTE,
        help_text="What the decision rests on. It does not go into the copy.",
    )


class EverywhereForm(_Why):
    """Words that are left out wherever they stand."""

    words = Words(
        "The words",
        "Give the words to be left out",
        rows=2,
        max_length=LONGEST_WORDS,
        help_text="For example a name. Capital letters and line breaks make no "
        "difference, and only whole words are found. The files of an entry in which they "
        "stand are left out with them; words within other files are not found.",
    )
    field_order = ("words", "reason", "note")

    def wanted(self) -> Wanted:
        return Wanted(
            Extent.EVERYWHERE,
            Reason(self.cleaned_data["reason"]),
            words=self.cleaned_data["words"],
            note=self.cleaned_data["note"],
        )


class EntryForm(_Why):
    """Something of one entry."""

    extent = one_of("What is left out?", [], "Say what is left out")
    field = forms.ChoiceField(
        label="The field",
        required=False,
        error_messages={"invalid_choice": "Choose one of the fields listed"},
    )
    words = Words(
        "The words",
        rows=3,
        max_length=LONGEST_WORDS,
        help_text="Copied from the field as it is shown, as whole words.",
    )
    field_order = ("extent", "field", "words", "reason", "note")

    def __init__(
        self, *args: Any, fields: list[tuple[str, str]], has_files: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        extents = [
            (Extent.PASSAGE, "Some words of one field"),
            (Extent.FIELD, "A whole field"),
            (Extent.ENTRY, "The whole entry, with its files"),
        ]
        if has_files:
            extents.append((Extent.FILES, "Its files, and nothing else"))
        self.fields["extent"].choices = extents  # type: ignore[attr-defined]
        self.fields["field"].choices = [("", "Choose"), *fields]  # type: ignore[attr-defined]

    def wanted(self, place: str, entry: str) -> Wanted:
        told = self.cleaned_data
        extent = Extent(told["extent"])
        is_of_field = extent in (Extent.PASSAGE, Extent.FIELD)
        return Wanted(
            extent,
            Reason(told["reason"]),
            place=place,
            entry=entry,
            field=told["field"] if is_of_field else "",
            words=told["words"] if extent == Extent.PASSAGE else "",
            note=told["note"],
        )


class _Desk:
    """A copy as somebody reads it before it leaves."""

    def __init__(self, request: HttpRequest, pk: uuid.UUID) -> None:
        require(request, MAY_SEE)
        self.request = request
        self.page: CasePage = page_of(request, pk)
        self.case = self.page.case
        if self.case.kind not in building.MAKERS:
            raise Http404
        if documents_desk.why_not_read_copy(request, self.case):
            raise PermissionDenied
        self.contents = redacting.Contents(self.case)

    @cached_property
    def why_not(self) -> str:
        if not self.request.user.has_perm(WORK):
            return "Only whoever works on cases can leave something out."
        return redacting.why_not_mark(self.case)

    @cached_property
    def marks(self) -> list[Redaction]:
        return list(self.case.redactions.standing())

    @cached_property
    def remarks(self) -> dict[int, Remark]:
        """What became of the marks in the copy that stands, where that has to be known;
        by their numbers."""
        package = freshness.newest_package(self.case)
        if package is None:
            return {}
        found = ((mark.pk, remark_on(mark, package)) for mark in self.marks)
        return {number: remark for number, remark in found if remark is not None}

    @property
    def idle(self) -> str:
        """How many of the marks took nothing out, in words."""
        return idle_in_words(sum(one.is_idle for one in self.remarks.values()))

    def place(self, key: str) -> Holding:
        holding = self.contents.place(key)
        if holding is None:
            raise Http404
        return holding

    def place_url(self, key: str) -> str:
        return reverse("admin:case-copy-place", args=[self.case.pk, key])

    def described(self) -> list[dict[str, Any]]:
        """Each mark in words, for the list of them; first those that took nothing out."""
        idle = {number for number, one in self.remarks.items() if one.is_idle}
        marks = sorted(self.marks, key=lambda mark: mark.pk not in idle)[:MOST_MARKS]
        names = staff_names(mark.marked_by_id for mark in self.marks)
        titles = {h.key: h.title for h in map(self.contents.place, self._keys) if h}
        return [
            {
                "mark": mark,
                "remark": self.remarks.get(mark.pk),
                "where": titles.get(mark.place, ""),
                "url": self.place_url(mark.place) if mark.place in titles else "",
                "by": names.get(mark.marked_by_id, ""),
            }
            for mark in marks
        ]

    @property
    def _keys(self) -> list[str]:
        return list(dict.fromkeys(mark.place for mark in self.marks if mark.place))

    def render(self, name: str, *, status: int = 200, **more: Any) -> HttpResponse:
        context = {"problem": "", "why_not": self.why_not, "idle": self.idle, **more}
        return render(self.page, "documents", name=name, status=status, **context)

    def leave_out(self, wanted: Wanted) -> None:
        require(self.request, WORK)
        redacting.leave_out(
            self.case.pk, wanted, staff_id=staff_id(self.request), now=timezone.now()
        )
        messages.success(
            self.request, "It is left out once the copy is put together again."
        )


# --- The pages ---


@console.page(ROUTE, name="case-copy-contents", permission=MAY_SEE)
@require_http_methods(["GET", "HEAD", "POST"])
def contents_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Every place of the copy, and what is left out of it; a POST leaves out words
    wherever they stand."""
    desk = _Desk(request, pk)
    if request.method != "POST":
        return _contents(desk, EverywhereForm())
    form = EverywhereForm(request.POST)
    if not form.is_valid():
        return _contents(desk, form, status=400)
    try:
        desk.leave_out(form.wanted())
    except NotAllowed as refusal:
        form.add_error("words", str(refusal))
        return _contents(desk, form, status=409)
    return redirect("admin:case-copy-contents", pk)


def _contents(desk: _Desk, form: EverywhereForm, *, status: int = 200) -> HttpResponse:
    counted: dict[str, int] = {}
    for mark in desk.marks:
        counted[mark.place] = counted.get(mark.place, 0) + 1
    return desk.render(
        "copy_contents",
        status=status,
        form=form,
        places=[
            (holding, desk.place_url(holding.key), count, counted.get(holding.key, 0))
            for holding, count in desk.contents.places()
        ],
        marks=desk.described(),
        marks_count=len(desk.marks),
        is_all=desk.contents.is_all,
        documents_url=tab_url(desk.case, "documents"),
    )


@console.page(f"{ROUTE}<slug:place>/", name="case-copy-place", permission=MAY_SEE)
@require_http_methods(["GET", "HEAD"])
def place_page(request: HttpRequest, pk: uuid.UUID, place: str) -> HttpResponse:
    """The entries of one place, some at a time, as they would be given."""
    desk = _Desk(request, pk)
    holding = desk.place(place)
    count = holding.count(desk.contents.person)
    last = max(1, -(-count // ON_A_PAGE))
    number = min(_page_number(request), last)
    start = (number - 1) * ON_A_PAGE
    records = desk.contents.records(holding, start, start + ON_A_PAGE)
    return desk.render(
        "copy_place",
        holding=holding,
        entries=[
            (one, [(mark, desk.remarks.get(mark.pk)) for mark in one.marks])
            for one in _entries(desk, holding, records)
        ],
        count=count,
        first=start + 1,
        number=number,
        last=last,
        before=number - 1,
        after=number + 1 if number < last else 0,
    )


def _page_number(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    return (
        max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 8 else 1
    )


def _entries(desk: _Desk, holding: Holding, records: list[Record]) -> list[Entry]:
    place = Place(holding, 0, frozenset())  # of which its entries alone are shown
    files = desk.contents.file_names(holding)
    hints = Hints(desk.contents.person)
    given = desk.contents.given(holding)
    return [
        shown_entry(place, given, record, desk.marks, files.get(record.key, []), hints)
        for record in records
    ]


@console.page(
    f"{ROUTE}<slug:place>/<str:row>/", name="case-copy-entry", permission=MAY_SEE
)
@require_http_methods(["GET", "HEAD", "POST"])
def entry_page(
    request: HttpRequest, pk: uuid.UUID, place: str, row: str
) -> HttpResponse:
    """One entry, and the form by which something of it is left out."""
    desk = _Desk(request, pk)
    holding = desk.place(place)
    record = desk.contents.record(holding, row)
    if record is None:
        raise Http404
    [shown] = _entries(desk, holding, [record])
    make = _form_of(shown)
    if request.method != "POST":
        return _entry(desk, holding, shown, make(None))
    form = make(request.POST)
    if not form.is_valid():
        return _entry(desk, holding, shown, form, status=400)
    try:
        desk.leave_out(form.wanted(holding.key, record.key))
    except NotAllowed as refusal:
        form.add_error("words", str(refusal))
        return _entry(desk, holding, shown, form, status=409)
    return redirect(f"{desk.place_url(place)}#entry-{record.key}")


def _form_of(shown: Entry) -> Callable[[Any], EntryForm]:
    fields = [(value.path, value.title) for value in shown.values]

    def make(data: Any) -> EntryForm:
        first: dict[str, str] = {"extent": Extent.PASSAGE, "reason": Reason.OTHERS}
        if len(fields) == 1:
            first["field"] = fields[0][0]
        return EntryForm(
            data, initial=first, fields=fields, has_files=bool(shown.files)
        )

    return make


def _entry(
    desk: _Desk, holding: Holding, shown: Entry, form: EntryForm, *, status: int = 200
) -> HttpResponse:
    return desk.render(
        "copy_entry",
        status=status,
        holding=holding,
        place_url=desk.place_url(holding.key),
        one=shown,
        form=form,
    )


@console.page(
    "rights_requests/redaction/<int:pk>/put-back/",
    name="redaction-put-back",
    permission=WORK,
)
@require_POST
def put_back(request: HttpRequest, pk: int) -> HttpResponse:
    """It is in the copy again, once that is put together anew."""
    require(request, MAY_SEE, WORK)
    mark = get_object_or_404(Redaction, pk=pk)
    desk = _Desk(request, mark.case_id)
    try:
        redacting.put_back(pk, staff_id=staff_id(request), now=timezone.now())
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request, "It is in the copy again once that is put together anew."
        )
    if mark.place and request.POST.get("from") == "place":
        return redirect(f"{desk.place_url(mark.place)}#entry-{mark.entry}")
    return redirect("admin:case-copy-contents", desk.case.pk)


# --- Letting it go ---


@console.page(
    "rights_requests/package/<uuid:pk>/release/",
    name="package-release",
    permission=RELEASE,
)
@require_POST
def release(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Let this very copy go to the person."""
    desk = _Desk(request, _case_of(pk))
    try:
        files = documents_desk.files_shown(request)
        releasing.release(pk, files, staff_id=staff_id(request), now=timezone.now())
    except NotAllowed as refusal:
        return documents_desk.refused(desk.page, str(refusal))
    messages.success(request, "Released.")
    return redirect(tab_url(desk.case, "documents"))


@console.page(
    "rights_requests/package/<uuid:pk>/send-back/",
    name="package-send-back",
    permission=RELEASE,
)
@require_POST
def send_back(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Do not let it go, and say why."""
    desk = _Desk(request, _case_of(pk))
    reason = request.POST.get("reason", "")[:LONGEST_WORDS].replace("\0", "")
    try:
        releasing.send_back(pk, reason, staff_id=staff_id(request), now=timezone.now())
    except NotAllowed as refusal:
        return documents_desk.refused(desk.page, str(refusal), unsent=reason)
    messages.success(request, "Sent back.")
    return redirect(tab_url(desk.case, "documents"))


def _case_of(package_id: uuid.UUID) -> uuid.UUID:
    package = get_object_or_404(Package.objects.only("case_id"), pk=package_id)
    return package.case_id
