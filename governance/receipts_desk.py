"""A person's receipts as the staff see them; each opening is on record."""

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from consent.models import ConsentEntry
from consent.receipts import NoConsent, Receipt, receipt_of
from staff.access import note_opening
from staff.console import console
from subscribers.models import Subscriber
from subscribers.receipt_views import as_file, shown

PERMISSION = "subscribers.view_subscriber"


@console.page(
    "people/<int:pk>/receipts/<int:entry>/", name="receipt", permission=PERMISSION
)
@require_safe
def receipt_page(request: HttpRequest, pk: int, entry: int) -> HttpResponse:
    receipt = _opened(request, pk, entry)
    context = {
        **console.each_context(request),
        "title": "",
        "person_id": pk,
        "entry_id": entry,
        **shown(receipt),
    }
    return TemplateResponse(request, "admin/governance/receipt.html", context)


@console.page(
    "people/<int:pk>/receipts/<int:entry>/receipt.json",
    name="receipt_file",
    permission=PERMISSION,
)
@require_safe
def receipt_file(request: HttpRequest, pk: int, entry: int) -> HttpResponse:
    return as_file(_opened(request, pk, entry), entry)


def _opened(request: HttpRequest, pk: int, entry: int) -> Receipt:
    """Any entry of this person's consent, and no one else's. Raises Http404."""
    found = Subscriber.objects.filter(pk=pk).first()
    if found is None:
        raise Http404
    own = ConsentEntry.objects.filter(data_subject_id=found.data_subject_id, pk=entry)
    try:
        receipt = receipt_of(own.get())
    except (ConsentEntry.DoesNotExist, NoConsent) as error:
        raise Http404 from error
    note_opening(request, found.data_subject_id)
    return receipt
