"""A real SMTP server for tests, which can be told to fail like a real one."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from config.embedded import free_port


@dataclass(frozen=True)
class ReceivedMessage:
    """One message as it came over the wire, with its envelope."""

    sender: str
    recipients: list[str]
    content: bytes


@dataclass
class Relay:
    """What a test sees of the server: what it received, and how it shall answer.

    `replies` maps "MAIL", "RCPT" or "DATA" to the answer given instead of the usual
    one, such as "451 4.3.0 Try again later". `refused_recipients` maps one address to
    the answer for it alone. With `drop_after_data` the connection is cut after the
    message was taken, so that the client never learns of it.
    """

    port: int = field(default_factory=free_port)
    received: list[ReceivedMessage] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)
    refused_recipients: dict[str, str] = field(default_factory=dict)
    drop_after_data: bool = False
    connections: int = 0

    def __post_init__(self) -> None:
        self._controller: Controller | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            server_hostname="relay.test",
            enable_SMTPUTF8=True,
        )
        self._controller.start()

    def stop(self) -> None:
        """Close the port; start() opens the same one again."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    # What aiosmtpd calls; these run in the server's own thread.

    async def handle_EHLO(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return [responses[0], "250-PIPELINING", *responses[1:]]

    async def handle_MAIL(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if reply := self.replies.get("MAIL"):
            return reply
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        reply = self.refused_recipients.get(address) or self.replies.get("RCPT")
        if reply:
            return reply
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if reply := self.replies.get("DATA"):
            return reply
        content: Any = envelope.content
        self.received.append(
            ReceivedMessage(
                sender=envelope.mail_from or "",
                recipients=list(envelope.rcpt_tos),
                content=bytes(content),
            )
        )
        if self.drop_after_data and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return "250 2.0.0 OK"
