"""The URL map with a page that takes files, and with a provider that posts mails so."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.test import override_settings
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from config.urls import urlpatterns as the_usual
from config.urls import webhook
from rights_requests.upload_kinds import UploadRefused
from rights_requests.upload_limits import was_too_large
from rights_requests.uploads import check_uploads


@csrf_exempt
def take(request: HttpRequest) -> JsonResponse:
    """Says what was typed and what became of the files."""
    answer: dict[str, Any] = {"typed": request.POST.dict(), "refused": "", "sizes": []}
    try:
        files = check_uploads(request.FILES.getlist("files"))
        answer["sizes"] = [sum(map(len, file.chunks())) for file in files]
    except UploadRefused as refusal:
        answer["refused"] = refusal.message
    return JsonResponse(answer, status=413 if was_too_large(request) else 200)


with override_settings(ANYMAIL={"WEBHOOK_SECRET": "post:man"}):
    urlpatterns = [
        *the_usual,
        path("take/", take),
        path("anymail/", include(webhook("sendgrid"))),
    ]
