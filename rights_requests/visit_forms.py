"""What people may type and send in a visit to their own case."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from groundwork.masking import has_numbers
from groundwork.rectifying import STATEMENT
from rights_requests.forms import WORDS_LENGTH, WordsField
from rights_requests.fulfilment import transmissions
from rights_requests.fulfilment.corrections import Standing
from rights_requests.models import CaseDocument
from rights_requests.upload_kinds import UploadRefused
from rights_requests.upload_limits import Upload
from rights_requests.uploads import Checked, check_uploads

Purpose = CaseDocument.Purpose
# What a document is, as its sender would say it.
PURPOSES: dict[str, str] = {
    Purpose.EVIDENCE: "Something that belongs to it",
    Purpose.IDENTITY: "What you asked for to show who I am",
    Purpose.AUTHORITY: "What shows that I may act for somebody",
}


LONGEST_VALUE = 320
# What we have of the person, as they would call it.
TITLES = {
    "address": "Your e-mail address",
    "first_name": "Your first name",
    "last_name": "Your last name",
    "employer": "Your employer",
    "job_title": "Your job title",
    "telephone": "Your telephone number",
    STATEMENT: "What you want said beside it",
}


class MessageForm(forms.Form):
    words = WordsField("your message", limit=WORDS_LENGTH)

    def clean_words(self) -> str:
        words: str = self.cleaned_data["words"]
        if not words:
            raise ValidationError("Write your message")
        return words

    @property
    def has_masked(self) -> bool:
        """Whether a number was typed that the words no longer hold."""
        return has_numbers(str(self.data.get("words", "")))


class RightForm(forms.Form):
    """What we have of the person, each in a field in which they can put it right."""

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        data_held: Sequence[Standing],
    ) -> None:
        super().__init__(data)
        self.held = data_held
        for number, one in enumerate(data_held):
            is_long = one.field == STATEMENT
            limit = WORDS_LENGTH if is_long else LONGEST_VALUE
            self.fields[f"right_{number}"] = WordsField("it", limit=limit)
            self.initial[f"right_{number}"] = one.value

    def lines(self) -> list[dict[str, Any]]:
        """The fields as the page draws them."""
        return [
            {
                "field": self[f"right_{number}"],
                "label": TITLES.get(one.field, one.title),
                "is_long": one.field == STATEMENT,
            }
            for number, one in enumerate(self.held)
        ]

    def typed(self) -> dict[str, str]:
        """By the keys of what we have; what did not come along stays as it is."""
        return {
            one.key: self.cleaned_data[f"right_{number}"]
            for number, one in enumerate(self.held)
            if f"right_{number}" in self.data
        }


class SendToForm(forms.Form):
    """The address of another organisation, to which the person wants their file sent."""

    send_to = forms.CharField(
        error_messages={
            "required": "Enter the address that they gave you",
            "null_characters_not_allowed": "Take out invisible characters",
        },
    )

    def __init__(self, *args: Any, is_optional: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["send_to"].required = not is_optional

    def clean_send_to(self) -> str:
        address: str = self.cleaned_data["send_to"]
        if not address:
            return ""
        if why_not := transmissions.why_not_address(address):
            raise ValidationError(why_not)
        return address


class NarrowForm(forms.Form):
    words = WordsField("what you want instead", limit=WORDS_LENGTH)

    def clean_words(self) -> str:
        words: str = self.cleaned_data["words"]
        if not words:
            raise ValidationError("Say what you want instead")
        return words


class UploadForm(forms.Form):
    """Some files of one purpose. purposes: those open now, in their order; a single one
    is not asked for. sent: the files that came with the form."""

    documents = forms.Field(required=False)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        purposes: Sequence[str],
        sent: Sequence[Upload] = (),
    ) -> None:
        super().__init__(data)
        self.purposes, self.sent = purposes, sent
        self.fields["purpose"] = forms.ChoiceField(
            required=False,
            choices=[(key, PURPOSES[key]) for key in purposes],
            error_messages={"invalid_choice": "Choose one of the answers listed"},
        )
        self.order_fields(["purpose", "documents"])

    @property
    def asks_what_it_is(self) -> bool:
        return len(self.purposes) > 1

    def clean_purpose(self) -> str:
        chosen: str = self.cleaned_data["purpose"]
        if chosen or not self.asks_what_it_is:
            return chosen or self.purposes[0]
        raise ValidationError("Say what you are sending")

    def clean_documents(self) -> list[Checked]:
        if not self.sent:
            raise ValidationError("Choose the file that you want to send")
        try:
            return check_uploads(self.sent)
        except UploadRefused as refused:
            raise ValidationError(refused.message) from refused
