"""Another site of the controller's: a small server of its own, with pages we give it.

It is reached as 127.0.0.1, the house as localhost: two origins and two sites, since
cookies know no ports.
"""

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

PAGE = """<!DOCTYPE html>
<html lang="en-GB">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Another site</title>{head}</head>
<body><main><h1>Another site</h1><p>It sells nothing that is needed here.</p>{body}
<p><a href="/" data-consent-open>Change my cookie choice</a></p></main></body>
</html>"""


@dataclass
class HostSite:
    """policy: its Content-Security-Policy; requests: every path asked for, in order.
    name: the host under which browsers know it."""

    policy: str = ""
    name: str = "127.0.0.1"
    contents: dict[str, str] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    def __enter__(self) -> "HostSite":
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def origin(self) -> str:
        return f"http://{self.name}:{self._server.server_port}"

    def page(self, head: str, body: str = "", *, at: str = "/") -> str:
        """Put a page there and return its address."""
        self.contents[at] = PAGE.format(head=head, body=body)
        return self.origin + at

    def script(self, path: str, code: str) -> None:
        self.contents[path] = code


def _handler(site: HostSite) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.requests.append(self.path)
            content = site.contents.get(self.path)
            self.send_response(404 if content is None else 200)
            kind = "text/javascript" if self.path.endswith(".js") else "text/html"
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            if site.policy:
                self.send_header("Content-Security-Policy", site.policy)
            self.end_headers()
            self.wfile.write((content or "").encode())

        def log_message(self, *_: Any) -> None:
            """Nothing: the test says what matters."""

    return Handler
