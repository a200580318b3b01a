"""A published text as HTML with anchors that last, as sections, and as plain text."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from groundwork.plain_text import plain_text, table_rows, words

_markdown = MarkdownIt("commonmark", {"html": False, "typographer": True}).enable(
    ["table", "replacements", "smartquotes"]
)
ANCHORED = ("h2", "h3")
# A link to one of our own pages, as a notice writes it.
OWN_PAGE = re.compile(r"<(/[^>\s]*)>")


@dataclass(frozen=True)
class RenderedNotice:
    html: SafeString
    toc: list[tuple[str, str]]


@dataclass(frozen=True)
class Block:
    """A stretch of text that a comparison takes as one: a paragraph, a point, a row."""

    kind: str
    text: str


@dataclass(frozen=True)
class Section:
    """A heading with what stands under it, up to the next heading."""

    anchor: str
    heading: str
    blocks: tuple[Block, ...]


def render(body: str, marks: Mapping[str, str] | None = None) -> RenderedNotice:
    """HTML with an anchor on every heading, and the table of contents.

    An anchor is made of the heading's words alone, so that it never changes for a given
    text; a heading that occurs again gets a number. marks: anchor → a few words that
    stand below that heading, such as "Changed in this version".
    """
    tokens = _markdown.parse(body)
    headings = _anchor(tokens)
    _label_cells(tokens)
    _mark(tokens, marks or {})
    html = _markdown.renderer.render(tokens, _markdown.options, {"away": ""})
    toc = [(anchor, text) for tag, anchor, text in headings if tag == "h2"]
    # The parser escapes all text and lets no raw HTML through.
    return RenderedNotice(mark_safe(html), toc)  # noqa: S308


def _anchor(tokens: Sequence[Token]) -> list[tuple[str, str, str]]:
    """Give each heading its id; returns tag, anchor and words of each."""
    found: list[tuple[str, str, str]] = []
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open" and opening.tag in ANCHORED:
            text = _words(inline)
            anchor = _free(slugify(text) or "section", [a for _, a, _ in found])
            opening.attrSet("id", anchor)
            found.append((opening.tag, anchor, text))
    return found


def _words(inline: Token) -> str:
    return "".join(child.content for child in inline.children or [])


def _free(anchor: str, taken: Sequence[str]) -> str:
    number, free = 2, anchor
    while free in taken:
        number, free = number + 1, f"{anchor}-{number}"
    return free


def _mark(tokens: list[Token], marks: Mapping[str, str]) -> None:
    anchor = ""
    for index in range(len(tokens) - 1, -1, -1):
        opening = tokens[index]
        anchor = str(opening.attrGet("id") or "")
        if opening.type == "heading_open" and anchor in marks:
            note = Token("html_block", "", 0)
            note.content = format_html(
                '<p class="changed"><span class="tag">{}</span></p>\n', marks[anchor]
            )
            tokens.insert(index + 3, note)


def _open_link(
    renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    """A link to another site tells it nothing of ours, and says where it opens."""
    link = tokens[index]
    url = str(link.attrGet("href") or "")
    host = urlsplit(url).hostname or ""
    is_shown = tokens[index + 1].content == url
    env["away"] = "" if is_shown else host.removeprefix("www.")
    if host:
        link.attrSet("rel", "noopener")
    return str(renderer.renderToken(tokens, index, options, env))


def _close_link(
    renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    end = str(renderer.renderToken(tokens, index, options, env))
    if not env["away"]:
        return end
    return f' <span class="away">(opens {escape(env["away"])})</span>{end}'


# What a narrow screen takes from a table when it shows each row as a paragraph.
_ROLES = {
    "table_open": "table",
    "thead_open": "rowgroup",
    "tbody_open": "rowgroup",
    "tr_open": "row",
    "th_open": "columnheader",
    "td_open": "cell",
}


def _label_cells(tokens: Sequence[Token]) -> None:
    """Tell each cell its column, so that a table can be read row by row."""
    heads: list[str] = []
    column = 0
    for opening, inline in pairwise(tokens):
        if opening.type in _ROLES:
            opening.attrSet("role", _ROLES[opening.type])
        if opening.type == "table_open":
            heads = []
        elif opening.type == "tr_open":
            column = 0
        elif opening.type == "th_open":
            opening.attrSet("scope", "col")
            heads.append(_words(inline))
        elif opening.type == "td_open":
            opening.attrSet("data-label", heads[column])
            column += 1


def _picture(
    renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    """Notices hold no pictures; its words stand for one."""
    return escape(tokens[index].content)


_markdown.add_render_rule("link_open", _open_link)
_markdown.add_render_rule("image", _picture)
_markdown.add_render_rule("link_close", _close_link)


# --- Sections, for the comparison of two texts ---


@lru_cache(maxsize=64)
def sections(body: str) -> tuple[Section, ...]:
    """The text section by section; the first has no heading."""
    tokens = _markdown.parse(body)
    _anchor(tokens)
    found: list[tuple[str, str, list[Block]]] = [("", "", [])]
    for node in SyntaxTreeNode(tokens).children:
        if node.type == "heading" and node.tag in ANCHORED:
            found.append((str(node.attrs["id"]), words(node), []))
        else:
            found[-1][2].extend(_blocks(node))
    return tuple(Section(a, h, tuple(blocks)) for a, h, blocks in found)


def _blocks(node: SyntaxTreeNode) -> list[Block]:
    if node.type in ("bullet_list", "ordered_list"):
        return [
            Block("point", block.text)
            for item in node.children
            for child in item.children
            for block in _blocks(child)
        ]
    if node.type == "table":
        rows = table_rows(node)
        return [Block("row", " · ".join(filter(None, row))) for row in rows]
    if node.type == "blockquote":
        return [block for child in node.children for block in _blocks(child)]
    return [Block("paragraph", words(node) or node.content)]


# --- Plain text ---


def text_page(title: str, lines: Sequence[str], body: str) -> str:
    """The whole notice as a text file; links to our own pages are given in full."""
    text = plain_text(SyntaxTreeNode(_markdown.parse(body)))
    text = OWN_PAGE.sub(rf"<{settings.SITE_URL}\1>", text)
    head = "\n".join([title, "=" * len(title), "", *lines])
    return f"{head}\n\n{text}\n"


# --- The words of a form, which are TOML and no page ---


def wording_as_markdown(body: str) -> str:
    """The words of a form as a page: what they are for, then the words."""
    return "\n\n".join(_entries(tomllib.loads(body))) + "\n"


def _entries(content: Mapping[str, Any], heading: str = "") -> list[str]:
    plain = [f"**{_name(k)}:** {v}" for k, v in content.items() if _is_words(v)]
    parts = [f"## {heading}", *plain] if heading else plain
    for key, value in content.items():
        if isinstance(value, Mapping):
            parts += _nested(key, value)
        elif isinstance(value, list):
            for entry in value:
                parts += _entries(entry, f"{_name(key)}: {entry.get('title', '')}")
    return parts


def _nested(key: str, content: Mapping[str, Any]) -> list[str]:
    """A table of words, or a table of tables (one per field of the form)."""
    if any(isinstance(value, Mapping) for value in content.values()):
        found = []
        for name, inner in content.items():
            found += _entries(inner, f"{_name(key)}: {_name(name)}")
        return found
    return _entries(content, _name(key))


def _is_words(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _name(key: str) -> str:
    return key.replace("_", " ").capitalize()
