"""The local SMTP catcher of `make run`: every mail becomes a raw .eml file.

It listens where EMAIL_URL points and writes to MAILBOX_DIR. Never part of production.
"""

import asyncio
import os
import secrets
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiosmtpd.smtp import SMTP, Envelope, Session

LARGEST_MESSAGE = 30 * 1024 * 1024


class Catcher:
    """The handler of aiosmtpd: it takes every recipient and keeps every message."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for part in folder.glob(".*.part"):  # left by a catcher that was killed
            part.unlink()

    async def handle_EHLO(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        session.host_name = hostname
        return [responses[0], "250-PIPELINING", *responses[1:]]

    async def handle_DATA(
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        content: Any = envelope.original_content
        try:
            self.keep(bytes(content))
        except OSError:
            return "452 4.3.1 Cannot write to the mailbox folder"
        return "250 2.0.0 OK"

    def keep(self, content: bytes) -> Path:
        """Write the bytes as they came; a reader never sees a half-written .eml."""
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S-%fZ")
        name = f"{now}-{secrets.token_hex(4)}.eml"
        part = self.folder / f".{name}.part"
        part.write_bytes(content)
        return part.rename(self.folder / name)


async def serve(folder: Path, host: str, port: int) -> None:
    """Receive until SIGINT or SIGTERM."""
    loop = asyncio.get_running_loop()
    catcher = Catcher(folder)

    def connection() -> SMTP:
        return SMTP(
            catcher,
            data_size_limit=LARGEST_MESSAGE,
            enable_SMTPUTF8=True,
            hostname="mailbox.localhost",
            ident="Casedesk mail catcher",
            loop=loop,
        )

    stop = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop.set)
    server = await loop.create_server(connection, host, port)
    await stop.wait()
    server.close()


def main() -> None:
    url = urlsplit(os.environ["EMAIL_URL"])
    if url.hostname != "127.0.0.1" or not url.port:
        sys.exit("The catcher needs EMAIL_URL=smtp://127.0.0.1:<port>")
    asyncio.run(serve(Path(os.environ["MAILBOX_DIR"]), url.hostname, url.port))


if __name__ == "__main__":
    main()
