"""Messages as bytes, for tests of what reads them."""

from maverick_assets.crm.mail.message import parse_message
from maverick_assets.crm.mail.row import MailRow, Place


def raw_message(body: str = "Hello Allan\n", **headers: str | None) -> bytes:
    """A plain message; a header given as None is left out."""
    fields = {
        "From": "Dana Cole <Dana@acme.example>",
        "To": "allan@testpilot.example",
        "Date": "Mon, 02 Jun 2025 09:00:00 +0200",
        "Message-ID": "<1@acme.example>",
        "Subject": "Pricing",
    }
    given = fields | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}" for name, value in given.items() if value is not None]
    return "\n".join([*lines, "", body]).encode()


def mail_row(data: bytes) -> MailRow:
    parsed = parse_message(Place("m"), data)
    assert isinstance(parsed, MailRow), parsed
    return parsed
