"""What a visitor may type, and the words that help when it is not right."""

import re
import unicodedata
from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator

from groundwork import addresses
from groundwork.masking import mask_numbers
from processing_register.notices import SignUpWording

DETAIL_LENGTH = 100
LONGEST_PAUSE = timedelta(days=366)
# Joiners that some languages need inside a name; every other invisible sign is refused.
ALLOWED_INVISIBLE = {"\u200c", "\u200d"}
PHONE = re.compile(
    r"[0-9+][0-9 ()./+-]{4,28}(?: ?(?:x|ext\.?) ?\d{1,6})?", re.IGNORECASE
)


def refuse_invisible(text: str) -> None:
    """Line breaks, NUL, zero-width and direction-changing signs have no place in a
    line of text; they are how headers are forged and names made to lie."""
    if text.isprintable():
        return
    for sign in text:
        if unicodedata.category(sign) in ("Cc", "Cf", "Zl", "Zp", "Cs"):
            if sign not in ALLOWED_INVISIBLE:
                raise ValidationError(
                    "Take out line breaks and invisible characters", code="invisible"
                )


class AddressField(forms.CharField):
    """An e-mail address, returned in its normal form."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("error_messages", {"required": addresses.ADVICE})
        super().__init__(**kwargs)

    def clean(self, value: Any) -> str:
        try:
            text = super().clean(value)
            refuse_invisible(text)
        except ValidationError as error:
            raise ValidationError(addresses.ADVICE, code="address") from error
        return addresses.normalise(text) if text else ""


class DetailField(forms.CharField):
    """One optional line about a person, without the numbers that nobody needs."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            required=False,
            max_length=DETAIL_LENGTH,
            validators=[refuse_invisible],
            error_messages={
                "max_length": f"Shorten the {name} to {DETAIL_LENGTH} characters or fewer"
            },
        )
        # refuse_invisible says it in our words; once is enough.
        self.validators = [
            v
            for v in self.validators
            if not isinstance(v, ProhibitNullCharactersValidator)
        ]

    def to_python(self, value: Any) -> str:
        # Read with its name before it, as a telephone number can look like a card's.
        label = f"{self.name}: "
        typed = super().to_python(value) or ""
        return mask_numbers(label + typed).removeprefix(label)


class DetailsForm(forms.Form):
    first_name = DetailField("first name")
    last_name = DetailField("last name")
    employer = DetailField("employer")
    job_title = DetailField("job title")
    telephone = DetailField("telephone number")

    def clean_telephone(self) -> str:
        number: str = self.cleaned_data["telephone"]
        if number and not PHONE.fullmatch(number):
            raise ValidationError(
                "Enter a telephone number, like 020 7946 0000 or +44 20 7946 0000"
            )
        return number

    def details(self) -> dict[str, str]:
        """The typed details, the empty ones too."""
        return {
            name: self.cleaned_data.get(name, "") for name in DetailsForm.base_fields
        }


class PurposesMixin(forms.Form):
    """One unticked box per purpose, whose words come from the published wording.

    offered: the purposes that may be used, or that the person chose before.
    """

    def __init__(
        self,
        *args: Any,
        wording: SignUpWording,
        offered: Collection[str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.wording = wording
        self.purposes = [p for p in wording.purposes if p.key in offered]
        self.fields["purposes"] = forms.MultipleChoiceField(
            required=False,
            choices=[(purpose.key, purpose.title) for purpose in self.purposes],
            error_messages={"invalid_choice": "Choose from the e-mails listed"},
        )

    def boxes(self) -> list[dict[str, Any]]:
        """What the template draws; a box is ticked only if the person ticked it."""
        ticked = (
            self.data.getlist("purposes")  # type: ignore[attr-defined]
            if self.is_bound
            else self.initial.get("purposes", [])
        )
        return [
            {
                "key": purpose.key,
                "title": purpose.title,
                "description": purpose.description,
                "cadence": purpose.cadence,
                "is_checked": purpose.key in ticked,
            }
            for purpose in self.purposes
        ]


class SignUpForm(PurposesMixin, DetailsForm):
    email = AddressField()

    field_order = ["email", *DetailsForm.base_fields, "purposes"]

    def clean_purposes(self) -> list[str]:
        purposes: list[str] = self.cleaned_data["purposes"]
        if not purposes:
            raise ValidationError("Tick at least one kind of e-mail")
        return purposes


class PreferencesForm(PurposesMixin, DetailsForm):
    pause_until = forms.DateField(
        required=False,
        input_formats=["%Y-%m-%d", "%d/%m/%Y", "%d %B %Y"],
        error_messages={"invalid": "Enter a date like 2026-12-24 or 24/12/2026"},
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_pause_until(self) -> date | None:
        until: date | None = self.cleaned_data["pause_until"]
        if until is not None and until <= self.today:
            raise ValidationError("Choose a day after today, or leave this empty")
        if until is not None and until > self.today + LONGEST_PAUSE:
            raise ValidationError("Choose a day within the next twelve months")
        return until


class AddressForm(forms.Form):
    email = AddressField()
