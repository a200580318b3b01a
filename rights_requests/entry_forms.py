"""The form on which staff enter what came by telephone, post or in another way."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from groundwork.masking import has_numbers
from groundwork.periods import LONDON, civil_day
from groundwork.sensitive import signs_of_sensitive
from rights_requests.deadline_words import in_words
from rights_requests.deadlines import FIRST_DAY
from rights_requests.forms import (
    ADDRESS_LENGTH,
    ANSWER_LENGTH,
    UNSURE,
    WORDS_LENGTH,
    GroundsField,
    WordsField,
)
from rights_requests.kinds import GROUNDS, CaseKind
from rights_requests.models import Case, Channel, Submission
from rights_requests.receiving import Agent, Asked, Sent
from rights_requests.references import references_in
from rights_requests.upload_kinds import ALLOWED_WORDS, UploadRefused
from rights_requests.upload_limits import MEGABYTE, MOST_BYTES, MOST_FILES
from rights_requests.uploads import Checked, check_uploads
from subscribers.forms import PHONE, AddressField, DetailField

# Later than this, whoever enters it says why.
LATE_AFTER = timedelta(days=2)
CHANNELS = [
    (channel.value, str(channel.label).capitalize())
    for channel in Channel
    if channel is not Channel.FORM
]
BY_NEITHER = "neither"
REPLY_BY = [
    (Submission.ReplyBy.E_MAIL.value, "By e-mail"),
    (Submission.ReplyBy.POST.value, "By post"),
    (BY_NEITHER, "We do not know yet: our letters wait on the case page"),
]
TWICE = (
    "On {day} the clocks went back, and {time} came twice. The earlier one is kept: the "
    "day is the same."
)
NEVER = "On that day the clocks went forward: there was no {time}. Enter another time"
WITH_FILES = (
    f"{ALLOWED_WORDS}; {MOST_FILES} files of {MOST_BYTES // MEGABYTE} MB at most."
)


@dataclass(frozen=True)
class Moment:
    """A moment in London. came_twice: the hour came twice on that night, and the first
    is meant."""

    at: datetime
    came_twice: bool = False


def london_moment(on: date, at: time) -> Moment | None:
    """What the clock on the wall showed; None where it never showed that.

    When summer time ends an hour comes twice: the earlier is taken, for the person's
    good. When it begins, an hour is left out.
    """
    first = datetime.combine(on, at.replace(fold=0), LONDON)
    second = first.replace(fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    if before is None or after is None or before == after:
        return Moment(first)
    return Moment(first, came_twice=True) if before > after else None


class _Files(forms.FileInput):
    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return files.getlist(name)


class FilesField(forms.Field):
    """Any number of files up to the limit, each checked; the value is a list."""

    widget = _Files

    def __init__(self, label: str, help_text: str) -> None:
        super().__init__(label=label, required=False, help_text=help_text)
        self.widget.attrs["multiple"] = True

    def clean(self, value: Any) -> list[Checked]:
        try:
            return check_uploads(value or [])
        except UploadRefused as refused:
            raise ValidationError(refused.message) from refused


def _labelled(field: forms.Field, label: str, hint: str = "", rows: int = 0) -> Any:
    field.label, field.help_text = label, hint
    if rows:
        field.widget.attrs["rows"] = rows
    return field


def _day(label: str, hint: str = "", **more: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        help_text=hint,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": "Enter the day on which we had it",
            "invalid": "Enter a day like 2026-11-23",
        },
        **more,
    )


class EnterForm(forms.Form):
    """What somebody asked, as a colleague took it down.

    Nobody is asked for more than is needed to answer. now: against which dates are held.
    """

    use_required_attribute = False

    number = forms.CharField(max_length=40, widget=forms.HiddenInput)
    # The mail that it came in, when it waited for a person.
    mail = forms.IntegerField(required=False, widget=forms.HiddenInput)
    channel = forms.ChoiceField(
        label="How did it come?",
        choices=CHANNELS,
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose how it came",
            "invalid_choice": "Choose one of the ways listed",
        },
    )
    received_on = _day(
        "On which day did we have it?",
        "The time runs from this day, whoever had it first in the house.",
    )
    received_time = forms.TimeField(
        label="At what time?",
        required=False,
        help_text="London time, like 14:05. Leave it empty when nobody knows.",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"invalid": "Enter a time like 14:05"},
    )
    dated_on = _day(
        "Which date does the letter itself bear?",
        "Our own promise counts from it. Leave it empty when it bears none.",
        required=False,
    )
    late_because = _labelled(
        WordsField("why it is entered late", limit=ANSWER_LENGTH),
        "If that is more than two days ago: why is it entered only now?",
        "Kept as a note of the case, for colleagues.",
        rows=2,
    )
    asked = forms.MultipleChoiceField(
        label="What is asked?",
        choices=[(kind.value, str(kind.label).capitalize()) for kind in CaseKind],
        widget=forms.CheckboxSelectMultiple,
        help_text="Everything that is asked; each becomes a case of its own.",
        error_messages={
            "required": "Tick what is asked",
            "invalid_choice": "Tick one of the things listed",
        },
    )
    erasure_grounds = _labelled(
        GroundsField(CaseKind.ERASURE),
        "If it is to be deleted: why?",
        "As the person says it. Nobody has to name a ground.",
    )
    restriction_grounds = _labelled(
        GroundsField(CaseKind.RESTRICTION), "If it is to be set aside: why?"
    )
    wants_recipients = forms.BooleanField(
        label="They want to know whom we gave the data", required=False
    )
    about = forms.CharField(
        label="If it is a complaint about a case: its reference",
        required=False,
        max_length=30,
        help_text="Like R-7K3Q-2XNB. The complaint does not stop that case.",
        error_messages={"max_length": "Enter a reference like R-7K3Q-2XNB"},
    )
    words = _labelled(
        WordsField("what the person said", limit=WORDS_LENGTH),
        "What did the person say or write?",
        "In their own words, as far as you have them. Leave out what nobody needs, such "
        "as their health. May stay empty when you add the letter itself below.",
        rows=8,
    )
    name = _labelled(DetailField("name"), "Name of the person whose data it is")
    email = AddressField(label="Their e-mail address", required=False)
    postal_address = _labelled(
        WordsField("the postal address", limit=ADDRESS_LENGTH),
        "Postal address for our letters",
        rows=4,
    )
    telephone = _labelled(DetailField("telephone number"), "Telephone number")
    reply_by = forms.ChoiceField(
        label="How do we answer?",
        choices=REPLY_BY,
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose how we answer",
            "invalid_choice": "Choose one of the ways listed",
        },
    )
    is_for_other = forms.BooleanField(
        label="Somebody else asks for the person", required=False
    )
    agent_name = _labelled(
        DetailField("name"), "If somebody else asks for them: that person’s name"
    )
    agent_email = AddressField(label="That person’s e-mail address", required=False)
    answer_to = forms.ChoiceField(
        label="If somebody else asks for them: who gets the answer?",
        required=False,
        choices=[
            (choice.value, str(choice.label).capitalize())
            for choice in Submission.AnswerTo
        ],
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Choose who gets the answer"},
    )
    authority = FilesField("What shows that they may ask for the person", WITH_FILES)
    scans = FilesField("The letter, or what else belongs to it", WITH_FILES)

    def __init__(self, *args: Any, now: datetime, **more: Any) -> None:
        super().__init__(*args, **more)
        self.now = now
        self.moment: Moment | None = None
        for name in ("erasure_grounds", "restriction_grounds"):
            self.fields[name].widget = forms.CheckboxSelectMultiple(
                choices=self.fields[name].choices  # type: ignore[attr-defined]
            )

    @property
    def today(self) -> date:
        return civil_day(self.now)

    # --- What each field must be ---

    def clean_received_on(self) -> date:
        day: date = self.cleaned_data["received_on"]
        if day > self.today:
            raise ValidationError("Enter a day that is not still to come")
        return _after_the_law(day)

    def clean_dated_on(self) -> date | None:
        day: date | None = self.cleaned_data["dated_on"]
        return _after_the_law(day) if day is not None else None

    def clean_telephone(self) -> str:
        number: str = self.cleaned_data["telephone"]
        if number and not PHONE.fullmatch(number):
            raise ValidationError(
                "Enter a telephone number, like 020 7946 0000 or +44 20 7946 0000"
            )
        return number

    def clean_about(self) -> Case | None:
        typed: str = self.cleaned_data["about"]
        if not typed:
            return None
        found = Case.objects.filter(reference__in=references_in(typed)).first()
        if found is None:
            raise ValidationError("No case has this reference. Check it")
        return found

    # --- What belongs together ---

    def clean(self) -> None:
        self._clean_moment()
        self._clean_late()
        self._clean_asked()
        self._clean_ways_to_reach()
        if self._given("is_for_other"):
            self._clean_agent()
        if not self._any("words", "scans"):
            self._say("words", "Write down what the person said, or add the letter")

    def _clean_moment(self) -> None:
        on = self._given("received_on")
        if on is None or "received_time" in self.errors:
            return
        at = self._given("received_time")
        moment = london_moment(on, at or time(12))
        if moment is None:
            self._say("received_time", NEVER.format(time=f"{at:%H:%M}"))
        elif at is None:
            # Only the day counts; noon of today may be still to come.
            self.moment = Moment(min(moment.at, self.now))
        elif moment.at > self.now:
            self._say("received_time", "Enter a time that is not still to come")
        else:
            self.moment = moment
        dated_on = self._given("dated_on")
        if dated_on is not None and dated_on > on:
            self._say(
                "dated_on",
                "Enter a date that is not after the day on which we had it: "
                f"{in_words(on)}",
            )

    def _clean_late(self) -> None:
        on = self._given("received_on")
        is_late = on is not None and self.today - on > LATE_AFTER
        if is_late and not self._any("late_because"):
            self._say("late_because", "Say why it is entered only now")

    def _clean_asked(self) -> None:
        is_complaint = CaseKind.COMPLAINT.value in (self._given("asked") or [])
        if self._given("about") and not is_complaint:
            self._say("about", "Tick “Complaint” above, or leave the reference empty")

    def _clean_ways_to_reach(self) -> None:
        reply_by = self._given("reply_by")
        if reply_by == Submission.ReplyBy.POST and not self._any("postal_address"):
            self._say(
                "postal_address", "Enter the address that our letters should go to"
            )
        if reply_by == Submission.ReplyBy.E_MAIL and not self._any(self._answered):
            self._say(self._answered, "Enter the e-mail address, or choose another way")
        if reply_by == BY_NEITHER and not self._any(
            "telephone", "email", "postal_address"
        ):
            self._say("telephone", "Enter at least one way to reach the person")

    def _clean_agent(self) -> None:
        if not self._any("agent_name"):
            self._say("agent_name", "Enter the name of whoever asks for the person")
        if not self._any("answer_to"):
            self._say("answer_to", "Choose who gets the answer")
        if not self._any("name", "email"):
            self._say("name", "Enter the name of the person whose data it is")

    @property
    def _answered(self) -> str:
        """The field with the address that an answer by e-mail goes to."""
        is_to_agent = self._given("answer_to") == Submission.AnswerTo.AGENT
        return "agent_email" if self._given("is_for_other") and is_to_agent else "email"

    def _given(self, name: str) -> Any:
        return self.cleaned_data.get(name)

    def _any(self, *names: str) -> bool:
        """Whether one of them was filled, rightly or not."""
        return any(self._given(name) or name in self.errors for name in names)

    def _say(self, name: str, message: str) -> None:
        if name not in self.errors:
            self.add_error(name, message)

    # --- What it comes to, once it is right ---

    def what_was_sent(self) -> Sent:
        data, moment = self.cleaned_data, self.moment
        if moment is None:
            raise ValueError("The form is not valid.")
        received_on = civil_day(moment.at)
        is_by_post = data["reply_by"] != Submission.ReplyBy.E_MAIL
        return Sent(
            asked=tuple(self._asked()),
            channel=Channel(data["channel"]),
            received_at=moment.at,
            dated_on=data["dated_on"] or received_on,
            address=data["email"],
            name=data["name"],
            postal_address=data["postal_address"],
            telephone=data["telephone"],
            agent=self._agent(),
            words=data["words"],
            reply_by=(
                Submission.ReplyBy.POST if is_by_post else Submission.ReplyBy.E_MAIL
            ),
            wants_recipients=data["wants_recipients"],
            signs=tuple(sorted(signs_of_sensitive(data["words"], today=self.today))),
            form_number=f"entered {data['number']}",
            inbound_email_id=data["mail"],
        )

    def _asked(self) -> list[Asked]:
        data = self.cleaned_data
        return [
            Asked(
                kind,
                grounds=self._grounds(kind),
                about=data["about"] if kind is CaseKind.COMPLAINT else None,
            )
            for kind in CaseKind
            if kind.value in data["asked"]
        ]

    def _grounds(self, kind: CaseKind) -> tuple[str, ...]:
        if kind not in GROUNDS:
            return ()
        chosen = self.cleaned_data[f"{kind.value}_grounds"]
        return tuple(ground for ground in chosen if ground != UNSURE)

    def _agent(self) -> Agent | None:
        data = self.cleaned_data
        if not data["is_for_other"]:
            return None
        gets_answer = data["answer_to"] == Submission.AnswerTo.AGENT
        return Agent(data["agent_name"], data["agent_email"], gets_answer)

    def remarks(self) -> list[str]:
        """What whoever entered it should know."""
        found = []
        if self.moment is not None and self.moment.came_twice:
            day = in_words(civil_day(self.moment.at))
            found.append(TWICE.format(day=day, time=f"{self.moment.at:%H:%M}"))
        if any(self._has_masked(name) for name in self.fields):
            found.append("Card and National Insurance numbers were taken out.")
        return found

    def _has_masked(self, name: str) -> bool:
        typed, kept = self.data.get(name, ""), self.cleaned_data.get(name)
        return isinstance(kept, str) and has_numbers(typed) and not has_numbers(kept)


def _after_the_law(day: date) -> date:
    if day < FIRST_DAY:
        raise ValidationError(
            f"Enter a day from {in_words(FIRST_DAY)} on: before, nobody could ask so"
        )
    return day
