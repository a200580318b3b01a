"""CSV for people who open it in a spreadsheet: no cell of it may run as a formula."""

import csv
from collections.abc import Iterable, Iterator
from typing import Any

# What a spreadsheet takes for a formula, the full-width twins included.
FORMULA_STARTS = tuple("=+-@\t\r\n\0＝＋－＠")


def csv_lines(rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """RFC 4180, line by line, every value neutralised; the byte order mark at the
    start tells a spreadsheet: UTF-8."""
    writer: Any = csv.writer(_Echo(), quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
    mark = "\ufeff"
    for row in rows:
        yield mark + writer.writerow([neutralised(value) for value in row])
        mark = ""


def neutralised(value: str) -> str:
    """With a leading apostrophe when a spreadsheet would take it for a formula."""
    looks_like_formula = value.lstrip(" \u00a0").startswith(FORMULA_STARTS)
    return f"'{value}" if looks_like_formula else value


class _Echo:
    """A "file" that hands each written line back to the caller."""

    def write(self, line: str) -> str:
        return line
