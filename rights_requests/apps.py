from django.apps import AppConfig


class RightsRequestsConfig(AppConfig):
    name = "rights_requests"
    verbose_name = "Rights requests"

    def ready(self) -> None:
        from rights_requests import casebook, recounting

        casebook.before_each_move(recounting.before_anything_else)
        casebook.after_each_opening(recounting.after_opening)
