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
from functools import lru_cache
from pathlib import Path
from typing import Any

import brotli
import rjsmin

from consent import cookies
from processing_register.notices import BannerWording, banner_wording
from processing_register.register import the_register

SOURCE = Path(__file__).parent / "script"
PLACE = "embed"
LANGUAGE = "en-GB"
# Kind in the register → the word for it in the script.
KINDS = {
    "cookie": "cookies",
    "local-storage": "local",
    "session-storage": "session",
    "indexed-db": "databases",
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
        "words": _words(wording),
        "said": _said(wording),
        "categories": [_category(wording, key) for key in cookies.offered(PLACE)],
    }


def _words(wording: BannerWording) -> dict[str, str]:
    names = ("heading", "text", "accept", "reject", "manage", "save", "more", "hide")
    words = {name: str(getattr(wording, name)) for name in names}
    essential = wording.category(cookies.ESSENTIAL)
    # What is strictly necessary differs from site to site: only its name is the same.
    return {**words, "essential": f"{essential.title}. {essential.always}."}


def _said(wording: BannerWording) -> dict[str, str]:
    """What the visitor reads after each way of choosing."""
    return {
        "accept": wording.after["accepted"],
        "reject": wording.after["rejected"],
        "choose": wording.after["chosen"],
        "withdraw": wording.after["withdrawn"],
    }


def _category(wording: BannerWording, key: str) -> dict[str, Any]:
    words = wording.category(key)
    return {
        "key": key,
        "label": f"{words.title}. {words.description}",
        "clears": _names(key),
    }


def _names(category: str) -> dict[str, list[str]]:
    """What a refusal clears, by kind; a name may end in “*”."""
    names: dict[str, list[str]] = {word: [] for word in KINDS.values()}
    for item in the_register().items.values():
        if item.where == PLACE and item.category == category:
            names[KINDS[item.kind]].append(item.name)
    return names


@lru_cache(maxsize=4)
def _built(config: str) -> ServedScript:
    style = json.dumps(_smaller_style((SOURCE / "consent.css").read_text()))
    code: str = rjsmin.jsmin((SOURCE / "consent.js").read_text())
    text = code.replace("BAKED_CONFIG", config).replace("BAKED_STYLE", style)
    plain = text.encode()
    return ServedScript(
        plain=plain,
        # No time in the gzip header: the same content is the same bytes.
        gzipped=gzip.compress(plain, 9, mtime=0),
        brotlied=brotli.compress(plain, mode=brotli.MODE_TEXT, quality=11),
        etag=hashlib.sha256(plain).hexdigest()[:20],
    )


def _smaller_style(css: str) -> str:
    """Without comments and blanks that mean nothing; there are no strings in it."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"\s*([{};,>])\s*", r"\1", re.sub(r"\s+", " ", css))
    return re.sub(r":\s", ":", css).replace(";}", "}").strip()
