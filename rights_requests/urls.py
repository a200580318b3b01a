from django.urls import path

from groundwork import links  # noqa: F401 — brings <token:…>
from rights_requests import (
    asking_views,
    calendar_feed,
    complaining_views,
    connector_views,
    own_data_views,
    receipt_views,
    receiver_views,
    status_views,
    views,
    visit_views,
)

app_name = "rights_requests"

urlpatterns = [
    path("your-data/", views.your_data, name="your-data"),
    path("your-data/see/", own_data_views.ask_link, name="own-data-ask"),
    path("your-data/see/asked/", own_data_views.asked, name="own-data-asked"),
    path(
        "your-data/open/<token:token>/", own_data_views.open_link, name="own-data-open"
    ),
    path("your-data/yours/<token:token>/", own_data_views.everything, name="own-data"),
    path(
        "your-data/yours/<token:token>/place/<slug:place>/",
        own_data_views.one_place,
        name="own-data-place",
    ),
    path(
        "your-data/yours/<token:token>/ask/<slug:kind>/",
        own_data_views.request_it,
        name="own-data-request",
    ),
    path("your-data/ask/", asking_views.ask, name="ask"),
    path("your-data/asked/<token:token>/", receipt_views.asked, name="asked"),
    path("your-data/case/<token:token>/", status_views.status, name="status"),
    path("your-data/case/<token:token>/code/", status_views.code, name="code"),
    path("your-data/confirm/<token:token>/", status_views.confirm, name="confirm"),
    path("your-data/visit/<token:token>/", visit_views.visit, name="visit"),
    path("your-data/visit/<token:token>/less/", visit_views.narrow, name="narrow"),
    path("your-data/visit/<token:token>/end/", visit_views.withdraw, name="withdraw"),
    path("your-data/visit/<token:token>/links/", visit_views.new_link, name="new-link"),
    path(
        "your-data/visit/<token:token>/documents/<uuid:document>/",
        visit_views.document,
        name="document",
    ),
    path("your-data/complain/", complaining_views.complain, name="complain"),
    path(
        "your-data/portable.schema.json",
        receiver_views.schema,
        name="portable-schema",
    ),
    path(
        ".well-known/casedesk-sending-key",
        receiver_views.sending_key,
        name="sending-key",
    ),
    path("opendsr/callbacks/", connector_views.callback, name="opendsr-callback"),
    path("calendar/<token:token>.ics", calendar_feed.calendar, name="calendar"),
]
