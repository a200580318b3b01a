"""Hand one message over, and know for certain what became of it.

An SMTP hand-over has a point of no return: once the message's end has been sent, a
lost connection leaves the answer unknown. Django's backend does not tell the cases
apart, so the steps of the SMTP session are walked here, on the connection that
Django's backend opened (with its TLS and its sign-in).
"""

import smtplib
from types import TracebackType
from typing import Any, Self

from django.core.mail import EmailMultiAlternatives, mailers
from django.core.mail.backends.smtp import EmailBackend as SmtpBackend


class Transient(Exception):
    """Not handed over; trying again later may help. Carries a short code."""


class Permanent(Exception):
    """Not handed over, and it never will be. Carries a short code."""


class Unknown(Exception):
    """Handed over, and no answer came: the message may or may not have been taken."""


class Transport:
    """One kept-open connection; reopened when the other side closed it."""

    def __init__(self) -> None:
        self._backend: Any = None
        # The last attempt to connect failed: the next message will fare no better.
        self.is_out_of_reach = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._backend is not None:
            self._backend.close()
            self._backend = None

    def send(self, message: EmailMultiAlternatives, raw: bytes) -> None:
        """Return when the message was accepted; raises Transient, Permanent, Unknown."""
        self._open()
        if isinstance(self._backend, SmtpBackend):
            self._send_by_smtp(message, raw)
        else:
            self._send_by_provider(message)

    def _open(self) -> None:
        if self._backend is not None:
            return
        backend = mailers["default"]
        try:
            backend.open()
            if isinstance(backend, SmtpBackend) and backend.connection is not None:
                backend.connection.ehlo_or_helo_if_needed()
        except smtplib.SMTPAuthenticationError as error:
            self.is_out_of_reach = True
            raise Transient("sign-in refused") from error
        except (OSError, smtplib.SMTPException) as error:
            self.is_out_of_reach = True
            raise Transient("mail server not reached") from error
        self._backend, self.is_out_of_reach = backend, False

    def _send_by_smtp(self, message: EmailMultiAlternatives, raw: bytes) -> None:
        session: smtplib.SMTP = self._backend.connection
        try:
            self._envelope(session, message)
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            self.forget()
            raise Transient("connection lost") from error
        # From the first byte of the message on, silence means "unknown".
        try:
            session.send(_dot_stuffed(raw))
            code, _ = session.getreply()
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            self.forget()
            raise Unknown("no answer") from error
        self._check(session, code, "message")

    def _envelope(self, session: smtplib.SMTP, message: EmailMultiAlternatives) -> None:
        sender = self._backend.prep_address(message.from_email)
        recipient = self._backend.prep_address(message.to[0])
        code, _ = session.mail(sender)
        self._check(session, code, "sender")
        code, _ = session.rcpt(recipient)
        self._check(session, code, "recipient")
        code, _ = session.docmd("DATA")
        self._check(session, code, "data", expected=354)

    def _check(
        self, session: smtplib.SMTP, code: int, step: str, *, expected: int = 200
    ) -> None:
        if code == expected or expected <= code < 300:
            return
        if code == 421 or code < 0:
            self.forget()
        else:
            self._reset(session)
        if 500 <= code < 600:
            raise Permanent(f"{step} refused ({code})")
        raise Transient(f"{step} put off ({code})")

    def _reset(self, session: smtplib.SMTP) -> None:
        """A server that refuses and hangs up has still refused."""
        try:
            session.docmd("RSET")
        except (OSError, smtplib.SMTPServerDisconnected):
            self.forget()

    def forget(self) -> None:
        """Drop a broken connection without a word to the other side."""
        session = getattr(self._backend, "connection", None)
        if session is not None:
            session.close()
            self._backend.connection = None
        self._backend = None

    def _send_by_provider(self, message: EmailMultiAlternatives) -> None:
        from anymail.exceptions import AnymailAPIError, AnymailError

        try:
            self._backend.send_messages([message])
        except AnymailAPIError as error:
            status = error.status_code or 0
            if status in (429, 503):
                raise Transient("provider asks to wait") from error
            if isinstance(error, OSError) and _never_connected(error):
                raise Transient("provider not reached") from error
            if 400 <= status < 500:
                raise Permanent(f"provider refused ({status})") from error
            raise Unknown("no answer from the provider") from error
        except AnymailError as error:
            raise Permanent("provider refused the message") from error


def _never_connected(error: OSError) -> bool:
    """True when no connection came about, so that nothing can have been taken."""
    from requests import ConnectionError as NoConnection
    from requests import ConnectTimeout
    from urllib3.exceptions import NewConnectionError

    if isinstance(error, ConnectTimeout):
        return True
    cause = error.__cause__
    reason = getattr(cause.args[0] if cause and cause.args else None, "reason", None)
    return isinstance(error, NoConnection) and isinstance(reason, NewConnectionError)


def _dot_stuffed(raw: bytes) -> bytes:
    """RFC 5321, 4.5.2: a line's leading dot is doubled; a lone dot ends the message."""
    lines = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    stuffed = lines.replace(b"\n.", b"\n..").replace(b"\n", b"\r\n")
    if stuffed.startswith(b"."):
        stuffed = b"." + stuffed
    if not stuffed.endswith(b"\r\n"):
        stuffed += b"\r\n"
    return stuffed + b".\r\n"
