from django.urls import path

from rights_requests import views

app_name = "rights_requests"

urlpatterns = [path("your-data/", views.your_data, name="your-data")]
