"""The register as it stands: the controller, the notices in force, the sign-up wording."""

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from markdown_it import MarkdownIt

from groundwork.clock import today_here
from processing_register.models import Controller, NoticeVersion


def current_controller() -> Controller:
    """Raises Controller.DoesNotExist until the register is loaded."""
    return Controller.objects.get(pk=1)


def notice_in_force(notice: str) -> NoticeVersion:
    version: NoticeVersion = (
        NoticeVersion.objects.in_force(today_here()).filter(notice=notice).get()
    )
    return version


@dataclass(frozen=True)
class PurposeWording:
    key: str
    title: str
    description: str
    cadence: str

    @property
    def text(self) -> str:
        """The words beside the box, exactly as the form shows them."""
        return f"{self.title}. {self.description} {self.cadence}".strip()


@dataclass(frozen=True)
class SignUpWording:
    """The words of the sign-up form, from its published version."""

    reference: str
    heading: str
    lead: str
    optional_intro: str
    purposes_legend: str
    legal_line: str
    fields: dict[str, dict[str, str]]
    purposes: tuple[PurposeWording, ...]

    def purpose(self, key: str) -> PurposeWording:
        return next(p for p in self.purposes if p.key == key)

    def transcript(self, key: str) -> str:
        """Everything a person read who ticked this box: what a consent record keeps."""
        lines = [
            self.heading,
            self.lead,
            self.purposes_legend,
            f"[ ] {self.purpose(key).text}",
            self.legal_line,
            "[Sign up]",
        ]
        return "\n".join(lines)


def sign_up_wording() -> SignUpWording:
    """The wording in force today."""
    version = notice_in_force("sign-up")
    return _parse_wording(version.reference, version.body)


@lru_cache(maxsize=32)
def published_wording(reference: str) -> SignUpWording:
    """The wording of one published version (sign-up/1); it never changes, so it is
    read once. Raises NoticeVersion.DoesNotExist."""
    notice, number = reference.split("/")
    version = NoticeVersion.objects.get(
        notice=notice, number=number, published_at__isnull=False
    )
    return _parse_wording(reference, version.body)


@lru_cache(maxsize=32)
def _parse_wording(reference: str, body: str) -> SignUpWording:
    content: dict[str, Any] = tomllib.loads(body)
    purposes = tuple(PurposeWording(**p) for p in content.pop("purposes"))
    return SignUpWording(reference=reference, purposes=purposes, **content)


_markdown = MarkdownIt("commonmark", {"html": False, "typographer": True}).enable(
    ["table", "replacements", "smartquotes"]
)


@dataclass(frozen=True)
class RenderedNotice:
    html: SafeString
    toc: list[tuple[str, str]]


def render_notice(version: NoticeVersion) -> RenderedNotice:
    """HTML with a stable anchor on every heading, and the table of contents."""
    toc: list[tuple[str, str]] = []

    def anchored(match: re.Match[str]) -> str:
        anchor = slugify(re.sub(r"<[^>]+>|&[#\w]+;", "", match.group(1)))
        toc.append((anchor, re.sub(r"<[^>]+>", "", match.group(1))))
        return f'<h2 id="{anchor}">{match.group(1)}</h2>'

    html = re.sub(r"<h2>(.*?)</h2>", anchored, _markdown.render(version.body))
    # Raw HTML is switched off in the parser, so what it returns is safe to show.
    return RenderedNotice(mark_safe(html), toc)  # noqa: S308
