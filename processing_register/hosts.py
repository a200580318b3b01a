"""The hosts outside this set-up that the software calls: those that its settings name,
and those that stand in its own code. Each needs a recipient that explains it (Art. 28).
"""

import ast
import ipaddress
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings

WRITTEN_OUT = re.compile(r"https?://([A-Za-z0-9.-]+)")
# Names that stand in the code and are never called.
NOT_CALLED = frozenset(
    {
        # The terms of the Data Privacy Vocabulary are named by addresses.
        "w3id.org",
        # Shown to people as a pattern of what to enter (RFC 2606).
        "example.com",
        "www.example.com",
        "example.org",
    }
)


def called() -> dict[str, str]:
    """Where it is written → the host outside that is called from there."""
    return hosts_of_settings() | hosts_in_code()


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


def hosts_in_code() -> dict[str, str]:
    """File and line → a host that is written out there and would be called."""
    return {
        f"{path.relative_to(settings.BASE_DIR)}, line {line}": host
        for path in _own_files()
        for line, host in written_in(path.read_text())
        if not _is_ours(host) and host not in NOT_CALLED
    }


def _own_files() -> Iterator[Path]:
    base = Path(settings.BASE_DIR)
    yield base / "manage.py"
    ours = [Path(app.path) for app in apps.get_app_configs()]
    for folder in (base / "config", *(path for path in ours if path.parent == base)):
        yield from sorted(folder.rglob("*.py"))


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
            yield node.lineno, found[1].strip(".").lower()
