"""An update's Markdown, as HTML for the page and the mail, and as plain text.

Raw HTML is switched off in the parser, pictures become their words, and nothing is
ever added to a link: what these functions return is safe to show and sends nobody
anywhere else than the writer wrote.
"""

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from groundwork.plain_text import plain_text as text_of

if TYPE_CHECKING:
    from case_updates.models import CaseUpdate

# The title is the page's first heading, so the text's own begin one below it.
TOP_HEADING = 2

# No typographic replacements: in a legal text "section 3(c)" is not "section 3©".
_markdown = MarkdownIt("commonmark", {"html": False})


def digest(update: "CaseUpdate") -> bytes:
    """SHA-256 of what an approver reads: title, summary, body, what it corrects."""
    read = [update.title, update.summary, update.body, update.corrects_id]
    return hashlib.sha256(json.dumps(read).encode()).digest()


@lru_cache(maxsize=256)
def page_html(body: str) -> SafeString:
    """For our own pages: a link to another site says in words where it opens."""
    return _html(body, says_where=True)


@lru_cache(maxsize=256)
def mail_html(body: str) -> SafeString:
    """For the mail and the feed."""
    return _html(body, says_where=False)


def _html(body: str, *, says_where: bool) -> SafeString:
    tokens = _markdown.parse(body)
    _lower_headings(tokens)
    env = {"says_where": says_where, "away": ""}
    html = _markdown.renderer.render(tokens, _markdown.options, env)
    # The parser escapes all text and lets no raw HTML through.
    safe: SafeString = mark_safe(html)  # noqa: S308
    return safe


def _lower_headings(tokens: Sequence[Token]) -> None:
    """Headings begin below the page's own, and no level is left out on the way down."""
    headings = [t for t in tokens if t.type in ("heading_open", "heading_close")]
    used = sorted({token.tag for token in headings})
    for token in headings:
        token.tag = f"h{min(used.index(token.tag) + TOP_HEADING, 6)}"


def host_away(url: str) -> str:
    """The host of another site; empty for our own pages and for what has no host."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return "" if f"{url}/".startswith(f"{settings.SITE_URL}/") else host


def _open_link(
    renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    link = tokens[index]
    env["away"] = host_away(str(link.attrGet("href") or ""))
    if env["away"]:
        link.attrSet("rel", "noopener")
    return str(renderer.renderToken(tokens, index, options, env))


def _close_link(
    renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    end = str(renderer.renderToken(tokens, index, options, env))
    if not (env["says_where"] and env["away"]):
        return end
    where = escape(env["away"].removeprefix("www."))
    return f' <span class="away">(opens {where})</span>{end}'


def _picture(
    renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    return escape(tokens[index].content)


_markdown.add_render_rule("link_open", _open_link)
_markdown.add_render_rule("link_close", _close_link)
_markdown.add_render_rule("image", _picture)


def links(body: str) -> list[str]:
    """Where the text's links lead, in order."""
    tree = SyntaxTreeNode(_markdown.parse(body))
    return [str(node.attrs["href"]) for node in tree.walk() if node.type == "link"]


def has_pictures(body: str) -> bool:
    tree = SyntaxTreeNode(_markdown.parse(body))
    return any(node.type == "image" for node in tree.walk())


def broken_links(body: str) -> bool:
    """True when something written as a link is none: [this](javascript:)."""
    tree = SyntaxTreeNode(_markdown.parse(body))
    return any("](" in node.content for node in tree.walk() if node.type == "text")


def plain_text(body: str) -> str:
    """For the mail's text part; the address of every link stays to be seen."""
    return text_of(SyntaxTreeNode(_markdown.parse(body)))
