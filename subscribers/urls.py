from django.urls import path

from groundwork import links  # noqa: F401 — brings <token:…>
from subscribers import receipt_views, views

app_name = "subscribers"

urlpatterns = [
    path("", views.sign_up, name="sign-up"),
    path("check-your-mail/", views.check_your_mail, name="check-your-mail"),
    path("confirm/<token:token>/", views.confirm, name="confirm"),
    path("confirmed/", views.confirmed, name="confirmed"),
    path("u/<token:token>/", views.unsubscribe, name="unsubscribe"),
    path("undo/<token:token>/", views.undo, name="undo"),
    path("preferences/", views.preferences_ask, name="preferences-ask"),
    path("preferences/asked/", views.preferences_asked, name="preferences-asked"),
    path(
        "preferences/open/<token:token>/",
        views.preferences_open,
        name="preferences-open",
    ),
    path("preferences/<token:token>/", views.preferences_page, name="preferences"),
    path(
        "preferences/<token:token>/receipts/<int:entry>/",
        receipt_views.receipt_page,
        name="receipt",
    ),
    path(
        "preferences/<token:token>/receipts/<int:entry>/receipt.json",
        receipt_views.receipt_file,
        name="receipt-file",
    ),
    path("address/<token:token>/", views.address_confirm, name="address-confirm"),
    path("address/undo/<token:token>/", views.address_undo, name="address-undo"),
]
