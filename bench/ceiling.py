"""The ceiling to measure against: a Django view without middleware that does one ORM
INSERT and answers. Same server, same pool, same database server as the application."""

import os

import django
import environ
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import path

settings.configure(
    SECRET_KEY="bench",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[],
    INSTALLED_APPS=[],
    USE_TZ=True,
    DATABASES={
        "default": {
            **environ.Env.db_url_config(os.environ["BENCH_CEILING_URL"]),
            "ENGINE": "django.db.backends.postgresql",
            "OPTIONS": {"pool": {"min_size": 1, "max_size": 8, "timeout": 10}},
        }
    },
)
django.setup()


class Row(models.Model):
    address = models.TextField()

    objects: "models.Manager[Row]" = models.Manager()

    class Meta:
        app_label = "bench"
        db_table = "bench_row"

    def __str__(self) -> str:
        return self.address


def insert(request: HttpRequest) -> HttpResponse:
    Row.objects.create(address=request.POST["email"])
    return HttpResponse("ok")


urlpatterns = [path("", insert)]
application = get_wsgi_application()
