"""A letter as a PDF to post: tagged (PDF/UA), with its address in the window."""

from collections.abc import Sequence

from django.conf import settings
from django.template.loader import render_to_string

from processing_register.models import Controller
from processing_register.pdf import PdfUnavailable, draw
from rights_requests.deadline_words import in_words
from rights_requests.letter_fields import one_line
from rights_requests.letters import Letter

__all__ = ["PdfUnavailable", "address_problem", "letter_pdf"]

STYLE = settings.BASE_DIR / "static" / "css" / "letter-pdf.css"
# What the window of an envelope shows (static/css/letter-pdf.css).
MOST_LINES = 7
LONGEST_LINE = 40


def address_problem(lines: Sequence[str]) -> str:
    """Why this address cannot be read through the window, in words for staff; empty
    when it can. A line that is cut off is often the postcode."""
    shown = _shown(lines)
    if not shown:
        return "Enter the address that the letter goes to."
    if len(shown) > MOST_LINES:
        return f"The address has {len(shown)} lines; the window shows {MOST_LINES}."
    too_long = [line for line in shown if len(line) > LONGEST_LINE]
    if too_long:
        return f"Shorten “{too_long[0]}” to {LONGEST_LINE} characters, or break it."
    return ""


def letter_pdf(letter: Letter, *, to: Sequence[str], controller: Controller) -> bytes:
    """The letter to post, with the lines of the recipient's name and address.

    The same letter always gives the same words; nothing is fetched for it or kept of it.
    Raises ValueError for an address that does not fit (address_problem), and
    PdfUnavailable when WeasyPrint or the system's Pango is missing.
    """
    if problem := address_problem(to):
        raise ValueError(problem)
    context = {
        "letter": letter,
        "to": _shown(to),
        "controller": controller,
        "written_on": in_words(letter.written_on),
    }
    html = render_to_string("rights_requests/letter_pdf.html", context)
    return draw(html, style=STYLE)


def _shown(lines: Sequence[str]) -> list[str]:
    return [shown for line in lines if (shown := one_line(line))]
