from django.urls import path

from consent import receipt_views as views

app_name = "receipts"

urlpatterns = [
    path("check/", views.check, name="check"),
    path("check/proof_check.py", views.checker, name="checker"),
    path("schema.json", views.schema, name="schema"),
    path("seals/<slug:ledger>/<int:number>/", views.seal, name="seal"),
]
