"""A call to an address that somebody typed: only out of the house, and never for long.

Whoever may type an address could otherwise have this machine ask others behind the same
wall (server-side request forgery). So: https alone, no redirect is followed, the name is
looked up once and every address behind it must be public, and the connection goes to the
very address that was looked at. A reply has a most of bytes and of seconds.
"""

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from threading import Timer
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

CONNECT_SECONDS = 10.0
MOST_SECONDS = 30.0
LONGEST_URL = 500
CHUNK = 64 * 1024
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
# Behind these an IPv4 address is reached that may be anything (RFC 6052, RFC 3056).
_IN_DISGUISE = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "2002::/16")))


class Why(StrEnum):
    """Why a call came to nothing."""

    ADDRESS = "address"  # it may not be called at all
    UNREACHED = "unreached"
    SLOW = "slow"
    TOO_LARGE = "too-large"


class CallFailed(Exception):
    """No reply that could be used; nothing of it is told but why, and whether something
    of the request may have arrived all the same."""

    def __init__(self, why: Why, *, may_have_arrived: bool = False) -> None:
        super().__init__(why.value)
        self.why, self.may_have_arrived = why, may_have_arrived


@dataclass(frozen=True)
class Reply:
    """What came back, redirects included: they are not followed. Names of headers are in
    lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def why_not_call(url: str) -> str:
    """What stands against this address as it is written, in words; empty when nothing
    does. Where its name leads is looked at with each call."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "Enter a whole address, from https:// on"
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable():
        return "Enter a shorter address in plain letters"
    if parts.username is not None or "@" in parts.netloc:
        return "Leave names and passwords out of the address"
    if not parts.hostname or " " in url or "#" in url:
        return "Enter a whole address, from https:// on"
    if parts.scheme != "https" and not _is_plain_here(parts):
        return "Enter an address that begins with https://"
    return ""


def _is_plain_here(parts: SplitResult) -> bool:
    """Without encryption only this machine calls itself, where somebody develops."""
    here = ("127.0.0.1", "::1", "localhost")
    return settings.EMBEDDED and parts.scheme == "http" and parts.hostname in here


def call(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes = b"",
    most_bytes: int,
    is_public: bool = False,
) -> Reply:
    """One request. is_public: to nowhere but the public network, whatever
    CONNECTOR_NETWORKS names: none of us vouches for the address. Raises CallFailed."""
    if why_not_call(url):
        raise CallFailed(Why.ADDRESS)
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = _address_of(parts.hostname or "", port, is_public=is_public)
    connection = _connected(parts, address, port)
    ends = Timer(MOST_SECONDS, _hang_up, [connection.sock])
    ends.daemon, begun = True, time.monotonic()
    ends.start()
    try:
        target = _target(parts)
        connection.request(method, target, body=body or None, headers=dict(headers))
        return _read(connection.getresponse(), most_bytes)
    except TimeoutError as error:
        raise CallFailed(Why.SLOW, may_have_arrived=True) from error
    except (OSError, http.client.HTTPException) as error:
        # The timer hung up, or they did.
        is_over = time.monotonic() - begun >= MOST_SECONDS
        why = Why.SLOW if is_over else Why.UNREACHED
        raise CallFailed(why, may_have_arrived=True) from error
    finally:
        ends.cancel()
        connection.close()


def target_uri(url: str) -> str:
    """The address as it is asked for, whatever was left out when it was typed: the target
    URI of the request (RFC 9110, section 7.1), which a signature names."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{_target(parts)}"


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _read(response: http.client.HTTPResponse, most_bytes: int) -> Reply:
    body = bytearray()
    while chunk := response.read(CHUNK):
        body += chunk
        if len(body) > most_bytes:
            raise CallFailed(Why.TOO_LARGE, may_have_arrived=True)
    # Cut off before the end that was announced, or without one that could be: nobody
    # would know whether it is whole.
    if response.length or (response.length is None and not response.chunked):
        raise CallFailed(Why.UNREACHED, may_have_arrived=True)
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Reply(response.status, headers, bytes(body))


def _connected(
    parts: SplitResult, address: str, port: int
) -> http.client.HTTPConnection:
    """Connected to this very address, its certificate checked for the name."""
    name = parts.hostname or ""
    connection = http.client.HTTPConnection(name, port, timeout=CONNECT_SECONDS)
    try:
        sock = socket.create_connection((address, port), CONNECT_SECONDS)
        try:
            connection.sock = (
                _encrypted(sock, name) if parts.scheme == "https" else sock
            )
        except BaseException:
            sock.close()
            raise
    except TimeoutError as error:
        raise CallFailed(Why.SLOW) from error
    except OSError as error:  # what TLS refuses is one as well
        raise CallFailed(Why.UNREACHED) from error
    return connection


def _encrypted(sock: socket.socket, name: str) -> ssl.SSLSocket:
    return ssl.create_default_context().wrap_socket(sock, server_hostname=name)


def _hang_up(sock: socket.socket) -> None:
    """Wakes whoever reads from it, however slowly the other side drips."""
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it ended by itself at this moment


def _address_of(name: str, port: int, *, is_public: bool) -> str:
    """The address to call. Raises CallFailed when any behind the name is not public."""
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise CallFailed(Why.UNREACHED) from error
    addresses = [str(one[4][0]) for one in found]
    if not addresses or not all(
        may_call(address, is_public=is_public) for address in addresses
    ):
        raise CallFailed(Why.ADDRESS)
    return addresses[0]


def may_call(address: str, *, is_public: bool = False) -> bool:
    """Whether it is out of the house, or in a network that CONNECTOR_NETWORKS names."""
    ip: IPAddress = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    if settings.EMBEDDED and ip.is_loopback:
        return True
    allowed = map(ipaddress.ip_network, settings.CONNECTOR_NETWORKS)
    if not is_public and any(ip in network for network in allowed):
        return True
    is_global = ip.is_global and not ip.is_multicast
    return is_global and not any(ip in network for network in _IN_DISGUISE)
