"""What somebody tells us who complains on the site."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from rights_requests.forms import WORDS_LENGTH, ReachForm, WordsField, readable
from rights_requests.references import references_in

REFERENCE_LENGTH = 40


def the_reference(typed: str) -> str:
    """The one reference that somebody wrote, as we write it; empty where it is none, or
    several. Whether there is such a case is nobody's to learn here."""
    line = readable(typed).strip()
    # Nothing longer is searched for one.
    found = references_in(line) if len(line) <= REFERENCE_LENGTH else []
    return found[0] if len(found) == 1 else ""


class ReferenceField(forms.CharField):
    """The reference of one case, however it is written; it may be left empty."""

    def __init__(self) -> None:
        super().__init__(required=False)
        self.validators = []  # readable() leaves nothing for Django's to find

    def to_python(self, value: Any) -> str:
        typed = super().to_python(value) or ""
        reference = the_reference(typed)
        if readable(typed).strip() and not reference:
            raise ValidationError(
                "Enter one reference like R-7K3Q-2XNB, or leave this empty"
            )
        return reference


class ComplaintForm(ReachForm):
    """What went wrong, and what would put it right; whoever sends it need not know
    which law was broken."""

    words = WordsField("what went wrong", limit=WORDS_LENGTH)
    remedy = WordsField("what would put it right")
    about = ReferenceField()

    field_order = ("words",)

    def clean_words(self) -> str:
        words: str = self.cleaned_data["words"]
        if not words:
            raise ValidationError("Say what went wrong, in your own words")
        return words

    @property
    def details(self) -> str:
        """What the case keeps beside the words. The reference stands there whether or
        not it leads anywhere: staff see it, and the person too."""
        return "\n\n".join(f"{question}: {text}" for question, text in self._answers())

    def _answers(self) -> Iterator[tuple[str, str]]:
        for question, name in (
            ("What would put it right", "remedy"),
            ("Reference given", "about"),
        ):
            if text := self.cleaned_data[name]:
                yield question, text

    def texts(self) -> list[str]:
        return [self.cleaned_data["words"], self.cleaned_data["remedy"]]
