"""The forms of the console about readers."""

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError

from groundwork.clock import today_here
from processing_register.gate import usable_purposes
from processing_register.models import NoticeVersion, ProcessingPurpose
from subscribers.exporting import Whom
from subscribers.forms import AddressField, DetailsForm, refuse_invisible
from subscribers.importing import FileProblem, decode
from subscribers.models import Subscriber

MET = [
    (Subscriber.Source.EVENT.value, "At an event"),
    (Subscriber.Source.TELEPHONE.value, "On the telephone"),
]
WAYS = [
    ("on paper", "On paper"),
    ("read out", "Read out to them"),
    ("by a link", "By a link or a code to scan"),
]


class CorrectionForm(DetailsForm):
    """Details as the person says they should be."""

    use_required_attribute = False


class EnterForm(DetailsForm):
    """Somebody met at an event or on the telephone."""

    use_required_attribute = False

    email = AddressField(
        label="E-mail address",
        widget=forms.EmailInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "maxlength": 254}
        ),
    )
    purposes = forms.MultipleChoiceField(
        label="What did they ask for?",
        help_text="Tick only what the person named.",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Tick what the person asked for",
            "invalid_choice": "Choose from the e-mails listed",
        },
    )
    source = forms.ChoiceField(
        label="How did you meet?",
        choices=MET,
        widget=forms.RadioSelect,
        error_messages={"required": "Say how you met"},
    )
    where = forms.CharField(
        label="Where, or who rang whom",
        help_text="Such as “Licensing Forum, Leeds, stand 12” or “they rang us”.",
        max_length=120,
        validators=[refuse_invisible],
        error_messages={
            "required": "Say where you met, or who rang whom",
            "max_length": "Shorten the place to 120 characters or fewer",
        },
    )
    met_on = forms.DateField(
        label="On which day?",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": "Enter the day on which you met",
            "invalid": "Enter a day like 2026-11-23",
        },
    )
    notice = forms.ChoiceField(
        label="Which privacy notice were they given?",
        error_messages={"required": "Choose the notice they were given"},
    )
    how = forms.ChoiceField(
        label="In which way?",
        choices=WAYS,
        widget=forms.RadioSelect,
        error_messages={"required": "Say in which way they were given it"},
    )

    field_order = [
        "email",
        *DetailsForm.base_fields,
        "purposes",
        "source",
        "where",
        "met_on",
        "notice",
        "how",
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = ProcessingPurpose.objects.offered()
        usable = offered.filter(key__in=usable_purposes())
        self._choices("purposes", list(usable.values_list("key", "title")))
        waiting = [p.title for p in offered.exclude(key__in=usable)]
        if waiting:
            self.fields["purposes"].help_text += (
                f" Not yet to be used, since not everybody held was told of it in the "
                f"privacy notice: {', '.join(waiting)}."
            )
        published = NoticeVersion.objects.filter(
            notice=NoticeVersion.Notice.PRIVACY, published_at__isnull=False
        )
        self._choices("notice", [(n.reference, str(n)) for n in published])

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        cast(forms.ChoiceField, self.fields[name]).choices = choices

    def clean_met_on(self) -> Any:
        day = self.cleaned_data["met_on"]
        if day > today_here():
            raise ValidationError("That day is still to come")
        return day


class UploadForm(forms.Form):
    use_required_attribute = False

    file = forms.FileField(
        label="The file",
        help_text="CSV in UTF-8, at most 2 MB and 20,000 rows.",
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        error_messages={
            "required": "Choose a file",
            "empty": "The file is empty. Choose another one",
        },
    )

    def clean_file(self) -> str:
        """The text of the file."""
        try:
            return decode(self.cleaned_data["file"].read())
        except FileProblem as problem:
            raise ValidationError(str(problem)) from problem


class ExportForm(forms.Form):
    use_required_attribute = False

    whom = forms.ChoiceField(
        label="Whom?",
        choices=Whom.choices,
        initial=Whom.READERS,
        widget=forms.RadioSelect,
        error_messages={"required": "Say whom to take out"},
    )
    kind = forms.ChoiceField(
        label="In which form?",
        choices=[("csv", "CSV, for a spreadsheet"), ("json", "JSON, for a program")],
        initial="csv",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a form"},
    )
