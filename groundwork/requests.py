"""What every request goes through first, and where it came from."""

import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestHygieneMiddleware:
    """Refuse NUL bytes in the URL (PostgreSQL cannot store them) and keep pages that
    depend on who asks out of shared caches."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return render(request, "400.html", status=400)
        response = self.get_response(request)
        if "Cache-Control" not in response and not settings.DEBUG:
            response["Cache-Control"] = "no-store"
        return response


def network_of(request: HttpRequest) -> str:
    """The visitor's network, truncated: /24 of an IPv4 and /48 of an IPv6 address.

    With TRUSTED_PROXIES = n the address is the n-th from the right of
    X-Forwarded-For, the one our own outermost proxy saw; what stands further left was
    written by the visitor. Empty when there is no usable address.
    """
    address = request.META.get("REMOTE_ADDR", "")
    hops = settings.TRUSTED_PROXIES
    if hops:
        header = request.META.get("HTTP_X_FORWARDED_FOR", "")
        forwarded = [hop.strip() for hop in header.split(",") if hop.strip()]
        address = forwarded[-hops] if len(forwarded) >= hops else address
    return truncate(address)


def truncate(address: str) -> str:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    prefix = 24 if ip.version == 4 else 48
    rest = ip.max_prefixlen - prefix
    return f"{type(ip)(int(ip) >> rest << rest)}/{prefix}"
