"""The web server's own settings; address and log level stand in the Procfile."""

import logging
import socket
import struct
import subprocess
import sys
from typing import Any

workers = 2
# A slow client, or the drawing of a PDF, keeps one of these and not the whole worker.
worker_class = "gthread"
threads = 8
# How long a client may be silent in the middle of a request, in seconds. A proxy in
# front, which collects whole requests first, keeps such clients away altogether.
LONGEST_SILENCE = 10
# Read by the settings: each worker keeps a small pool of database connections.
raw_env = ["DATABASE_POOL=true"]
# A maintenance socket that nothing here uses.
control_socket_disable = True
# No access log: it would hold network addresses and tokens.
accesslog = None
# Its errors go through the formatter that redacts.
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "groundwork.log_lines.LineFormatter",
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
        }
    },
    "filters": {"silence": {"()": "config.gunicorn.NotOfSilence"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        # Below that they only remark on the body of each answer to a HEAD.
        "gunicorn.http": {"handlers": [], "level": "ERROR", "propagate": True},
        "gunicorn.error": {
            "handlers": [],
            "level": "ERROR",
            "propagate": True,
            "filters": ["silence"],
        },
    },
}


class NotOfSilence(logging.Filter):
    """Drops the traceback for a client that fell silent, who could fill the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], BlockingIOError))


def on_starting(server: Any) -> None:
    """Load the application once, which passes the gate of the opt-out journal or says
    why not, and end here if it may not serve: two workers would say it twice. In a
    process of its own, so that a reload finds none of it in this one."""
    look = subprocess.run([sys.executable, "-c", "import config.wsgi"], check=False)
    if look.returncode:
        raise SystemExit(look.returncode)


def when_ready(server: Any) -> None:
    """Bound the wait for what a client has announced; connections inherit it."""
    silence = struct.pack("ll", LONGEST_SILENCE, 0)
    for listener in server.LISTENERS:
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, silence)


def worker_exit(server: Any, worker: Any) -> None:
    """Close the connection pool while its threads can still be joined."""
    from django.db import connection

    connection.close()
    pool = getattr(connection, "pool", None)
    if pool is not None:
        pool.close()
