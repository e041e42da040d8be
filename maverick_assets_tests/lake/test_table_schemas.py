"""The columns of every table: a change here rewrites the tables of every run home."""

import pyarrow as pa
import pytest

from maverick_assets.crm.forgotten import FORGOTTEN_SCHEMA
from maverick_assets.crm.raw_table import raw_schema
from maverick_assets.crm.schema import TABLES
from maverick_assets.datasets.examples.example import EXAMPLE_SCHEMA
from maverick_assets.datasets.examples.preferences import PREFERENCE_SCHEMA
from maverick_assets.datasets.examples.refresh import CANDIDATE_SCHEMA
from maverick_assets.datasets.mail.table import MAIL_SCHEMA
from maverick_assets.datasets.pseudonyms.contact_table import CONTACT_SCHEMA
from maverick_assets.datasets.secrets.quarantine import QUARANTINE_SCHEMA, RELEASE_SCHEMA
from maverick_assets.datasets.turns.turn import TURN_SCHEMA
from maverick_assets.lake.served import SERVED_SCHEMA
from maverick_assets.pipeline.production.days import METRICS_SCHEMA

SCHEMAS = {
    "raw crm_emails": raw_schema(TABLES["crm_emails"]),
    "raw crm_deals": raw_schema(TABLES["crm_deals"]),
    "mails": MAIL_SCHEMA,
    "turns": TURN_SCHEMA,
    "contacts": CONTACT_SCHEMA,
    "candidates": CANDIDATE_SCHEMA,
    "datasets": EXAMPLE_SCHEMA,
    "preferences": PREFERENCE_SCHEMA,
    "quarantine": QUARANTINE_SCHEMA,
    "releases": RELEASE_SCHEMA,
    "forgotten": FORGOTTEN_SCHEMA,
    "metrics served": SERVED_SCHEMA,
    "metrics days": METRICS_SCHEMA,
}
COLUMNS = {
    "raw crm_emails": [
        "id: string",
        "sender_email: string",
        "subject: string",
        "body: string",
        "sent_at: timestamp[us, tz=UTC]",
        "thread_id: string",
        "message_id: string",
        "in_reply_to: string",
        "recipients: string",
        "updated_at: timestamp[us, tz=UTC]",
        "headers: string",
        "folder: string",
        "flags: list<item: string>",
        "direction: string",
        "_op: string",
        "_extracted_at: timestamp[us, tz=UTC]",
        "_row_hash: string",
    ],
    "raw crm_deals": [
        "id: string",
        "deal_name: string",
        "stage: string",
        "amount: double",
        "notes: string",
        "owner_email: string",
        "created_at: timestamp[us, tz=UTC]",
        "updated_at: timestamp[us, tz=UTC]",
        "is_closed: bool",
        "is_won: bool",
        "closed_at: timestamp[us, tz=UTC]",
        "probability: double",
        "_op: string",
        "_extracted_at: timestamp[us, tz=UTC]",
        "_row_hash: string",
    ],
    "mails": [
        "id: string",
        "message_id: string",
        "in_reply_to: string",
        "thread_id: string",
        "sender: string",
        "recipients: list<item: string>",
        "subject: string",
        "sent_at: timestamp[us, tz=UTC]",
        "text: string",
        "quoted: string",
        "automatic: string",
        "removed: list<item: struct<start: int64, end: int64, reason: string>>",
        "link_keys: list<item: string>",
        "references: list<item: string>",
        "no_answer: string",
        "lines: list<item: struct<author: int64, context: int64, signed: list<item: int64>, "
        "edges: list<item: int64>, inner: list<item: int64>>>",
        "evidence: string",
        "authorship: string",
    ],
    "turns": [
        "turn_id: string",
        "source: string",
        "source_ids: list<item: string>",
        "thread_id: string",
        "reply_to: string",
        "author: string",
        "is_owner: bool",
        "occurred_at: timestamp[us, tz=UTC]",
        "title: string",
        "text: string",
        "context: string",
        "personality: string",
        "mood: string",
        "mode: string",
        "recipient: string",
        "facts: string",
        "rejected: string",
        "sensitivity: string",
        "surrogate_words: list<item: string>",
        "link: string",
    ],
    "contacts": [
        "id: string",
        "kind: string",
        "name: string",
        "detour: int64",
    ],
    "candidates": [
        "candidate_id: string",
        "rank: int64",
        "turn_id: string",
        "example_id: string",
        "personality: string",
        "kind: string",
        "messages: list<item: struct<role: string, content: string>>",
        "source: string",
        "source_ids: list<item: string>",
        "thread_id: string",
        "occurred_at: timestamp[us, tz=UTC]",
        "mood: string",
        "mode: string",
        "n_tokens: int64",
        "n_supervised: int64",
        "contact: string",
        "dropped: string",
        "signature: binary",
        "said: list<item: int64>",
        "heard: list<item: int64>",
        "rules: list<item: string>",
        "excerpt: string",
    ],
    "datasets": [
        "example_id: string",
        "personality: string",
        "kind: string",
        "messages: list<item: struct<role: string, content: string>>",
        "source: string",
        "source_ids: list<item: string>",
        "thread_id: string",
        "occurred_at: timestamp[us, tz=UTC]",
        "split: string",
        "mood: string",
        "mode: string",
        "n_tokens: int64",
        "n_supervised: int64",
    ],
    "preferences": [
        "preference_id: string",
        "personality: string",
        "messages: list<item: struct<role: string, content: string>>",
        "chosen: string",
        "rejected: string",
        "source_ids: list<item: string>",
        "occurred_at: timestamp[us, tz=UTC]",
    ],
    "quarantine": [
        "example_id: string",
        "personality: string",
        "source: string",
        "source_ids: list<item: string>",
        "thread_id: string",
        "occurred_at: timestamp[us, tz=UTC]",
        "rules: list<item: string>",
        "excerpt: string",
    ],
    "releases": [
        "example_id: string",
        "personality: string",
        "reason: string",
        "released_at: timestamp[us, tz=UTC]",
    ],
    "forgotten": [
        "id: string",
        "table: string",
        "row: string",
        "contact: string",
        "people: list<item: string>",
        "at: timestamp[us, tz=UTC]",
    ],
    "metrics served": [
        "id: string",
        "served_at: timestamp[us, tz=UTC]",
        "personality: string",
        "version: string",
        "node: string",
        "caller: string",
        "first_token_ms: int64",
        "total_ms: int64",
        "prompt_tokens: int64",
        "completion_tokens: int64",
        "stop: string",
        "characters: int64",
        "topic: int64",
    ],
    "metrics days": [
        "key: string",
        "personality: string",
        "version: string",
        "day: string",
        "answers: int64",
        "first_token_ms_p50: int64",
        "first_token_ms_p95: int64",
        "total_ms_p50: int64",
        "total_ms_p95: int64",
        "ratings: int64",
        "rating_mean: double",
        "rating_low: double",
        "rating_high: double",
        "corrections: int64",
        "topic_drift: double",
        "topic_p: double",
        "length_drift: double",
        "length_p: double",
        "judgements: int64",
        "taken_for_owner: int64",
        "judged_mean: double",
    ],
}


@pytest.mark.parametrize("table", SCHEMAS)
def test_columns_types_and_their_order_are_those_of_the_tables_on_disk(table: str) -> None:
    schema: pa.Schema = SCHEMAS[table]
    assert [f"{column.name}: {column.type}" for column in schema] == COLUMNS[table]
    assert all(column.nullable for column in schema)
    assert schema.metadata is None


def test_every_table_has_its_columns_written_down() -> None:
    assert SCHEMAS.keys() == COLUMNS.keys()
