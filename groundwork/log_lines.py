"""Log lines without personal data, and that nobody can forge.

The code does not log addresses, names or tokens; this is the net below it, because
exception texts and the paths in framework messages may carry them.
"""

import ipaddress
import logging
import re

ADDRESS = re.compile(r"[^\s<>\"'(),;=/:]+@[^\s<>\"'(),;/]+\.[^\s<>\"'(),;/]+")
TOKEN = re.compile(r"(?<![A-Za-z0-9_-])(?=[A-Za-z0-9_-]*\d)[A-Za-z0-9_-]{22}(?![\w-])")
PATH_TOKEN = re.compile(r"(?<=/)[A-Za-z0-9_-]{22}(?![\w-])")
IPV4 = re.compile(r"\b(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}\b")
# Four groups at least, so that a time of day is none.
IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{0,4}){3,7}(?![\w:])")
DETAIL = re.compile(r"DETAIL:.*", re.DOTALL)


def redact(text: str) -> str:
    """Mask addresses and tokens, truncate network addresses, drop PostgreSQL's DETAIL
    (it quotes the values of the row)."""
    text = DETAIL.sub("DETAIL: (left out)", text)
    text = ADDRESS.sub("(address)", text)
    text = PATH_TOKEN.sub("(token)", text)
    text = TOKEN.sub("(token)", text)
    text = IPV6.sub(_truncated, text)
    return IPV4.sub(r"\1.0", text)


def _truncated(found: re.Match[str]) -> str:
    """The first 48 bits of an IPv6 address; anything else is left as it is."""
    try:
        network = ipaddress.ip_network(f"{found[0]}/48", strict=False)
    except ValueError:
        return found[0]
    return str(network.network_address)


class LineFormatter(logging.Formatter):
    """One record, one line: control characters are escaped before the text is joined
    with the trace, whose lines are indented, and everything is redacted last."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = "".join(
            c if c.isprintable() else repr(c)[1:-1] for c in record.message
        )
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        line, *trace = super().format(record).splitlines()
        return redact("\n    ".join([line, *trace]))
