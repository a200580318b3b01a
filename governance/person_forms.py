"""The forms about restrictions, legal holds and disclosures."""

import uuid
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from data_subjects.models import Allowance, Disclosure, Ground
from data_subjects.restriction import Allowed, is_restricted
from governance.choosing import held_by_nobody
from groundwork import addresses
from groundwork.clock import today_here
from processing_register.register import the_register
from subscribers.forms import AddressField, refuse_invisible

NO_SIGNS = "Take out line breaks and invisible characters"
WORDS = {"max_length": "Shorten this to 2,000 characters or fewer"}


def words_field(
    label: str, required: str = "", *, is_required: bool = True, **more: Any
) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=is_required,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": required, **WORDS},
        **more,
    )


def day_field(label: str, required: str, **more: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": required,
            "invalid": "Enter a day like 2027-11-23",
        },
        **more,
    )


class ConsoleForm(forms.Form):
    """row: what the act is about; None when that is still to be typed."""

    use_required_attribute = False

    def __init__(self, *args: Any, row: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row = row
        for field in self.fields.values():
            _say_what_to_do(field)


def _say_what_to_do(field: forms.Field) -> None:
    """In place of Django's words, which name what is wrong alone; words of the field's
    own for a choice and for a length stay."""
    said = field.error_messages
    if isinstance(field, forms.ChoiceField):
        if said["invalid_choice"] == field.default_error_messages["invalid_choice"]:
            said["invalid_choice"] = "Choose from those listed"
    elif isinstance(field, forms.CharField):
        said.setdefault("max_length", f"Shorten this to {field.max_length} characters")
        said.setdefault("null_characters_not_allowed", NO_SIGNS)


class AddressesForm(ConsoleForm):
    """Takes addresses of people. One that nobody has is asked about once: the second
    press is the answer, as long as the addresses are the same."""

    sure = forms.CharField(required=False, widget=forms.HiddenInput)
    # What then happens to an address that nobody has.
    then = ""

    def clean(self) -> dict[str, Any]:
        unknown = held_by_nobody(self.typed())
        answer = addresses.digest("\n".join(unknown)).hex() if unknown else ""
        if self.cleaned_data.get("sure", "") != answer:
            filled_in = cast(QueryDict, self.data).copy()
            filled_in["sure"] = answer
            self.data = filled_in
            if unknown:
                self.add_error(None, f"{_nobody_has(unknown)} {self.then}")
        return self.cleaned_data

    def typed(self) -> list[str]:
        """The normalised addresses, as far as they could be read."""
        raise NotImplementedError


class PersonForm(AddressesForm):
    """About somebody who was chosen on their page, or whose exact address is typed."""

    address = AddressField(label="E-mail address of the person")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.row is not None:
            del self.fields["address"]

    def typed(self) -> list[str]:
        address = self.cleaned_data.get("address")
        return [address] if address else []


def _nobody_has(unknown: list[str]) -> str:
    found = ", ".join(f"“{address}”" for address in unknown)
    return (
        f"No reader and nobody from another source has {found} now. Correct it if it is "
        "mistyped. If it is right, press the button once more."
    )


class AllowanceForm(ConsoleForm):
    """Ends with what the law still allows to be done with restricted data."""

    allowance = forms.ChoiceField(
        label="If the data is restricted: what allows this all the same?",
        choices=[("", "The data is not restricted"), *Allowance.choices],
        required=False,
        widget=forms.RadioSelect,
        help_text="UK GDPR, Article 18(2).",
    )
    allowance_reason = words_field(
        "And why does that apply?",
        is_required=False,
        help_text="Needed for restricted data only. Kept encrypted.",
    )

    def fit(self, subject: uuid.UUID) -> None:
        """The person is known: ask only if restricted, and then without a way round."""
        if not is_restricted(subject):
            del self.fields["allowance"], self.fields["allowance_reason"]
            return
        allowance = cast(forms.ChoiceField, self.fields["allowance"])
        allowance.choices = Allowance.choices
        allowance.label = "The data is restricted. What allows this all the same?"
        allowance.required = self.fields["allowance_reason"].required = True
        allowance.error_messages["required"] = "Choose what allows it"
        reason = self.fields["allowance_reason"]
        reason.help_text = "Kept encrypted."
        reason.error_messages["required"] = "Say why that applies"


def allowed_by(data: dict[str, Any]) -> Allowed | None:
    """What was chosen on an AllowanceForm; None for nothing."""
    chosen = data.get("allowance")
    return Allowed(Allowance(chosen), data["allowance_reason"]) if chosen else None


class RestrictForm(PersonForm):
    then = "The restriction then waits for whoever comes with this address."
    ground = forms.ChoiceField(
        label="On which ground?",
        choices=Ground.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a ground"},
    )
    reason = words_field(
        "Why?", "Say why the data is restricted", help_text="Kept encrypted."
    )


class TellForm(ConsoleForm):
    ending = words_field(
        "What ended the restriction?",
        "Say what ended it: the person is told so",
        help_text="The person reads these words.",
    )
    how = forms.ChoiceField(
        label="How is the person told?",
        choices=[
            ("e-mail", "By an e-mail that the system sends now"),
            ("by letter", "By a letter that has been posted"),
            ("by telephone", "On the telephone, just now"),
        ],
        initial="e-mail",
        widget=forms.RadioSelect,
        error_messages={"required": "Say how the person is told"},
    )


class LookAgainForm(ConsoleForm):
    look_again_on = day_field(
        "When is it to be looked at again?", "Enter the day", help_text="Within a year."
    )


class HoldForm(AddressesForm):
    then = "The hold then waits for whoever comes with this address."
    matter = forms.CharField(
        label="The matter",
        max_length=120,
        help_text="Its name or number, without the name of a person.",
        validators=[refuse_invisible],
        error_messages={"required": "Name the matter"},
    )
    reason = words_field("Why must the data be kept?", "Say why the data must be kept")
    people = forms.CharField(
        label="Whose data? One e-mail address on each line",
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        error_messages={"required": "Enter at least one e-mail address"},
    )
    review_on = day_field(
        "Look at it again on",
        "Enter the day of the next review",
        help_text="Within a year.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.row is not None:
            self.fields["people"].required = False
            self.fields[
                "people"
            ].label = "Anybody else’s data? One e-mail address on each line"

    def typed(self) -> list[str]:
        return self.cleaned_data.get("people") or []

    def clean_people(self) -> list[str]:
        found = []
        for line in self.cleaned_data["people"].split("\n"):
            if line.strip():
                found.append(_address(line))
        return list(dict.fromkeys(found))


def _address(line: str) -> str:
    try:
        return addresses.normalise(line)
    except ValidationError as error:
        raise ValidationError(f"“{line.strip()[:80]}” is no e-mail address") from error


class ReviewForm(ConsoleForm):
    review_on = day_field(
        "Look at it again on",
        "Enter the day of the next review",
        help_text="Within a year.",
    )


class DisclosureForm(PersonForm, AllowanceForm):
    then = "The disclosure is then on record for whoever comes with this address."
    recipient = forms.CharField(
        label="Which organisation got the data?",
        max_length=120,
        help_text="The organisation only: this stays on record for good.",
        validators=[refuse_invisible],
        error_messages={"required": "Name the organisation"},
    )
    role = forms.ChoiceField(
        label="As what?",
        choices=Disclosure.Role.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Say in which role"},
    )
    country_code = forms.CharField(
        label="Country, as two letters",
        initial="GB",
        max_length=2,
        min_length=2,
        error_messages={
            "required": "Enter the country, such as GB",
            "min_length": "Enter two letters, such as GB",
            "max_length": "Enter two letters, such as GB",
        },
    )
    safeguard = forms.CharField(
        label="Safeguard (outside the United Kingdom and the EEA)",
        max_length=200,
        required=False,
        validators=[refuse_invisible],
    )
    categories = forms.MultipleChoiceField(
        label="Which kinds of data?",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Tick what was given"},
    )
    purpose = forms.ChoiceField(
        label="For which purpose?", error_messages={"required": "Choose a purpose"}
    )
    legal_ground = forms.ChoiceField(
        label="On which ground?",
        choices=Disclosure.LegalGround.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a ground"},
    )
    disclosed_on = day_field(
        "On which day?", "Enter the day of the disclosure", initial=today_here
    )
    reference = words_field(
        "Where can it be looked up?",
        "Say where the disclosure can be looked up",
        help_text="Such as the number of the letter. Kept encrypted, apart from the rest.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        register = the_register()
        self._choices(
            "categories",
            [(c.key, c.title) for c in register.categories.values() if c.is_collected],
        )
        self._choices("purpose", [(p.key, p.title) for p in register.purposes.values()])
        last = ("allowance", "allowance_reason")
        self.order_fields([*(n for n in self.fields if n not in last), *last])
        if self.row is not None:
            self.fit(self.row.subject)

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        cast(forms.ChoiceField, self.fields[name]).choices = choices

    def clean_country_code(self) -> str:
        return str(self.cleaned_data["country_code"]).upper()
