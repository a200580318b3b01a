"""What is held of requests and complaints, place by place (groundwork.holdings)."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Q

from groundwork.holdings import (
    Finder,
    HeldFile,
    Holding,
    Kept,
    Person,
    by_subject,
    nothing,
)
from groundwork.links import without_tokens_within
from groundwork.personal_data import Category, Erasure, PersonalData
from rights_requests import letters, vault
from rights_requests.models import Case, CaseDocument, CaseLogEntry, Decision, Event

OF_CASE = "case__submission__data_subject"
# The first letter says so too (limits).
CASE_FILE = Kept(
    "That is the file of what you asked us, and shows how we answered",
    "UK GDPR, Article 17(3)(b)",
)


def _of_mailbox(path: str = "") -> Finder:
    """What was asked, and shown to be asked, from the person's own mailbox. The rest may
    be about whoever typed their address, or acts for them; and what was shut away is
    opened by those alone who may."""
    asked = {
        f"{path}is_by_agent": False,
        f"{path}mailbox_confirmed_at__isnull": False,
        f"{path}shut_away_at": None,
    }
    return lambda person: Q(**asked)


OWN_CASE = _of_mailbox("case__submission__")


def _by_the_person(person: Person) -> Q:
    """Of their own cases what they sent themselves, and no colleague took down."""
    return OWN_CASE(person) & Q(staff_id__isnull=True)


SUBMISSIONS = Holding(
    key="messages-about-your-rights",
    model="rights_requests.Submission",
    moves_by_itself=True,
    title="What you asked us about your data",
    words="Each request or complaint as it came, and how we can reach you about it.",
    find=by_subject("data_subject"),
    to_mailbox=_of_mailbox(),
    kept=CASE_FILE,
    context=("received_at", "dated_on", "channel", "reply_by"),
    addresses=("address",),
    names=(("name",),),
    telephones=("telephone",),
    streets=("postal_address",),
    titles={
        "received_at": "received",
        "dated_on": "dated",
        "channel": "how it came",
        "reply_by": "how we answer",
        "name": "your name",
        "address": "your e-mail address",
        "agent_name": "who wrote for you",
        "agent_address": "their e-mail address",
        "words": "in your words",
        "signs": "what our software noticed",
        "wants_recipients": "you want to know who received your data",
    },
)
CASES = Holding(
    key="requests",
    model="rights_requests.Case",
    moves_by_itself=True,
    title="Your requests and complaints",
    words="One for each thing you asked, with how it stands.",
    find=by_subject("submission__data_subject"),
    to_mailbox=_of_mailbox("submission__"),
    kept=CASE_FILE,
    context=("reference", "received_at", "due_on", "closed_at"),
    titles={
        "received_at": "received",
        "due_on": "answer due on",
        "closed_at": "closed",
        "kind": "what was asked",
    },
)


def _letter(kept: dict[str, Any]) -> str:
    """The words of a letter as they left."""
    return letters.Letter.from_json(kept).text


LETTERS = Holding(
    key="letters",
    model="rights_requests.Letter",
    moves_by_itself=True,
    title="Our letters about your requests",
    words="What we wrote to you, as it left; the key of a link stands only in the letter "
    "itself.",
    find=by_subject(OF_CASE),
    to_mailbox=OWN_CASE,
    kept=CASE_FILE,
    context=("case__reference", "written_at", "by", "sent_at", "posted_on"),
    titles={
        "written_at": "written",
        "sent_at": "sent",
        "posted_on": "posted",
        "by": "by",
        "blocks": "text",
    },
    cut={"blocks": without_tokens_within},
    read={"blocks": _letter},
)
MESSAGES = Holding(
    key="messages",
    model="rights_requests.Message",
    moves_by_itself=True,
    title="What you wrote about your requests",
    words="Your messages about a request, by whichever way they came.",
    find=by_subject(OF_CASE),
    to_mailbox=_by_the_person,
    kept=CASE_FILE,
    context=("case__reference", "received_at", "channel"),
    titles={
        "received_at": "received",
        "channel": "how it came",
        "words": "in your words",
    },
)


def _files(person: Person) -> Iterator[HeldFile]:
    """What the person sent; what we sent them is theirs already, copies like this one
    among it. No proof of identity: it is kept until its check closes and no longer, and
    nobody takes it out of a mailbox that may have been taken over."""
    rows = CaseDocument.objects.filter(case__submission__data_subject=person.id)
    stays = [CaseDocument.Purpose.ANSWER, CaseDocument.Purpose.IDENTITY]
    for row in rows.filter(removed_at=None).exclude(purpose__in=stays).order_by("pk"):
        yield HeldFile(str(row.pk), row.name, vault.read(row.vault_name))


DOCUMENTS = Holding(
    key="documents",
    model="rights_requests.CaseDocument",
    moves_by_itself=True,
    title="Documents of your requests",
    words="Files that you sent us and that we sent you. Those that you sent are in the "
    "folder “files”, unless they are gone. What showed who you are is not there: we "
    "delete it as soon as we have looked at it.",
    find=by_subject(OF_CASE),
    to_mailbox=_by_the_person,
    kept=CASE_FILE,
    files=_files,
    context=(
        "case__reference",
        "purpose",
        "media_type",
        "size",
        "added_at",
        "removed_at",
    ),
    titles={
        "purpose": "what it is",
        "size": "size in bytes",
        "added_at": "added",
        "removed_at": "removed",
        "vault_name": "name in our store",
    },
)
LINKS = Holding(
    key="case-links",
    model="rights_requests.CaseLink",
    moves_by_itself=True,
    title="Links to the pages of your requests",
    words="When a link was made, used and ended. Its secret part is kept as a code only.",
    find=by_subject(OF_CASE),
    to_mailbox=OWN_CASE,
    kept=CASE_FILE,
    context=("case__reference", "use", "made_at", "expires_at", "used_at"),
    titles={
        "use": "what it is for",
        "made_at": "made",
        "expires_at": "ends",
        "used_at": "used",
        "token_digest": "code of the link",
    },
)


def _untold(person: Person) -> Q:
    theirs = Decision.objects.untold().filter(by_subject(OF_CASE)(person))
    return Q(pk__in=list(theirs.values_list("pk", flat=True)))


DECISIONS = Holding(
    key="decisions",
    model="rights_requests.Decision",
    moves_by_itself=True,
    title="What we decided about your requests",
    words="What one of us proposed and another released, with the reasons.",
    find=by_subject(OF_CASE),
    to_mailbox=nothing,
    untold=_untold,
    kept=CASE_FILE,
    context=("case__reference", "move", "ground", "proposed_at", "outcome"),
    titles={
        "move": "what",
        "proposed_at": "proposed",
        "inputs": "more exactly",
        "answer": "why it was sent back",
    },
)
BALANCINGS = Holding(
    key="weighed-reasons",
    model="rights_requests.Balancing",
    moves_by_itself=True,
    title="How we weighed your reasons against ours",
    words="What you objected to, your reasons, our grounds, and which weighed more.",
    find=by_subject(OF_CASE),
    to_mailbox=nothing,
    kept=CASE_FILE,
    context=("case__reference", "weighed_at"),
    titles={
        "weighed_at": "weighed",
        "uses": "uses that you objected to",
        "their_reasons": "your reasons",
        "our_grounds": "our grounds",
        "outcome": "which weigh more",
    },
)
CHECKS = Holding(
    key="identity-checks",
    model="rights_requests.IdentityCheck",
    moves_by_itself=True,
    title="When we asked who you are",
    words="Why we had doubts, what we asked for, and what came of it.",
    find=by_subject(OF_CASE),
    to_mailbox=nothing,
    kept=CASE_FILE,
    context=("case__reference", "asked_at", "closed_at", "outcome"),
    titles={"asked_at": "asked", "closed_at": "closed", "asked_for": "asked for"},
)
SEARCHES = Holding(
    key="searches",
    model="rights_requests.SearchRecord",
    moves_by_itself=True,
    title="Where we looked for your data",
    words="Which systems were searched for your requests, for what, and why that was "
    "enough.",
    find=by_subject(OF_CASE),
    # In the words of colleagues.
    to_mailbox=nothing,
    kept=CASE_FILE,
    context=("case__reference", "searched_on", "system", "hits_count", "became"),
    titles={
        "searched_on": "on",
        "hits_count": "found",
        "became": "what was done there",
        "stays_because": "why it stays there",
        "terms": "looked for",
        "why": "why that was enough",
    },
)
TASKS = Holding(
    key="tasks",
    model="rights_requests.Task",
    moves_by_itself=True,
    title="What somebody had to do for your requests",
    words="Tasks for colleagues and for organisations that had your data from us.",
    find=by_subject(OF_CASE),
    to_mailbox=nothing,
    kept=CASE_FILE,
    context=("case__reference", "set_at", "recipient", "due_on", "done_at", "outcome"),
    titles={
        "set_at": "set",
        "done_at": "done",
        "due_on": "due on",
        "outcome": "what came of it",
    },
)
NOTES = Holding(
    key="notes",
    model="rights_requests.Note",
    moves_by_itself=True,
    title="Our notes on your requests",
    words="What staff noted for colleagues.",
    find=by_subject(OF_CASE),
    to_mailbox=nothing,
    kept=CASE_FILE,
    context=("case__reference", "written_at"),
    titles={"written_at": "written", "words": "note"},
)


def _of_their_cases(person: Person) -> Q:
    cases = Case.objects.filter(submission__data_subject=person.id)
    return Q(case_id__in=cases.values("pk"))


def _of_own_cases(person: Person) -> Q:
    own = _of_mailbox("submission__")(person)
    cases = Case.objects.filter(own, submission__data_subject=person.id)
    return Q(case_id__in=cases.values("pk"))


def _of_what_is_untold(person: Person) -> Q:
    """What the log says of such decisions, from their proposal on; and, of whomever, why
    a standing rule left a request to the team: “more is held” would tell whoever sees no
    more here that something is kept from them."""
    theirs = Decision.objects.untold().filter(by_subject(OF_CASE)(person))
    named = CaseLogEntry.objects.filter(
        _of_their_cases(person),
        inputs__decision__in=list(theirs.values_list("pk", flat=True)),
    )
    return Q(pk__in=named.values("pk")) | Q(event=Event.NOT_BY_RULE)


LOG = Holding(
    key="case-log",
    model="rights_requests.CaseLogEntry",
    moves_by_itself=True,
    title="What happened to your requests",
    words="The record from which every date is counted. Entries are never changed.",
    find=_of_their_cases,
    to_mailbox=_of_own_cases,
    untold=_of_what_is_untold,
    context=("at", "due_on"),
    declared=PersonalData(
        fields=dict.fromkeys(("event", "state", "inputs"), Category.IDENTITY),
        purpose="administration",
        source="house",
        retention="ledger",
        erasure=Erasure.KEPT,
        others="",
    ),
    kept=Kept(
        "It names nobody, and belongs to the file of your requests: when that goes, it "
        "leads to nobody. That shows how we answered you",
        "UK GDPR, Articles 5(2) and 17(3)(b)",
        names_nobody=True,
    ),
    titles={
        "at": "when",
        "due_on": "answer then due on",
        "event": "what happened",
        "state": "state afterwards",
        "inputs": "what was decided with",
    },
)
LEFT_OUT = Holding(
    key="left-out",
    model="rights_requests.Redaction",
    moves_by_itself=True,
    title="What was left out of copies of your data",
    words="Where something was left out of a copy, when, and why.",
    find=by_subject(OF_CASE),
    to_mailbox=nothing,
    kept=CASE_FILE,
    context=("case__reference", "reason", "extent", "marked_at", "lifted_at"),
    titles={
        "extent": "how much",
        "marked_at": "left out",
        "lifted_at": "put back",
        "words": "the words",
    },
)
OWN_LINKS = Holding(
    key="own-links",
    model="rights_requests.PersonLink",
    moves_by_itself=True,
    title="Links to “Your data”",
    words="When you asked to see everything that we hold of you, and opened it. The "
    "secret part of a link is kept as a code only.",
    find=by_subject("data_subject"),
    context=("use", "made_at", "expires_at", "used_at"),
    addresses=("address",),
    titles={
        "use": "what it is for",
        "made_at": "made",
        "expires_at": "ends",
        "used_at": "used",
        "address": "mailed to",
        "address_digest": "code made of your address",
        "token_digest": "code of the link",
    },
)
CORRECTIONS = Holding(
    key="corrections",
    model="rights_requests.Rectification",
    moves_by_itself=True,
    title="Corrections that you asked for",
    words="What stood there, what is right, how we found that out, and what came of it.",
    find=by_subject(OF_CASE),
    to_mailbox=nothing,
    kept=CASE_FILE,
    context=("case__reference", "place", "field", "state", "proposed_at", "settled_at"),
    titles={
        "place": "where",
        "field": "which",
        "state": "how it stands",
        "proposed_at": "proposed",
        "settled_at": "settled",
        "current": "what stood there",
        "proposed": "what is right",
        "evidence": "how we found that out",
        "reason": "why it was not corrected",
    },
)
SENDINGS = Holding(
    key="sent-to-others",
    model="rights_requests.Transmission",
    moves_by_itself=True,
    title="Where you wanted your file sent",
    words="The address that you gave us, who stands behind it, and whether your file "
    "arrived.",
    find=by_subject(OF_CASE),
    to_mailbox=nothing,
    kept=CASE_FILE,
    context=("case__reference", "given_at", "state", "settled_at"),
    titles={
        "given_at": "given",
        "state": "how it stands",
        "settled_at": "settled",
        "words": "how you told us",
        "recipient": "who receives it",
        "reason": "why it was not sent",
    },
)
