from django.urls import path

from processing_register import views

app_name = "processing_register"

urlpatterns = [
    path("privacy/", views.privacy_notice, name="privacy-notice"),
    path("privacy/versions/", views.notice_versions, name="notice-versions"),
    path("privacy/versions/<int:number>/", views.notice_version, name="notice-version"),
    path("cookies/", views.cookies, name="cookies"),
    path("accessibility/", views.accessibility, name="accessibility"),
]
