"""The documents of a case: uploaded by staff, handed out to staff, each time on record."""

import logging
import uuid
from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_POST

from groundwork.refusals import NotAllowed, refuse
from rights_requests import (
    authority,
    case_acts,
    casebook,
    sending_lines,
    sensitive,
    vault,
    vault_keeping,
)
from rights_requests.act_desk import act_url, require, tab_url
from rights_requests.case_acts import RELEASE, WORK
from rights_requests.case_forms import one_of
from rights_requests.case_page import CasePage, page_of, render
from rights_requests.case_timeline import staff_names
from rights_requests.desk import MAY_SEE
from rights_requests.filing import DiskRefuses, file_documents
from rights_requests.fulfilment import building, evidence, releasing, standing_copy
from rights_requests.kinds import CaseKind
from rights_requests.models import SOFTWARE, Case, CaseDocument
from rights_requests.moves import State
from rights_requests.upload_kinds import ALLOWED_WORDS, UploadRefused
from rights_requests.upload_limits import MEGABYTE, MOST_BYTES, was_too_large
from rights_requests.uploads import check_upload
from rights_requests.whose_answer import COPIES, is_asked_by_stranger
from staff.access import note_taking
from staff.console import console, staff_id

logger = logging.getLogger(__name__)
Purpose = CaseDocument.Purpose
ACCEPTED = "Accepted, and on record: what they ask for the person can be done now."
DOUBTED = "On record: nothing more is done for the person at their word."
PROOF = "Only whoever works on cases may see a proof of identity."


class UploadForm(forms.Form):
    """What the file is, and the file."""

    use_required_attribute = False

    purpose = one_of(
        "What is it?",
        [(purpose.value, str(purpose.label).capitalize()) for purpose in Purpose],
        "Say what it is",
    )
    file = forms.FileField(
        label="File",
        help_text=f"{ALLOWED_WORDS}, at most {MOST_BYTES // MEGABYTE} MB. It is kept "
        "encrypted.",
        error_messages={
            "required": "Choose a file",
            "empty": "Choose another file: this one is empty",
        },
    )

    def clean_file(self) -> Any:
        try:
            return check_upload(self.cleaned_data["file"])
        except UploadRefused as refusal:
            raise forms.ValidationError(refusal.message) from refusal


@console.page(
    "rights_requests/case/<uuid:pk>/documents/",
    name="case-documents",
    permission=MAY_SEE,
)
@require_http_methods(["GET", "HEAD", "POST"])
def documents_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The list; a POST adds one. A refused file is told, and nothing else is lost."""
    page = page_of(request, pk)
    if request.method != "POST":
        return _page(page, _form_of(page.case))
    require(request, WORK)
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(page, form, status=413 if was_too_large(request) else 400)
    try:
        file_documents(
            page.case.pk,
            [form.cleaned_data["file"]],
            Purpose(form.cleaned_data["purpose"]),
            staff_id=staff_id(request),
            now=timezone.now(),
        )
    except NotAllowed as refusal:
        form.add_error("purpose", str(refusal))
        return _page(page, form, status=409)
    except DiskRefuses as trouble:
        form.add_error("file", trouble.words)
        return _page(page, form, status=503)
    messages.success(request, "Kept, encrypted.")
    return redirect(tab_url(page.case, "documents"))


def _page(
    page: CasePage,
    form: UploadForm,
    *,
    status: int = 200,
    problem: str = "",
    unsent: str = "",
) -> HttpResponse:
    """unsent: a reason that was typed and not taken."""
    copy = standing_copy.shown(page.case, now=page.now, staff_id=staff_id(page.request))
    is_any = copy is not None and copy.standing is not None
    rows = list(page.case.documents.all())
    waiting = releasing.files_to_release(page.case)
    names = staff_names(
        n
        for row in rows
        for n in (row.staff_id, row.released_by_id, row.accepted_by_id)
    )
    return render(
        page,
        "documents",
        status=status,
        problem=problem,
        unsent=unsent,
        copy=copy,
        **_sending(page),
        why_not_read_copy=why_not_read_copy(page.request, page.case) if is_any else "",
        may_release=page.request.user.has_perm(RELEASE),
        form=form,
        documents=[
            {
                "row": row,
                "by": names.get(row.staff_id or 0) or _by_nobody_here(row),
                "digest": bytes(row.content_digest).hex(),
                "why_not": why_not_open(page.request, row),
                "can_remove": _can_remove(row),
                "is_handed": row.is_put_together and row.package.handed_at is not None,
                "released_by": names.get(row.released_by_id or 0, ""),
                "waits": row in waiting,
                "may_be_authority": authority.may_be(row),
                "accepted_by": names.get(row.accepted_by_id or 0, ""),
            }
            for row in rows
        ],
        files_to_release=waiting,
        why_not_release_files=_why_not_release_files(page) if waiting else "",
    )


def _sending(page: CasePage) -> dict[str, Any]:
    """Where the file of this case goes beside the person, and what can be done there."""
    if page.case.kind != CaseKind.PORTABILITY:
        return {}
    line = sending_lines.shown(page.case)
    ask = case_acts.BY_NAME["where-to-send"]
    acts = [case_acts.BY_NAME[name] for name in line.acts] if line else []
    row = line.row if line else None
    names = staff_names([row.given_by_id, row.named_by_id]) if row else {}
    return {
        "sends": True,
        "sending": line,
        "given_by": names.get(row.given_by_id or 0) or "the person" if row else "",
        "named_by": names.get(row.named_by_id or 0, "") if row else "",
        "sending_acts": [
            (act.button, act_url(act, row.pk)) for act in acts if row is not None
        ],
        "where_url": act_url(ask, page.case.pk) if page.case.is_open else "",
    }


def _why_not_release_files(page: CasePage) -> str:
    """What keeps this member of staff from releasing the files; empty when nothing does."""
    return releasing.why_not_release_files(
        page.case, staff_id=staff_id(page.request)
    ) or why_not_read_copy(page.request, page.case)


@console.page(
    "rights_requests/case/<uuid:pk>/release-files/",
    name="case-release-files",
    permission=RELEASE,
)
@require_POST
def release_files(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Let the files go that systems outside or colleagues brought for the answer."""
    require(request, MAY_SEE)
    page = page_of(request, pk)
    if why_not := why_not_read_copy(request, page.case):
        return refused(page, why_not)
    try:
        releasing.release_files(
            page.case.pk,
            files_shown(request),
            staff_id=staff_id(request),
            now=timezone.now(),
        )
    except NotAllowed as refusal:
        return refused(page, str(refusal))
    messages.success(request, "Released: they go with the answer.")
    return redirect(tab_url(page.case, "documents"))


def files_shown(request: HttpRequest) -> set[uuid.UUID]:
    """The files that the page listed as waiting when somebody pressed the button. What
    is not the number of a document is of none."""
    return set(filter(None, map(_number, request.POST.getlist("file"))))


def _number(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _by_nobody_here(row: CaseDocument) -> str:
    if row.staff_id == SOFTWARE:
        return "a system outside"
    is_by_agent = row.case.submission.is_by_agent
    return "whoever asks for the person" if is_by_agent else "the person"


def why_not_open(request: HttpRequest, row: CaseDocument) -> str:
    """Why this member of staff may not have the file; empty when they may."""
    if row.removed_at is not None:
        return "It is gone."
    return next(iter(_missing(request, row)), "")


def _missing(request: HttpRequest, row: CaseDocument) -> list[str]:
    """What is said to this member of staff of each permission that they lack for it.
    Whoever releases copies reads them, too."""
    user = request.user
    is_copy = row.purpose == Purpose.ANSWER and row.case.kind in COPIES
    may_read = {WORK} if is_copy and user.has_perm(RELEASE) else set()
    return [
        why
        for permission, why in _asked_of_reader(row).items()
        if permission not in may_read and not user.has_perm(permission)
    ]


def _asked_of_reader(row: CaseDocument) -> dict[str, str]:
    """Each permission that this file needs beyond seeing the case, and what is said to
    whoever does not have it."""
    submission = row.case.submission
    if row.purpose == Purpose.ANSWER:
        if not row.is_put_together and row.staff_id != SOFTWARE:
            return {}  # written by us
        is_shut = sensitive.is_anything_shut_away(submission.data_subject)
        needed = {WORK: "Only whoever works on cases may have all that is held."}
    else:
        is_shut = submission.shut_away_at is not None
        needed = {WORK: PROOF} if row.purpose == Purpose.IDENTITY else {}
    return {**needed, **({sensitive.MAY_SEE: "It is shut away."} if is_shut else {})}


def why_not_read_copy(request: HttpRequest, case: Case) -> str:
    """Why this member of staff may not read what a copy has, which is everything; empty
    when they may."""
    user = request.user
    if not (user.has_perm(WORK) or user.has_perm(RELEASE)):
        return "Only whoever works on cases or releases copies may read it."
    is_shut = sensitive.is_anything_shut_away(case.submission.data_subject)
    if is_shut and not user.has_perm(sensitive.MAY_SEE):
        return (
            "Something of this person is shut away: only whoever may see that reads the "
            "copy and releases it."
        )
    return ""


def _form_of(case: Case) -> UploadForm:
    """With what is to be added next."""
    is_authority = is_asked_by_stranger(case)
    purpose = Purpose.AUTHORITY if is_authority else Purpose.ANSWER
    return UploadForm(initial={"purpose": purpose})


def refused(page: CasePage, problem: str, *, unsent: str = "") -> HttpResponse:
    """The list of documents with what stood against something, in words."""
    form = _form_of(page.case)
    return _page(page, form, status=409, problem=problem, unsent=unsent)


def _can_remove(row: CaseDocument) -> bool:
    """An answer that has not left, put there by mistake; and a copy that was put
    together, handed over or not: the person can have it again."""
    if row.purpose != Purpose.ANSWER or row.removed_at is not None:
        return False
    return row.case.state == State.IN_PROGRESS or row.is_put_together


@console.page("rights_requests/case/<uuid:pk>/copy/", name="case-copy", permission=WORK)
@require_POST
def put_copy_together(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Have all that is held of the person put together; a worker does so within
    seconds."""
    require(request, MAY_SEE)
    page = page_of(request, pk)
    try:
        building.ask(page.case.pk, staff_id=staff_id(request), now=timezone.now())
    except NotAllowed as refusal:
        return refused(page, str(refusal))
    messages.success(request, "It is being put together. This page says how far it is.")
    return redirect(tab_url(page.case, "documents"))


@console.page(
    "rights_requests/case/<uuid:pk>/evidence/", name="case-evidence", permission=WORK
)
@require_POST
def evidence_file(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    """Hand out what shows how the case was handled; that it was taken is on record."""
    require(request, MAY_SEE)
    case = get_object_or_404(Case.objects.select_related("submission", "about"), pk=pk)
    pieces = evidence.bundle(case, staff_id=staff_id(request), now=timezone.now())
    answer = StreamingHttpResponse(pieces, content_type="application/zip")
    name = evidence.file_name(case)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


# --- One document ---


@console.page(
    "rights_requests/casedocument/<uuid:pk>/file/",
    name="casedocument-file",
    permission=MAY_SEE,
)
@require_POST
def document_file(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    """Hand out the file, once that is on record. A POST: it takes personal data out."""
    row = get_object_or_404(
        CaseDocument.objects.select_related("case__submission", "package"), pk=pk
    )
    submission = row.case.submission
    if row.removed_at is not None:
        return _refused(request, row, why_not_open(request, row), status=410)
    if _missing(request, row):
        raise PermissionDenied
    try:
        chunks = vault.read(row.vault_name)
    except vault.VaultError as trouble:
        logger.exception("Document %s cannot be read from the vault", row.pk)
        return _refused(
            request, row, f"This file cannot be opened. {trouble}", status=503
        )
    note_taking(request, submission.data_subject_id)
    return _as_file(row, chunks)


def _refused(
    request: HttpRequest, row: CaseDocument, problem: str, *, status: int
) -> HttpResponse:
    page = page_of(request, row.case_id)
    return _page(page, UploadForm(), status=status, problem=problem)


def _as_file(row: CaseDocument, chunks: Iterator[bytes]) -> StreamingHttpResponse:
    """To be saved, whatever it is: no browser shows it in our name."""
    answer = StreamingHttpResponse(chunks, content_type="application/octet-stream")
    answer["Content-Length"] = str(row.size)
    disposition = content_disposition_header(True, row.name)
    answer["Content-Disposition"] = disposition or "attachment"
    return answer


@console.page(
    "rights_requests/casedocument/<uuid:pk>/remove/",
    name="casedocument-remove",
    permission=WORK,
)
@require_POST
def remove_document(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take back an answer that was uploaded by mistake, before it has left."""
    require(request, MAY_SEE)
    row = get_object_or_404(CaseDocument, pk=pk)
    try:
        _take_back(row, staff_id(request))
    except NotAllowed as refusal:
        return _refused(request, row, str(refusal), status=409)
    messages.success(request, "The file is gone; that there was one stays on record.")
    return redirect(tab_url(row.case, "documents"))


@console.page(
    "rights_requests/casedocument/<uuid:pk>/authority/",
    name="casedocument-authority",
    permission=WORK,
)
@require_POST
def say_of_authority(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """It shows that they may ask for the person; or it does not after all."""
    require(request, MAY_SEE)
    row = get_object_or_404(
        CaseDocument.objects.select_related("case__submission"), pk=pk
    )
    if row.removed_at is None and _missing(request, row):
        raise PermissionDenied
    says = {"yes": authority.accept, "no": authority.doubt}.get(
        request.POST.get("shows", "")
    )
    try:
        if says is None:
            raise NotAllowed("Say whether it shows that they may ask for the person.")
        said = says(row.pk, staff_id=staff_id(request), now=timezone.now())
    except NotAllowed as refusal:
        return _refused(request, row, str(refusal), status=409)
    messages.success(request, ACCEPTED if said.accepted_at else DOUBTED)
    return redirect(tab_url(row.case, "documents"))


@transaction.atomic
def _take_back(row: CaseDocument, by: int) -> None:
    case = casebook.locked(row.case_id)
    found = CaseDocument.objects.select_related("case").get(pk=row.pk)
    found.case = case
    refuse(
        ""
        if _can_remove(found)
        else "Only an answer that has not left can be taken back."
    )
    vault_keeping.remove_document(found, staff_id=by, now=timezone.now())
