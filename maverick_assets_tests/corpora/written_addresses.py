"""Texts that hold one address in some encoding or spelling, and clean ones that look like it."""

import base64
import binascii
import html
import re
from hashlib import sha256
from urllib.parse import unquote

from maverick_assets_tests.corpora.files import read_corpus
from maverick_assets_tests.corpora.phone_numbers import LabelledText

_PARTS = ("lindqvist", "brightoven")  # of the address
_TOKEN = re.compile(r"[A-Za-z0-9_+-]{16,}")


def address_texts() -> list[LabelledText]:
    return [
        LabelledText(text, kind, sha256(text.encode()).digest()[0] % 2 == 1)
        for kind, texts in read_corpus("written_addresses.yaml").items()
        for text in texts
        if kind != "clean"
    ]


def clean_texts() -> list[LabelledText]:
    """Texts without an address of anybody but a public service."""
    texts = read_corpus("written_addresses.yaml")["clean"]
    return [
        LabelledText(text, "clean", sha256(text.encode()).digest()[0] % 2 == 1) for text in texts
    ]


def holds_address(text: str) -> bool:
    """Whether a part of the address is in a text, whatever its encoding."""
    shown = text
    for _ in range(4):
        shown = html.unescape(unquote(shown))
    decoded = [shown, *(_decoded(token) for token in _TOKEN.findall(text))]
    return any(part in piece.lower() for piece in decoded for part in _PARTS)


def _decoded(token: str) -> str:
    try:
        if re.fullmatch(r"(?:[0-9a-f]{2})+", token):
            return bytes.fromhex(token).decode("latin-1")
        padded = token + "=" * (-len(token) % 4)
        return base64.b64decode(padded, altchars=b"-_").decode("latin-1")
    except (ValueError, binascii.Error):
        return ""
