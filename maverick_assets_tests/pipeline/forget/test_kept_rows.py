"""Mails of others that lost a quote stay, also when their raw table is made anew."""

import shutil
from pathlib import Path

import psycopg
import pytest

from maverick_assets.crm.forgotten import Identity, add_contacts
from maverick_assets.crm.importers import insert_rows
from maverick_assets.crm.raw_table import live_rows
from maverick_assets.lake.paths import raw_path
from maverick_assets.pipeline.forget.kept_rows import cut_quotes, quoting_mails
from maverick_assets.pipeline.forget.tombstone import tombstone_contacts
from maverick_assets_tests.pipeline.forget.mails import DANA, LEE, MAILS, ME, TEXTS, ingest, mail

WHO = Identity(DANA, ("dana cole", "cole dana"))
HERS = MAILS[0]["body"]
QUOTES = {
    "attribution": f"No.\n\nOn Mon, 2 Mar 2026, Dana Cole <{DANA}> wrote:\n> {HERS}",
    "header": f"No.\n\nFrom: Dana\nSent: Monday\nTo: me\nSubject: Tea\n\n{HERS}",
    "html": f"<div>No.</div><blockquote><p>{HERS}</p></blockquote>",
}


@pytest.mark.parametrize("body", QUOTES.values(), ids=QUOTES)
def test_a_mail_that_lost_a_quote_comes_back_without_it_when_all_is_read_anew(
    crm_rows: psycopg.Connection, crm_url: str, tmp_path: Path, body: str
) -> None:
    insert_rows(crm_rows, "crm_emails", [mail("reply", LEE, ME, body)])
    crm_rows.commit()
    ingest(crm_url, tmp_path)
    add_contacts(tmp_path, [WHO])
    quoting = quoting_mails(tmp_path, TEXTS, [WHO])
    assert cut_quotes(tmp_path, TEXTS, quoting, [WHO]) == {"crm_emails": ["reply"]}
    tombstone_contacts(tmp_path, TEXTS, [WHO])
    insert_rows(crm_rows, "crm_emails", [mail("new", DANA, ME, "Me again.")])
    crm_rows.commit()
    shutil.rmtree(raw_path(tmp_path, "crm_emails"))
    read = [ingest(crm_url, tmp_path)["crm_emails"] for _ in range(3)]
    assert read[1:] == [0, 0]
    rows = {row["id"]: row for row in live_rows(raw_path(tmp_path, "crm_emails"))}
    assert rows.keys() == {"among", "other", "reply"}
    assert rows["reply"]["body"] == "No."
    crm_rows.execute("update crm_emails set body = body || ' ' where id = 'reply'")
    crm_rows.commit()
    ingest(crm_url, tmp_path)
    assert {row["id"]: row for row in live_rows(raw_path(tmp_path, "crm_emails"))} == rows
