from django.urls import path

from groundwork import links  # noqa: F401 — brings <token:…>
from rights_requests import calendar_feed, views

app_name = "rights_requests"

urlpatterns = [
    path("your-data/", views.your_data, name="your-data"),
    path("your-data/case/<str:token>/", views.not_found, name="status"),
    path("your-data/confirm/<str:token>/", views.not_found, name="confirm"),
    path("your-data/complain/", views.not_found, name="complain"),
    path("calendar/<token:token>.ics", calendar_feed.calendar, name="calendar"),
]
