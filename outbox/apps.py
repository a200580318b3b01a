from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "outbox"
    verbose_name = "Outbox"

    def ready(self) -> None:
        from anymail.signals import inbound

        from outbox.inbound import store_from_webhook

        inbound.connect(store_from_webhook)
