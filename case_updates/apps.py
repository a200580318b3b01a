from django.apps import AppConfig


class CaseUpdatesConfig(AppConfig):
    name = "case_updates"
    verbose_name = "Case updates"
