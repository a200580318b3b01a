"""Where a process begins to serve or to send: not beside a database that has forgotten
opt-outs or erasures (data_subjects.journal)."""

import sys
import time

from django.db import OperationalError, ProgrammingError, connections

from data_subjects import journal

# On this one of a worker gunicorn ends altogether, instead of starting another for ever.
EXIT_CODE = 3
RETRY_SECONDS = 1.0


def enter() -> None:
    """Return once the database has all that the journal has; else say in one line what
    to do, and end the process. While the database is away, wait for it."""
    is_told = False
    while True:
        try:
            why_not = journal.state().why_not_start
        except OperationalError:
            if not is_told:
                _say(
                    "Waiting for the database, to compare the opt-out journal with it."
                )
            is_told = True
            time.sleep(RETRY_SECONDS)
        except ProgrammingError:
            _refuse("the database is not prepared: run “manage.py prepare”")
        else:
            break
        finally:
            connections.close_all()  # the process may fork yet
    if why_not:
        _refuse(why_not)


def _refuse(why: str) -> None:
    _say(f"Casedesk does not start: {why}.")
    raise SystemExit(EXIT_CODE)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
