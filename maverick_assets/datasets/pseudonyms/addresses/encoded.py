"""Addresses that programs encode: in links, HTML, quoted-printable, base64.

`dana%40acme.example`, `dana&#64;acme.example`, `dana-40acme.example` behind a link that a filter
rewrote, a parameter in base64.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterator

from maverick_assets.datasets.pseudonyms.addresses.written import WrittenAddress, plain_addresses

# The sign in an encoding:
#   links: %40 %2540 %252540 *40 -40      HTML: &#64; &#x40; &amp;#64; &commat;
#   quoted-printable: =40      escapes: \u0040 \x40      full width: U+FF20, U+FE6B
_AT = re.compile(
    r"%(?:25){0,4}40|[*=-]40(?!px|em|rem|pt)(?=[^\W\d_])|&(?:amp;){0,3}(?:#0{0,6}64|#[xX]0{0,6}40|commat);"
    r"|\\u0040|\\x40|[\uff20\ufe6b]"
    # "@" with an encoded full stop behind it: "dana@acme.=\nexample", "dana@acme%2Eexample"
    r"|@(?=(?:[^\W_]|[.-]){1,80}(?:=\r?\n|=2E|%(?:25)*2[eE]|&[#pa]|[\uff0e\u3002]))"
)
_DOT = (
    r"(?:\.|%(?:25){0,4}2[eE]|[*=-]2E|[\uff0e\u3002]"
    r"|&(?:amp;){0,3}(?:#0{0,6}46|#[xX]0{0,6}2[eE]|period);)"
)
_LABEL = r"[^\W_](?:[^\W_]|-(?![0-9A-F]{2}(?![0-9a-f-]))){0,62}"
_DOMAIN = re.compile(rf"{_LABEL}(?:{_DOT}(?:=\r?\n)?{_LABEL}){{1,6}}")
# What stands left of the sign, and the escape that ends the text before the address:
#   "?url=https%3A%2F%2Fx%3Fto%3Ddana.cole", "u-3Femail-3Ddana.cole", "&lt;dana.cole"
_LEFT = re.compile(r"[\w.+'%&#;=*\\-]{1,96}\Z")
_LONGEST_LEFT = 96
_ESCAPE = re.compile(
    r"%(?:25){0,4}(?!2[eEbBdD]|5[fF]|27)[0-9a-fA-F]{2}|&(?:amp;){0,3}(?:lt|gt|quot|nbsp|amp);"
    r"|=(?!2E)(?:[0-9A-F]{2})?|-(?!2E)[0-9A-F]{2}(?=[A-Za-z])|\*(?!2E)[0-9A-F]{2}|\\[nrt]|[#*]"
)
_ENCODED_DOT = re.compile(_DOT)
_LOCAL = re.compile(r"[\w.+'-]{1,64}")
_MIN_UNSURE_LETTERS = 3  # left of "=40" and "-40", which also stand in "margin=40px.auto"
# Parameters and parts of paths: "?u=cGV0cmE...", "/cGV0cmE.../open", "?h=64616e61..."
_BASE64 = re.compile(r"(?<=[/=?&#:.,~])[A-Za-z0-9_+-]{16,400}={0,2}")
_HEX = re.compile(r"(?:[0-9a-f]{2}){8,200}|(?:[0-9A-F]{2}){8,200}")


def encoded_addresses(text: str) -> Iterator[WrittenAddress]:
    """Addresses with an encoded sign or full stop, and those in parameters of links."""
    for sign in _AT.finditer(text):
        domain = _DOMAIN.match(text, sign.end())
        left = _LEFT.search(text, max(0, sign.start() - _LONGEST_LEFT), sign.start())
        if not domain or not left:
            continue
        start = left.start()
        for escape in _ESCAPE.finditer(text, start, sign.start()):
            start = escape.end()
        local = _ENCODED_DOT.sub(".", text[start : sign.start()])
        is_unsure = sign.group()[0] in "*=-"
        if not _LOCAL.fullmatch(local) or (is_unsure and len(local) < _MIN_UNSURE_LETTERS):
            continue
        labels = _ENCODED_DOT.sub(".", re.sub(r"=\r?\n", "", domain.group()))
        if not labels.rpartition(".")[2].isalpha() and "xn--" not in labels:
            continue
        yield WrittenAddress(start, domain.end(), f"{local}@{labels}", _with_sign(sign.group()))


def packed_addresses(text: str, replace: Callable[[str], str]) -> Iterator[tuple[int, int, str]]:
    """Parameters in base64 or hexadecimal that hold addresses: start, end, and what replaces them.

    `replace` gives a text another address in place of each one that it holds.
    """
    if "/" not in text and "=" not in text:
        return
    for match in _BASE64.finditer(text):
        token = match.group()
        for unpack, pack in ((_from_hex, _to_hex), (_from_base64, _to_base64)):
            inner = unpack(token)
            if "@" in inner and next(plain_addresses(inner), None):
                yield (*match.span(), pack(replace(inner)))
                break


def _with_sign(sign: str) -> Callable[[str], str]:
    return lambda address: address.replace("@", sign)


def _from_base64(token: str) -> str:
    plain = token.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _to_base64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _from_hex(token: str) -> str:
    if not _HEX.fullmatch(token):
        return ""
    try:
        return bytes.fromhex(token).decode()
    except UnicodeDecodeError:
        return ""


def _to_hex(text: str) -> str:
    return text.encode().hex()
