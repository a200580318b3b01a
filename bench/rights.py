"""A request about one's data through the public form, beside a bare Django view with one
INSERT, alternating, in one run; then the letters, and the reminders of a million cases.

Every request has a form of its own, an address and a network never seen before: each
limit is asked and none is reached. The first comes the way a browser comes, over the
form and the page for checking; the others send what that page holds.
"""

import html
import re
import secrets
import statistics
import subprocess
import sys
import time
import urllib.request
from urllib.parse import urlencode

from django.conf import settings

from bench import load
from bench.load import Outcome
from bench.servers import KEYS, Servers, running

PAIRS = 3
REQUESTS = 2000
ONE_BY_ONE = 300
WARM_UP = 300
PATH = "/your-data/ask/"
FORM = "application/x-www-form-urlencoded"
# Requests to create an access request a second that ethyca-fides 2.86.2 took over one
# and over 16 connections on a machine of two cores like this one, on 22 November 2026;
# with approval pending, so that none of its further work is counted.
FIDES = (12.2, 18.3)
ASKED = {
    "asked": "access",
    "name": "Sample Person",
    "words": "Please send me everything that you hold about me since last summer.",
}
WRITE = """
import time, django; django.setup()
from django.utils import timezone
from rights_requests.acknowledging import acknowledge_new
began = time.perf_counter(); written = acknowledge_new(timezone.now())
took = time.perf_counter() - began
print(f"first letters, one worker: {written} in {took:.1f} s, {written / took:.0f}/s")
"""


def main() -> None:
    with running(TRUSTED_PROXIES="1") as servers:
        settings.configure(SECRET_KEY=KEYS["SECRET_KEY"])  # to sign forms as the house
        fields = checked_form(servers.house)
        measure(servers, fields)
        one_by_one(servers, fields)
        write_letters(servers)
    print(flush=True)
    # On its own: it is the house itself, with other settings.
    subprocess.run([sys.executable, "-m", "bench.rights_sweep"], check=True)


# --- The form ---


def checked_form(port: int) -> dict[str, str]:
    """What the page for checking holds once the form was filled."""
    url = f"http://localhost:{port}{PATH}"
    form = urllib.request.urlopen(url, timeout=10).read().decode()
    time.sleep(2.5)  # the minimum fill time
    typed = {**ASKED, "email": address(), **hidden(form), "step": "check"}
    page = urllib.request.urlopen(url, urlencode(typed).encode(), timeout=10)
    fields = hidden(page.read().decode())
    assert "name" in fields, "the page for checking holds nothing to send"
    return {**fields, "step": "send"}


def hidden(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    # Those of the question about cookies stand above.
    return {name: html.unescape(value) for name, value in found if name != "banner"}


def address() -> str:
    return f"person-{secrets.token_hex(8)}@example.com"


def request(port: int, path: str, fields: dict[str, str]) -> bytes:
    from groundwork import form_tokens

    shown = form_tokens.issue("ask-check", {"number": secrets.token_urlsafe(16)})
    body = urlencode({**fields, "email": address(), "shown": shown}).encode()
    network = ".".join(str(number) for number in (10, *secrets.token_bytes(2), 1))
    return load.post(port, path, body, FORM, {"X-Forwarded-For": network})


# --- The load ---


def measure(servers: Servers, fields: dict[str, str]) -> None:
    ceiling, house = servers.ceiling, servers.house

    def both(count: int) -> tuple[Outcome, Outcome]:
        a = [request(ceiling, "/", fields) for _ in range(count)]
        b = [request(house, PATH, fields) for _ in range(count)]
        return load.send(ceiling, a, 200), load.send(house, b, 302)

    both(WARM_UP)
    print(
        f"request by form, {REQUESTS} each, {load.CONNECTIONS} connections, 2 workers"
    )
    print(
        "pair  one INSERT/s  p50 ms  p99 ms  requests/s  p50 ms  p99 ms  ratio  wrong"
    )
    rates, own = [], []
    for pair in range(1, PAIRS + 1):
        a, b = both(REQUESTS)
        rates.append(b.per_second / a.per_second)
        own.append(b.per_second)
        print(
            f"{pair:4}{a.per_second:14.0f}{a.median_ms:8.1f}{a.p99_ms:8.1f}"
            f"{b.per_second:12.0f}{b.median_ms:8.1f}{b.p99_ms:8.1f}"
            f"{rates[-1]:7.2f}{a.refused + b.refused:7}"
        )
    print(f"median: {statistics.median(rates):.2f} of the ceiling’s rate")
    median = statistics.median(own)
    slow, fast = FIDES
    print(
        f"beside fides’ published {slow} to {fast}/s: {median / fast:.0f} to"
        f" {median / slow:.0f} times as many"
    )
    held = "SELECT count(*) FROM rights_requests_submission WHERE held_because <> ''"
    print(f"held apart by a limit: {servers.number(held)}")


def one_by_one(servers: Servers, fields: dict[str, str]) -> None:
    """Over one connection at a time; and in how many statements, each of which commits
    by itself here."""
    one_at_a_time(servers.ceiling, "/", fields, 200, "one INSERT")
    before = commits(servers)
    one_at_a_time(servers.house, PATH, fields, 302, "request by form")
    each = (commits(servers) - before) / ONE_BY_ONE
    print(f"{each:.1f} statements for a request")


def one_at_a_time(
    port: int, path: str, fields: dict[str, str], status: int, name: str
) -> None:
    sent = [request(port, path, fields) for _ in range(ONE_BY_ONE)]
    outcome = load.send(port, sent, status, connections=1)
    print(
        f"one connection, {name}: p50 {outcome.median_ms:.1f} ms, p99"
        f" {outcome.p99_ms:.1f} ms, {outcome.refused} wrong"
    )


def commits(servers: Servers) -> int:
    """As the database tells; a connection that rests tells it ten seconds later."""
    time.sleep(11)
    return servers.number(
        "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
    )


def write_letters(servers: Servers) -> None:
    subprocess.run(
        [sys.executable, "-c", WRITE],
        env={**servers.environment, "DJANGO_SETTINGS_MODULE": "config.settings"},
        check=True,
    )


if __name__ == "__main__":
    main()
