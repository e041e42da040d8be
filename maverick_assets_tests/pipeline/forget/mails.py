"""A CRM with a few mails, and what its lake holds of them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from maverick_assets.crm.extraction import extract
from maverick_assets.crm.raw_table import live_rows
from maverick_assets.crm.schema import TABLES
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.turns.refresh import refresh_mails, refresh_turns
from maverick_assets.datasets.turns.turn import read_turns
from maverick_assets.lake.paths import raw_path, turns_path

OWNER = Owner(("allan@testpilot.example",), ("allan",))
ME, DANA, LEE = OWNER.emails[0], "dana.cole@acme.example", "lee.ito@x.example"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TEXTS = [
    TABLES[n] for n in ("crm_emails", "crm_deals", "sticky_notes", "conversations", "messages")
]


def mail(key: str, sender: str, recipients: str, body: str) -> dict[str, Any]:
    named = {"id": key, "sender_email": sender, "recipients": recipients, "subject": key}
    return named | {"body": body, "sent_at": START + timedelta(minutes=len(body))}


MAILS = [
    mail("from", DANA, ME, "What do you say about the tea?"),
    mail("to", ME, DANA, "I say no to the tea, as ever."),
    mail("among", ME, f"{DANA}, {LEE}", "Both of you: no tea. Dana Cole was wrong."),
    mail("other", LEE, ME, "Dana Cole tells me that you like tea?"),
]


NOTES = [{"id": "n", "user_id": "allan", "title": "Tea", "content": "Dana Cole again, no tea."}]


def ingest(url: str, lake: Path) -> dict[str, int]:
    """Extract and refresh; how many rows each extraction read."""
    names = [*(table.name for table in TEXTS), "personality_samples"]
    read = {name: extract(url, TABLES[name], lake).read for name in names}
    refresh_mails(lake, "1")
    refresh_turns(lake, OWNER, "1")
    return read


def live(lake: Path, name: str) -> set[str]:
    return {row["id"] for row in live_rows(raw_path(lake, name))}


def turns(lake: Path) -> dict[str, str]:
    return {turn.turn_id: turn.text for turn in read_turns(turns_path(lake))}


def on_disk(folder: Path, text: str) -> list[str]:
    """Files under `folder` that hold a text: as bytes, or in a column of a Parquet file."""
    files = []
    for path in (entry for entry in sorted(folder.rglob("*")) if entry.is_file()):
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content += repr(pq.read_table(path).to_pylist()).encode()
        if text.encode() in content:
            files.append(str(path.relative_to(folder)))
    return files
