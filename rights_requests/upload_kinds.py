"""Which kinds of files people may send us, and how a refusal is said to them."""

from dataclasses import dataclass


class UploadRefused(Exception):
    """This file is not taken, and nothing of it was kept; `message` says to the person
    what to do instead."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True)
class FileKind:
    """A kind of file, the type that it is served as and the endings of its name; the
    first of them is given to a file whose name has none of them."""

    words: str
    media_type: str
    endings: tuple[str, ...]


PDF = FileKind("PDF", "application/pdf", (".pdf",))
JPEG = FileKind("JPEG", "image/jpeg", (".jpg", ".jpeg"))
PNG = FileKind("PNG", "image/png", (".png",))
TEXT = FileKind("text (.txt, .json)", "text/plain", (".txt", ".json"))
CSV = FileKind("CSV", "text/csv", (".csv",))
DOCX = FileKind(
    "Word (.docx)",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    (".docx",),
)
ODT = FileKind(
    "OpenDocument (.odt)", "application/vnd.oasis.opendocument.text", (".odt",)
)
MAIL = FileKind("e-mail (.eml)", "message/rfc822", (".eml",))

ALLOWED = (PDF, JPEG, PNG, TEXT, CSV, DOCX, ODT, MAIL)
# What stands under the field, and in a refusal.
ALLOWED_WORDS = (
    ", ".join(kind.words for kind in ALLOWED[:-1]) + f" or {ALLOWED[-1].words}"
)
