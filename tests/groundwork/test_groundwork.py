"""Addresses, links, limits, networks and encrypted fields."""

import base64
import re
from typing import Any

import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.core.exceptions import FieldError, ValidationError
from django.db import connection
from django.test import Client, RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from config.embedded import Redis
from groundwork import addresses, encryption, form_tokens, links, rate_limits
from groundwork.encryption import has_content
from groundwork.requests import network_of, truncate
from subscribers.models import Subscriber
from tests.people import ADA, become_reader, subscriber_of
from tests.relay import Relay

# --- Addresses ---


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("Ada@Example.COM", "ada@example.com"),
        ("a.d.a+x@example.com", "a.d.a+x@example.com"),
        ("ada@BÜCHER.example", "ada@xn--bcher-kva.example"),
        ("ada@bu\u0308cher.example", "ada@xn--bcher-kva.example"),
        ("ada@例え.jp", "ada@xn--r8jz45g.jp"),
        ("ada@faß.example", "ada@xn--fa-hia.example"),
    ],
)
def test_one_mailbox_has_one_spelling(typed: str, normal: str) -> None:
    assert addresses.normalise(typed) == normal
    assert addresses.normalise(normal) == normal


@given(st.text(max_size=300))
def test_any_text_is_an_address_or_is_refused_in_words(text: str) -> None:
    try:
        address = addresses.normalise(text)
    except ValidationError as error:
        assert error.messages[0].endswith("name@example.com")
        return
    assert address.isascii() and address == addresses.normalise(address)
    assert len(address) <= 254
    assert not re.search(r"[\s\x00-\x1f<>]", address)


def test_the_digest_needs_the_key(settings: Settings) -> None:
    before = addresses.digest(ADA)
    assert len(before) == 32
    assert addresses.digest(ADA) == before
    settings.ADDRESS_KEY = "another key"
    assert addresses.digest(ADA) != before


@pytest.mark.parametrize(
    ("address", "masked"),
    [(ADA, "a•••@example.com"), ("x@example.com", "x•••@example.com")],
)
def test_a_masked_address_shows_its_first_letter(address: str, masked: str) -> None:
    assert addresses.mask(address) == masked


# --- Links ---


def test_a_token_is_128_bits_in_22_safe_characters() -> None:
    tokens = {links.random_token() for _ in range(200)}
    tokens |= {links.derived_token("use", n) for n in range(200)}
    assert len(tokens) == 400
    for token in tokens:
        assert re.fullmatch(links.TOKEN_PATTERN, token)


def test_a_derived_token_can_be_made_again_and_belongs_to_its_use() -> None:
    assert links.derived_token("a", 1, "x") == links.derived_token("a", 1, "x")
    different = {
        links.derived_token("a", 1, "x"),
        links.derived_token("b", 1, "x"),
        links.derived_token("a", 2, "x"),
        links.derived_token("a", 1, "y"),
        links.derived_token("a", "1x"),
    }
    assert len(different) == 5


def test_the_stored_digest_depends_on_the_use() -> None:
    token = links.random_token()
    assert links.token_digest("a", token) != links.token_digest("b", token)


def test_links_depend_on_their_own_key_alone(settings: Settings) -> None:
    before = links.derived_token("a", 1)
    settings.SECRET_KEY = "x" * 60
    assert links.derived_token("a", 1) == before
    settings.LINK_KEY = "another key"
    assert links.derived_token("a", 1) != before


# --- Form tokens ---


def test_a_form_token_carries_what_was_shown_and_survives_a_rotated_key(
    settings: Settings,
) -> None:
    token = form_tokens.issue("f", {"wording": "sign-up/1"})
    old, settings.SECRET_KEY = settings.SECRET_KEY, "y" * 60
    settings.SECRET_KEY_FALLBACKS = [old]
    assert form_tokens.read("f", token, 0) == {"wording": "sign-up/1"}
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(form_tokens.FormTokenError):
        form_tokens.read("f", token, 0)


@given(st.text(max_size=100))
def test_no_other_text_is_a_form_token(text: str) -> None:
    with pytest.raises(form_tokens.FormTokenError):
        form_tokens.read("f", text, 0)


# --- Limits ---


def test_the_limit_counts_within_its_bucket_only() -> None:
    assert [rate_limits.allow(("p", "a", 2)) for _ in range(3)] == [True, True, False]
    assert rate_limits.allow(("p", "b", 2))
    assert rate_limits.allow(("q", "a", 2))


def test_a_sign_in_is_limited_by_address_and_by_network() -> None:
    tries = [rate_limits.sign_in_allowed("net", ADA) for _ in range(11)]
    assert tries == [True] * 10 + [False]
    assert rate_limits.sign_in_allowed("net", "b@example.com")
    assert rate_limits.sign_in_allowed("other", ADA)


def test_a_sign_in_that_works_costs_no_try() -> None:
    for _ in range(20):
        assert rate_limits.sign_in_allowed("net", ADA)
        rate_limits.sign_in_worked("net", ADA)


def test_redis_holds_no_address_and_forgets(redis_client: Any) -> None:
    rate_limits.allow(("p", ADA, 2))
    (key,) = redis_client.keys("*")
    assert b"ada" not in key
    assert 0 < redis_client.ttl(key) <= rate_limits.HOUR


def test_without_redis_everything_passes(redis_server: Redis) -> None:
    assert rate_limits.allow(("p", "a", 0)) is False
    redis_server.stop()
    assert all(rate_limits.allow(("p", "a", 0)) for _ in range(5))


def test_when_redis_is_back_the_limit_is_too(redis_server: Redis) -> None:
    redis_server.stop()
    assert rate_limits.allow(("p", "a", 0))
    redis_server.start()
    rate_limits._silent_until = 0.0  # two seconds later
    assert rate_limits.allow(("p", "a", 0)) is False


# --- Networks ---


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("fe80::1%eth0", "fe80::/48"),
        ("", ""),
        ("unknown", ""),
        ("192.0.2.77:1234", ""),
        ("192.0.2.256", ""),
        ("<script>", ""),
    ],
)
def test_a_network_address_is_cut(address: str, network: str) -> None:
    assert truncate(address) == network


@pytest.mark.parametrize(
    ("proxies", "forwarded", "network"),
    [
        (0, "", "10.0.0.0/24"),
        (0, "203.0.113.9", "10.0.0.0/24"),  # nobody is believed
        (1, "203.0.113.9", "203.0.113.0/24"),
        (1, "1.2.3.4, 203.0.113.9", "203.0.113.0/24"),  # the visitor wrote the first
        (2, "1.2.3.4, 203.0.113.9, 198.51.100.1", "203.0.113.0/24"),
        (2, "203.0.113.9", "10.0.0.0/24"),  # it did not come through both
        (1, "", "10.0.0.0/24"),
        (1, "nonsense", ""),
    ],
)
def test_only_our_own_proxies_are_believed(
    settings: Settings, proxies: int, forwarded: str, network: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    headers = {"x-forwarded-for": forwarded} if forwarded else {}

    request = RequestFactory(REMOTE_ADDR="10.0.0.1").get("/", headers=headers)

    assert network_of(request) == network


# --- Encryption ---


def test_old_keys_still_read_and_the_newest_writes(settings: Settings) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    settings.FIELD_KEYS = [old]
    secret = encryption.encrypt("Ada")
    settings.FIELD_KEYS = [new, old]
    assert encryption.decrypt(secret) == "Ada"
    newer = encryption.encrypt("Ada")
    settings.FIELD_KEYS = [new]
    assert encryption.decrypt(newer) == "Ada"
    with pytest.raises(InvalidToken):
        encryption.decrypt(secret)


def test_an_altered_text_is_refused() -> None:
    secret = base64.urlsafe_b64decode(encryption.encrypt("Ada"))
    altered = base64.urlsafe_b64encode(secret[:-1] + bytes([secret[-1] ^ 1])).decode()
    with pytest.raises(InvalidToken):
        encryption.decrypt(altered)


@pytest.mark.django_db
def test_encrypted_fields_are_unreadable_and_unsearchable(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, first_name="Augusta")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT address, first_name, last_name FROM subscribers_subscriber"
        )
        address, first_name, last_name = cursor.fetchone()
    assert "ada" not in address and "Augusta" not in first_name
    assert last_name == ""
    assert subscriber_of(ADA).first_name == "Augusta"
    for lookup in ("first_name", "first_name__icontains", "address__startswith"):
        with pytest.raises(FieldError):
            Subscriber.objects.filter(**{lookup: "A"})


@pytest.mark.django_db
def test_the_filled_fields_can_be_found(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp, first_name="Augusta")

    assert Subscriber.objects.filter(has_content("first_name")).count() == 1
    assert Subscriber.objects.filter(has_content("last_name")).count() == 0
