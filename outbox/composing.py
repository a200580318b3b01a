"""Turn a template and its context into a message, and refuse what must not leave."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from email.policy import EmailPolicy
from email.utils import formataddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from groundwork.links import TOKEN_PATTERN
from outbox.models import MessageClass
from processing_register.gate import may_use
from processing_register.models import Controller, NoticeVersion, ProcessingPurpose
from processing_register.notices import current_controller, notice_in_force

LINE_LENGTH = 78  # RFC 5322, section 2.1.1, without the line's end
UNSUBSCRIBE_URL = re.compile(rf"https?://[^/\s]+/u/{TOKEN_PATTERN}/")


class RefusedAtTheDoor(Exception):
    """A message that may not be sent as it is; the text says why."""


@dataclass(frozen=True)
class Letterhead:
    """What stands on every message; read once when many are made."""

    controller: Controller
    notice: NoticeVersion
    # Purpose → its title, for the List-Id.
    titles: dict[str, str]


def letterhead() -> Letterhead:
    return Letterhead(
        controller=current_controller(),
        notice=notice_in_force("privacy"),
        titles=dict(ProcessingPurpose.objects.values_list("key", "title")),
    )


def check_opt_out(message_class: str, purpose: str, context: dict[str, Any]) -> None:
    """A marketing message must name its purpose and carry a working opt-out link."""
    if message_class != MessageClass.MARKETING:
        return
    if not purpose:
        raise RefusedAtTheDoor("A marketing message must name its purpose.")
    if not UNSUBSCRIBE_URL.fullmatch(str(context.get("unsubscribe_url", ""))):
        raise RefusedAtTheDoor("A marketing message needs a link to stop it.")


def check_gate(message_class: str, purpose: str) -> None:
    """Marketing only for a purpose that everybody held was told of."""
    if message_class == MessageClass.MARKETING and not may_use(purpose):
        raise RefusedAtTheDoor(
            f"“{purpose}” may not be used yet: not everybody held was told of it."
        )


def compose(
    *,
    kind: str,
    message_class: str,
    to: str,
    context: dict[str, Any],
    purpose: str = "",
    reference: str = "",
    head: Letterhead | None = None,
) -> EmailMultiAlternatives:
    """The message, text first, with the headers that its class must carry.

    Raises RefusedAtTheDoor for marketing without a link to stop it in every part.
    """
    check_opt_out(message_class, purpose, context)
    head = head or letterhead()
    content = _content(kind, {**_common_context(head), **context})
    unsubscribe_url = context.get("unsubscribe_url", "")
    if message_class == MessageClass.MARKETING:
        for part in (content["txt"], content["html"]):
            if unsubscribe_url not in part:
                raise RefusedAtTheDoor("The link to stop is missing from a part.")
    message = EmailMultiAlternatives(
        subject=content["subject"],
        body=content["txt"],
        from_email=_sender(head.controller),
        to=[to],
        reply_to=[head.controller.governance_email],
        headers=_headers(head, purpose, unsubscribe_url, reference),
    )
    message.attach_alternative(content["html"], "text/html")
    return message


class _WirePolicy(EmailPolicy):
    """SMTP's line ends, and the words of plain headers left as they are.

    The standard policy encodes a URL that does not fit on a line (RFC 2047), and so
    breaks List-Unsubscribe under a long host name. A header of plain ASCII needs no
    encoding: its lines are folded at blanks to 78 characters, and a single word may be
    longer, below the 998 characters of RFC 5322, section 2.1.1.
    """

    def fold_binary(self, name: str, value: Any) -> bytes:
        line = f"{name}: {value}"
        if line.isascii() and len(line) < 998 and "\n" not in line:
            return self.linesep.join([*_folded(line), ""]).encode()
        return super().fold_binary(name, value)


def _folded(line: str) -> Iterator[str]:
    """The line broken before blanks, where it must be; joined, it is the same again."""
    rest = line
    while len(rest) > LINE_LENGTH:
        # Not directly after the name, where some readers expect a value.
        first = rest.index(": ") + 2 if rest is line else 1
        at = rest.rfind(" ", first, LINE_LENGTH + 1)
        if at < 0:
            at = rest.find(" ", first)
        if at < 0:
            break
        yield rest[:at]
        rest = rest[at:]
    yield rest


# 7bit: not every server on the way takes 8-bit bodies, and a re-encoding one breaks the
# DKIM signature.
WIRE = _WirePolicy(linesep="\r\n", cte_type="7bit")


def raw_bytes(message: EmailMultiAlternatives) -> bytes:
    """The message as it goes over the wire: ASCII, every line ended by CR LF."""
    return message.message(policy=WIRE).as_bytes()


def _sender(controller: Controller) -> str:
    return formataddr((controller.trading_name, sending_address(controller)))


def sending_address(controller: Controller) -> str:
    return settings.MAIL_FROM or controller.sending_email


def _content(kind: str, context: dict[str, Any]) -> dict[str, str]:
    parts = {
        "subject": f"emails/{kind}.subject.txt",
        "txt": f"emails/{kind}.txt",
        "html": f"emails/{kind}.html",
    }
    content: dict[str, str] = {
        part: render_to_string(name, context) for part, name in parts.items()
    }
    content["subject"] = " ".join(content["subject"].split())
    content["txt"] = content["txt"].strip() + "\n"
    return content


def _common_context(head: Letterhead) -> dict[str, Any]:
    return {
        "controller": head.controller,
        "site_url": settings.SITE_URL,
        "notice_url": settings.SITE_URL + reverse("processing_register:privacy-notice"),
        "notice": head.notice,
    }


def _message_id(reference: str, domain: str) -> str:
    """Short enough for a line, which cannot be folded within it; with a part drawn by
    lot, since another house may count the same."""
    return f"<{reference or 'mail'}.{secrets.token_hex(3)}@{domain}>"


def _headers(
    head: Letterhead, purpose: str, unsubscribe_url: str, reference: str
) -> dict[str, str]:
    controller = head.controller
    domain = sending_address(controller).rpartition("@")[2]
    headers = {
        "Message-ID": _message_id(reference, domain),
        # RFC 3834: nobody's vacation reply need answer this.
        "Auto-Submitted": "auto-generated",
        "Content-Language": "en-GB",
    }
    if unsubscribe_url:
        mailto = f"mailto:{controller.unsubscribe_email}?subject=unsubscribe"
        headers["List-Unsubscribe"] = f"<{unsubscribe_url}>, <{mailto}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    if purpose:
        list_id = f"{purpose}.{controller.list_domain}"
        headers["List-Id"] = f"{head.titles[purpose]} <{list_id}>"
    return headers
