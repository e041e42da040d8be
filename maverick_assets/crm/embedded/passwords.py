"""Passwords of the embedded server's roles, in a file that libpq reads itself (`passfile`).

A URL names the file, so no password stands in a URL, an argument or an error.
"""

import base64
import hmac
import os
import secrets
import stat
from hashlib import pbkdf2_hmac, sha256
from pathlib import Path

from maverick_assets.errors import MaverickError
from maverick_assets.files import write_atomically
from maverick_assets.private.folders import private_folder

SUPERUSER = "postgres"
# Slow hashing protects passwords that people choose. These have 256 random bits, and Dagster opens
# a connection for each query.
_ITERATIONS = 1


class Passwords:
    """The passwords of one cluster. Callers see to it that one process at a time adds one."""

    def __init__(self, pgdata: Path) -> None:
        self.path = pgdata.parent / "keys" / f"{pgdata.name}.passwords"

    def of(self, role: str) -> str | None:
        """The role's password, if it has one.

        Raises `MaverickError` when somebody else owns the file or may read it.
        """
        return self._read().get(role)

    def create(self, role: str) -> str:
        """A new password for the role, written to the disk before anybody uses it."""
        password = secrets.token_hex(32)
        lines = self._read() | {role: password}
        private_folder(self.path.parent)
        text = "".join(f"*:*:*:{name}:{password}\n" for name, password in lines.items())
        write_atomically(self.path, f"# libpq's passfile: embedded PostgreSQL, by role\n{text}")
        return password

    def _read(self) -> dict[str, str]:
        """Password by role."""
        try:
            status = self.path.lstat()
        except FileNotFoundError:
            return {}
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
            raise MaverickError(f"{self.path} is not a file of this account's; remove it")
        if status.st_mode & 0o077:
            raise MaverickError(f"{self.path} can be read by others; run: chmod 600 {self.path}")
        lines = self.path.read_text(encoding="utf-8").splitlines()
        fields = [line.split(":") for line in lines if line and not line.startswith("#")]
        return {role: password for *_, role, password in fields}


def scram_verifier(password: str) -> str:
    """What the server keeps of an ASCII password (RFC 5803), so that it never sees the password."""
    salt = secrets.token_bytes(16)
    salted = pbkdf2_hmac("sha256", password.encode("ascii"), salt, _ITERATIONS)
    stored = sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt_text, stored_text, server_text = (
        base64.b64encode(part).decode() for part in (salt, stored, server)
    )
    return f"SCRAM-SHA-256${_ITERATIONS}:{salt_text}${stored_text}:{server_text}"
