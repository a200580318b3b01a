"""The register on the console: what we say we do, to be read. It is changed by files in
the repository and a new version, never by hand."""

from processing_register import (  # noqa: F401 they register themselves
    gaps_desk,
    notices_desk,
    record_desk,
    register_desk,
)
from processing_register.models import BankHoliday, Controller
from staff.console import Place, ReadOnlyAdmin, console


class ControllerAdmin(ReadOnlyAdmin):
    place = Place("Registers", 3, "Controller")
    lead = "Who we are, how to reach us, and who regulates us, as every letter says it."
    duties = {"view_controller": "See the controller’s particulars and open questions"}
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


console.register(Controller, ControllerAdmin)
console.register(BankHoliday, BankHolidayAdmin)
