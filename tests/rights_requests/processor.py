"""A processor of OpenDSR 2.0 to hold ours against: a small server that keeps people in
memory and answers about them, signed; and that misbehaves when it is told to.

It takes only requests that are signed with our key (RFC 9421), knows people by their
e-mail address or its digest, and does nothing before a test says so (work).
"""

import base64
import hashlib
import ipaddress
import json
import re
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    load_pem_public_key,
)
from cryptography.x509.oid import NameOID

from tests.rights_requests.listening import HOST, listening

Deliver = Callable[[str, bytes, Mapping[str, str]], int]


@cache
def key(name: str = "processor") -> rsa.RSAPrivateKey:
    """One for each name; making one takes a moment."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(
    name: str = "processor", *, valid_for: timedelta = timedelta(days=90)
) -> str:
    """Made out to this machine; in PEM."""
    private, now = key(name), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + valid_for)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]),
            critical=False,
        )
        .sign(private, hashes.SHA256())
    )
    return built.public_bytes(Encoding.PEM).decode()


@dataclass
class Asked:
    """One request that was taken."""

    body: dict[str, Any]
    status: str = "pending"
    found: int | None = None
    gone: int = 0

    @property
    def address(self) -> dict[str, str]:
        return dict(self.body["subject_identities"][0])


@dataclass
class Processor:
    """people: rows of CSV for each address. The rest is how it misbehaves."""

    controller_key: str
    people: dict[str, list[str]] = field(default_factory=dict)
    types: tuple[str, ...] = ("access", "portability", "erasure")
    formats: tuple[str, ...] = ("raw", "sha256")
    asked: dict[str, Asked] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)
    signs_with: str = "processor"
    certificate: str = field(default_factory=certificate)
    # Paths that fail, with the status: {"/requests": 500}.
    fails: dict[str, int] = field(default_factory=dict)
    slow_seconds: float = 0.0
    results: bytes | None = None
    results_host: str = ""
    counts: bool = True
    expected_in: timedelta = timedelta(days=10)
    port: int = 0

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self.port}/v2"

    # --- What it does when a test says so ---

    def work(self) -> list[Asked]:
        """Do all that is open."""
        done = [one for one in self.asked.values() if one.status == "pending"]
        for one in done:
            self._do(one)
        return done

    def _do(self, one: Asked) -> None:
        known = self._find(one.address)
        rows = self.people.get(known or "", [])
        one.found, one.status = len(rows), "completed"
        if one.body["subject_request_type"] == "erasure" and known:
            del self.people[known]

    def _find(self, identity: Mapping[str, str]) -> str | None:
        for address in self.people:
            digest = hashlib.sha256(address.encode()).hexdigest()
            if identity["identity_value"] in (address, digest):
                return address
        return None

    def file_of(self, one: Asked) -> bytes:
        if self.results is not None:
            return self.results
        address = self._find(one.address) or ""
        return "\n".join(["what", *self.people.get(address, [])]).encode() + b"\n"

    def status_of(self, number: str, **changed: Any) -> bytes:
        """What it says of a request, as it goes out."""
        one = self.asked[number]
        told: dict[str, Any] = {
            "controller_id": "casedesk",
            "subject_request_id": number,
            "request_status": one.status,
            "api_version": "2.0",
            "expected_completion_time": self.expected_at(),
        }
        if one.status == "completed":
            if self.counts:
                told["results_count"] = one.found
            if one.body["subject_request_type"] != "erasure" and one.found:
                host = self.results_host or f"http://{HOST}:{self.port}"
                told["results_url"] = f"{host}/results/{number}"
        return json.dumps(told | changed).encode()

    def expected_at(self) -> str:
        moment = datetime.now(UTC) + self.expected_in
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    def signed(self, body: bytes) -> dict[str, str]:
        made = key(self.signs_with).sign(body, padding.PKCS1v15(), hashes.SHA256())
        return {
            "X-OpenDSR-Processor-Domain": HOST,
            "X-OpenDSR-Signature": base64.b64encode(made).decode(),
        }

    def tell(self, number: str, deliver: Deliver | None = None, **changed: Any) -> int:
        """Its callback: the status that it answers with."""
        url = self.asked[number].body["status_callback_urls"][0]
        body = self.status_of(number, **{"status_callback_url": url, **changed})
        return (deliver or post)(url, body, self.signed(body))


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """A callback over the wire."""
    sent = urllib.request.Request(
        url, body, {"Content-Type": "application/json", **headers}
    )
    with urllib.request.urlopen(sent, timeout=10) as reply:
        return int(reply.status)


class _Handler(BaseHTTPRequestHandler):
    """Discovery, requests, results."""

    server: Any
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on the screen of the tests."""

    @property
    def house(self) -> Processor:
        return self.server.house  # type: ignore[no-any-return]

    def do_GET(self) -> None:
        self._handle(b"")

    def do_POST(self) -> None:
        self._handle(self.rfile.read(int(self.headers["Content-Length"])))

    def do_DELETE(self) -> None:
        self._handle(b"")

    def _handle(self, body: bytes) -> None:
        house = self.house
        house.paths.append(f"{self.command} {self.path}")
        path = self.path.removeprefix("/v2")
        time.sleep(house.slow_seconds)
        for start, status in house.fails.items():
            if path.startswith(start):
                self._say(status, b"{}", {"Location": house.endpoint})
                return
        if path == "/cert.pem":
            self._say(200, house.certificate.encode())
        elif not _is_signed_by(house.controller_key, self, body):
            self._say(401, b"{}")
        else:
            self._answer(path, body)

    def _answer(self, path: str, body: bytes) -> None:
        house = self.house
        number = path.rpartition("/")[2]
        if path == "/discovery":
            self._say(200, _discovery(house))
        elif path == "/requests" and self.command == "POST":
            self._take(body)
        elif self.command == "DELETE" and number in house.asked:
            self._cancel(number)
        elif path.startswith("/requests/") and number in house.asked:
            answer = house.status_of(number)
            self._say(200, answer, house.signed(answer))
        elif path.startswith("/results/") and number in house.asked:
            file = house.file_of(house.asked[number])
            self._say(200, file, {"Content-Type": "text/csv"})
        else:
            self._say(404, b"{}")

    def _cancel(self, number: str) -> None:
        """Only while it is pending (OpenDSR, section 7.4)."""
        one = self.house.asked[number]
        if one.status != "pending":
            self._say(400, b"{}")
            return
        one.status = "cancelled"
        answer = json.dumps(
            {"controller_id": "casedesk", "subject_request_id": number}
        ).encode()
        self._say(202, answer, self.house.signed(answer))

    def _take(self, body: bytes) -> None:
        house, told = self.house, json.loads(body)
        number = told["subject_request_id"]
        if uuid.UUID(number).version != 4 or told["regulation"] != "gdpr":
            self._say(400, b"{}")
            return
        house.asked.setdefault(number, Asked(told))
        answer = json.dumps(
            {
                "controller_id": "casedesk",
                "expected_completion_time": house.expected_at(),
                "received_time": datetime.now(UTC).isoformat(),
                "encoded_request": base64.b64encode(body).decode(),
                "subject_request_id": number,
            }
        ).encode()
        self._say(201, answer, house.signed(answer))

    def _say(
        self, status: int, body: bytes, headers: Mapping[str, str] | None = None
    ) -> None:
        given = {"Content-Type": "application/json", **(headers or {})}
        self.send_response(status)
        for name, value in given.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True  # they hung up: too slow, or too much


def _discovery(house: Processor) -> bytes:
    return json.dumps(
        {
            "api_version": "2.0",
            "supported_identities": [
                {"identity_type": "email", "identity_format": one}
                for one in house.formats
            ],
            "supported_subject_request_types": list(house.types),
            "processor_certificate": f"http://{HOST}:{house.port}/cert.pem",
        }
    ).encode()


def _is_signed_by(pem: str, handler: BaseHTTPRequestHandler, body: bytes) -> bool:
    """Whether the controller signed method, address and body, within five minutes."""
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    what = handler.headers.get("Signature-Input", "").partition("=")[2]
    created = re.search(r"created=(\d+)", what)
    if created is None or abs(time.time() - int(created[1])) > 300:
        return False
    url = f"http://{handler.headers['Host']}{handler.path}"
    base = "\n".join(
        (
            f'"@method": {handler.command}',
            f'"@target-uri": {url}',
            f'"content-digest": sha-256=:{digest}:',
            f'"@signature-params": {what}',
        )
    )
    given = handler.headers.get("Signature", "").partition("=")[2].strip(":")
    public = load_pem_public_key(pem.encode())
    assert isinstance(public, Ed25519PublicKey)
    try:
        public.verify(base64.b64decode(given), base.encode())
    except InvalidSignature:
        return False
    return True


@contextmanager
def running(controller_key: str, **more: Any) -> Iterator[Processor]:
    """A processor that listens on this machine while the test runs."""
    with listening(Processor(controller_key, **more), _Handler) as house:
        yield house
