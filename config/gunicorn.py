"""The web server's own settings; address and log level stand in the Procfile."""

from typing import Any

workers = 2
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
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        # Below that it only remarks on the body of each answer to a HEAD.
        "gunicorn.error": {"handlers": [], "level": "ERROR", "propagate": True},
    },
}


def worker_exit(server: Any, worker: Any) -> None:
    """Close the connection pool while its threads can still be joined."""
    from django.db import connection

    connection.close()
    pool = getattr(connection, "pool", None)
    if pool is not None:
        pool.close()
