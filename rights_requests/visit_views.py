"""A visit to one's own case: half an hour in which to read, write, and act.

The mailbox opened it, by the link in the first letter or by a mailed code. Whatever
cannot be undone has a page of its own on which to think again.
"""

import logging
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header

from groundwork import addresses, connector_keys, rate_limits
from groundwork.refusals import NotAllowed
from rights_requests import (
    casebook,
    closing,
    download_code,
    links,
    setting_aside,
    vault,
    visiting,
)
from rights_requests.asking_views import ASKING
from rights_requests.conversation import conversation_of
from rights_requests.filing import DiskRefuses
from rights_requests.fulfilment import transmissions, transmitting
from rights_requests.fulfilment.corrections import titles_of
from rights_requests.kinds import GROUNDS, CaseKind
from rights_requests.limits import likely_limits
from rights_requests.link_pages import link_page, not_a_link, problem
from rights_requests.links import Use
from rights_requests.models import Case, CaseDocument, CaseLink, Submission
from rights_requests.moves import Move, State
from rights_requests.standing import standing_of
from rights_requests.status_views import VISIT_MINUTES, named
from rights_requests.upload_kinds import ALLOWED_WORDS
from rights_requests.upload_limits import (
    MEGABYTE,
    MOST_BYTES,
    MOST_FILES,
    was_too_large,
)
from rights_requests.uploads import clean_name
from rights_requests.visit_forms import (
    MessageForm,
    NarrowForm,
    RightForm,
    SendToForm,
    UploadForm,
)
from rights_requests.whose_answer import COPIES
from rights_requests.writing import reaches_person, way_to

logger = logging.getLogger(__name__)
# The answer to what was done, named in the address that the browser comes back to.
DONE = {
    "message": "We have your message.",
    "masked": "We have your message. We took a card or National Insurance number out of "
    "it: nobody here needs that.",
    "document": "We have what you sent.",
    "corrected": "We have what you say is right. We look at it, and tell you what we did. "
    "Nothing has changed yet.",
    "left-out": "We have what you sent, but not each attachment of the e-mail: it has some "
    "of kinds that we do not take.",
    "stay": "This page stays open longer.",
    "narrowed": "You asked for less, and that is what we answer now.",
    "withdrawn": "You took it back, and we have stopped. A letter that says so is on its "
    "way.",
    "copy": "We know that you want your copy again. We tell you when it is on this page.",
    "send-to": "We know where your file should go. It leaves with our answer.",
    "send-stop": "We do not send your file to anybody else. You can still download it "
    "with our answer.",
    "links": "The old links no longer work. A letter with the new one is on its way.",
}
NOT_YOURS = (
    "Where the file goes is said by the person whose data it is, from their own mailbox. "
    "Write to us about it, and we take it down."
)
UPLOAD_HINT = (
    f"At most {MOST_FILES} files of {MOST_BYTES // MEGABYTE} MB each: {ALLOWED_WORDS}. "
    "Out of files with text we take the numbers of cards and National Insurance."
)
TURN_OF_PERSON = {
    State.AWAITING_IDENTITY: "Show us who you are",
    State.AWAITING_FEE: "Pay the fee, or tell us why not",
    State.AWAITING_CLARIFICATION: "Tell us which data you mean",
}


# --- The visit itself ---


@link_page("GET", "HEAD", "POST")
def visit(request: HttpRequest, token: str) -> HttpResponse:
    link = links.found(Use.VISIT, token)
    if link is None:
        return _no_visit(request, token)
    if request.method != "POST":
        return _page(request, link, token, done=DONE.get(request.GET.get("done", "")))
    act = ACTS.get(request.POST.get("act", ""))
    if act is None:
        return _page(request, link, token, status=400)
    return act(request, link, token)


def _no_visit(request: HttpRequest, token: str) -> HttpResponse:
    """Its half hour is over, or other links took its place: the typed words come back,
    and the way in stands there."""
    unsent = {
        "is_post": request.method == "POST",
        "words": request.POST.get("words", ""),
    }
    link = links.ended(Use.VISIT, token)
    if link is None:
        return problem(request, "unknown", status=404, **unsent)
    token = links.status_token(link.case)
    return problem(request, "over", status=410, token=token, **unsent)


def _back(token: str, done: str) -> HttpResponse:
    """To the page by GET, so that loading it again sends nothing again."""
    return redirect(reverse("rights_requests:visit", args=[token]) + f"?done={done}")


def _message(request: HttpRequest, link: CaseLink, token: str) -> HttpResponse:
    form = MessageForm(request.POST)
    if form.is_valid() and not rate_limits.case_writing_allowed(str(link.case_id)):
        form.add_error("words", _too_often())
    if not form.is_valid():
        return _page(request, link, token, form=form, status=400)
    now = timezone.now()
    visiting.write_message(link.case_id, form.cleaned_data["words"], now=now)
    return _back(token, "masked" if form.has_masked else "message")


def _document(request: HttpRequest, link: CaseLink, token: str) -> HttpResponse:
    purposes = visiting.purposes_for(link.case)
    sent = request.FILES.getlist("documents")
    form = UploadForm(request.POST, purposes=purposes, sent=sent)
    if form.is_valid() and not rate_limits.case_writing_allowed(str(link.case_id)):
        form.add_error("documents", _too_often())
    if not form.is_valid():
        status = 413 if was_too_large(request) else 400
        return _page(request, link, token, upload=form, status=status)
    files, purpose = form.cleaned_data["documents"], form.cleaned_data["purpose"]
    try:
        visiting.add_documents(link.case_id, files, purpose, now=timezone.now())
    except NotAllowed as refusal:
        return _refused(request, link, token, refusal)
    except DiskRefuses as trouble:
        upload = UploadForm(purposes=purposes)
        return _page(
            request, link, token, upload=upload, refusal=[trouble.words], status=503
        )
    is_whole = not any(file.left_out for file in files)
    return _back(token, "document" if is_whole else "left-out")


def _too_often() -> str:
    again_at = timezone.localtime(rate_limits.begins_anew())
    return (
        f"You have sent a great deal within the hour. Try this again after {again_at:%H:%M}, "
        "or e-mail it to us"
    )


def _stay(request: HttpRequest, link: CaseLink, token: str) -> HttpResponse:
    visiting.stay(link, now=timezone.now())
    return _back(token, "stay")


def _other(request: HttpRequest, link: CaseLink, token: str) -> HttpResponse:
    """Another thing that was asked for at the same time."""
    reference = request.POST.get("reference", "")
    other = visiting.open_sibling(link, reference, now=timezone.now())
    if not other:
        return _page(request, link, token, status=400)
    return redirect("rights_requests:visit", other)


def _ask(request: HttpRequest, link: CaseLink, token: str) -> HttpResponse:
    """The form to ask for something else."""
    return ASKING.from_visit(request, link.case)


def _copy(request: HttpRequest, link: CaseLink, token: str) -> HttpResponse:
    """The copy once more, when the one that was given has ended."""
    if not rate_limits.case_writing_allowed(str(link.case_id)):
        refusal = NotAllowed(f"{_too_often()}.")
        return _page(request, link, token, refusal=refusal.reasons, status=400)
    try:
        visiting.ask_for_fresh_copy(link.case_id, now=timezone.now())
    except NotAllowed as refusal:
        return _refused(request, link, token, refusal)
    return _back(token, "copy")


def _correct(request: HttpRequest, link: CaseLink, token: str) -> HttpResponse:
    form = RightForm(request.POST, data_held=visiting.correctable(link.case))
    if form.is_valid() and not rate_limits.case_writing_allowed(str(link.case_id)):
        form.add_error(None, _too_often())
    if not form.is_valid():
        return _page(request, link, token, right=form, status=400)
    try:
        visiting.say_what_is_right(link.case_id, form.typed(), now=timezone.now())
    except NotAllowed as refusal:
        form.add_error(None, str(refusal))
        return _page(request, link, token, right=form, status=409)
    return _back(token, "corrected")


def _send_to(request: HttpRequest, link: CaseLink, token: str) -> HttpResponse:
    if not visiting.may_say_where(link.case):
        return _refused(request, link, token, NotAllowed(NOT_YOURS))
    form = SendToForm(request.POST)
    if form.is_valid() and not rate_limits.case_writing_allowed(str(link.case_id)):
        form.add_error("send_to", _too_often())
    if not form.is_valid():
        return _page(request, link, token, send_to=form, status=400)
    try:
        transmissions.ask(
            link.case_id, form.cleaned_data["send_to"], now=timezone.now()
        )
    except NotAllowed as refusal:
        return _refused(request, link, token, refusal)
    return _back(token, "send-to")


def _send_stop(request: HttpRequest, link: CaseLink, token: str) -> HttpResponse:
    if not visiting.may_say_where(link.case):
        return _refused(request, link, token, NotAllowed(NOT_YOURS))
    try:
        transmitting.stop(link.case_id, now=timezone.now())
    except NotAllowed as refusal:
        return _refused(request, link, token, refusal)
    return _back(token, "send-stop")


ACTS: dict[str, Callable[[HttpRequest, CaseLink, str], HttpResponse]] = {
    "message": _message,
    "correct": _correct,
    "document": _document,
    "stay": _stay,
    "other": _other,
    "ask": _ask,
    "copy": _copy,
    "send-to": _send_to,
    "send-stop": _send_stop,
}


def _page(
    request: HttpRequest,
    link: CaseLink,
    token: str,
    *,
    form: MessageForm | None = None,
    upload: UploadForm | None = None,
    right: RightForm | None = None,
    send_to: SendToForm | None = None,
    done: str | None = "",
    refusal: Iterable[str] = (),
    status: int = 200,
) -> HttpResponse:
    case = Case.objects.select_related("submission", "about").get(pk=link.case_id)
    context = {
        **named(case),
        **_papers(case),
        **_can(case),
        "standing": standing_of(case, casebook.entries_of(case), now=timezone.now()),
        "token": token,
        "until": link.expires_at,
        "minutes": VISIT_MINUTES,
        "form": form or MessageForm(),
        "right": right or RightForm(data_held=visiting.correctable(case)),
        "waiting": titles_of(case.rectifications.open()),
        **_sending(case),
        "send_to": send_to or SendToForm(),
        "upload": upload or UploadForm(purposes=visiting.purposes_for(case)),
        "upload_hint": UPLOAD_HINT,
        "done": done or "",
        "refusal": list(refusal),
        "status_url": links.status_url(case),
        "asked_of_you": TURN_OF_PERSON.get(State(case.state), ""),
        # What somebody comes for: our question, or our answer.
        "opens_newest": case.is_waiting or not case.is_open,
        "others": [named(other) for other in _others(case)],
        # Whoever writes for the person need not know what else binds their data.
        "set_aside": setting_aside.sentences(case)
        if reaches_person(case.submission)
        else [],
        "bound": setting_aside.BOUND,
        "free": setting_aside.FREE,
    }
    return render(request, "rights_requests/visit.html", context, status=status)


def _sending(case: Case) -> dict[str, Any]:
    """Where the person’s file goes beside them, for whoever has their mailbox."""
    if case.kind != CaseKind.PORTABILITY or not visiting.may_say_where(case):
        return {"sends": False}
    found = transmissions.newest(case) or transmissions.ended(case)
    can_send = connector_keys.is_there() and not transmissions.why_not_ask(case)
    return {
        "sends": found is not None or can_send,
        "can_send": can_send,
        "can_stop": not transmitting.why_not_stop(found),
        "sending": found,
        "sending_host": transmissions.host_of(found.address) if found else "",
    }


def _others(case: Case) -> Iterable[Case]:
    asked = case.submission.cases.exclude(pk=case.pk).select_related("about")
    return asked.order_by("reference")


def _papers(case: Case) -> dict[str, Any]:
    """What was written and handed over, both ways."""
    submission = case.submission
    chosen = GROUNDS[CaseKind(case.kind)] if case.kind in GROUNDS else None
    return {
        "words": submission.words,
        "details": case.details,
        "grounds": [chosen(key).label for key in case.grounds] if chosen else [],
        "conversation": conversation_of(case),
        "given": [
            (document, visiting.copy_ends_on(document))
            for document in visiting.given_to_person(case)
        ],
        "is_behind_code": case.kind in COPIES,
        "copy_gone": visiting.copy_gone(case),
        "sent": [
            (document, visiting.can_take_away(case, document))
            for document in visiting.sent_by_person(case)
        ],
        "limits": likely_limits(submission, CaseKind(case.kind)),
        "wants_recipients": submission.wants_recipients,
        "takes_files": case.kind == CaseKind.RECTIFICATION and case.is_open,
        "by_post": way_to(submission) == "post",
        "letters_go_to": _masked(submission),
    }


def _masked(submission: Submission) -> str:
    address = submission.reply_address
    return addresses.mask(address) if address else ""


def _can(case: Case) -> dict[str, bool]:
    """What stands open to the person now; asked of the table of moves, like everything."""
    return {
        "can_withdraw": not casebook.why_not(case, Move.WITHDRAW),
        "can_narrow": not casebook.why_not(case, Move.NARROW),
    }


# --- What cannot be undone: each with its own page ---


def _refused(
    request: HttpRequest, link: CaseLink, token: str, refusal: NotAllowed
) -> HttpResponse:
    """How the case stands now, and why that could not be done; nothing has changed."""
    return _page(request, link, token, refusal=refusal.reasons, status=409)


def _check(
    request: HttpRequest, link: CaseLink, token: str, step: str, **more: Any
) -> HttpResponse:
    status = more.pop("status", 200)
    context = {**named(link.case), "token": token, "step": step, **more}
    return render(request, "rights_requests/visit_check.html", context, status=status)


@link_page("GET", "HEAD", "POST")
def withdraw(request: HttpRequest, token: str) -> HttpResponse:
    link = links.found(Use.VISIT, token)
    if link is None:
        return _no_visit(request, token)
    try:
        _refuse_unless(link.case, Move.WITHDRAW)
        if request.method != "POST":
            return _check(request, link, token, "withdraw")
        closing.withdraw(link.case_id, now=timezone.now())
    except NotAllowed as refusal:
        if request.method != "POST" or not _was_taken_back(link.case_id):
            return _refused(request, link, token, refusal)
        # Pressed twice, it is done once.
    return _back(token, "withdrawn")


def _was_taken_back(case_id: uuid.UUID) -> bool:
    return Case.objects.filter(pk=case_id, state=State.WITHDRAWN).exists()


def _refuse_unless(case: Case, move: Move) -> None:
    if not case.is_open:
        raise NotAllowed("It is closed already.")
    if why_not := casebook.why_not(case, move):
        raise NotAllowed(why_not)


@link_page("GET", "HEAD", "POST")
def narrow(request: HttpRequest, token: str) -> HttpResponse:
    """What is wanted instead; then the words once more, before they count."""
    link = links.found(Use.VISIT, token)
    if link is None:
        return _no_visit(request, token)
    try:
        _refuse_unless(link.case, Move.NARROW)
        return _narrow(request, link, token)
    except NotAllowed as refusal:
        return _refused(request, link, token, refusal)


def _narrow(request: HttpRequest, link: CaseLink, token: str) -> HttpResponse:
    if request.method != "POST":
        return _check(request, link, token, "narrow", form=NarrowForm())
    form = NarrowForm(request.POST)
    if not form.is_valid():
        return _check(request, link, token, "narrow", form=form, status=400)
    words = form.cleaned_data["words"]
    if request.POST.get("sure") == "change":
        return _check(request, link, token, "narrow", form=form)
    if request.POST.get("sure") != "yes":
        return _check(request, link, token, "narrow-check", form=form, words=words)
    if words != link.case.details:  # pressed twice, it is done once
        closing.narrow(link.case_id, words=words, now=timezone.now())
    return _back(token, "narrowed")


@link_page("GET", "HEAD", "POST")
def new_link(request: HttpRequest, token: str) -> HttpResponse:
    link = links.found(Use.VISIT, token)
    if link is None:
        return _no_visit(request, token)
    if request.method != "POST":
        return _check(request, link, token, "new-link")
    visiting.replace_links(link.case_id, now=timezone.now(), visit=link)
    return _back(token, "links")


# --- Documents ---


@link_page("POST")
def document(request: HttpRequest, token: str, document: uuid.UUID) -> HttpResponseBase:
    """Hand out one document of this case, on record; any other is no page. A copy takes
    a mailed code first (download_code)."""
    link = links.found(Use.VISIT, token)
    if link is None:
        return _no_visit(request, token)
    found = visiting.of_person(link.case, document)
    if found is None:
        return _no_document(request, link, token, document)
    if (page := download_code.asked(request, link, token, found)) is not None:
        return page
    try:
        chunks = vault.read(found.vault_name)
    except vault.VaultError:
        logger.exception("Document %s cannot be read from the vault", found.pk)
        refusal = NotAllowed("We cannot open this file. Tell us, and we look into it.")
        return _page(request, link, token, refusal=refusal.reasons, status=503)
    visiting.note_taken(link.case_id, found)
    return _as_file(found, chunks)


def _no_document(
    request: HttpRequest, link: CaseLink, token: str, document: uuid.UUID
) -> HttpResponse:
    """Of one that was theirs the page says what became of it; any other is no page."""
    gone = visiting.why_gone(link.case, document)
    if not gone:
        return not_a_link(request)
    return _page(request, link, token, refusal=[gone], status=410)


def _as_file(found: CaseDocument, chunks: Iterator[bytes]) -> StreamingHttpResponse:
    """To be saved, whatever it is; a transfer that breaks off is seen to be too short."""
    response = StreamingHttpResponse(chunks, content_type=found.media_type)
    response["Content-Length"] = str(found.size)
    disposition = content_disposition_header(True, clean_name(found.name))
    response["Content-Disposition"] = disposition or "attachment"
    return response
