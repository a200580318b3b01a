from django.apps import AppConfig


class ProcessingRegisterConfig(AppConfig):
    name = "processing_register"
    verbose_name = "Processing register"

    def ready(self) -> None:
        from processing_register import checks  # noqa: F401 (registers itself)
