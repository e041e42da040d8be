"""The files of the page, read once. Each has a path of its own: no request names a file."""

import hashlib
from dataclasses import dataclass, field
from importlib.resources import files

_MEDIA_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
# No script and no style but those below, and a script cannot make markup out of text.
POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
)
_DIGEST = "{{digest}}"  # in index.html; stands for the digest of all files


@dataclass(frozen=True)
class PageFile:
    """A file of the page, as a browser gets it."""

    content: bytes
    media_type: str
    cache: str  # Cache-Control
    etag: str = field(init=False)

    def __post_init__(self) -> None:
        digest = hashlib.sha256(self.content).hexdigest()
        object.__setattr__(self, "etag", f'"{digest[:32]}"')


def page_files() -> dict[str, PageFile]:
    """The page's files by path.

    All but `/` lie below the digest of all of them, so that a browser keeps them for good, and
    never has those of two releases together.
    """
    folder = files("maverick_assets.api.page") / "static"
    contents = {
        entry.name: entry.read_bytes()
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.rpartition(".")[2] in _MEDIA_TYPES
    }
    parts = (part for name, content in contents.items() for part in (name.encode(), content))
    digest = hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]
    index = contents.pop("index.html").replace(_DIGEST.encode(), digest.encode())
    return {"/": PageFile(index, _MEDIA_TYPES["html"], "no-cache")} | {
        f"/page/{digest}/{name}": PageFile(
            content,
            _MEDIA_TYPES[name.rpartition(".")[2]],
            "public, max-age=31536000, immutable",
        )
        for name, content in contents.items()
    }
