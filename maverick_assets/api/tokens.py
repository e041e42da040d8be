"""Bearer tokens: who may call the API, and for what. Their hashes alone are kept.

A token has 256 random bits, so that a plain SHA-256 of it says nothing to who reads the file.
"""

import hashlib
import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from filelock import FileLock
from pydantic import AwareDatetime, TypeAdapter, ValidationError

from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.files import write_atomically
from maverick_assets.strict_model import StrictModel
from maverick_assets.yaml_files import Name

Scope = Literal["chat", "train", "admin", "owner", "intimate", "health", "rate"]
SCOPES: frozenset[Scope] = frozenset(get_args(Scope))
FIRST = "first"  # name of the token that the first start makes

_FILE = "api-tokens.json"


class Token(StrictModel):
    """A token without its secret."""

    name: Name
    sha256: str
    scopes: frozenset[Scope]
    created_at: AwareDatetime

    @property
    def caller(self) -> str:
        """Who shows this token, as stored things name him: another token of its name is another's.

        It says nothing about the secret.
        """
        return hashlib.sha256(f"caller {self.sha256}".encode()).hexdigest()[:16]


_TOKENS = TypeAdapter(list[Token])
_CODE_SECONDS = 300


@dataclass(frozen=True)
class _Code:
    """What stands for a token's secret, once, until a time of the monotonic clock."""

    code: str
    secret: str
    until: float


class TokenBook:
    """The tokens of a run home. A change is seen by a server that runs already."""

    def __init__(self, keys: Path) -> None:
        self._keys = keys
        self._read_at: tuple[int, int] | None = None  # of the file: inode, time of change
        self._tokens: list[Token] = []
        self._code: _Code | None = None

    def find(self, secret: str) -> Token | None:
        """The token that this is the secret of."""
        digest = _digest(secret)
        return next(
            (t for t in self.tokens() if secrets.compare_digest(t.sha256, digest)),
            None,
        )

    def tokens(self) -> list[Token]:
        """All tokens. Raises `MaverickError` for a file that is damaged or that others may read."""
        path = self._keys / _FILE
        if not path.exists():
            return []
        status = path.stat()
        if (status.st_ino, status.st_mtime_ns) == self._read_at:
            return self._tokens
        if status.st_mode & 0o077:
            raise MaverickError(f"{path} can be read by others; run: chmod 600 {path}")
        try:
            self._tokens = _TOKENS.validate_json(path.read_bytes())
        except ValidationError as error:
            raise MaverickError(
                f"{path} is damaged; remove it, and the next start makes a new token"
            ) from error
        self._read_at = status.st_ino, status.st_mtime_ns
        return self._tokens

    def ensure_first(self) -> Path | None:
        """Make a token with all scopes unless one exists; the file that holds its secret."""
        with self._locked():
            return None if self.tokens() else self._add(FIRST, SCOPES)

    def new_code(self) -> str | None:
        """A code that `redeem` takes for the token of the first start, while its file is there."""
        path = self._secret_file(FIRST)
        secret = path.read_text(encoding="utf-8").strip() if path.is_file() else ""
        if self.find(secret) is None:
            return None
        code = secrets.token_urlsafe(24)
        self._code = _Code(code, secret, time.monotonic() + _CODE_SECONDS)
        return code

    def redeem(self, code: str) -> str | None:
        """The secret that a code stands for; once, and within five minutes."""
        kept = self._code
        if kept is None or not secrets.compare_digest(kept.code.encode(), code.encode()):
            return None
        self._code = None
        return kept.secret if time.monotonic() < kept.until else None

    def add(self, name: str, scopes: Collection[Scope]) -> Path:
        """Make a token; the file that holds its secret, which may be removed once it is read.

        Raises `BadInput` for a name that is taken.
        """
        with self._locked():
            if any(token.name == name for token in self.tokens()):
                raise BadInput(f"a token is called {name} already; remove it, or name another")
            return self._add(name, scopes)

    def remove(self, name: str) -> None:
        """Make a token worthless. Raises `BadInput` for a name that no token has."""
        with self._locked():
            tokens = self.tokens()
            if all(token.name != name for token in tokens):
                listed = ", ".join(token.name for token in tokens) or "none"
                raise BadInput(f"no token is called {name}; there are: {listed}")
            self._write([token for token in tokens if token.name != name])
            self._secret_file(name).unlink(missing_ok=True)

    def _add(self, name: str, scopes: Collection[Scope]) -> Path:
        secret = secrets.token_urlsafe(32)
        token = Token(
            name=name,
            sha256=_digest(secret),
            scopes=frozenset(scopes),
            created_at=datetime.now(UTC),
        )
        path = self._secret_file(name)
        write_atomically(path, f"{secret}\n")
        self._write([*self.tokens(), token])
        return path

    def _write(self, tokens: list[Token]) -> None:
        write_atomically(self._keys / _FILE, _TOKENS.dump_json(tokens, indent=2))

    def _secret_file(self, name: str) -> Path:
        return self._keys / f"api-token-{name}"

    def _locked(self) -> FileLock:
        self._keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        return FileLock(self._keys / ".api-tokens.lock", timeout=60)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
