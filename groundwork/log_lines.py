"""Log lines without personal data, and that nobody can forge.

The code does not log addresses, names or tokens; this is the net below it, because
exception texts and the paths in framework messages may carry them.
"""

import logging
import re

ADDRESS = re.compile(r"[^\s<>\"'(),;=/:]+@[^\s<>\"'(),;/]+\.[^\s<>\"'(),;/]+")
TOKEN = re.compile(r"(?<![A-Za-z0-9_-])(?=[A-Za-z0-9_-]*\d)[A-Za-z0-9_-]{22}(?![\w-])")
PATH_TOKEN = re.compile(r"(?<=/)[A-Za-z0-9_-]{22}(?=/)")
IPV4 = re.compile(r"\b(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}\b")
DETAIL = re.compile(r"DETAIL:.*", re.DOTALL)


def redact(text: str) -> str:
    """Mask addresses and tokens, truncate IPv4 addresses, drop PostgreSQL's DETAIL
    (it quotes the values of the row)."""
    text = DETAIL.sub("DETAIL: (left out)", text)
    text = ADDRESS.sub("(address)", text)
    text = PATH_TOKEN.sub("(token)", text)
    text = TOKEN.sub("(token)", text)
    return IPV4.sub(r"\1.0", text)


class LineFormatter(logging.Formatter):
    """One record, one line: control characters are escaped before the text is joined
    with the trace, and everything is redacted last."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = "".join(
            c if c.isprintable() else repr(c)[1:-1] for c in record.message
        )
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))
