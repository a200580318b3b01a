"""What somebody may ask for on the site, and the words that help when it is not right.

Nobody has to know a ground, a law or what we hold. What an answer can do without is not
demanded, and what is demanded can be given in more than one way.
"""

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import cached_property

from groundwork.masking import has_numbers, mask_numbers
from groundwork.sensitive import Sign, signs_of_sensitive
from rights_requests.kinds import AT_ONCE, FACTS, GROUNDS, CaseKind
from rights_requests.models import Submission
from subscribers.forms import (
    ALLOWED_INVISIBLE,
    PHONE,
    AddressField,
    DetailField,
)

WORDS_LENGTH = 10_000
ANSWER_LENGTH = 2_000
ADDRESS_LENGTH = 500
# Beside the grounds of the law: nobody has to know one.
UNSURE = "unsure"
UNSURE_LABEL = "None of these, or I am not sure"
# A complaint has a form of its own.
KINDS = [kind for kind in CaseKind if kind is not CaseKind.COMPLAINT]
# Whoever had the data from us is told of these (Art. 19), and so is who asks.
TOLD_ON = frozenset({CaseKind.RECTIFICATION, CaseKind.ERASURE, CaseKind.RESTRICTION})


def readable(text: str) -> str:
    """The text as it can be seen: one kind of line end, no signs that show nothing.

    They come with pasted text, and a person could not find them to take them out.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = lines.replace("\u2028", "\n").replace("\u2029", "\n")
    return "".join(sign for sign in lines if _is_seen(sign))


def _is_seen(sign: str) -> bool:
    if sign in "\n\t" or sign in ALLOWED_INVISIBLE:
        return True
    return unicodedata.category(sign) not in ("Cc", "Cf", "Cs")


class WordsField(forms.CharField):
    """Several lines in a person's own words.

    The numbers of cards and of National Insurance are masked here, before the text goes
    anywhere. name: what the text is called in the error about its length.
    """

    def __init__(self, name: str, *, limit: int = ANSWER_LENGTH) -> None:
        super().__init__(required=False, widget=forms.Textarea)
        self.name, self.limit = name, limit
        self.validators = []  # readable() leaves nothing for Django's to find

    def to_python(self, value: Any) -> str:
        return mask_numbers(readable(super().to_python(value) or "").strip())

    def validate(self, value: Any) -> None:
        super().validate(value)
        if len(value) > self.limit:
            raise ValidationError(
                f"Shorten {self.name} to {self.limit:,} characters or fewer. Now there "
                f"are {len(value):,}"
            )


class GroundsField(forms.MultipleChoiceField):
    """The grounds of the law in plain words, and a way for whoever knows none."""

    def __init__(self, kind: CaseKind) -> None:
        super().__init__(
            required=False,
            choices=[*GROUNDS[kind].choices, (UNSURE, UNSURE_LABEL)],
            error_messages={"invalid_choice": "Choose from the reasons listed"},
        )


@dataclass(frozen=True)
class Box:
    """A box beside a thing that can be asked for, ticked only by the person."""

    key: str
    label: str
    is_checked: bool


@dataclass(frozen=True)
class Wanted:
    """One thing that is asked for: the law's grounds, and what was written about it."""

    kind: CaseKind
    grounds: tuple[str, ...] = ()
    # What was asked on the form, and the answer.
    answers: tuple[tuple[str, str], ...] = ()

    @property
    def label(self) -> str:
        return FACTS[self.kind].asked

    @property
    def is_at_once(self) -> bool:
        return self.kind in AT_ONCE

    @property
    def reasons(self) -> list[str]:
        """The grounds as the person chose them."""
        return [str(GROUNDS[self.kind](ground).label) for ground in self.grounds]

    @property
    def details(self) -> str:
        return "\n\n".join(f"{question}: {text}" for question, text in self.answers)


class AskForm(forms.Form):
    """Everything that somebody can ask for in one go.

    uses: reads, once somebody asks about one, key → title of what we do in our own
    interest and have told people of. The person who types is “you” throughout; “they”
    is somebody whom that person acts for.
    """

    asked = forms.MultipleChoiceField(
        choices=[(kind.value, FACTS[kind].asked) for kind in KINDS],
        error_messages={
            "required": "Tick what you want us to do",
            "invalid_choice": "Tick one of the things listed",
        },
    )
    access_part = WordsField("which part you mean")
    wrong = WordsField("what is wrong")
    right = WordsField("what it should say")
    erasure_grounds = GroundsField(CaseKind.ERASURE)
    restriction_grounds = GroundsField(CaseKind.RESTRICTION)
    wants_recipients = forms.BooleanField(required=False)
    objection_uses = forms.MultipleChoiceField()
    objection_why = WordsField("why we should stop")
    assessment_uses = forms.MultipleChoiceField()
    email = AddressField(required=False)
    name = DetailField("name")
    postal_address = WordsField("the postal address", limit=ADDRESS_LENGTH)
    telephone = DetailField("telephone number")
    reply_by = forms.ChoiceField(
        required=False,
        choices=Submission.ReplyBy.choices,
        error_messages={"invalid_choice": "Choose e-mail or post"},
    )
    is_for_other = forms.BooleanField(required=False)
    their_name = DetailField("name")
    their_email = AddressField(required=False)
    answer_to = forms.ChoiceField(
        required=False,
        choices=Submission.AnswerTo.choices,
        error_messages={"invalid_choice": "Choose who gets the answer"},
    )
    words = WordsField("your own words", limit=WORDS_LENGTH)

    def __init__(
        self, *args: Any, uses: Callable[[], Mapping[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._read_uses = uses
        for name in ("objection_uses", "assessment_uses"):
            self.fields[name] = _uses_field(lambda: list(self.uses.items()))

    @cached_property
    def uses(self) -> Mapping[str, str]:
        return self._read_uses()

    # --- What must be right ---

    def clean_telephone(self) -> str:
        number: str = self.cleaned_data["telephone"]
        if number and not PHONE.fullmatch(number):
            raise ValidationError(
                "Enter a telephone number, like 020 7946 0000 or +44 20 7946 0000"
            )
        return number

    def clean(self) -> None:
        """What belongs together. A field that is wrong by itself says so once."""
        if self._asks_for(CaseKind.RECTIFICATION) and not self._any(
            "wrong", "right", "words"
        ):
            self._say("wrong", "Say what is wrong or missing, in a few words")
        self._clean_ways_to_reach()
        if self._given("is_for_other"):
            self._clean_other_person()

    def _clean_ways_to_reach(self) -> None:
        if not self._any("email", "postal_address"):
            self._say(
                "email",
                "Enter an e-mail address like name@example.com, or a postal address",
            )
        elif self._wants_post() and not self._any("postal_address"):
            self._say(
                "postal_address", "Enter the address that the letter should go to"
            )

    def _clean_other_person(self) -> None:
        if not self._any("name"):
            self._say("name", "Enter your own name, since you ask for somebody else")
        if not self._any("their_name", "their_email"):
            self._say("their_name", "Enter their name or their e-mail address")
        answer_to = self._given("answer_to")
        if not answer_to:
            self._say("answer_to", "Choose who gets the answer")
        elif answer_to == Submission.AnswerTo.PERSON and not (
            self._any("their_email") or self._wants_post()
        ):
            self._say(
                "their_email",
                "Enter their e-mail address, or choose an answer by post and give "
                "their postal address",
            )

    def _asks_for(self, kind: CaseKind) -> bool:
        return kind.value in self.cleaned_data.get("asked", [])

    def _wants_post(self) -> bool:
        return bool(self._given("reply_by") == Submission.ReplyBy.POST)

    def _given(self, name: str) -> Any:
        return self.cleaned_data.get(name)

    def _any(self, *names: str) -> bool:
        """Whether one of them was filled, rightly or not."""
        return any(self._given(name) or name in self.errors for name in names)

    def _say(self, name: str, message: str) -> None:
        if name not in self.errors:
            self.add_error(name, message)

    # --- What it comes to, once it is right ---

    def wanted(self) -> list[Wanted]:
        """Each thing that is asked for, with what belongs to it alone: what was filled
        in beside a box that is not ticked is not part of it."""
        return [
            Wanted(kind, self._grounds(kind), tuple(self._answers(kind)))
            for kind in KINDS
            if self._asks_for(kind)
        ]

    def _grounds(self, kind: CaseKind) -> tuple[str, ...]:
        if kind not in GROUNDS:
            return ()
        chosen = self.cleaned_data[f"{kind.value}_grounds"]
        return tuple(ground for ground in chosen if ground != UNSURE)

    def _answers(self, kind: CaseKind) -> Iterator[tuple[str, str]]:
        for question, name in ANSWERS.get(kind, ()):
            text = self.cleaned_data[name]
            if isinstance(text, list):
                text = "; ".join(self.uses[key] for key in text)
            if text:
                yield question, text

    @property
    def wants_to_know_recipients(self) -> bool:
        is_told = any(self._asks_for(kind) for kind in TOLD_ON)
        return is_told and bool(self.cleaned_data["wants_recipients"])

    @property
    def reply_goes_by(self) -> Submission.ReplyBy:
        """As chosen; by post where there is no e-mail address for the answer."""
        if self._wants_post() or not self.answer_address:
            return Submission.ReplyBy.POST
        return Submission.ReplyBy.E_MAIL

    @property
    def address(self) -> str:
        """Of the person whose data it is; empty where none was given."""
        is_other = self.cleaned_data["is_for_other"]
        return str(self.cleaned_data["their_email" if is_other else "email"])

    @property
    def answer_address(self) -> str:
        """Where an answer by e-mail goes."""
        data = self.cleaned_data
        is_to_agent = data["is_for_other"] and data["answer_to"] == "agent"
        return str(data["email"]) if is_to_agent else self.address

    def texts(self) -> list[str]:
        """Whatever was written freely."""
        answers = [wanted.details for wanted in self.wanted()]
        return [*answers, self.cleaned_data["words"]]

    def signs(self, *, today: date) -> tuple[Sign, ...]:
        """What the words seem to hold that we never ask for."""
        found = (signs_of_sensitive(text, today=today) for text in self.texts())
        return tuple(sorted(set().union(*found)))

    def carried(self) -> list[tuple[str, str]]:
        """Names and values that a second form sends again, as they are kept: numbers
        masked, the address in its normal form."""
        return [
            (name, str(value))
            for name, field in self.cleaned_data.items()
            for value in _as_posted(field)
        ]

    def has_masked(self) -> bool:
        """Whether a number was typed that is no longer kept."""
        return any(
            has_numbers(self.data.get(name, ""))
            and not has_numbers(self.cleaned_data[name])
            for name, field in self.fields.items()
            if isinstance(field, WordsField | DetailField)
        )

    def boxes(self) -> dict[str, Box]:
        """What the page draws for each kind, by its name in CaseKind."""
        ticked = self["asked"].value() or []
        return {
            kind.name.lower(): Box(kind.value, FACTS[kind].asked, kind.value in ticked)
            for kind in KINDS
        }


# What the form asks about a kind, as the case keeps it: the question and its field.
ANSWERS: dict[CaseKind, tuple[tuple[str, str], ...]] = {
    CaseKind.ACCESS: (("Which part", "access_part"),),
    CaseKind.RECTIFICATION: (
        ("Wrong or missing", "wrong"),
        ("It should say", "right"),
    ),
    CaseKind.OBJECTION: (
        ("Which use", "objection_uses"),
        ("Why it should stop", "objection_why"),
    ),
    CaseKind.ASSESSMENT: (("Which use", "assessment_uses"),),
}


def _uses_field(
    choices: Callable[[], list[tuple[str, str]]],
) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        required=False,
        choices=choices,
        error_messages={"invalid_choice": "Choose from the uses listed"},
    )


def _as_posted(value: Any) -> list[str]:
    """The values of one field as a browser would send them."""
    if isinstance(value, list):
        return value
    if isinstance(value, bool):
        return ["on"] if value else []
    return [value] if value else []
