"""An SMTP server that goes wrong at the step a test names."""

import socketserver
import threading
from typing import Any, Self

HANG_UP = ""


class MoodyServer(socketserver.ThreadingTCPServer):
    """`moods` maps a step (greeting, EHLO, MAIL, RCPT, DATA, message, RSET) to the
    reply given instead of the usual one; HANG_UP cuts the connection without a word."""

    allow_reuse_address = True
    daemon_threads = True
    usual = {
        "greeting": "220 moody.test",
        "EHLO": "250 moody.test",
        "HELO": "250 moody.test",
        "DATA": "354 Go on",
        "QUIT": "221 Bye",
    }

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.moods: dict[str, str] = {}
        self.messages: list[bytes] = []

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=[0.05], daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.shutdown()
        self.server_close()


class _HungUp(Exception):
    pass


class _Conversation(socketserver.StreamRequestHandler):
    server: MoodyServer

    def handle(self) -> None:
        try:
            self.say("greeting")
            while line := self.rfile.readline():
                self.answer(line.decode().split()[0].upper())
        except (_HungUp, OSError):
            pass

    def answer(self, verb: str) -> None:
        self.say(verb)
        if verb == "DATA" and "DATA" not in self.server.moods:
            message = b""
            while not message.endswith(b"\r\n.\r\n"):
                message += self.rfile.readline()
            self.server.messages.append(message)
            self.say("message")

    def say(self, step: str) -> None:
        reply = self.server.moods.get(step, self.server.usual.get(step, "250 OK"))
        if reply == HANG_UP:
            raise _HungUp
        self.wfile.write(f"{reply}\r\n".encode())
