from django.apps import AppConfig


class ProcessingRegisterConfig(AppConfig):
    name = "processing_register"
    verbose_name = "Processing register"
