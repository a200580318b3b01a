"""The cookie banner as one file for the controller's other sites.

consent/script/ holds its source, written to be read. What travels is the same without
comments and blanks, with the wording in force, the categories and what belongs to them
baked in, compressed once per content. It asks no server for anything until somebody
chooses, so a page with it needs one request.
"""

import gzip
import hashlib
import json
import re
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import brotli
import rjsmin

from consent import cookies
from processing_register.notices import BannerWording, banner_wording
from processing_register.register import KINDS, the_register

SOURCE = Path(__file__).parent / "script"
PLACE = "embed"
LANGUAGE = "en-GB"
# What we promise to the sites that carry it, as brotli; consent.checks watches over it.
MOST_BYTES = 3000
# What our server answered is no part of the question, and so of no version of it.
SAID_OF_THE_RECORD = {
    "receipt": "Your receipt: ",
    # Said in place of the thanks: of a yes and of a no, of what is told again and of what
    # was refused.
    "failed": "Your answer is not on record. Until a yes is, nothing is counted. "
    "You can answer again at any time.",
}


@dataclass(frozen=True)
class ServedScript:
    """The file in each form in which it travels, and the tag of its content."""

    plain: bytes
    gzipped: bytes
    brotlied: bytes
    etag: str


def consent_script() -> ServedScript:
    """The script as it stands today; built anew only when its content changed."""
    return _built(json.dumps(_config(banner_wording()), separators=(",", ":")))


def _config(wording: BannerWording) -> dict[str, Any]:
    return {
        "hash": cookies.content_hash(PLACE),
        "banner": wording.reference,
        "lang": LANGUAGE,
        "lasts": cookies.ASKED_AGAIN_AFTER // timedelta(milliseconds=1),
        "words": _words(wording),
        "said": _said(wording),
        "categories": [_category(wording, key) for key in cookies.offered(PLACE)],
    }


def _words(wording: BannerWording) -> dict[str, str]:
    names = ("heading", "text", "accept", "reject", "manage", "save", "more", "hide")
    words = {name: str(getattr(wording, name)) for name in names}
    essential = wording.category(cookies.ESSENTIAL)
    # What is strictly necessary differs from site to site: only its name is the same.
    words["essential"] = f"{essential.title}. {essential.always}."
    return words | SAID_OF_THE_RECORD


def _said(wording: BannerWording) -> dict[str, str]:
    """What the visitor reads after each way of choosing."""
    return {
        "accept": wording.after["accepted"],
        "reject": wording.after["rejected"],
        "choose": wording.after["chosen"],
        "withdraw": wording.after["withdrawn"],
    }


def _category(wording: BannerWording, key: str) -> list[Any]:
    """Its key, its words, and what a refusal clears, a list for each kind."""
    words = wording.category(key)
    return [key, f"{words.title}. {words.description}", *_names(key)]


def _names(category: str) -> list[list[str]]:
    """The names of each kind; one may end in “*”."""
    items = [
        item
        for item in the_register().items.values()
        if item.where == PLACE and item.category == category
    ]
    return [[item.name for item in items if item.kind == kind] for kind in KINDS]


@lru_cache(maxsize=4)
def _built(config: str) -> ServedScript:
    style = json.dumps(_smaller_style((SOURCE / "consent.css").read_text()))
    code = _smaller_code((SOURCE / "consent.js").read_text())
    text = code.replace("BAKED_CONFIG", _smaller_object(config))
    text = text.replace("BAKED_STYLE", style)
    plain = text.encode()
    return ServedScript(
        plain=plain,
        # No time in the gzip header: the same content is the same bytes.
        gzipped=gzip.compress(plain, 9, mtime=0),
        brotlied=brotli.compress(plain, mode=brotli.MODE_TEXT, quality=11),
        etag=hashlib.sha256(plain).hexdigest()[:20],
    )


def _smaller_code(source: str) -> str:
    """Without comments and blanks, and without the commas, semicolons and brackets that
    mean nothing; its strings have none where these are looked for."""
    code: str = rjsmin.jsmin(source)
    code = re.sub(r",(?=[)\]}])", "", code).replace(";}", "}")
    return re.sub(r"(?<!async)\((\w+)\)=>", r"\1=>", code)


def _smaller_object(text: str) -> str:
    """JSON as JavaScript reads it too, its keys without quotes. Inside a string a quote
    has a backslash before it, so nothing in there looks like a key."""
    return re.sub(r'"(\w+)":', r"\1:", text)


def _smaller_style(css: str) -> str:
    """Without comments and blanks that mean nothing; there are no strings in it."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"\s*([{};,>~!])\s*", r"\1", re.sub(r"\s+", " ", css))
    return re.sub(r":\s", ":", css).replace(";}", "}").strip()
