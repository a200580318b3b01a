"""The hosts outside this set-up that the software calls: those that its settings name,
those that stand in its own code, and those that its pages send a browser to. Each needs
a recipient that explains it (Art. 28).
"""

import ast
import html
import ipaddress
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings

# After a name and a password, if any: https://us:secret@host.
_HOST = r"(?:[^\s/\\\"'`<>{}?#@]*@)?(\[[0-9a-f:.]+\]|[\w.-]+)"
WRITTEN_OUT = re.compile(r"(?:https?|wss?):[/\\]{2,}" + _HOST, re.IGNORECASE)
# //host, with the scheme of the page, at the start of a string or of url(…).
IN_SCRIPT = re.compile(
    WRITTEN_OUT.pattern + r"|[\"'`(]\s*(?:\\?/){2}" + _HOST, re.IGNORECASE
)
# The same in an attribute, where a list (srcset) has several.
IN_ATTRIBUTE = re.compile(
    IN_SCRIPT.pattern + r"|(?:^|(?<=[\s,=]))[/\\]{2}" + _HOST, re.IGNORECASE
)
# Names that stand in the code and are never called.
NOT_CALLED = frozenset(
    {
        # The terms of the Data Privacy Vocabulary are named by addresses.
        "w3id.org",
        # So are the namespaces of XML.
        "www.w3.org",
        # Shown to people as a pattern of what to enter (RFC 2606).
        "example.com",
        "www.example.com",
        "example.org",
    }
)


def called() -> set[tuple[str, str]]:
    """Where it is written, and the host outside that is called from there."""
    return {*hosts_of_settings().items(), *hosts_in_code(), *hosts_in_pages()}


# --- In the settings ---


def hosts_of_settings() -> dict[str, str]:
    """Setting → the host outside that it makes this system call."""
    mailer = settings.MAILERS["default"]
    database = settings.DATABASES["default"]
    hosts = {
        "EMAIL_URL": str(mailer.get("OPTIONS", {}).get("host", "")),
        "INBOUND_IMAP_URL": _host(settings.INBOUND_IMAP_URL),
        "DATABASE_URL": str(database.get("HOST") or ""),
        "REDIS_URL": _host(settings.REDIS_URL),
        "ANALYTICS_HOST": _host(settings.ANALYTICS_HOST),
    }
    outside = {name: host for name, host in hosts.items() if not _is_ours(host)}
    provider = _provider(mailer)
    return outside | ({"EMAIL_URL": provider} if provider else {})


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _provider(mailer: Mapping[str, Any]) -> str:
    """anymail.backends.postmark.EmailBackend → postmark, to be named as a host."""
    parts = str(mailer["BACKEND"]).split(".")
    return parts[2] if parts[0] == "anymail" else ""


def _is_ours(host: str) -> bool:
    """This machine itself (a socket, the loopback, the site's own name), or a neighbour
    in the set-up's own network, as docker-compose.yml calls them: `postgres`, `relay`.
    """
    if host == settings.SITE_HOST or host.startswith("/"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return "." not in host


# --- In the code ---


def hosts_in_code() -> set[tuple[str, str]]:
    """File and line, and a host that is written out there and would be called."""
    return {
        (_place(path, line), host)
        for path in _own_files()
        for line, host in written_in(path.read_text())
        if not _is_ours(host) and host not in NOT_CALLED
    }


def _place(path: Path, line: int) -> str:
    return f"{path.relative_to(settings.BASE_DIR)}, line {line}"


def _own_files() -> Iterator[Path]:
    base = Path(settings.BASE_DIR)
    yield base / "manage.py"
    for folder in (base / "config", *_own_apps()):
        yield from sorted(folder.rglob("*.py"))


def _own_apps() -> list[Path]:
    folders = [Path(app.path) for app in apps.get_app_configs()]
    return [path for path in folders if path.parent == Path(settings.BASE_DIR)]


def written_in(source: str) -> Iterator[tuple[int, str]]:
    """Line and host of every http(s) address in the strings of a Python text. What
    explains the code, in comments and docstrings, calls nobody."""
    if not WRITTEN_OUT.search(source):
        return  # nearly every file: it need not be parsed
    tree = ast.parse(source)
    explanations = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or id(node) in explanations:
            continue
        text = node.value if isinstance(node.value, str) else ""
        for found in WRITTEN_OUT.finditer(text):
            yield node.lineno, _named(found)


def _named(found: re.Match[str]) -> str:
    """The host of an address, whichever way it was written."""
    return str(found[found.lastindex or 0]).strip(".[]").lower()


# --- In what a browser gets ---

SCRIPTS_AND_STYLES = frozenset({".js", ".mjs", ".css"})
PAGES = frozenset({".html", ".svg"})
# The words of XML, no addresses of anything.
NAMESPACE = re.compile(
    r"http://www\.w3\.org/(?:1998/Math/MathML|1999/x(?:html|link)|2000/(?:svg|xmlns/)"
    r"|XML/1998/namespace)(?=[\"'`)])"
)
# A comment that begins its line: whatever follows code on a line is read as code, since
# only a whole parser can tell // in a string from // before a comment.
BLOCK_COMMENT = re.compile(r"^[ \t]*/\*.*?\*/", re.DOTALL | re.MULTILINE)
LINE_COMMENT = re.compile(r"^[ \t]*//.*", re.MULTILINE)
TEMPLATE_COMMENT = re.compile(
    r"\{#.*?#\}|\{% *comment\b(?s:.*?)\{% *endcomment *%\}", re.IGNORECASE
)
TEMPLATE_TAG = re.compile(r"\{%.*?%\}")
TEMPLATE_VALUE = re.compile(r"\{\{.*?\}\}")
TAG = re.compile(r"""<([a-z][\w:.-]*)((?>"[^"]*"|'[^']*'|[^"'>])*+)>""", re.IGNORECASE)
ATTRIBUTE = re.compile(r"""([^\s"'<>/=]+)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)""")
INLINE = re.compile(r"<(script|style)\b[^>]*>(.*?)</\1", re.IGNORECASE | re.DOTALL)
# Read by people or by nobody; nothing is fetched from there.
SPOKEN = re.compile(
    r"xmlns(?::.*)?|alt|title|placeholder|label|value|cite|pattern|aria-.*",
    re.IGNORECASE,
)
PLAIN_LINKS = frozenset({"a", "area"})
LINKED = frozenset({"href", "xlink:href"})


def hosts_in_pages() -> set[tuple[str, str]]:
    """File and line of a template, script or style sheet, and a host that a browser (or
    a mail program) would fetch from or send to."""
    return {
        (_place(path, line), host)
        for path in _files_for_browsers()
        for line, host in fetched_by(path.read_text(), path.suffix)
        if not _is_ours(host) and host not in NOT_CALLED
    }


def _files_for_browsers() -> Iterator[Path]:
    base = Path(settings.BASE_DIR)
    for folder in (base / "templates", base / "static", *_own_apps()):
        for path in sorted(folder.rglob("*.*")):
            if path.suffix in SCRIPTS_AND_STYLES | PAGES:
                yield path


def fetched_by(source: str, suffix: str) -> Iterator[tuple[int, str]]:
    """Line and host of every address in a script or style sheet, and of those in a page
    that are more than a link for people to follow."""
    if "//" not in source and "\\" not in source and "&" not in source:
        return  # nearly every template
    text = NAMESPACE.sub("", source)
    if suffix in PAGES:
        yield from _in_page(TEMPLATE_COMMENT.sub(_only_lines, text))
        return
    text = BLOCK_COMMENT.sub(_only_lines, text)
    text = text if suffix == ".css" else LINE_COMMENT.sub("", text)
    for found in IN_SCRIPT.finditer(text):
        yield _line(text, found.start(found.lastindex or 0)), _named(found)


def _in_page(text: str) -> Iterator[tuple[int, str]]:
    # What a template hands on, {% with cdn="https://…" %}, may end in any attribute.
    for tag in TEMPLATE_TAG.finditer(text):
        for found in IN_SCRIPT.finditer(tag[0]):
            yield _line(text, tag.start()), _named(found)
    # Without the template's own quotes and signs, the tags are plain HTML.
    text = TEMPLATE_VALUE.sub("x", TEMPLATE_TAG.sub(" ", text))
    for part in INLINE.finditer(text):
        for found in IN_SCRIPT.finditer(part[2]):
            yield _line(text, part.start(2) + found.start()), _named(found)
    for tag in TAG.finditer(text):
        for host in _in_attributes(tag[1].lower(), tag[2]):
            yield _line(text, tag.start()), host


def _in_attributes(tag: str, text: str) -> Iterator[str]:
    for name, quoted in ATTRIBUTE.findall(text):
        if not _is_followed_by_people(tag, name.lower()):
            value = html.unescape(quoted.strip("\"'"))
            yield from map(_named, IN_ATTRIBUTE.finditer(value))


def _is_followed_by_people(tag: str, name: str) -> bool:
    is_link = tag in PLAIN_LINKS and name in LINKED
    return is_link or SPOKEN.fullmatch(name) is not None


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _only_lines(found: re.Match[str]) -> str:
    return "\n" * found[0].count("\n")
