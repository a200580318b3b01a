from typing import Any

from django.core.management.base import BaseCommand, CommandError

from processing_register.loading import PublishedTextDiffers, load_register
from processing_register.register import RegisterIsWrong


class Command(BaseCommand):
    help = "Load the controller, purposes, bank holidays and notices from their files."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            load_register()
        except (PublishedTextDiffers, RegisterIsWrong) as error:
            raise CommandError(str(error)) from error
        self.stdout.write("The register is loaded.")
