"""The cookie banner for other sites: what it weighs, what it costs, how fast it is heard.

1. The bytes of the script as it is served, beside the packages that peers publish,
   fetched at bench time by npm's own client into a temporary folder.
2. Choices recorded per second beside a bare Django view with one INSERT, alternating.
3. In Chromium slowed down four times: how far the banner moves the page, and how long a
   click on Accept keeps it busy.
"""

import gzip
import json
import re
import shutil
import statistics
import subprocess
import tarfile
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import brotli
from playwright.sync_api import Browser, sync_playwright

from bench import load
from bench.servers import Servers, running
from tests.browser.host_site import HostSite

PAIRS = 3
REQUESTS = 3000
WARM_UP = 300
SLOWER = 4
KEY = "bench-site"
PATH = f"/consent/sites/{KEY}/choices/"
ORIGIN = "https://shop.example.com"


def main() -> None:
    with running() as servers, HostSite() as host:
        register(servers, [ORIGIN, host.origin])
        weigh(servers.house)
        measure_endpoint(servers)
        measure_page(servers.house, host)


def register(servers: Servers, origins: list[str]) -> None:
    servers.as_owner(
        "INSERT INTO consent_consentsite (key, name, origins, is_enabled,"
        " has_google_consent_mode, created_at) VALUES (%s, 'Bench', %s, true, false,"
        " now())",
        [KEY, origins],
    )


# --- 1. Bytes ---


@dataclass(frozen=True)
class Weight:
    """Bytes: as they are, gzip -9, brotli -11."""

    raw: int
    gzipped: int
    brotlied: int


@dataclass(frozen=True)
class Peer:
    """A package and those of its files that a page loads. known: weighed on 22 November
    2026, for when the package cannot be had."""

    package: str
    files: tuple[str, ...]
    known: Weight


PEERS = [
    Peer(
        "vanilla-cookieconsent",
        ("dist/cookieconsent.umd.js", "dist/cookieconsent.css"),
        Weight(55_666, 15_513, 13_783),
    ),
    Peer(
        "cookieconsent",
        ("build/cookieconsent.min.js", "build/cookieconsent.min.css"),
        Weight(25_651, 8_113, 6_962),
    ),
    Peer("klaro", ("dist/klaro.js",), Weight(235_942, 68_892, 59_197)),
]
# Not published on npm: weighed from the wheel of ethyca-fides 2.86.2 on the same day.
FIDES = Weight(142_604, 44_162, 38_601)


def weigh(port: int) -> None:
    print("banner: script, styles and markup  requests     raw    gzip  brotli  source")
    forms = [len(script(port, coding)) for coding in ("identity", "gzip", "br")]
    row("Casedesk consent.js", 1, Weight(*forms), "as served")
    for peer in PEERS:
        name, weight = published(peer)
        source = "npm" if weight else "known: npm gave nothing"
        row(name, len(peer.files), weight or peer.known, source)
    row("fides.js 2.86.2", 1, FIDES, "known: not on npm")
    print()


def row(name: str, requests: int, weight: Weight, source: str) -> None:
    sizes = f"{weight.raw:8}{weight.gzipped:8}{weight.brotlied:8}"
    print(f"{name:35}{requests:8}{sizes}  {source}")


def script(port: int, coding: str) -> bytes:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/consent.js", headers={"Accept-Encoding": coding}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return bytes(answer.read())


def published(peer: Peer) -> tuple[str, Weight | None]:
    """Its name with the version, and the weight of each file on its own, added up."""
    npm = shutil.which("npm")
    if npm is None:
        return peer.package, None
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(
                [npm, "pack", "--silent", peer.package],
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=40,
                check=True,
            )
        except (subprocess.SubprocessError, OSError):
            return peer.package, None
        archive = done.stdout.strip().splitlines()[-1]
        files = list(read_files(Path(folder) / archive, peer.files))
    weights = [weight_of(content) for content in files]
    total = Weight(
        sum(w.raw for w in weights),
        sum(w.gzipped for w in weights),
        sum(w.brotlied for w in weights),
    )
    return archive.removesuffix(".tgz"), total


def read_files(archive: Path, names: tuple[str, ...]) -> Iterator[bytes]:
    with tarfile.open(archive) as package:
        for name in names:
            file = package.extractfile(f"package/{name}")
            assert file is not None, name
            yield file.read()


def weight_of(content: bytes) -> Weight:
    return Weight(
        len(content),
        len(gzip.compress(content, 9)),
        len(brotli.compress(content, quality=11)),
    )


# --- 2. The endpoint ---


def choice(code: str) -> dict[str, object]:
    """An accept as the served script sends it, for what that script asks about."""
    return {
        "hash": re.findall(r'\bhash:"(\w+)"', code)[0],
        "banner": re.findall(r'\bbanner:"([^"]+)"', code)[0],
        "method": "accept",
        "receipt": "",
        "categories": ["analytics"],
    }


def choices(port: int, count: int) -> list[bytes]:
    body = json.dumps(choice(script(port, "identity").decode())).encode()
    kind = "text/plain;charset=UTF-8"
    return [load.post(port, PATH, body, kind, {"Origin": ORIGIN})] * count


def measure_endpoint(servers: Servers) -> None:
    sent = choices(servers.house, REQUESTS)
    rows = [{"email": f"reader-{n}@example.com"} for n in range(REQUESTS)]
    load.run(servers.ceiling, rows[:WARM_UP], 200)
    load.send(servers.house, sent[:WARM_UP], 201)
    print(f"choice POST, {REQUESTS} each, {load.CONNECTIONS} connections, 2 workers")
    print("pair  one INSERT/s  p50 ms  p99 ms  choices/s  p50 ms  p99 ms  ratio  wrong")
    rates = []
    for pair in range(1, PAIRS + 1):
        a = load.run(servers.ceiling, rows, 200)
        b = load.send(servers.house, sent, 201)
        rates.append(b.per_second / a.per_second)
        print(
            f"{pair:4}{a.per_second:14.0f}{a.median_ms:8.1f}{a.p99_ms:8.1f}"
            f"{b.per_second:11.0f}{b.median_ms:8.1f}{b.p99_ms:8.1f}"
            f"{rates[-1]:7.2f}{a.refused + b.refused:7}"
        )
    print(f"median: {statistics.median(rates):.2f} of the ceiling’s rate\n")


# --- 3. The page ---

WATCH = """
window.shifted = 0; window.clicks = [];
new PerformanceObserver((list) => {
    for (const shift of list.getEntries())
        if (!shift.hadRecentInput) window.shifted += shift.value;
}).observe({ type: 'layout-shift', buffered: true });
new PerformanceObserver((list) => {
    for (const event of list.getEntries()) if (event.name == 'click')
        window.clicks.push([event.processingEnd - event.processingStart, event.duration]);
}).observe({ type: 'event', buffered: true, durationThreshold: 16 });
"""


def measure_page(port: int, host: HostSite) -> None:
    where = shutil.which("chromium") or shutil.which("chromium-browser")
    if where is None:
        print("The page was not measured: Chromium is not installed.")
        return
    host.contents["/favicon.ico"] = ""
    source = f'src="http://localhost:{port}/consent.js" data-site="{KEY}"'
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=where, args=["--no-sandbox", "--disable-gpu"]
        )
        print(f"Chromium at {SLOWER}x CPU slow-down, median of 5 clean visits")
        print(
            "tag                       layout shift   Accept: script ms   to paint ms"
        )
        for tag in ('defer blocking="render"', "defer", ""):
            host.page(f"<script {source} {tag}></script>", "<p>A long page.</p>" * 100)
            visits = [visit(browser, host) for _ in range(5)]
            shift, busy, painted = (
                statistics.median(numbers) for numbers in zip(*visits, strict=True)
            )
            name = tag or "(in the head, not deferred)"
            print(f"{name:29}{shift:9.3f}{busy:20.1f}{painted:14.0f}")
        browser.close()


def visit(browser: Browser, host: HostSite) -> tuple[float, float, float]:
    """How far the page moved, and what the click on Accept cost (milliseconds)."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.add_init_script(WATCH)
    slow = context.new_cdp_session(page)
    slow.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(host.origin + "/")
    page.get_by_role("button", name="Accept").click()
    page.wait_for_timeout(400)
    clicks = page.evaluate("window.clicks") or [[0.0, 16.0]]  # too short to be listed
    shifted = page.evaluate("window.shifted")
    context.close()
    return float(shifted), float(clicks[0][0]), float(clicks[0][1])


if __name__ == "__main__":
    main()
