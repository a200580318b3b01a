from django.urls import path

from case_updates import views

app_name = "case_updates"

urlpatterns = [
    path("", views.archive, name="archive"),
    path("feed/", views.feed, name="feed"),
    path("<slug:slug>/", views.detail, name="detail"),
]
