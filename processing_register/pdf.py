"""A notice as a PDF that a screen reader can follow (tagged, PDF/UA)."""

from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.template.loader import render_to_string

from processing_register.models import NoticeVersion
from processing_register.rendering import render

# Files are drawn once per process: the text of a version never changes.
KEPT_FILES = 32
STYLE = settings.BASE_DIR / "static" / "css" / "notice-pdf.css"


class PdfUnavailable(Exception):
    """This machine cannot draw PDFs; the text says what it lacks."""


def notice_pdf(version: NoticeVersion) -> bytes:
    """Raises PdfUnavailable when WeasyPrint or the system's Pango is missing."""
    html = render_to_string(
        "processing_register/notice_pdf.html",
        {
            "version": version,
            "html": render(version.page_source).html,
            "address": settings.SITE_URL + version.get_absolute_url(),
        },
    )
    return _drawn(version.reference, html)


@lru_cache(maxsize=KEPT_FILES)
def _drawn(reference: str, html: str) -> bytes:
    return draw(html, style=STYLE)


def draw(html: str, *, style: Path) -> bytes:
    """The tagged PDF of a page. Nothing is fetched for it and nothing kept.

    Raises PdfUnavailable when WeasyPrint or the system's Pango is missing.
    """
    try:
        import weasyprint
    except (ImportError, OSError) as error:  # OSError: a system library is missing
        raise PdfUnavailable(
            "The PDF cannot be made here, because this server lacks the library "
            "Pango (libpango-1.0-0 and libpangoft2-1.0-0)."
        ) from error
    # A page has everything in it: nothing is ever fetched to draw it.
    nothing = weasyprint.URLFetcher(allowed_protocols=())
    page = weasyprint.HTML(string=html, base_url=settings.SITE_URL, url_fetcher=nothing)
    sheet = weasyprint.CSS(string=style.read_text(), url_fetcher=nothing)
    drawn: bytes = page.write_pdf(stylesheets=[sheet], pdf_variant="pdf/ua-1")
    return drawn
