"""The forms of a case: what staff write down, ask, propose and answer.

Numbers of cards and of National Insurance are masked in every text. What the law wants
beyond that is asked by the verbs, whose refusals stand on the form as well.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from data_subjects.models import ENDING_EVENTS
from groundwork.masking import mask_numbers
from rights_requests import closing, deciding, grounds, letters, weighing
from rights_requests.desk import reference_in
from rights_requests.entry_forms import NEVER, london_moment
from rights_requests.fulfilment import (
    corrections,
    erasure_plan,
    outside,
    transmissions,
)
from rights_requests.kinds import AT_ONCE, PUBLISHED, CaseKind
from rights_requests.letter_frames import LetterKind
from rights_requests.models import (
    Balancing,
    Case,
    Channel,
    IdentityCheck,
    SearchRecord,
    Task,
)
from rights_requests.moves import Move
from rights_requests.upload_kinds import ALLOWED_WORDS, UploadRefused
from rights_requests.upload_limits import MEGABYTE, MOST_BYTES
from rights_requests.uploads import check_upload
from rights_requests.whose_answer import COPIES, is_known_to_staff_alone
from staff.models import StaffUser
from subscribers.forms import AddressField

LONGEST = 4_000
PART = "part_"
# A place of a deletion that stays, and until when.
KEEP, UNTIL = "keep_", "until_"
MAY_WORK = "rights_requests.work_case"


class Words(forms.CharField):
    """Several lines, numbers masked."""

    def __init__(
        self, label: str, required: str = "", *, rows: int = 4, **more: Any
    ) -> None:
        limit = more.pop("max_length", LONGEST)
        super().__init__(
            label=label,
            required=bool(required),
            max_length=limit,
            widget=forms.Textarea(attrs={"rows": rows}),
            error_messages={
                "required": required,
                "max_length": f"Shorten this to {limit:,} characters or fewer",
                "null_characters_not_allowed": "Take out invisible characters",
            },
            **more,
        )

    def to_python(self, value: Any) -> str:
        text = str(super().to_python(value) or "").replace("\r\n", "\n")
        return mask_numbers(text)


class Lines(Words):
    """One thing on each line; the value is a tuple of them."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        return tuple(line.strip() for line in text.split("\n") if line.strip())


class Line(forms.CharField):
    """One line, numbers masked."""

    def __init__(self, label: str, required: str = "", **more: Any) -> None:
        limit = more.pop("max_length", 120)
        super().__init__(
            label=label,
            required=bool(required),
            max_length=limit,
            error_messages={
                "required": required,
                "max_length": f"Shorten this to {limit} characters or fewer",
                "null_characters_not_allowed": "Take out invisible characters",
            },
            **more,
        )

    def to_python(self, value: Any) -> str:
        return mask_numbers(" ".join(str(super().to_python(value) or "").split()))


def day(label: str, required: str, **more: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": required, "invalid": "Enter a day like 2027-11-23"},
        **more,
    )


def one_of(
    label: str, choices: Sequence[tuple[Any, Any]], required: str, **more: Any
) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        choices=choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": required,
            "invalid_choice": "Choose from those listed",
        },
        **more,
    )


def several_of(
    label: str, choices: Sequence[tuple[Any, Any]], required: str = "", **more: Any
) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        choices=choices,
        required=bool(required),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": required,
            "invalid_choice": "Choose from those listed",
        },
        **more,
    )


class ActForm(forms.Form):
    """The form of one act on a case.

    letter: the kind whose free parts stand on it, each under its name with PART before
    it; None where nothing is written, or nothing of it is free.
    """

    use_required_attribute = False

    def __init__(
        self, *args: Any, case: Case, letter: LetterKind | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.case, self.letter = case, letter
        self.fit()
        for part in letters.editable(letter) if letter else ():
            self.fields[PART + part.name] = Words(
                part.label,
                "Write what the letter should say" if part.needs_words else "",
                rows=8 if part.limit > LONGEST else 3,
                max_length=part.limit,
                initial=part.default,
            )

    def fit(self) -> None:
        """What depends on the case."""

    def choices(self, name: str, choices: Sequence[tuple[Any, Any]]) -> None:
        cast(forms.ChoiceField, self.fields[name]).choices = list(choices)

    @property
    def own_fields(self) -> list[forms.BoundField]:
        """Those that are no part of the letter."""
        return [field for field in self.visible_fields() if PART not in field.name]

    @property
    def edits(self) -> dict[str, str]:
        """The free parts of the letter as they were written."""
        return {
            name.removeprefix(PART): words
            for name, words in self.cleaned_data.items()
            if name.startswith(PART)
        }

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.letter:
            for name, problem in letters.edit_problems(self.letter, self.edits).items():
                if PART + name in self.fields and PART + name not in self.errors:
                    self.add_error(PART + name, problem)
        return data

    def carried(self) -> list[tuple[str, str]]:
        """Names and values of what was filled in, for a form that sends it again."""
        return [
            (name, value)
            for name in self.fields
            for value in _as_posted(self.cleaned_data.get(name))
        ]


def _as_posted(value: Any) -> list[str]:
    if value in (None, "", False, ()):
        return []
    if value is True:
        return ["on"]
    if isinstance(value, tuple):
        return ["\n".join(value)]
    if isinstance(value, list):  # what was ticked: a value of its own for each
        return [str(one) for one in value]
    return [value.isoformat() if isinstance(value, date) else str(value)]


# --- What is it? ---


class KindForm(ActForm):
    kind = one_of("What does the message ask for?", [], "Choose what it asks for")

    def fit(self) -> None:
        others = [
            (kind.value, _capital(kind.label))
            for kind in CaseKind
            if kind not in (CaseKind.COMPLAINT, self.case.kind)
        ]
        self.choices("kind", others)


class AddForm(ActForm):
    kind = one_of("What else does it ask for?", [], "Choose what else it asks for")

    def fit(self) -> None:
        self.choices("kind", [(k.value, _capital(k.label)) for k in CaseKind])


def _capital(words: Any) -> str:
    return str(words)[:1].upper() + str(words)[1:]


class ReasonForm(ActForm):
    reason = Words("Why?", "Say why", help_text="Kept as a note of the case.")


class DismissForm(ReasonForm):
    """Whoever was told that we had a request of theirs is told why it is none."""

    told = Words(
        "Why it is no request, for the person to read",
        "Say to the person why it is no request",
    )

    def fit(self) -> None:
        if not self.case.has_acknowledgement():
            del self.fields["told"]


class ReceiptForm(ActForm):
    """When and how it came; as it stands now until something else is entered."""

    received_on = day(
        "On which day did we have it?", "Enter the day on which we had it"
    )
    received_time = forms.TimeField(
        label="At what time?",
        required=False,
        help_text="London time, like 14:05. Leave it empty when nobody knows.",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"invalid": "Enter a time like 14:05"},
    )
    channel = one_of(
        "How did it come?",
        [(channel.value, _capital(channel.label)) for channel in Channel],
        "Choose how it came",
    )
    dated_on = day(
        "Which date does the message itself bear?",
        "Enter the date that it bears, or the day on which we had it",
    )
    reason = Words(
        "Why was it entered otherwise?",
        "Say why another moment was entered",
        rows=3,
        help_text="For the record; the person is told the right day, not these words.",
    )
    evidence = Words(
        "What shows the right one?",
        "Say what shows the right one, such as a postmark or the mail itself",
        rows=3,
    )

    def fit(self) -> None:
        submission = self.case.submission
        local = timezone.localtime(submission.received_at)
        self.fields["received_on"].initial = local.date()
        if local.time() != time(12):  # of such a day nobody knew the time
            self.fields["received_time"].initial = local.time()
        self.fields["channel"].initial = submission.channel
        self.fields["dated_on"].initial = submission.dated_on

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        on, at = data.get("received_on"), data.get("received_time")
        if on is not None and "received_time" not in self.errors:
            data["received_at"] = self._moment(on, at)
        if on is not None and self._bears_none(data.get("dated_on"), on):
            data["dated_on"] = on
        return data

    def _bears_none(self, dated_on: date | None, received_on: date) -> bool:
        """Whether the date is only the day of receipt as it stands, which whoever puts
        an earlier one in its place has not touched."""
        was_received_on = timezone.localdate(self.case.submission.received_at)
        return dated_on == was_received_on and received_on < was_received_on

    def _moment(self, on: date, at: time | None) -> datetime | None:
        """As it stands where nothing else was entered, to the second."""
        stands = self.case.submission.received_at
        local = timezone.localtime(stands)
        shown = None if local.time() == time(12) else local.time()
        minute = shown and shown.replace(second=0, microsecond=0)
        if (on, at and at.replace(second=0)) == (local.date(), minute):
            return stands
        moment = london_moment(on, at or time(12))
        if moment is None:
            self.add_error("received_time", NEVER.format(time=f"{at:%H:%M}"))
            return None
        return moment.at


class PersonForm(ActForm):
    """Whose data it is about, as it stands now until something else is entered."""

    name = Line("Name")
    address = AddressField(label="E-mail address", required=False)
    postal_address = Words("Postal address", rows=3, max_length=500)
    telephone = Line("Telephone number", max_length=40)

    def fit(self) -> None:
        for name, field in self.fields.items():
            field.initial = getattr(self.case.submission, name)


class AboutForm(ActForm):
    about = Line(
        "Reference of the request that it is about",
        help_text="Leave it empty when it is about none.",
        max_length=20,
    )

    def fit(self) -> None:
        if self.case.about:
            self.fields["about"].initial = self.case.about.reference

    def clean_about(self) -> Case | None:
        typed = self.cleaned_data["about"]
        if not typed:
            return None
        found = Case.objects.filter(reference=reference_in(typed)).first()
        if found is None:
            raise ValidationError("No case has this reference. Check it")
        return found

    def carried(self) -> list[tuple[str, str]]:
        about = self.cleaned_data.get("about")
        return [("about", about.reference)] if about else []


# --- Asking ---

QUESTIONS = "One on each line; each becomes a point of a list."


class IdentityForm(ActForm):
    doubt = Words(
        "What makes you doubt who is asking?",
        "Say what makes you doubt who is asking",
        rows=3,
        help_text="For the record; the person is not told these words.",
    )
    questions = Lines(
        "What would settle it?",
        "Say what the person should send",
        help_text=f"Only what is needed. {QUESTIONS}",
    )
    why = Words(
        "Why we need to know",
        "Say to the person why you need to know",
        rows=3,
        help_text="The person reads these words.",
    )


class ClarificationForm(ActForm):
    questions = Lines(
        "Which data is meant?",
        "Write the question about which data is meant",
        help_text=QUESTIONS,
    )
    why = Words(
        "Why we cannot find it without the answer",
        "Say why you cannot find the data without the answer",
        rows=3,
        help_text="The person reads these words.",
    )


class QuestionForm(ActForm):
    questions = Lines(
        "What do you want to know?", "Write the question", help_text=QUESTIONS
    )
    why = Words("Why it helps", rows=3, help_text="The person reads these words.")


class CameForm(ActForm):
    """Something came on a day; today unless another is entered."""

    at = day("On which day did it come?", "Enter the day on which it came")

    def fit(self) -> None:
        self.fields["at"].initial = timezone.localdate()


class CheckForm(ActForm):
    outcome = one_of(
        "What did the proof show?",
        [
            (IdentityCheck.Outcome.CONFIRMED.value, "It is the person"),
            (IdentityCheck.Outcome.NOT_CONFIRMED.value, "It could not be confirmed"),
        ],
        "Say what the proof showed",
    )


# --- Proposing ---


class ProposalForm(ActForm):
    """A ground of the law, reasons for the person, and what bears it out for us."""

    move: Move
    ground = one_of("On which ground?", [], "Choose the ground")
    reasons = Words(
        "Reasons",
        "Write the reasons",
        rows=5,
        help_text="The person reads these words. A second member of staff reads them, "
        "too.",
    )
    evidence = Words(
        "What shows it?",
        rows=3,
        help_text="For the record. Needed where the law has us show it: for what is "
        "unfounded or excessive, for a search out of proportion, for grounds that weigh "
        "more.",
    )

    def fit(self) -> None:
        found = deciding.grounds_open(self.case, self.move)
        self.choices("ground", [(ground.key, str(ground)) for ground in found])
        if len(found) == 1:
            self.fields["ground"].initial = found[0].key


class ExtensionForm(ProposalForm):
    move = Move.EXTEND

    def fit(self) -> None:
        super().fit()
        del self.fields["evidence"]


class FeeForm(ProposalForm):
    move = Move.ASK_FEE
    amount = Line(
        "The fee in pounds", "Enter the fee in pounds, such as 12.50", max_length=20
    )
    breakdown = Lines(
        "What it is made of",
        "Say what the fee is made of",
        help_text="Only what it costs us: copying, postage, time. One on each line.",
    )
    how_to_pay = Words("How it can be paid", "Say how the fee can be paid", rows=3)

    field_order = ["ground", "reasons", "evidence", "amount", "breakdown", "how_to_pay"]


class RefusalForm(ProposalForm):
    move = Move.REFUSE


class PartForm(ProposalForm):
    move = Move.FULFIL_IN_PART
    outcome = Words("What the person gets", "Say what the person gets")
    left_out = Words("What is left out", "Say what is left out")

    field_order = ["outcome", "left_out", "ground", "reasons", "evidence"]

    def fit(self) -> None:
        super().fit()
        if is_known_how_asked(self.case):
            self.fields["evidence"].label = f"What shows it? {KNOWN_HOW}"
        if self.case.kind == CaseKind.ERASURE and not closing.is_kept_by_hold(
            self.case
        ):
            self._offer_to_keep()

    def _offer_to_keep(self) -> None:
        """Each place that would go, to be kept on a ground and until a day of its own."""
        known = {ground.key: str(ground) for ground in grounds.REFUSALS}
        wanted = [(key, known[key]) for key in erasure_plan.KEPT_GROUNDS]
        for line in erasure_plan.may_be_kept(self.case):
            self.fields[KEEP + line.key] = forms.ChoiceField(
                label=f"Keep “{line.title}” ({line.seen_count})?",
                choices=[("", "No: it is deleted"), *wanted],
                required=False,
                error_messages={"invalid_choice": "Choose from those listed"},
            )
            self.fields[UNTIL + line.key] = forms.DateField(
                label="Until when?",
                required=False,
                widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
                help_text=_until_help(line.key),
                error_messages={"invalid": "Enter a day like 2027-11-23"},
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        for name in list(self.fields):
            if name.startswith(KEEP) and name not in self.errors:
                self._hold_together(name, UNTIL + name.removeprefix(KEEP), data)
        return data

    def _hold_together(self, keep: str, until: str, data: dict[str, Any]) -> None:
        """A ground and a last day, or neither."""
        if data.get(keep) and data.get(until) is None and until not in self.errors:
            self.add_error(until, "Say until when it is kept")
        if not data.get(keep) and data.get(until) is not None:
            self.add_error(
                keep, "Choose why it is kept, or take the day out: now it is deleted"
            )


def _until_help(key: str) -> str:
    words = "Only where it is kept: the day stands in the letter."
    if other := erasure_plan.hangs_on(key):
        words += f" It cannot stay without “{other}”, for as long at least."
    return words


def keeps_in(data: dict[str, Any]) -> tuple[erasure_plan.Keep, ...]:
    """The places that were chosen to stay, as a proposal has them."""
    return tuple(
        erasure_plan.Keep(key, ground, data[UNTIL + key].isoformat())
        for name, ground in data.items()
        if name.startswith(KEEP) and ground
        for key in [name.removeprefix(KEEP)]
    )


class WithholdingForm(ProposalForm):
    move = Move.WITHHOLD
    left_out = Words(
        "What is left out of the answer",
        "Say what is left out",
        help_text="Told with the answer, unless the law keeps it from the person.",
    )

    field_order = ["ground", "left_out", "reasons", "evidence"]

    def fit(self) -> None:
        super().fit()
        self.fields["reasons"].help_text = (
            "The person reads these words, unless the law keeps it from them: then nobody "
            "but a second member of staff does."
        )


class LapseForm(ProposalForm):
    move = Move.LAPSE

    def fit(self) -> None:
        super().fit()
        del self.fields["evidence"]


class WeighForm(ActForm):
    uses = several_of(
        "Which use does the person object to?",
        [],
        "Choose the use that the person objects to",
        help_text="The uses that rest on an interest of ours.",
    )
    their_reasons = Words(
        "The person’s reasons",
        "Write down the person’s reasons",
        help_text="As they gave them, with what we know of their situation.",
    )
    our_grounds = Words(
        "Our grounds",
        help_text="What is so compelling about them that we should go on: it is for us "
        "to show it. Needed where ours weigh more.",
    )
    outcome = one_of(
        "Which weigh more?",
        [(c.value, _capital(c.label)) for c in Balancing.Outcome],
        "Say which weigh more",
    )

    def fit(self) -> None:
        self.choices("uses", list(weighing.uses().items()))


# --- Ending ---

HELD = "We looked, and hold nothing of this person"


KNOWN_HOW = "How do you know who asks?"


class AnswerForm(ActForm):
    outcome = Words(
        "More about what was done", help_text="Stands in the letter; may be empty."
    )
    next_step = Words(
        "What we do now",
        help_text="What changes because of the complaint; may be empty.",
    )
    nothing_held = forms.BooleanField(label=HELD, required=False)
    evidence = Words(
        KNOWN_HOW,
        rows=3,
        help_text="Needed where something is deleted, and read by whoever approves it. "
        "For example: the letter bears the address and the signature that we know, or you "
        "rang the number that we have. Ask for no more than that takes.",
    )
    set_aside = several_of(
        "On which ground is the data set aside?",
        [
            (ground.value, f"{_capital(ground.label)}. It ends when {until}")
            for ground, until in ENDING_EVENTS.items()
        ],
        help_text="UK GDPR, Article 18(1). It is restricted from the moment you send the "
        "answer, which tells the person why, what is bound, and when it ends.",
    )

    field_order = ["set_aside"]

    def fit(self) -> None:
        kind = CaseKind(self.case.kind)
        if kind is CaseKind.RESTRICTION:
            self.fields["set_aside"].initial = self.case.grounds
        else:
            del self.fields["set_aside"]
        if not is_known_how_asked(self.case):
            del self.fields["evidence"]
        if kind is CaseKind.COMPLAINT:
            self._fit_complaint()
            return
        del self.fields["next_step"]
        if kind in AT_ONCE | PUBLISHED:
            del self.fields["outcome"], self.fields["nothing_held"]

    def _fit_complaint(self) -> None:
        del self.fields["nothing_held"]
        outcome = self.fields["outcome"]
        outcome.label, outcome.required = "What we found", True
        outcome.help_text = "The outcome, for the person to read."
        outcome.error_messages["required"] = "Say what you found"


def is_known_how_asked(case: Case) -> bool:
    """Whether a deletion needs it said how we know who asks."""
    return case.kind == CaseKind.ERASURE and is_known_to_staff_alone(case)


class NarrowForm(ActForm):
    words = Words(
        "What does the person want instead?",
        "Say what the person wants instead",
        help_text="It takes the place of what was asked, and the letter says it back.",
    )


class ProgressForm(ActForm):
    words = Words("How far are we?", "Say how far you are", rows=6)
    next_step = Words("What happens next", "Say what happens next")


class SaidForm(ActForm):
    words = Words("What did the person say?", "Write down what the person said", rows=6)
    channel = one_of(
        "How?",
        [(c.value, _capital(c.label)) for c in Channel if c is not Channel.FORM],
        "Say how the person told us",
    )
    on = day("On which day?", "Enter the day")

    def fit(self) -> None:
        self.fields["on"].initial = timezone.localdate()


# --- Colleagues ---


def colleagues() -> list[tuple[int, str]]:
    """Everybody who may work on cases."""
    users = StaffUser.objects.who_may(MAY_WORK).order_by("full_name")
    return [(user.pk, str(user)) for user in users]


class AssignForm(ActForm):
    to = forms.ChoiceField(label="Who works on it?", required=False)

    def fit(self) -> None:
        self.choices("to", [("", "Nobody yet"), *colleagues()])
        self.fields["to"].initial = self.case.assigned_to_id or ""

    def clean_to(self) -> int | None:
        chosen = self.cleaned_data["to"]
        return int(chosen) if chosen else None


class NoteForm(ActForm):
    words = Words(
        "Note",
        "Write the note",
        rows=5,
        help_text="For colleagues. The person may ask for it with a copy of their data.",
    )


class SearchedForm(ActForm):
    """What a search came to, or why there was none."""

    was_searched = one_of(
        "Was it searched?",
        [("yes", "Yes"), ("no", "No, for the reason below")],
        "Say whether it was searched",
    )
    terms = Words("For what?", rows=2, help_text="Names, addresses, numbers, periods.")
    hits = forms.IntegerField(
        label="How many hits?",
        required=False,
        min_value=0,
        max_value=2_000_000_000,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={
            "invalid": "Enter a number, such as 12",
            "min_value": "Enter a number, such as 12",
            "max_value": "Enter a smaller number",
        },
    )
    why = Words(
        "Why was that enough, or why was it not searched?",
        "Say why you stopped there, or why you did not search",
        rows=3,
    )
    on = day("On which day?", "Enter the day")

    def fit(self) -> None:
        self.fields["on"].initial = timezone.localdate()

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        is_searched = data.get("was_searched") == "yes"
        if is_searched and data.get("hits") is None and "hits" not in self.errors:
            self.add_error("hits", "Enter how many hits there were, 0 for none")
        return data


class TaskForm(ActForm):
    what = Words("What has to be done?", "Say what has to be done", rows=3)
    for_staff = forms.ChoiceField(label="By which colleague?", required=False)
    recipient = Line(
        "Or by which organisation?",
        help_text="Somebody outside who had the data from us (UK GDPR, Article 19).",
    )
    due_on = day("By when?", "Enter the day by which it has to be done")

    def fit(self) -> None:
        self.choices("for_staff", [("", "An organisation"), *colleagues()])
        governs_on = self.case.governs_on or timezone.localdate() + timedelta(days=7)
        self.fields["due_on"].initial = max(governs_on, timezone.localdate())

    def clean_for_staff(self) -> int | None:
        chosen = self.cleaned_data["for_staff"]
        return int(chosen) if chosen else None


class ResultForm(ActForm):
    result = Words("What came of it?", "Say what came of it", rows=3)


class ToldForm(ActForm):
    """Of whoever had the data from us."""

    outcome = one_of(
        "Were they told?",
        [
            (Task.Outcome.TOLD.value, "Yes"),
            (Task.Outcome.IMPOSSIBLE.value, "No: it is impossible"),
            (Task.Outcome.TOO_MUCH.value, "No: it would be out of proportion"),
        ],
        "Say whether they were told",
    )
    words = Words(
        "How and when, or why not?",
        "Say how and when they were told, or why they were not",
        rows=3,
        help_text="For the record of the case.",
    )


class SearchForm(SearchedForm):
    system = Line("Which system?", "Name the system")
    field_order = ("system",)


class SystemForm(SearchedForm):
    """Of a system outside, by whoever answers for it: with what was found, where the
    person gets a copy."""

    no_file = Words(
        "If something was found and no file goes along, why?",
        rows=2,
        help_text="The person reads this. For example: all of it stands in the copy of "
        "another system. What the law keeps from them is proposed under “Leave something "
        "out…” instead.",
    )
    became = forms.ChoiceField(
        label="What was done there?",
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Choose from those listed"},
    )
    stays_because = Words(
        "If it stays: why, and until when?",
        rows=2,
        help_text="The person reads this: what the law asks to be kept, for how long, or "
        "why it was not searched.",
    )
    # At the end, as of every form with one (upload_limits).
    file = forms.FileField(
        label="What was found, as a file",
        required=False,
        help_text=f"{ALLOWED_WORDS}, at most {MOST_BYTES // MEGABYTE} MB. It is kept "
        "encrypted, as “Our answer”, and goes to the person with it.",
        error_messages={"empty": "Choose another file: this one is empty"},
    )

    def fit(self) -> None:
        super().fit()
        kind = CaseKind(self.case.kind)
        left_out = () if kind in COPIES else ("file", "no_file")
        if kind in outside.DONE:
            stays = (
                SearchRecord.Became.STAYS.value,
                "It stays there, or was not searched, for the reason below",
            )
            done = (SearchRecord.Became.DONE.value, outside.DONE[kind])
            nothing = ("", "Nothing: none of it was found")
            self.choices("became", [nothing, done, stays])
        else:
            left_out = (*left_out, "became", "stays_because")
        for name in left_out:
            del self.fields[name]

    def clean_file(self) -> Any:
        if self.cleaned_data["file"] is None:
            return None
        try:
            return check_upload(self.cleaned_data["file"])
        except UploadRefused as refusal:
            raise ValidationError(refusal.message) from refusal

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("was_searched") == "yes" and not (data.get("terms") or "").strip():
            self.add_error("terms", "Say what you searched for")
        if data.get("was_searched") == "no" and data.get("hits"):
            self.add_error("hits", "It was not searched: leave the hits empty")
        return data


class CorrectionForm(ActForm):
    """One datum of the person as it stands, and what is right."""

    datum = one_of("What is to be corrected?", [], "Choose what is to be corrected")
    right = Words(
        "What is right?",
        rows=3,
        help_text="As it should stand there; empty takes away what stands there. For a "
        "statement: in the person’s own words.",
    )

    def fit(self) -> None:
        found = corrections.data_of(self.case.submission.data_subject_id)
        self.choices(
            "datum",
            [(one.key, f"{one.title}: {one.value or 'nothing'}") for one in found],
        )


class VerifyForm(ActForm):
    words = Words(
        "How do you know that it is right?",
        rows=3,
        help_text="Say it here, or choose the document that shows it.",
    )
    document = forms.ChoiceField(label="Which document shows it?", required=False)

    def fit(self) -> None:
        found = self.case.documents.filter(removed_at=None).order_by("added_at")
        self.choices("document", [("", "None"), *((d.pk, d.name) for d in found)])


class WhereToSendForm(ActForm):
    address = Line(
        "To which address?",
        "Enter the address that the person gave",
        max_length=transmissions.LONGEST,
        help_text="From https:// on, as the other organisation names it for such files.",
    )
    words = Words(
        "How did the person tell us?",
        "Say how the person told us",
        rows=3,
        help_text="In a letter, on the telephone: when, and in which words.",
    )

    def clean_address(self) -> str:
        address: str = self.cleaned_data["address"]
        if why_not := transmissions.why_not_address(address):
            raise ValidationError(why_not)
        return address


class ReceiverForm(ActForm):
    recipient = Line(
        "Which organisation receives it?",
        "Name the organisation",
        help_text="The organisation only: this stays on record for good.",
    )
    country_code = Line(
        "Country, as two letters",
        "Enter the country, such as GB",
        max_length=2,
        initial="GB",
    )
    safeguard = Line(
        "Outside the United Kingdom and the EEA: what allows it?",
        max_length=200,
        help_text="A safeguard (UK GDPR, Article 46), or that the person wants it, "
        "knowing the risk (Article 49(1)(a)).",
    )

    def clean_country_code(self) -> str:
        return str(self.cleaned_data["country_code"]).upper()


class NotSentForm(ActForm):
    reason = Words(
        "Why is it not sent?",
        "Say why it is not sent",
        rows=3,
        max_length=600,
        help_text="In plain words, after “for this reason:”.",
    )


class NotCorrectedForm(ActForm):
    reason = Words(
        "Why is it not corrected?",
        "Say why it is not corrected",
        help_text="Answer in part, or refuse it, with these reasons.",
    )


class PostedForm(ActForm):
    posted_on = day("On which day was it posted?", "Enter the day")

    def fit(self) -> None:
        self.fields["posted_on"].initial = timezone.localdate()


class SendBackForm(ActForm):
    answer = Words("Why do you send it back?", "Say why you send it back")
