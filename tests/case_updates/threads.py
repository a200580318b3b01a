"""Several workers at once, each on a database connection of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connection


def at_once[Result](*works: Callable[[], Result]) -> list[Result | Exception]:
    """Run them at the same moment; what each returned or raised, in order."""
    start = Barrier(len(works))

    def run(work: Callable[[], Result]) -> Result | Exception:
        try:
            start.wait(timeout=10)
            return work()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))
