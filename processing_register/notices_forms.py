"""The forms of the console about notices."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from groundwork.clock import today_here
from processing_register.models import NoticeVersion
from processing_register.publishing import NAMED, REVIEW_AFTER
from processing_register.register import the_register

LONGEST_NOTICE = 100_000
# Why there is no choice of how much a change of these matters.
NOT_TOLD = (
    "People are told of a change of the privacy notice, the cookie notice, the retention "
    "schedule and the summaries of our interests. This one says nothing of what is done "
    "with their data, or holds only for whoever reads it from then on."
)
NO_DAY = "Enter a day like 2027-11-23"
# A browser shows a date only when it is written this way, whatever the locale.
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class NoticeForm(forms.Form):
    """The words of a draft, its days, and what of the register it names."""

    use_required_attribute = False

    title = forms.CharField(
        max_length=200,
        label="Title",
        error_messages={
            "required": "Enter the title",
            "max_length": "Shorten the title to 200 characters or fewer",
        },
    )
    source = forms.CharField(
        max_length=LONGEST_NOTICE,
        strip=False,
        label="Text",
        widget=forms.Textarea(attrs={"rows": 30, "spellcheck": "true"}),
        help_text="Markdown. A table of the register and a particular of the "
        "controller are named in braces; both are listed below.",
        error_messages={
            "required": "Write the text",
            "max_length": "Shorten the text to 100,000 characters or fewer",
        },
    )
    summary_of_changes = forms.CharField(
        max_length=1_000,
        label="What changes, in a few words",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="When the change is significant, readers see this on the bar, at the "
        "head of the page and in the e-mail. Say it plainly, without advertising, a link "
        "or the name of a site.",
        error_messages={
            "required": "Say in a few words what changes",
            "max_length": "Shorten this to 1,000 characters or fewer",
        },
    )
    severity = forms.ChoiceField(
        choices=[
            ("significant", "Significant: everybody whose data we hold is told"),
            ("minor", "Minor: a correction that changes nothing for anybody"),
        ],
        widget=forms.RadioSelect,
        label="How much does it matter?",
        error_messages={
            "required": "Choose how much it matters",
            "invalid_choice": "Choose how much it matters",
        },
    )
    effective_on = forms.DateField(
        label="Takes effect on",
        widget=DAY,
        error_messages={
            "required": "Enter the day on which it takes effect",
            "invalid": NO_DAY,
        },
    )
    review_by = forms.DateField(
        label="Look at it again by",
        widget=DAY,
        error_messages={
            "required": "Enter the day by which to look at it again",
            "invalid": NO_DAY,
        },
    )
    purposes = forms.MultipleChoiceField(
        required=False,
        label="Which purposes does the text name?",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Tick only purposes that are listed"},
    )
    categories = forms.MultipleChoiceField(
        required=False,
        label="Which kinds of data does it name?",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Tick only kinds of data that are listed"},
    )
    recipients = forms.MultipleChoiceField(
        required=False,
        label="Which recipients does it name?",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Tick only recipients that are listed"},
    )

    def __init__(self, *args: Any, version: NoticeVersion, **kwargs: Any) -> None:
        kwargs["initial"] = _as_it_stands(version)
        super().__init__(*args, **kwargs)
        self.names_of_now = version.names
        if not version.concerns_everybody:
            del self.fields["severity"]
            self.fields[
                "summary_of_changes"
            ].help_text = f"It stands in the list of versions. {NOT_TOLD}"
        if version.notice != NoticeVersion.Notice.PRIVACY:
            for name in NAMED:
                del self.fields[name]
            return
        register = the_register()
        for name in NAMED:
            known = getattr(register, name)
            field: Any = self.fields[name]
            field.choices = [(key, entry.title) for key, entry in known.items()]

    def clean_source(self) -> str:
        text = str(self.cleaned_data["source"]).replace("\r\n", "\n")
        if not text.strip():
            raise ValidationError("Write the text")
        return text

    def words(self) -> dict[str, Any]:
        """What publishing.edit takes."""
        found = dict(self.cleaned_data)
        named = {name: found.pop(name) for name in NAMED if name in found}
        return {**found, "names": named or self.names_of_now}


def _as_it_stands(version: NoticeVersion) -> dict[str, Any]:
    words = ("title", "source", "summary_of_changes", "severity")
    days = ("effective_on", "review_by")
    names: dict[str, Any] = version.names
    return {name: getattr(version, name) for name in (*words, *days)} | names


class ReviewForm(forms.Form):
    """Reviewed, no change."""

    use_required_attribute = False

    next_review_by = forms.DateField(
        label="Look at it again by",
        widget=DAY,
        initial=lambda: today_here() + REVIEW_AFTER,
        error_messages={
            "required": "Enter the day by which to look at it again",
            "invalid": NO_DAY,
        },
    )
    remark = forms.CharField(
        required=False,
        max_length=500,
        label="Remark (no personal data)",
        error_messages={"max_length": "Shorten the remark to 500 characters or fewer"},
    )

    def clean_next_review_by(self) -> date:
        day: date = self.cleaned_data["next_review_by"]
        if day <= today_here():
            raise ValidationError("The next review has to be after today")
        return day
