from django.urls import path

from consent import site_views

app_name = "consent_sites"

urlpatterns = [
    path("consent.js", site_views.script, name="script"),
    path("consent/sites/<str:site>/choices/", site_views.choices, name="choices"),
]
