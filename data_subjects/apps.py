from django.apps import AppConfig


class DataSubjectsConfig(AppConfig):
    name = "data_subjects"
    verbose_name = "Data subjects"

    def ready(self) -> None:
        from data_subjects import checks  # noqa: F401
