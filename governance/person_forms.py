"""The forms about restrictions, legal holds and disclosures."""

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError

from data_subjects.models import Allowance, Disclosure, Ground
from data_subjects.restriction import Allowed
from groundwork import addresses
from processing_register.register import the_register
from subscribers.forms import AddressField, refuse_invisible

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
    use_required_attribute = False


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


def allowed_by(data: dict[str, Any]) -> Allowed | None:
    """What was chosen on an AllowanceForm; None for nothing."""
    chosen = data.get("allowance")
    return Allowed(Allowance(chosen), data["allowance_reason"]) if chosen else None


class RestrictForm(ConsoleForm):
    address = AddressField(label="E-mail address of the person")
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


class HoldForm(ConsoleForm):
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
    review_on = day_field("Look at it again on", "Enter the day of the next review")

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
    review_on = day_field("Look at it again on", "Enter the day of the next review")


class DisclosureForm(AllowanceForm):
    address = AddressField(label="E-mail address of the person")
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
        error_messages={"required": "Enter the country, such as GB"},
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
    disclosed_on = day_field("On which day?", "Enter the day of the disclosure")
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

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        cast(forms.ChoiceField, self.fields[name]).choices = choices

    def clean_country_code(self) -> str:
        return str(self.cleaned_data["country_code"]).upper()
