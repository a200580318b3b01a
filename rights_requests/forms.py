"""What the public forms share: words, how we reach somebody, and for whom they act.

What an answer can do without is not demanded, and what is demanded can be given in more
than one way.
"""

import unicodedata
from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from groundwork.masking import has_numbers, mask_numbers
from groundwork.sensitive import Sign, signs_of_sensitive
from rights_requests.kinds import GROUNDS, CaseKind
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


def readable(text: str) -> str:
    """The text as it can be seen: one kind of line end, no signs that show nothing.

    They come with pasted text, and a person could not find them to take them out.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = lines.replace("\u2028", "\n").replace("\u2029", "\n")
    if lines.isprintable():
        return lines
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


class _Shared(dict[str, forms.Field]):
    """The fields of a class of forms, which its forms use together: Django would copy
    each with all its choices for every form, and no form of ours changes one."""

    def __deepcopy__(self, _: Any) -> dict[str, forms.Field]:
        return dict(self)


class ReachForm(forms.Form):
    """How we reach whoever fills it in, for whom they do, and their own words.

    The person who types is “you” throughout; “they” is somebody whom that person acts
    for.
    """

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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Read by Django's __init__ alone.
        self.base_fields = _Shared(type(self).base_fields)  # type: ignore[misc]
        super().__init__(*args, **kwargs)

    def order_fields(self, field_order: Iterable[str] | None) -> None:
        """What a form asks of its own comes before what all of them ask."""
        own = [name for name in self.fields if name not in ReachForm.base_fields]
        super().order_fields([*(field_order or ()), *own])

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
            self._say("name", "Enter your own name, since you act for somebody else")
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

    def texts(self) -> list[str]:
        """Whatever was written freely."""
        return [self.cleaned_data["words"]]

    @property
    def wants_to_know_recipients(self) -> bool:
        """Whoever had the data from us is to be named as well."""
        return False

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


def _as_posted(value: Any) -> list[str]:
    """The values of one field as a browser would send them."""
    if isinstance(value, list):
        return value
    if isinstance(value, bool):
        return ["on"] if value else []
    return [value] if value else []
