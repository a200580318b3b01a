"""The console's pages about people we did not hear from directly (Art. 14)."""

from datetime import datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from data_subjects import contacts
from data_subjects.models import ContactKind, Exemption, IndirectContact, Told
from governance import correcting, informing
from governance.about_people import AboutPeopleAdmin, Act, masked, when, who
from governance.person import bindings
from governance.person_forms import (
    AllowanceForm,
    ConsoleForm,
    allowed_by,
    day_field,
    words_field,
)
from groundwork.clock import today_here
from outbox import outcomes
from outbox.models import State
from staff.console import Place, console
from subscribers.forms import (
    DETAIL_LENGTH,
    PHONE,
    AddressField,
    DetailField,
    refuse_invisible,
)

USES = [
    ("communication", "We wrote or spoke to the person"),
    ("disclosure", "We gave the data to somebody else"),
]


def _past(day: Any) -> Any:
    if day > today_here():
        raise ValidationError("That day is still to come")
    return day


class EnterContactForm(ConsoleForm):
    name = forms.CharField(
        label="Name",
        max_length=DETAIL_LENGTH,
        validators=[refuse_invisible],
        error_messages={
            "required": "Enter the name",
            "max_length": "Shorten the name to 100 characters or fewer",
        },
    )
    kind = forms.ChoiceField(
        label="What is the person to us?",
        choices=ContactKind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what the person is to us"},
    )
    employer = DetailField("employer")
    job_title = DetailField("job title")
    address = AddressField(
        label="E-mail address",
        required=False,
        help_text="May stay empty; then the person is told by letter or telephone.",
    )
    telephone = DetailField("telephone number")
    postal_address = forms.CharField(
        label="Postal address",
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": "Shorten the postal address"},
    )
    source = forms.ChoiceField(
        label="Where did we get it?",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose where we got it",
            "invalid_choice": "Choose one of the sources listed",
        },
    )
    evidence = words_field(
        "What shows that the source was permitted to give it?",
        "Say what shows that the source was permitted to give it",
        help_text="Such as the company number and the day of the look-up.",
    )
    obtained_on = day_field("On which day did we get it?", "Enter the day we got it")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        source: Any = self.fields["source"]
        source.choices = list(contacts.sources().items())

    def clean_obtained_on(self) -> Any:
        day = _past(self.cleaned_data["obtained_on"])
        is_new = self.row is None or day != self.row.obtained_on
        if is_new and (why_not := contacts.why_too_long_ago(day, today_here())):
            raise ValidationError(why_not)
        return day

    def clean_telephone(self) -> str:
        number: str = self.cleaned_data["telephone"]
        if number and not PHONE.fullmatch(number):
            raise ValidationError("Enter a telephone number, like +44 20 7946 0000")
        return number

    def clean_address(self) -> str:
        address: str = self.cleaned_data["address"]
        known = contacts.known_by(address) if address else None
        if known is not None and known != self.row:
            raise ValidationError(
                f"This address is on the list already, as no. {known.pk}"
            )
        return address


class CorrectContactForm(AllowanceForm, EnterContactForm):
    """What is held, to be put right; says more where that has consequences."""

    is_to_be_told_anew = forms.BooleanField(
        label="The letter went to an address that was never this person’s",
        required=False,
        help_text="Then the person still has to be told. Leave it when the person has "
        "a new address.",
    )

    def __init__(self, *args: Any, row: IndirectContact, **kwargs: Any) -> None:
        held = {name: getattr(row, name) for name in correcting.CORRECTABLE}
        super().__init__(*args, row=row, initial=held, **kwargs)
        more = ["is_to_be_told_anew", "allowance", "allowance_reason"]
        self.order_fields([n for n in self.fields if n not in more] + more)
        if row.informed_how != Told.E_MAIL and not outcomes.sent_at(row.letter_id):
            del self.fields["is_to_be_told_anew"]
        self.fit(row.data_subject_id)


class ToldForm(ConsoleForm):
    how = forms.ChoiceField(
        label="How was the person told?",
        choices=[choice for choice in Told.choices if choice[0] != Told.E_MAIL],
        widget=forms.RadioSelect,
        error_messages={"required": "Say how the person was told"},
    )
    told_on = day_field("On which day?", "Enter the day")

    def clean_told_on(self) -> Any:
        return _past(self.cleaned_data["told_on"])


class ExemptForm(ConsoleForm):
    ground = forms.ChoiceField(
        label="On which ground?",
        choices=Exemption.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a ground"},
    )
    reason = words_field("Why does it apply?", "Give the reason")


class UseForm(ConsoleForm):
    what = forms.ChoiceField(
        label="What happened?",
        choices=USES,
        widget=forms.RadioSelect,
        error_messages={"required": "Say what happened"},
    )
    used_on = day_field("On which day?", "Enter the day")

    def clean_used_on(self) -> Any:
        return _past(self.cleaned_data["used_on"])


# --- What each form does ---


def _enter(row: Any, data: dict[str, Any], by: int) -> str:
    details = ("employer", "job_title", "telephone", "postal_address")
    contact = contacts.enter(
        contacts.Found(
            kind=data["kind"],
            name=data["name"],
            source=data["source"],
            evidence=data["evidence"],
            obtained_on=data["obtained_on"],
            address=data["address"],
            details={name: data[name] for name in details},
        ),
        staff_id=by,
    )
    day = _day_of(contact.inform_by)
    return f"Written down. The person has to be told by {day}.{_warned(contact)}"


def _correct(row: IndirectContact, data: dict[str, Any], by: int) -> str:
    changed = correcting.correct(
        row.pk,
        {name: data[name] for name in correcting.CORRECTABLE if name in data},
        staff_id=by,
        allowed=allowed_by(data),
        is_to_be_told_anew=data.get("is_to_be_told_anew", False),
    )
    names = ", ".join(name.replace("_", " ") for name in changed)
    if not changed:
        return "Nothing was different."
    warned = ""
    if "obtained_on" in changed:
        row.refresh_from_db()
        warned = _warned(row)
    return f"Corrected: {names}.{warned}"


def _warned(contact: IndirectContact) -> str:
    """Of a person who goes before anybody looks again, told or not."""
    if not contacts.is_due_to_go(contact):
        return ""
    return (
        " That was longer ago than we keep such data: the next purge removes this "
        "person. Check the day, or note the last use today."
    )


def _send(row: IndirectContact, data: dict[str, Any], by: int) -> str:
    informing.send_letter(row.pk, staff_id=by)
    return "The letter is on its way. It counts once a mail server took it."


def _told(row: IndirectContact, data: dict[str, Any], by: int) -> str:
    noon = timezone.make_aware(datetime.combine(data["told_on"], time(12)))
    at = min(noon, timezone.now())
    contacts.record_told(row.pk, how=Told(data["how"]), at=at, staff_id=by)
    return "On record: the person was told."


def _exempt(row: IndirectContact, data: dict[str, Any], by: int) -> str:
    ground = Exemption(data["ground"])
    contacts.record_exemption(row.pk, ground=ground, reason=data["reason"], staff_id=by)
    return "On record: this person need not be told."


def _use(row: IndirectContact, data: dict[str, Any], by: int) -> str:
    is_disclosure = data["what"] == "disclosure"
    day = data["used_on"]
    contact = contacts.note_use(
        row.pk,
        staff_id=by,
        communicated_on=None if is_disclosure else day,
        disclosed_on=day if is_disclosure else None,
    )
    return f"On record. To be told by {_day_of(contact.inform_by)}."


def _remove(row: IndirectContact, data: dict[str, Any], by: int) -> str:
    informing.remove(row.pk, staff_id=by)
    return "Removed."


def _day_of(day: Any) -> str:
    return f"{day:%-d %B %Y}"


# --- The acts, each with its page ---

ENTER = Act(
    "enter_indirectcontact",
    "Enter somebody who did not come to us",
    "This signs nobody up and sends nothing. It starts the time within which the "
    "person has to be told.",
    "Write it down",
    EnterContactForm,
    _enter,
)
# By the last part of the address.
ACTS = {
    "correct": Act(
        "correct_indirectcontact",
        "Correct",
        "What is wrong is written over; on record is only which fields changed. A "
        "letter that still waits is written anew and goes to the new address.",
        "Correct it",
        CorrectContactForm,
        _correct,
        shows_data=True,
    ),
    "letter": Act(
        "inform_indirectcontact",
        "Send the letter",
        "An e-mail that says who we are, what we hold, where we got it, what for, how "
        "long, and what the person can do.",
        "Send it",
        ConsoleForm,
        _send,
    ),
    "told": Act(
        "inform_indirectcontact",
        "Told in another way",
        "By post, in person or on the telephone: the same things that the letter says.",
        "Put it on record",
        ToldForm,
        _told,
    ),
    "use": Act(
        "inform_indirectcontact",
        "Note a use",
        "The first time we write to the person, or give the data to somebody, is when "
        "they have to be told at the latest.",
        "Put it on record",
        UseForm,
        _use,
    ),
    "exempt": Act(
        "exempt_indirectcontact",
        "Record an exemption",
        "Only the grounds of Article 14(5) count, and each needs its reason.",
        "Put it on record",
        ExemptForm,
        _exempt,
    ),
    "remove": Act(
        "remove_indirectcontact",
        "Remove",
        "The record goes for good, and mail that still waits is not sent. A restriction "
        "or a legal hold prevents it.",
        "Remove it",
        ConsoleForm,
        _remove,
    ),
}


class IndirectContactAdmin(AboutPeopleAdmin):
    place = Place("People’s data", 23, "From other sources")
    lead = (
        "People who did not give us their data themselves. Each has to be told within a "
        "month, or sooner when we write to them or give the data to somebody. They never "
        "get a case update: nobody signed them up."
    )
    nothing_yet = "We hold nobody’s data that did not come from them."
    add_label = "Enter somebody"
    duties = {
        "view_indirectcontact": "See people whose data came from other sources",
        "enter_indirectcontact": "Enter a person from another source",
        "correct_indirectcontact": "Correct what is held of such a person",
        "inform_indirectcontact": "Tell such a person what we hold",
        "exempt_indirectcontact": "Record why such a person is not told",
        "remove_indirectcontact": "Remove such a person",
    }
    list_display = ("person", "kind", "came_from", "state", "to_be_told_by")
    ordering = ("inform_by", "pk")
    adding = ENTER

    def acts(self) -> dict[str, Act]:
        return ACTS

    def is_open(self, row: IndirectContact) -> bool:
        return True

    # --- The list ---

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        return rows.annotate(mail_state=outcomes.state_by("letter_id"))

    def person(self, row: IndirectContact) -> str:
        """Masked; somebody without an address is known by the record's number."""
        return masked(row.address) if row.address else f"no. {row.pk}"

    def came_from(self, row: IndirectContact) -> str:
        return contacts.sources().get(row.source, row.source)

    def state(self, row: IndirectContact) -> SafeString:
        shape, words = state_of(row)
        return format_html('<span class="state {}">{}</span>', shape, words)

    def to_be_told_by(self, row: IndirectContact) -> str:
        return _day_of(row.inform_by)

    # --- The page ---

    def more(self, row: IndirectContact) -> dict[str, Any]:
        subject = row.data_subject_id
        return {
            "heading": row.name,
            "tab": "Somebody from another source",
            "bindings": bindings(subject),
            "subject": subject,
        }

    def facts(self, row: IndirectContact) -> list[tuple[str, str]]:
        clock = contacts.clock_of(row)
        certain = "" if clock.is_certain else " (its bank holidays are not known yet)"
        return [
            ("Number", f"no. {row.pk}"),
            ("What they are to us", row.get_kind_display()),
            ("Employer", row.employer or "—"),
            ("Job title", row.job_title or "—"),
            *([("Statement of the person", row.statement)] if row.statement else []),
            ("E-mail address", masked(row.address)),
            ("Telephone", row.telephone or "—"),
            ("Postal address", row.postal_address or "—"),
            ("Source", self.came_from(row)),
            ("Permitted because", row.evidence),
            ("We got it on", _day_of(row.obtained_on)),
            ("To be told by", f"{_day_of(clock.day)}: {clock.because}{certain}"),
            ("State", state_of(row)[1]),
            (
                "Told",
                f"{row.get_informed_how_display()} {when(row.informed_at)}".strip(),
            ),
            ("Exemption", _exemption(row)),
            ("Entered by", who(row.staff_id)),
        ]


def _exemption(row: IndirectContact) -> str:
    if row.exempted_at is None:
        return "—"
    return (
        f"{row.get_exemption_display()}: {row.exemption_reason} "
        f"({when(row.exempted_at)}, by {who(row.exempted_by_id)})"
    )


# What became of a letter that does not count yet.
LETTERS = {
    State.QUEUED: "letter on its way",
    State.IN_FLIGHT: "letter on its way",
    State.SENT: "letter handed over",
    State.UNKNOWN: "letter handed over, unknown whether it arrived",
    State.FAILED: "letter failed",
    State.WITHHELD: "letter was not sent",
}
UNDER_WAY = (State.QUEUED, State.IN_FLIGHT, State.SENT)


def state_of(row: Any) -> tuple[str, str]:
    """Shape and words: told, exempt, on its way, unknown, overdue, or due; row carries
    the state of its letter (mail_state)."""
    if row.informed_at is not None:
        return "good", "told"
    if row.exempted_at is not None:
        return "over", "need not be told"
    letter = LETTERS.get(row.mail_state, "")
    if row.mail_state in UNDER_WAY:
        return "waiting", letter
    is_overdue = row.inform_by < today_here()
    words = "overdue" if is_overdue else "to be told"
    if row.mail_state == State.UNKNOWN:
        return "bad", f"overdue; {letter}" if is_overdue else letter
    shape = "bad" if is_overdue else "waiting"
    return shape, f"{words}; {letter}" if letter else words


console.register(IndirectContact, IndirectContactAdmin)
