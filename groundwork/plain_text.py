"""Parsed Markdown as plain text, for the text part of a mail and for a text file."""

import textwrap
from collections.abc import Iterator

from markdown_it.tree import SyntaxTreeNode

LINE_WIDTH = 72


def plain_text(tree: SyntaxTreeNode, width: int = LINE_WIDTH) -> str:
    """Lines of this width; the address of every link stays to be seen."""
    return _blocks(tree, width)


def words(node: SyntaxTreeNode) -> str:
    """What a run of text says, on one line, with the addresses of its links."""
    return "".join(_inline(node))


def table_rows(table: SyntaxTreeNode) -> list[list[str]]:
    """The cells of a table, its head first."""
    rows = [row for part in table.children for row in part.children]
    return [[words(cell) for cell in row.children] for row in rows]


def _block(node: SyntaxTreeNode, width: int) -> str:
    if node.type in ("bullet_list", "ordered_list"):
        return _list(node, width)
    if node.type == "table":
        return _table(node, width)
    if node.type == "blockquote":
        inner = _blocks(node, width - 2)
        return textwrap.indent(inner, "> ", lambda line: True)
    if node.type in ("fence", "code_block"):
        return textwrap.indent(node.content.rstrip("\n"), "    ")
    if node.type == "hr":
        return "-" * 20
    text = _wrapped(words(node), width)
    if node.type == "heading":
        rule = "-" * max(len(line) for line in text.split("\n"))
        return f"{text}\n{rule}"
    return text


def _blocks(node: SyntaxTreeNode, width: int, between: str = "\n\n") -> str:
    return between.join(_block(child, width) for child in node.children)


def _list(node: SyntaxTreeNode, width: int) -> str:
    first = int(node.attrs.get("start", 1))
    is_tight = all(
        child.hidden for item in node.children for child in _paragraphs(item)
    )
    items = []
    for number, item in enumerate(node.children, first):
        mark = f"{number}. " if node.type == "ordered_list" else "- "
        inner = _blocks(item, width - len(mark), "\n" if is_tight else "\n\n")
        rest = textwrap.indent(inner, " " * len(mark))
        items.append(mark + rest[len(mark) :])
    return ("\n" if is_tight else "\n\n").join(items)


def _paragraphs(item: SyntaxTreeNode) -> list[SyntaxTreeNode]:
    return [child for child in item.children if child.type == "paragraph"]


def _table(table: SyntaxTreeNode, width: int) -> str:
    """Each row as lines of “head: cell”: columns do not fit beside each other."""
    head, *rows = table_rows(table)
    return "\n\n".join(
        "\n".join(
            textwrap.fill(
                f"{title}: {cell}" if title else cell,
                width,
                subsequent_indent="  ",
                break_long_words=False,
                break_on_hyphens=False,
            )
            for title, cell in zip(head, row, strict=True)
            if cell
        )
        for row in rows
    )


def _inline(node: SyntaxTreeNode) -> Iterator[str]:
    for child in node.children:
        if child.type in ("text", "code_inline"):
            yield child.content
        elif child.type == "softbreak":
            yield " "
        elif child.type == "hardbreak":
            yield "\n"
        elif child.type == "link":
            yield _link(words(child), str(child.attrs["href"]))
        elif child.type == "image":
            yield child.content
        else:
            yield from _inline(child)


def _link(label: str, url: str) -> str:
    if label.strip() in (url, url.removeprefix("mailto:")):
        return label.strip()
    return f"{label} <{url}>"


def _wrapped(text: str, width: int) -> str:
    """Lines of this width; an address is never cut."""
    return "\n".join(
        textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False)
        for line in text.split("\n")
    )
