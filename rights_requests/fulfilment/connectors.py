"""By which address and with which certificate a system outside is asked by machine."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.db import transaction

from groundwork import connector_keys, outside_calls
from groundwork.outside_calls import CallFailed, Why
from groundwork.refusals import NotAllowed, refuse
from rights_requests.fulfilment import calling, opendsr
from rights_requests.fulfilment.opendsr import Discovery, Unreadable
from rights_requests.kinds import CaseKind
from rights_requests.models import Connector, OutsideSystem

NO_KEY = "This house has no key to sign with yet: whoever runs the system sets CONNECTOR_KEY."
WORDS = {
    Why.ADDRESS: "This address leads into our own network, which is not called",
    Why.UNREACHED: "The system could not be reached under this address",
    Why.SLOW: "The system took too long to answer",
    Why.TOO_LARGE: "The system answered with far too much",
}


@dataclass(frozen=True)
class Told:
    """What is said of a connector. certificate: PEM, as its house gave it to us; empty
    to take the one that it publishes."""

    endpoint: str
    kinds: tuple[str, ...]
    certificate: str = ""


def connect(
    system: OutsideSystem, told: Told, *, staff_id: int, now: datetime
) -> Connector:
    """From now on tasks of these kinds are sent to it. It is asked first what it can do;
    nothing is kept of one that does not answer as OpenDSR 2.0 has it. Raises NotAllowed
    in words."""
    endpoint = told.endpoint.strip().rstrip("/")
    refuse(
        "" if connector_keys.is_there() else NO_KEY,
        outside_calls.why_not_call(endpoint),
        "Leave the question mark out" if "?" in endpoint else "",
    )
    domain = (urlsplit(endpoint).hostname or "").lower()
    discovered = _discovered(endpoint)
    refuse(_why_not_do(discovered, told.kinds))
    pem = told.certificate.strip() or _published(discovered, domain)
    try:
        certificate = opendsr.certificate_of(pem)
    except Unreadable as error:
        raise NotAllowed("This is no certificate (PEM).") from error
    refuse(opendsr.why_not_trust(certificate, domain, now=now))
    return _keep(
        system,
        endpoint=endpoint,
        domain=domain,
        certificate=pem,
        kinds=list(told.kinds),
        identity_format=_identity(discovered),
        is_active=True,
        checked_at=now,
        checked_by_id=staff_id,
    )


@transaction.atomic
def _keep(system: OutsideSystem, **values: object) -> Connector:
    connector, _ = Connector.objects.update_or_create(system=system, defaults=values)
    return connector


def disconnect(system: OutsideSystem) -> None:
    """Its owner answers by hand again; what was sent is still taken in."""
    Connector.objects.filter(system=system).update(is_active=False)


def _discovered(endpoint: str) -> Discovery:
    try:
        return opendsr.discovery_of(_got(f"{endpoint}/discovery"))
    except Unreadable as error:
        raise NotAllowed(
            "What answers there does not speak OpenDSR 2.0 (its page “discovery”)"
        ) from error


def _got(url: str) -> bytes:
    try:
        reply = calling.signed_call("GET", url, most_bytes=opendsr.MOST_BYTES)
    except CallFailed as failure:
        raise NotAllowed(WORDS[failure.why]) from failure
    if reply.status != 200:
        raise NotAllowed(f"The system answered {reply.status} instead of 200")
    return reply.body


def _why_not_do(discovered: Discovery, kinds: Collection[str]) -> str:
    wanted = {calling.TYPES[CaseKind(kind)]: kind for kind in kinds}
    missing = sorted(set(wanted) - discovered.types)
    if missing:
        return f"The system says that it cannot do this: {', '.join(missing)}"
    if not discovered.formats & {"raw", "sha256"}:
        return "The system does not find people by their e-mail address"
    return ""


def _identity(discovered: Discovery) -> str:
    """As little of the person as it can do with."""
    is_digest = Connector.Identity.SHA256 in discovered.formats
    return Connector.Identity.SHA256 if is_digest else Connector.Identity.RAW


def _published(discovered: Discovery, domain: str) -> str:
    """The certificate that it publishes, which has to lie in its own domain (OpenDSR,
    section 6.3)."""
    url = discovered.certificate_url
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    if host.lower() != domain:
        raise NotAllowed("The system names no certificate in its own domain")
    return _got(url).decode("ascii", errors="replace")
