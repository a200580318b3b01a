"""Counters that cap floods. One named policy per function.

Those that protect people, their mailboxes and passwords, are kept in Redis, for all
processes together. Those that only keep one network from filling a table are counted
in each process, without a way to Redis and back on every click: with two processes,
twice as much gets through at most.

A limit must never lose a reader: when Redis does not answer, everything passes, and
the limit that protects a mailbox (one confirmation mail per address and day) still
holds, because that one lives in the database.
"""

import hashlib
import hmac
import time
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache

import redis
from django.conf import settings

HOUR = 60 * 60
# After a failure Redis is left alone this long, so that an outage does not add a
# time-out to every request.
PAUSE_SECONDS = 2.0
_silent_until = 0.0
# So many networks are remembered (some 10 MB); then all begin anew.
MOST_KEPT = 50_000
_counts_here: dict[tuple[str, str], int] = {}
_hour_here = 0


@lru_cache(maxsize=4)
def _client(url: str) -> "redis.Redis":
    return redis.Redis.from_url(url, socket_timeout=0.25, socket_connect_timeout=0.25)


def sign_up_allowed(network: str) -> bool:
    """30 sign-ups an hour from one network, 20,000 an hour in all, by default."""
    limits = [("sign-up", "all", settings.SIGN_UPS_PER_HOUR)]
    if network:  # unknown behind some proxies; then it must not be one for everybody
        most = settings.SIGN_UPS_PER_NETWORK_PER_HOUR
        limits.append(("sign-up network", network, most))
    return allow(*limits)


def link_request_allowed(network: str) -> bool:
    """20 requests an hour from one network, unknown ones aside, for a fresh link."""
    return not network or allow(("fresh link", network, 20))


def case_code_allowed(network: str, case: str) -> bool:
    """5 codes an hour from one network to read one case. How many are mailed about a
    case in all is limited in the database (rights_requests.identity)."""
    return not network or allow(("case code", f"{network} {case}", 5))


def case_writing_allowed(case: str) -> bool:
    """30 messages and documents an hour from the person of one case."""
    return allow(("case writing", case, 30))


def connector_answer_allowed(network: str) -> bool:
    """3,000 answers an hour from the network of a system outside, in each process: it is
    asked for what did not come through."""
    return allow_here("connector", network, 3_000)


def asking_allowed(network: str, address: str) -> bool:
    """20 requests about personal data an hour from one network, unknown ones aside, and
    5 answers an hour to one address that somebody typed: it may be another's.

    What goes beyond is held apart, never refused: a right could be in it. How many
    answers go to one person in a day is counted in the database as well.
    """
    of_network = [("request", network, 20)] if network else []
    of_address = [("request answer", address, 5)] if address else []
    return allow(*of_network, *of_address)


def cookie_choice_allowed(network: str) -> bool:
    """120 choices about cookies an hour from one network, unknown ones aside."""
    most = settings.COOKIE_CHOICES_PER_NETWORK_PER_HOUR
    return not network or allow_here("cookie choice", network, most)


def page_view_allowed(network: str) -> bool:
    """1,000 page views an hour from one network: one visitor must not make a chart."""
    return not network or allow_here("page view", network, 1000)


def sign_in_allowed(network: str, address: str) -> bool:
    """10 failed tries an hour for one staff address from one network, 50 from the
    network. A try that succeeds is taken back (sign_in_worked)."""
    return allow(*_sign_in_limits(network, address))


def sign_in_worked(network: str, address: str) -> None:
    take_back(*_sign_in_limits(network, address))


def _sign_in_limits(network: str, address: str) -> list[tuple[str, str, int]]:
    return [
        ("sign-in address", f"{network} {address.lower()}", 10),
        ("sign-in network", network, 50),
    ]


def begins_anew() -> datetime:
    """When the counters of this hour begin anew, in UTC."""
    next_hour = (int(time.time()) // HOUR + 1) * HOUR
    return datetime.fromtimestamp(next_hour, UTC)


def allow(*limits: tuple[str, str, int]) -> bool:
    """Count once in every bucket of (policy, who, limit); True while all have room."""
    global _silent_until
    if not limits or time.monotonic() < _silent_until:
        return True
    try:
        counts = _count([_bucket(policy, who) for policy, who, _ in limits])
    except (redis.RedisError, OSError):
        _silent_until = time.monotonic() + PAUSE_SECONDS
        return True
    return all(
        count <= limit for count, (_, _, limit) in zip(counts, limits, strict=True)
    )


def allow_here(policy: str, who: str, limit: int) -> bool:
    """Count once, in this process; True while there is room in this hour."""
    global _hour_here
    hour = int(time.time()) // HOUR
    if hour != _hour_here or len(_counts_here) >= MOST_KEPT:
        _counts_here.clear()
        _hour_here = hour
    count = _counts_here.get((policy, who), 0) + 1
    _counts_here[policy, who] = count
    return count <= limit


def forget() -> None:
    """Begin anew in this process, and ask Redis again at once."""
    global _silent_until
    _counts_here.clear()
    _silent_until = 0.0


def take_back(*limits: tuple[str, str, int]) -> None:
    """Uncount what allow() counted; without Redis there is nothing to take back."""
    if time.monotonic() < _silent_until:
        return
    pipeline = _client(settings.REDIS_URL).pipeline(transaction=False)
    for policy, who, _ in limits:
        pipeline.decr(_bucket(policy, who))
    with suppress(redis.RedisError, OSError):
        pipeline.execute()


def _count(keys: list[str]) -> list[int]:
    pipeline = _client(settings.REDIS_URL).pipeline(transaction=False)
    for key in keys:
        pipeline.incr(key)
        pipeline.expire(key, HOUR)
    return pipeline.execute()[::2]


def _bucket(policy: str, who: str) -> str:
    """The bucket's key for this hour; a digest, so that Redis holds no address."""
    who_digest = hmac.digest(settings.LINK_KEY.encode(), who.encode(), hashlib.sha256)
    return f"limit:{policy}:{who_digest.hex()[:32]}:{int(time.time()) // HOUR}"
