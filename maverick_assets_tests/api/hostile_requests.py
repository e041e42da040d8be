"""Requests of somebody who looks for a way in, as bytes; the same ones at each run.

Bodies are made from the API's own description, so that a new route is attacked as well.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

MARK = "ungetuem"  # in what requests hold, so that it is found where it should not be
TOKEN = b"@@token@@"
_HOST = "localhost"
_SLASHES = (
    "../",
    "..%2f",
    "%2e%2e/",
    "%2e%2e%2f",
    "..%252f",
    "..\\",
    "..%5c",
    "....//",
    "..;/",
    "%c0%ae/",
)
_TARGETS = ("etc/passwd", f"{MARK}.txt", "keys/api-token-first")
_ODD_PATHS = (
    "http://169.254.169.254/",
    "http://evil.example/v1/models",
    "*",
    "/%00",
    "/\xff",
    "/api/chat%0d%0aX: y",
    "/healthz/../openapi.json",
    "/healthz;/api/sessions",
    "/HEALTHZ",
    "/healthz%2f..%2fv1/models",
    "/" + "a/" * 20_000,
    "/?" + "a=b&" * 20_000,
)
_CHUNKS = (b"zz\r\n", b"-1\r\n", b"f" * 16 + b"\r\n", b"5\r\nab", b"100000\r\n" + b"a" * (1 << 20))
_JUNK = (
    b"\x16\x03\x01\x02\x00\x01",
    b"\x00" * 1000,
    b"GET\r\n\r\n",
    b"\r\n" * 1000,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"A" * 100_000,
)
_STARTS = ("/", "//", "/api/", "/api/sessions/", "/v1/models/", "/page/", "/static/")
# What may reach the file system, a subprocess, a URL, a log or a page, where nobody checks it.
_TEXTS = (
    "../../keys/api-token-first",
    f"/etc/passwd\x00{MARK}",
    f"{MARK}\r\nSet-Cookie: a=b",
    "http://169.254.169.254/latest/meta-data/",
    f"http://127.0.0.1:9/{MARK}",
    f"file:///etc/{MARK}",
    f"org/{MARK}@refs/pr/1",
    f"persona/../{MARK}",
    f"$(touch {MARK})",
    f"--{MARK}=1",
    f"'; drop table messages; -- {MARK}",
    f"<script>{MARK}</script>",
    "{{7*7}}${7*7}%n%s",
    f"\u202e{MARK}\u0000\u001b[31m",
    "\ud800",
    "persona\u200b",
    "A" * 200_000,
    "",
    " ",
)
_WRONG = (None, True, -1, 1e308, 10**400, [], [[[]]], {}, {"$ref": "#"}, [None] * 1000)
_HEADERS = (
    ("Host", f"{MARK}.example"),
    ("Host", "localhost.evil.example"),
    ("Host", "localhost@evil.example"),
    ("Host", "127.0.0.1.nip.io"),
    ("Host", "[::ffff:127.0.0.1]"),
    ("Host", "0.0.0.0"),
    ("Host", "2130706433"),
    ("Host", "localhost, evil.example"),
    ("Host", ""),
    ("Origin", "https://evil.example"),
    ("Origin", "null"),
    ("Origin", "http://localhost.evil.example"),
    ("Origin", "http://localhost:1"),
    ("Sec-Fetch-Site", "cross-site"),
    ("Sec-Fetch-Site", "same-site"),
    ("X-Forwarded-Host", "evil.example"),
    ("X-Forwarded-For", "127.0.0.1"),
    ("X-Original-URL", "/openapi.json"),
    ("X-HTTP-Method-Override", "DELETE"),
    ("X-Forwarded-Prefix", "/../.."),
    ("Transfer-Encoding", "chunked, identity"),
    ("Transfer-Encoding", "\x0bchunked"),
    ("Content-Length", "-1"),
    ("Content-Length", "99999999999999999999"),
    ("Content-Length", "0x10"),
    ("Content-Length", "5, 6"),
    ("Content-Type", "application/xml"),
    ("Content-Type", "text/plain"),
    ("Content-Type", "multipart/form-data"),
    ("Content-Type", "application/json; charset=utf-7"),
    ("Content-Encoding", "gzip"),
    ("Expect", "100-continue"),
    ("Upgrade", "websocket"),
    ("Range", "bytes=0-99999999999"),
    ("Cookie", f"{MARK}={'a' * 4000}"),
    ("Authorization", "Bearer"),
    ("Authorization", "Bearer null"),
    ("Authorization", f"Basic {MARK}"),
    ("Authorization", "Bearer \xff\xfe"),
    ("Authorization", f"Bearer {'a' * 60_000}"),
    ("X-Long", "a" * 200_000),
    ("Idempotency-Key", f"../{MARK}"),
)
_METHODS = ("TRACE", "CONNECT", "OPTIONS", "PUT", "PATCH", "PROPFIND", "get", "G\x00T", "A" * 5000)
_BODIES = (
    b"", b"{", b"null", b"[]", b'"text"', b"NaN", b"\xff\xfe{}", b"\xef\xbb\xbf{}", b"{}{}",
    b'{"message": "\\ud800"}', b'{"a": 1e99999}', b'{"a": ' + b"9" * 100_000 + b"}",
    b"[" * 100_000, b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    b'{"message": ' + b"[" * 900 + b"]" * 900 + b"}", b"x" * (2 << 20),
    b'{"message": "a", "message": "b", "personality": "persona"}', b"message=a&personality=persona",
)  # fmt: skip


@dataclass(frozen=True)
class Hostile:
    """A request; a token is put in the place of `TOKEN`."""

    name: str
    content: bytes
    half_closed: bool = False  # the sender says that nothing follows, before all is sent


def hostile_requests(description: Mapping[str, Any]) -> Iterator[Hostile]:
    """All of them, for an API of this OpenAPI description."""
    yield from _paths()
    yield from _headers()
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            yield from _operation(description, path, method.upper(), operation)
    yield from _connections()


def _request(
    method: str, path: str, body: bytes = b"", headers: tuple[tuple[str, str], ...] = ()
) -> bytes:
    """A request with the usual headers, unless `headers` has them."""
    usual = {
        "Host": _HOST,
        "Authorization": f"Bearer {TOKEN.decode()}",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
    }
    given = {name for name, _ in headers}
    if "Transfer-Encoding" in given:
        del usual["Content-Length"]
    lines = [f"{method} {path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in usual.items() if name not in given]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def _paths() -> Iterator[Hostile]:
    for start, slashes, target in product(_STARTS, _SLASHES, _TARGETS):
        path = f"{start}{slashes * 6}{target}"
        yield Hostile(f"path {path}", _request("GET", path))
    for path in _ODD_PATHS:
        yield Hostile(f"path {path[:60]}", _request("GET", path))


def _headers() -> Iterator[Hostile]:
    for (name, value), path in product(_HEADERS, ("/v1/models", "/api/chat")):
        method = "POST" if path == "/api/chat" else "GET"
        yield Hostile(f"{name}: {value[:60]}", _request(method, path, b"{}", ((name, value),)))
    for name in ("Host", "Origin", "Authorization", "Content-Length"):
        twice = ((name, "localhost"), (name, "evil.example"))
        yield Hostile(f"{name} twice", _request("GET", "/v1/models", b"", twice))
    many = tuple((f"X-{number}", "a") for number in range(2000))
    yield Hostile("2,000 headers", _request("GET", "/v1/models", b"", many))
    smuggled = (("Content-Length", "4"), ("Transfer-Encoding", "chunked"))
    inner = b"0\r\n\r\nGET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
    yield Hostile("two lengths", _request("POST", "/api/chat", inner, smuggled))
    for method in _METHODS:
        yield Hostile(f"method {method[:20]}", _request(method, "/api/chat", b"{}"))


def _operation(
    description: Mapping[str, Any], path: str, method: str, operation: Mapping[str, Any]
) -> Iterator[Hostile]:
    place = f"{method} {path}"
    if "{" in path:
        start = path.partition("{")[0]
        for text in ("..", "%2e%2e", "%00", f"{MARK}'--", "%0d%0a", "a" * 5000, "%ff", "%F0%9F"):
            yield Hostile(f"{place} {text[:20]}", _request(method, f"{start}{text}"))
    if "requestBody" not in operation:
        return
    for body in _BODIES:
        yield Hostile(f"{place} {body[:30]!r}", _request(method, path, body))
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    while "$ref" in schema:
        schema = description["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    example = (schema.get("examples") or [{}])[0]
    for name in schema.get("properties", {}):
        for value in (*_TEXTS, *_WRONG):
            body = json.dumps({**example, name: value}).encode()
            yield Hostile(f"{place} {name}={str(value)[:30]!r}", _request(method, path, body))
    unknown = {**example, MARK: 1, "__class__": "x", "constructor": {"prototype": 1}}
    yield Hostile(f"{place} unknown", _request(method, path, json.dumps(unknown).encode()))


def _connections() -> Iterator[Hostile]:
    body = json.dumps({"message": MARK, "personality": "persona"}).encode()
    whole = _request("POST", "/api/chat", body)
    for cut in (1, 20, 60, len(whole) - len(body), len(whole) - 5):
        yield Hostile(f"ends after {cut} bytes", whole[:cut], half_closed=True)
    longer = _request("POST", "/api/chat", body, (("Content-Length", str(len(body) + 100)),))
    yield Hostile("announces more than it sends", longer, half_closed=True)
    chunked = (("Transfer-Encoding", "chunked"),)
    for chunk in _CHUNKS:
        content = _request("POST", "/api/chat", chunk, chunked)
        yield Hostile(f"chunk {chunk[:12]!r}", content, half_closed=True)
    for junk in _JUNK:
        yield Hostile(f"junk {junk[:12]!r}", junk, half_closed=True)
