"""Reading what comes back: forms out of pages, links out of mails, raw headers."""

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

COOKIE_CHOICE = "/cookies/choice/"
URL = re.compile(r"https?://[^\s<>\"']+")


@dataclass
class Form:
    """One form of a page: where it posts, what it would post as it stands."""

    action: str
    method: str
    fields: dict[str, list[str]]


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._open: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            method = given.get("method", "get").lower()
            self._open = Form(given.get("action", ""), method, {})
            self.found.append(self._open)
        elif tag in ("input", "button") and self._open is not None:
            self._take(tag, given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None

    def _take(self, tag: str, given: dict[str, str]) -> None:
        kind = given.get("type", "submit" if tag == "button" else "text")
        is_choice = kind in ("checkbox", "radio")
        if "name" not in given or (is_choice and "checked" not in given):
            return
        assert self._open is not None
        self._open.fields.setdefault(given["name"], []).append(given.get("value", ""))


def forms(response: Any) -> list[Form]:
    reader = _Forms()
    reader.feed(response.content.decode())
    return reader.found


def posting_form(response: Any, number: int = 0) -> Form:
    """The page's form that posts (the first, unless told otherwise); the question about
    cookies above the page is none of its own."""
    posting = [form for form in forms(response) if form.method == "post"]
    return [form for form in posting if form.action != COOKIE_CHOICE][number]


class Mail:
    """A received message: its raw bytes, and what a mail program makes of them."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        parsed = message_from_bytes(raw, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        self.message = parsed

    def __str__(self) -> str:
        return f"{self.to}: {self.subject}"

    @property
    def to(self) -> str:
        return str(self.message["To"])

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    def _part(self, kind: str) -> str:
        part = self.message.get_body(preferencelist=(kind,))
        assert part is not None, f"no {kind} part in {self}"
        return str(part.get_content()).replace("\r\n", "\n")

    def raw_header(self, name: str) -> list[str]:
        """Every header of this name as it came over the wire, folding included."""
        head = self.raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0].decode("ascii")
        unfolded = re.findall(
            rf"^{re.escape(name)}: ?(.*(?:\n[ \t].*)*)", head, re.IGNORECASE | re.M
        )
        return list(unfolded)

    def header_lines(self) -> bytes:
        return self.raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0]

    def urls(self) -> list[str]:
        """Every web address in it: text, HTML and headers."""
        headers = " ".join(str(value) for value in self.message.values())
        found = URL.findall(f"{self.text} {self.html} {headers}")
        return sorted({url.rstrip(".,") for url in found})

    def path(self, beginning: str) -> str:
        """The path of its one link that begins so: /confirm/."""
        (path,) = self.paths(beginning)
        return path

    def paths(self, beginning: str) -> set[str]:
        found = {urlsplit(url).path for url in self.urls()}
        return {path for path in found if path.startswith(beginning)}

    def one_click_path(self) -> str:
        (value,) = self.raw_header("List-Unsubscribe")
        (url,) = re.findall(r"<(https?://[^>]+)>", value)
        return str(urlsplit(url).path)
