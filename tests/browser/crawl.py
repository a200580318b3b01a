"""What a browser keeps and whom it asks while somebody walks through every page."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import APIResponse, Page, Response

from processing_register.register import StoredItem

STORED = """async () => ({
    "local-storage": Object.keys(localStorage),
    "session-storage": Object.keys(sessionStorage),
    "indexed-db": (await indexedDB.databases()).map((found) => found.name)})"""


@dataclass(frozen=True, order=True)
class Seen:
    """A thing that a browser kept: where it was set, its kind, its name."""

    where: str
    kind: str
    name: str


@dataclass
class Walk:
    """One visitor's way; whatever their browser kept or asked for on it."""

    page: Page
    where: str
    seen: set[Seen] = field(default_factory=set)
    hosts: set[str] = field(default_factory=set)
    visited: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._answers: list[Response] = []
        self.page.on("request", lambda request: self.hosts.add(_host(request.url)))
        self.page.on("response", lambda answer: self._answers.append(answer))

    def to(self, path: str) -> bool:
        """Open a page of this site and look at what is kept then; False for no page.

        What answers with a file, or with nothing, is no page: a browser would save it
        or show an error of its own. Only the cookies of its answer count.
        """
        address = urljoin(self.page.url, path)
        self.visited.add(urlsplit(address).path)
        answer = self.page.request.get(address)
        if not _is_page(answer):
            self._note("cookie", _set_by([answer]))
            return False
        self.page.goto(address)
        self.look()
        return True

    def everywhere(self, paths: Iterable[str]) -> None:
        """Open each page once."""
        for path in paths:
            if path not in self.visited:
                self.to(path)

    def look(self) -> None:
        for kind, names in self.page.evaluate(STORED).items():
            self._note(kind, names)
        self._note("cookie", [c["name"] for c in self.page.context.cookies()])
        self._note("cookie", self._set_by_answers())

    def _note(self, kind: str, names: Iterable[str]) -> None:
        self.seen.update(Seen(self.where, kind, name) for name in names)

    def _set_by_answers(self) -> Iterator[str]:
        answers, self._answers[:] = list(self._answers), []
        return _set_by(answers)


def _is_page(answer: APIResponse) -> bool:
    """False also for the sandboxed preview of a mail, to which no storage opens."""
    kind = answer.headers.get("content-type", "")
    is_file = "attachment" in answer.headers.get("content-disposition", "")
    is_shut = "sandbox" in answer.headers.get("content-security-policy", "")
    return (
        kind.startswith("text/html")
        and bool(answer.body())
        and not (is_file or is_shut)
    )


def _set_by(answers: Iterable[Response | APIResponse]) -> Iterator[str]:
    """Names of the cookies that answers set, those that a later one takes away too."""
    for answer in answers:
        for header in _headers(answer):
            if header["name"].lower() == "set-cookie":
                for line in header["value"].split("\n"):
                    yield line.split("=")[0].strip()


def _headers(answer: Response | APIResponse) -> list[Any]:
    if isinstance(answer, APIResponse):
        return list(answer.headers_array)
    return list(answer.headers_array())


def _host(url: str) -> str:
    parts = urlsplit(url)
    return parts.netloc if parts.scheme in ("http", "https", "ws", "wss") else ""


def differences(seen: Iterable[Seen], declared: Iterable[StoredItem]) -> list[str]:
    """What was kept and stands in no register, and the other way round, a line each."""
    items = list(declared)
    found = sorted(set(seen))
    undeclared = [
        f"not declared: {thing.kind} “{thing.name}” ({thing.where})"
        for thing in found
        if not any(_is(thing, item) for item in items)
    ]
    missing = [
        f"never seen: {item.kind} “{item.name}” ({item.where})"
        for item in items
        if not any(_is(thing, item) for thing in found)
    ]
    return undeclared + missing


def _is(thing: Seen, item: StoredItem) -> bool:
    if (thing.where, thing.kind) != (item.where, item.kind):
        return False
    if item.name.endswith("*"):
        return thing.name.startswith(item.name[:-1])
    return thing.name == item.name


def kept_without_consent(
    seen: Iterable[Seen], declared: Iterable[StoredItem]
) -> list[Any]:
    """What needs consent, or is unknown: nothing of it may be there without a yes."""
    essential = [item for item in declared if item.category == "essential"]
    return [t for t in sorted(set(seen)) if not any(_is(t, item) for item in essential)]
