"""What the words of a form must hold, so that the form can be shown with them.

They are TOML, and no page: a sign-up form or a cookie bar with a gap in its words would
fail in front of its readers, or ask for something without saying what.
"""

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from processing_register.models import NoticeVersion
from processing_register.notices import read_banner, read_sign_up
from processing_register.register import Register

READERS = {
    NoticeVersion.Notice.SIGN_UP: read_sign_up,
    NoticeVersion.Notice.COOKIE_BANNER: read_banner,
}
# The list in which each form names what it asks for.
LISTS = {
    NoticeVersion.Notice.SIGN_UP: "purposes",
    NoticeVersion.Notice.COOKIE_BANNER: "categories",
}


def wrong(notice: str, source: str, before: str, register: Register) -> list[str]:
    """Why the form could not be shown with these words, each in words for the writer.

    before: the words of the version before; what they say, the form asks for.
    """
    kind = NoticeVersion.Notice(notice)
    try:
        content = tomllib.loads(source)
        READERS[kind]("draft", source)
        named = {entry["key"] for entry in content[LISTS[kind]]}
    except tomllib.TOMLDecodeError as error:
        return [f"The words cannot be read: {error}."]
    except (KeyError, TypeError, AttributeError) as error:
        return [f"The words do not fit the form: {error}."]
    needed = set(_words(tomllib.loads(before))) - set(_words(content))
    asked = set(_asked_for(kind, register)) - named
    return [
        *(f"There are no words for “{name}”." for name in sorted(needed)),
        *(f"The form asks for “{key}”, and no words say so." for key in sorted(asked)),
    ]


def _words(content: Mapping[str, Any], inside: str = "") -> Iterator[str]:
    """The name of everything that has words: heading, fields.email.label."""
    for name, value in content.items():
        if isinstance(value, Mapping):
            yield from _words(value, f"{inside}{name}.")
        elif isinstance(value, str) and value.strip():
            yield f"{inside}{name}"


def _asked_for(kind: str, register: Register) -> Iterator[str]:
    if kind == NoticeVersion.Notice.SIGN_UP:
        yield from (key for key, one in register.purposes.items() if one.is_offered)
    else:
        yield from (item.category for item in register.items.values())
