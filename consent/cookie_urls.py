from django.urls import path

from consent import cookie_views, page_views

app_name = "consent"

urlpatterns = [
    path("cookies/", cookie_views.page, name="cookies"),
    path("cookies/choice/", cookie_views.choose, name="cookie-choice"),
    path("cookies/receipt/", cookie_views.receipt, name="cookie-receipt"),
    path("page-views/", page_views.count, name="page-views"),
]
