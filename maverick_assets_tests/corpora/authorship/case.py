"""A mail of a mailbox, with the truth about who wrote it."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from maverick_assets.crm.mail.message import parse_message
from maverick_assets.crm.mail.row import MailRow, Place
from maverick_assets_tests.corpora.authorship.providers import HeaderLines


@dataclass(frozen=True)
class MailCase:
    """A message with what its mailbox says of it."""

    kind: str  # a forged or a genuine shape, or "ordinary"
    provider: str  # whose style its receiver has
    number: int
    headers: HeaderLines = field(default_factory=list)
    folder: str | None = None
    flags: tuple[str, ...] = ()
    direction: str | None = None
    is_plain: bool = False  # a row of a CRM that knows no headers
    locked: bool = False  # of a shape at whose failures nobody looks while rules are made

    @property
    def name(self) -> str:
        return f"{self.kind}/{self.provider}/{self.number}"

    @property
    def message(self) -> bytes:
        """The message as its mailbox keeps it."""
        lines = [f"{name}: {value}" for name, value in self.headers]
        lines += [f"Message-ID: <{self.number}.{self.provider}@case.example>"]
        lines += [f"Subject: Ovens {self.number}", "Content-Type: text/plain; charset=utf-8"]
        text = f"The ovens of row {self.number} are ready; {self.kind} says {self.provider}."
        return "\r\n".join([*lines, "", text, ""]).encode()


def raw_row(case: MailCase) -> dict[str, Any] | None:
    """The case as a row of the raw table of mails; None where the importer refuses it."""
    parsed = parse_message(Place(case.name, case.folder, case.flags), case.message)
    if not isinstance(parsed, MailRow):
        return None
    row = asdict(parsed) | {"updated_at": None, "direction": case.direction}
    if case.is_plain:
        return row | {"headers": None, "folder": None, "flags": None}
    return row | {"headers": json.dumps(row["headers"]), "flags": list(row["flags"])}
