from django.apps import AppConfig


class GroundworkConfig(AppConfig):
    name = "groundwork"
    verbose_name = "Groundwork"

    def ready(self) -> None:
        from groundwork import checks  # noqa: F401 (registers them)
