"""Files that came with a mail: checked as any upload, encrypted, put into the case.

What may not be kept is named beside the mail and stays with it, as long as the mail
itself does.
"""

from datetime import datetime

from django.core.files.uploadedfile import SimpleUploadedFile

from outbox import inbound
from outbox.inbound_message import Attachment, InboundMessage
from processing_register.register import period_in_words, the_register
from rights_requests.filing import file_documents
from rights_requests.models import Case, CaseDocument
from rights_requests.upload_kinds import UploadRefused
from rights_requests.uploads import Checked, check_upload

# More are seldom a letter's; the rest is named and stays with the mail.
MOST_FILES = 20
INBOUND_MAIL = "inbound-mail"
Purpose = CaseDocument.Purpose


def take_over(message: InboundMessage, case: Case, *, now: datetime) -> None:
    """Keep what came with a mail as documents of this case, as far as it may be kept.

    The caller has written the case, or holds it.
    """
    left_out = [file.name for file in message.attachments[MOST_FILES:]]
    for file in message.attachments[:MOST_FILES]:
        try:
            checked = _checked(file)
        except UploadRefused:
            left_out.append(file.name)
        else:
            file_documents(case.pk, [checked], Purpose.EVIDENCE, staff_id=None, now=now)
            left_out += checked.left_out
    if left_out:
        inbound.remark(message, _left_out(left_out))


def _checked(file: Attachment) -> Checked:
    return check_upload(
        SimpleUploadedFile(file.name, file.content, content_type=file.media_type)
    )


def _left_out(names: list[str]) -> str:
    period = period_in_words(the_register().retention[INBOUND_MAIL].period)
    named = ", ".join(f"“{name}”" for name in names)
    return (
        f"Not taken over into the case: {named}. It stays with the mail, which is "
        f"removed {period} after it came."
    )
