"""What somebody may ask for on the site, and the words that help when it is not right.

Nobody has to know a ground, a law or what we hold.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import cached_property

from rights_requests.forms import UNSURE, GroundsField, ReachForm, WordsField
from rights_requests.fulfilment import transmissions
from rights_requests.kinds import AT_ONCE, FACTS, GROUNDS, TOLD_ON, CaseKind

# A complaint has a form of its own.
KINDS = [kind for kind in CaseKind if kind is not CaseKind.COMPLAINT]


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
    # Where the file is to go directly.
    send_to: str = ""

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


class AskForm(ReachForm):
    """Everything that somebody can ask for in one go.

    uses: reads, once somebody asks about one, key → title of what we do in our own
    interest and have told people of.
    """

    asked = forms.MultipleChoiceField(
        choices=[(kind.value, FACTS[kind].asked) for kind in KINDS],
        error_messages={
            "required": "Tick what you want us to do",
            "invalid_choice": "Tick one of the things listed",
        },
    )
    access_part = WordsField("which part you mean")
    send_to = forms.CharField(
        required=False,
        error_messages={"null_characters_not_allowed": "Take out invisible characters"},
    )
    wrong = WordsField("what is wrong")
    right = WordsField("what it should say")
    erasure_grounds = GroundsField(CaseKind.ERASURE)
    restriction_grounds = GroundsField(CaseKind.RESTRICTION)
    wants_recipients = forms.BooleanField(required=False)
    objection_uses = forms.MultipleChoiceField()
    objection_why = WordsField("why we should stop")
    assessment_uses = forms.MultipleChoiceField()

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

    def clean(self) -> None:
        if self._asks_for(CaseKind.RECTIFICATION) and not self._any(
            "wrong", "right", "words"
        ):
            self._say("wrong", "Say what is wrong or missing, in a few words")
        if self._asks_for(CaseKind.PORTABILITY) and self._given("send_to"):
            if why_not := transmissions.why_not_address(self._given("send_to")):
                self._say("send_to", why_not)
        super().clean()

    def _asks_for(self, kind: CaseKind) -> bool:
        return kind.value in self.cleaned_data.get("asked", [])

    # --- What it comes to, once it is right ---

    def wanted(self) -> list[Wanted]:
        """Each thing that is asked for, with what belongs to it alone: what was filled
        in beside a box that is not ticked is not part of it."""
        return [
            Wanted(
                kind, self._grounds(kind), tuple(self._answers(kind)), self._to(kind)
            )
            for kind in KINDS
            if self._asks_for(kind)
        ]

    def _to(self, kind: CaseKind) -> str:
        is_taken_along = kind is CaseKind.PORTABILITY
        return str(self.cleaned_data["send_to"]) if is_taken_along else ""

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

    def texts(self) -> list[str]:
        """Whatever was written freely."""
        answers = [wanted.details for wanted in self.wanted()]
        return [*answers, self.cleaned_data["words"]]

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
    CaseKind.PORTABILITY: (("Send it straight to", "send_to"),),
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
