"""Fields that are unreadable in the database without a key kept outside it."""

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.core.exceptions import FieldError
from django.db import models
from django.db.models import functions
from django.db.models.lookups import GreaterThan

if TYPE_CHECKING:
    _Text = models.TextField[str, str]
    _Json = models.TextField[Any, Any]
else:  # Django's fields take no type arguments when the code runs
    _Text = _Json = models.TextField


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def box() -> MultiFernet:
    """The key ring of FIELD_KEYS: encrypts with the first, decrypts with any."""
    return _box(tuple(settings.FIELD_KEYS))


def encrypt(text: str) -> str:
    return box().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Raises cryptography.fernet.InvalidToken when no key fits: never a wrong text."""
    return box().decrypt(token.encode()).decode()


def sealed_json(value: Any) -> str:
    """What EncryptedJSONField stores: one token, or nothing for an empty value."""
    return encrypt(json.dumps(value, ensure_ascii=False)) if value else ""


def has_content(field_name: str) -> GreaterThan:
    """A condition for querysets: this encrypted field holds something."""
    stored = functions.Cast(field_name, models.TextField())
    return GreaterThan(functions.Length(stored), 0)


class EncryptedTextField(_Text):
    """Text stored as a Fernet token; the empty text is stored empty.

    It cannot be searched: to find a row, keep a keyed digest beside it
    (groundwork.addresses.digest).
    """

    def from_db_value(self, value: str | None, *_: object) -> str | None:
        return decrypt(value) if value else value

    def get_prep_value(self, value: Any) -> str | None:
        text = super().get_prep_value(value)
        return encrypt(text) if text else text

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise FieldError("An encrypted field cannot be searched.")
        return super().get_lookup(lookup_name)


class EncryptedJSONField(_Json):
    """A JSON value stored as one Fernet token; an empty value is stored empty."""

    # What the type checker may take it for: any JSON, not only text.
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any
    _pyi_lookup_exact_type: Any

    def from_db_value(self, value: str | None, *_: object) -> Any:
        return json.loads(decrypt(value)) if value else {}

    def to_python(self, value: Any) -> Any:
        return value

    def get_prep_value(self, value: Any) -> str:
        return sealed_json(value)

    def get_lookup(self, lookup_name: str) -> Any:
        raise FieldError("An encrypted field cannot be searched.")
