"""Another organisation that takes files of people: a small server on this machine that
does what docs/taking-over.md asks of it, and misbehaves when it is told to.

It takes only what is signed with our key, with a digest that fits, and keeps to the
published schema; and it takes what has the same Idempotency-Key once.
"""

import base64
import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jsonschema import Draft202012Validator

from rights_requests.fulfilment import pages
from tests.rights_requests.listening import HOST, listening

SCHEMA = json.loads((pages.FILES / "portable.schema.json").read_text())


@dataclass
class Receiver:
    """taken: each file once, by its number. asked: the number and digest of each POST, as
    it came. does: how the next ones are answered, in order; then each is taken."""

    key: str
    does: list[Any] = field(default_factory=list)
    taken: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    # Done while the sender waits for the answer to what was taken.
    meanwhile: Callable[[], None] = lambda: None
    slow_seconds: float = 0.0
    port: int = 0

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}/people/files"

    @property
    def only(self) -> dict[str, Any]:
        [file] = self.taken.values()
        return file


class _Handler(BaseHTTPRequestHandler):
    server: Any
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on the screen of the tests."""

    def do_GET(self) -> None:
        self._say(200, b"{}")

    def do_POST(self) -> None:
        house: Receiver = self.server.house
        body = self.rfile.read(int(self.headers["Content-Length"]))
        number = self.headers["Idempotency-Key"].strip('"')
        house.asked.append((number, hashlib.sha256(body).hexdigest()))
        house.headers.append(dict(self.headers.items()))
        how = house.does.pop(0) if house.does else "take"
        if isinstance(how, int):
            self._say(how, b"{}", Location=f"http://{HOST}:{house.port}/elsewhere")
            return
        answers: dict[str, Callable[[str, bytes], None]] = {
            "take": self._take,
            "take, then hang up": self._take_and_hang_up,
            "take, late": self._take_late,
            "hang up": lambda number, body: self._hang_up(),
            "page": lambda number, body: self._say(
                200, b"<!doctype html><p>Hi", **{"Content-Type": "text/html"}
            ),
            "flood": lambda number, body: self._say(200, b"x" * 200_000),
        }
        answers[how](number, body)

    def _take(self, number: str, body: bytes) -> None:
        house: Receiver = self.server.house
        if not _is_signed(house.key, self, body):
            self._say(401, b"{}")
            return
        file = json.loads(body)
        if not Draft202012Validator(SCHEMA).is_valid(file):
            self._say(422, b"{}")
            return
        house.taken.setdefault(number, file)
        house.meanwhile()
        self._say(201, b"{}")

    def _take_and_hang_up(self, number: str, body: bytes) -> None:
        self.server.house.taken.setdefault(number, json.loads(body))
        self._hang_up()

    def _take_late(self, number: str, body: bytes) -> None:
        self.server.house.taken.setdefault(number, json.loads(body))
        time.sleep(self.server.house.slow_seconds)
        self._say(201, b"{}")

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.close()

    def _say(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True  # they hung up


def _is_signed(pem: str, handler: BaseHTTPRequestHandler, body: bytes) -> bool:
    """RFC 9421: over method, address, digest of the body, and number; within five
    minutes."""
    given = handler.headers
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    what = given.get("Signature-Input", "").partition("=")[2]
    created = re.search(r"created=(\d+)", what)
    if created is None or abs(time.time() - int(created[1])) > 300:
        return False
    values = {
        "@method": "POST",
        "@target-uri": f"http://{given['Host']}{handler.path}",
        "content-digest": f"sha-256=:{digest}:",
        "idempotency-key": given["Idempotency-Key"],
    }
    covered = re.findall(r'"([^"]+)"', what.partition(")")[0])
    if set(covered) != set(values) or given["Content-Digest"] != f"sha-256=:{digest}:":
        return False
    lines = [f'"{name}": {values[name]}' for name in covered]
    base = "\n".join([*lines, f'"@signature-params": {what}'])
    public = load_pem_public_key(pem.encode())
    assert isinstance(public, Ed25519PublicKey)
    signature = given["Signature"].partition("=")[2].strip(":")
    try:
        public.verify(base64.b64decode(signature), base.encode())
    except InvalidSignature:
        return False
    return True


@contextmanager
def running(key: str) -> Iterator[Receiver]:
    """A receiver that listens on this machine while the test runs."""
    with listening(Receiver(key), _Handler) as house:
        yield house
