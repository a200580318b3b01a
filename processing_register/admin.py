"""The register on the console: what we say we do, to be read. It is changed by files in
the repository and a new version, never by hand."""

from processing_register import notices_desk  # noqa: F401 registers itself
from processing_register.models import (
    BankHoliday,
    Controller,
    ProcessingPurpose,
)
from staff.console import Place, ReadOnlyAdmin, console


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


console.register(ProcessingPurpose, ProcessingPurposeAdmin)
console.register(Controller, ControllerAdmin)
console.register(BankHoliday, BankHolidayAdmin)
