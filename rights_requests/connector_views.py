"""Where systems outside tell how far they are with a request (OpenDSR 2.0, section 8.6).

Nothing is read of what is not signed with the certificate on record (section 8.8).
"""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from groundwork.rate_limits import connector_answer_allowed
from groundwork.requests import network_of
from rights_requests.fulfilment import calling, opendsr
from rights_requests.fulfilment.opendsr import NotSigned, Status, Unreadable
from rights_requests.models import Connector, SystemCall


@csrf_exempt  # the signature is the only key; no cookie opens anything
@require_POST
def callback(request: HttpRequest) -> HttpResponse:
    """202 for what was taken or is known already; 401 for a domain that we do not know,
    403 for a wrong signature, 400 and 404 for what is signed and means nothing here."""
    if not connector_answer_allowed(network_of(request)):
        return _said(429, "too many")
    if int(request.META.get("CONTENT_LENGTH") or 0) > opendsr.MOST_BYTES:
        return _said(413, "too large")
    named = request.headers.get(opendsr.DOMAIN_HEADER, "").strip().lower()
    connectors = list(Connector.objects.filter(domain=named))
    if not connectors:
        return _said(401, "unknown domain")
    signers = [one for one in connectors if _is_signed_by(request, one)]
    if not signers:
        for connector in connectors:
            calling.note_unsigned(connector, now=timezone.now())
        return _said(403, "wrong signature")
    return _take(request.body, signers)


def _is_signed_by(request: HttpRequest, connector: Connector) -> bool:
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        opendsr.check_signature(
            request.body,
            headers,
            domain=connector.domain,
            pem=connector.certificate,
            now=timezone.now(),
        )
    except NotSigned:
        return False
    return True


def _take(body: bytes, signers: list[Connector]) -> HttpResponse:
    try:
        told: Status = opendsr.status_of(body)
    except Unreadable:
        return _said(400, "not as OpenDSR has it")
    if told.callback_url != calling.callback_url():
        return _said(400, "meant for another house")
    calls = SystemCall.objects.filter(pk=told.request_id, connector__in=signers)
    if not calls.exists():
        return _said(404, "unknown request")
    calling.take_status(told.request_id, told, now=timezone.now())
    return _said(202, "taken")


def _said(status: int, words: str) -> HttpResponse:
    return HttpResponse(f"{words}\n", status=status, content_type="text/plain")
