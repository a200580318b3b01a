"""What people can ask of us, and how to ask it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def your_data(request: HttpRequest) -> HttpResponse:
    return render(request, "rights_requests/your_data.html")
