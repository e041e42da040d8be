"""A CRM with mails of a contact, and versions that learned from rows of it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from maverick_assets.crm.importers import insert_rows
from maverick_assets.registry.store import Registry
from maverick_assets_tests.pipeline.forget.mails import DANA, MAILS, NOTES, START
from maverick_assets_tests.pipeline.forget.versions import DATA, trained_on
from maverick_assets_tests.registry.conftest import MakeManifest


@pytest.fixture
def crm_rows(crm: psycopg.Connection) -> psycopg.Connection:
    insert_rows(crm, "crm_emails", MAILS)
    insert_rows(crm, "sticky_notes", NOTES)
    insert_rows(crm, "conversations", [{"id": "t", "user_id": DANA, "metadata": None}])
    said = {"conversation_id": "t", "role": "user", "content": "Hello?"}
    insert_rows(crm, "messages", [said | {"id": "c1"}])
    crm.commit()
    return crm


@pytest.fixture
def trained(
    registry: Registry,
    make_manifest: MakeManifest,
    adapter_dir: Path,
) -> Registry:
    """v1.0 of dataset version 0, v1.1 of 1, and v1.1.1 of 2 on top of v1.1; all were released."""
    for data, version in enumerate(("v1.0", "v1.1", "v1.1.1")):
        described = trained_on(make_manifest(version), data, DATA[data])
        update: dict[str, Any] = {"created_at": START + timedelta(days=data)}
        if version == "v1.1.1":
            update["parent"] = make_manifest("v1.1").version
        registry.add_candidate(described.model_copy(update=update), adapter_dir)
        registry.release("robbie", version, "for the test")
    return registry
