"""The register on the console: what we say we do, to be read. It is changed by files in
the repository and a new version, never by hand."""

from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from processing_register.models import (
    BankHoliday,
    Controller,
    NoticeVersion,
    ProcessingPurpose,
)
from processing_register.notices import render_notice
from staff.console import Place, ReadOnlyAdmin, console


class NoticeVersionAdmin(ReadOnlyAdmin):
    place = Place("Registers", 1, "Notices")
    lead = (
        "Every version that was ever published. Once published, a text never changes."
    )
    duties = {"view_noticeversion": "See the notices and their versions"}
    list_display = ("__str__", "severity", "effective", "language")
    list_filter = ("notice",)
    ordering = ("notice", "-number")
    fields = (
        "reference",
        "severity",
        "effective",
        "published",
        "language",
        "digests",
        "text",
    )

    def effective(self, version: NoticeVersion) -> str:
        return f"{version.effective_on:%-d %B %Y}"

    effective.short_description = "In force from"  # type: ignore[attr-defined]

    def published(self, version: NoticeVersion) -> str:
        when = version.published_at
        return f"{when:%-d %B %Y}" if when else "not yet"

    def digests(self, version: NoticeVersion) -> SafeString:
        digest = bytes(version.digest).hex()
        return format_html('<span class="code">{}</span>', digest)

    digests.short_description = "SHA-256 of the text"  # type: ignore[attr-defined]

    def text(self, version: NoticeVersion) -> SafeString:
        """A page as it reads; the wording of a form as it is kept."""
        if version.notice == NoticeVersion.Notice.PRIVACY:
            html = render_notice(version).html
            return format_html('<div class="paper-sheet">{}</div>', html)
        return format_html('<pre class="kept">{}</pre>', version.body)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields


class ProcessingPurposeAdmin(ReadOnlyAdmin):
    place = Place("Registers", 2, "Purposes")
    lead = "What addresses are used for, and on which lawful basis."
    duties = {"view_processingpurpose": "See the purposes"}
    list_display = ("title", "key", "lawful_basis", "is_marketing", "is_sendable")


class ControllerAdmin(ReadOnlyAdmin):
    place = Place("Registers", 3, "Controller")
    lead = "Who we are, how to reach us, and who regulates us, as every letter says it."
    duties = {"view_controller": "See the controller’s particulars"}
    list_display = ("__str__", "governance_email", "regulator_name")


class BankHolidayAdmin(ReadOnlyAdmin):
    place = Place("Registers", 4, "Bank holidays")
    lead = "The days on which no deadline ends."
    duties = {"view_bankholiday": "See the bank holidays"}
    list_display = ("day", "title", "nation")
    list_filter = ("nation",)
    ordering = ("-on", "nation")
    list_display_links = None

    def day(self, holiday: BankHoliday) -> str:
        return f"{holiday.on:%A %-d %B %Y}"


console.register(NoticeVersion, NoticeVersionAdmin)
console.register(ProcessingPurpose, ProcessingPurposeAdmin)
console.register(Controller, ControllerAdmin)
console.register(BankHoliday, BankHolidayAdmin)
