"""Somebody else's house, as a real server on this machine for the length of a test."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

HOST = "127.0.0.1"


@contextmanager
def listening(house: Any, handler: type[BaseHTTPRequestHandler]) -> Iterator[Any]:
    """The house, with its port; the handler finds it as `server.house`."""
    server: Any = ThreadingHTTPServer((HOST, 0), handler)
    server.house, server.daemon_threads = house, True
    # Whoever hangs up in the middle does so on purpose.
    server.handle_error = lambda request, address: None
    house.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield house
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
