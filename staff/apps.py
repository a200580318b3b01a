from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class StaffConfig(AppConfig):
    name = "staff"
    verbose_name = "Staff"

    def ready(self) -> None:
        from staff.console import console

        # Every app's admin.py puts its models and pages on the console.
        autodiscover_modules("admin", register_to=console)
