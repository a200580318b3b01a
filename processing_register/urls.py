from django.urls import path, register_converter

from processing_register import views
from processing_register.notice_paths import InterestsConverter, NoticeConverter

app_name = "processing_register"

register_converter(NoticeConverter, "notice")
register_converter(InterestsConverter, "interests")

PRIVACY = {"notice": "privacy"}

urlpatterns = [
    path("privacy/", views.current_notice, PRIVACY, name="privacy-notice"),
    path("privacy/interests/", views.interests, name="interests"),
    path("<interests:notice>/", views.current_notice, name="interests-of"),
    path("retention/", views.current_notice, {"notice": "retention"}, name="retention"),
    path(
        "accessibility/",
        views.current_notice,
        {"notice": "accessibility"},
        name="accessibility",
    ),
    # The same four for every notice: its history, one version, that version in another
    # form, and two versions beside each other.
    path("<notice:notice>/versions/", views.notice_versions, name="notice-versions"),
    path(
        "<notice:notice>/versions/<int:number>/",
        views.notice_version,
        name="notice-version",
    ),
    path(
        "<notice:notice>/versions/<int:number>/text/",
        views.notice_text,
        name="notice-version-text",
    ),
    path(
        "<notice:notice>/versions/<int:number>/pdf/",
        views.notice_pdf,
        name="notice-version-pdf",
    ),
    path("<notice:notice>/text/", views.notice_text, name="notice-text"),
    path("<notice:notice>/pdf/", views.notice_pdf, name="notice-pdf"),
    path("<notice:notice>/compare/", views.compare_versions, name="notice-compare"),
]
