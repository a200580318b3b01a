"""One act beside an open transaction of the test, to see who waits for whom."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue

from django.db import connection


class Beside[Result]:
    """An act in a thread of its own, on a database connection of its own."""

    def __init__(self, act: Callable[[], Result]) -> None:
        self._act = act
        self._processes = SimpleQueue[int]()
        with_thread = ThreadPoolExecutor(1)
        self._future: Future[Result] = with_thread.submit(self._run)
        with_thread.shutdown(wait=False)
        self._process = self._processes.get(timeout=10)

    def _run(self) -> Result:
        try:
            connection.ensure_connection()
            self._processes.put(connection.connection.info.backend_pid)
            return self._act()
        finally:
            connection.close()

    def waits_for_us(self) -> bool:
        """True once it waits for what this connection holds; False if it came to its
        end without."""
        while not self._future.done():
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_backend_pid() = ANY(pg_blocking_pids(%s))",
                    [self._process],
                )
                if cursor.fetchone()[0]:
                    return True
            time.sleep(0.01)
        return False

    def result(self) -> Result:
        """What it returned, or raises what it raised."""
        return self._future.result(timeout=10)
