"""Sign-up POSTs beside a bare Django view with one INSERT, alternating, in one run."""

import re
import secrets
import statistics
import time
import urllib.request

from bench import load
from bench.servers import running

PAIRS = 3
REQUESTS = 3000
WARM_UP = 300


def main() -> None:
    with running() as servers:
        _measure(servers.ceiling, servers.house)


def _form_token(port: int) -> str:
    page = urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10).read()
    found = re.search(r'name="shown" value="([^"]+)"', page.decode())
    assert found, "the sign-up page shows no form token"
    return found.group(1)


def _forms(count: int, shown: str) -> list[dict[str, str]]:
    return [
        {
            "shown": shown,
            "email": f"reader-{secrets.token_hex(8)}@example.com",
            "first_name": "Sample",
            "purposes": "case-updates",
        }
        for _ in range(count)
    ]


def _measure(ceiling: int, house: int) -> None:
    shown = _form_token(house)
    time.sleep(2.5)  # the minimum fill time
    load.run(ceiling, _forms(WARM_UP, shown), 200)
    load.run(house, _forms(WARM_UP, shown), 302)
    rates, tails = [], []
    print(f"sign-up POST, {REQUESTS} each, {load.CONNECTIONS} connections, 2 workers")
    print("pair  one INSERT/s   p99 ms   sign-up/s   p99 ms   ratio   wrong answers")
    for pair in range(1, PAIRS + 1):
        a = load.run(ceiling, _forms(REQUESTS, shown), 200)
        b = load.run(house, _forms(REQUESTS, shown), 302)
        rates.append(b.per_second / a.per_second)
        tails.append(b.p99_ms / a.p99_ms)
        print(
            f"{pair:4}  {a.per_second:12.0f} {a.p99_ms:8.1f} {b.per_second:11.0f}"
            f" {b.p99_ms:8.1f} {rates[-1]:7.2f}   {a.refused + b.refused}"
        )
    print(
        f"median: {statistics.median(rates):.2f} of the ceiling's rate, "
        f"{statistics.median(tails):.2f} of its p99"
    )


if __name__ == "__main__":
    main()
