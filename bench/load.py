"""A bounded load from one process: so many requests over so many connections."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

CONNECTIONS = 64


@dataclass(frozen=True)
class Outcome:
    per_second: float
    median_ms: float
    p99_ms: float
    refused: int


def run(port: int, forms: list[dict[str, str]], expected: int) -> Outcome:
    """POST every form once to / and time each; `expected` is the right status."""
    kind = "application/x-www-form-urlencoded"
    requests = [post(port, "/", urlencode(form).encode(), kind) for form in forms]
    return send(port, requests, expected)


def send(
    port: int, requests: list[bytes], expected: int, connections: int = CONNECTIONS
) -> Outcome:
    """The same for requests as they are."""
    return asyncio.run(_run(port, requests, expected, connections))


def post(
    port: int, path: str, body: bytes, kind: str, headers: dict[str, str] | None = None
) -> bytes:
    more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost:{port}\r\n"
        "User-Agent: Mozilla/5.0 (bench)\r\n"
        f"Content-Type: {kind}\r\n{more}"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


async def _run(
    port: int, requests: list[bytes], expected: int, connections: int
) -> Outcome:
    waiting: Iterator[bytes] = iter(requests)
    times: list[float] = []
    refused = 0

    async def one_connection() -> None:
        nonlocal refused
        for request in waiting:
            began = time.perf_counter()
            status = await _post(port, request)
            times.append(time.perf_counter() - began)
            refused += status != expected

    began = time.perf_counter()
    await asyncio.gather(*(one_connection() for _ in range(connections)))
    took = time.perf_counter() - began
    times.sort()
    return Outcome(
        per_second=len(requests) / took,
        median_ms=times[len(times) // 2] * 1000,
        p99_ms=times[int(len(times) * 0.99)] * 1000,
        refused=refused,
    )


async def _post(port: int, request: bytes) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    return int(answer[9:12] or b"0")
