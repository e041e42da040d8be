"""The CRM's tables: what is read, and the DDL of the embedded CRM.

In `messages` the role `user` is the conversation's own user (`conversations.user_id`); every
other role is the other side.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """A source table. `required` columns must exist; `optional` ones are used when present."""

    name: str
    required: dict[str, str]
    optional: dict[str, str]

    @property
    def columns(self) -> dict[str, str]:
        """Column name -> PostgreSQL type, in DDL order."""
        return self.required | self.optional


def _table(name: str, required: str, optional: str = "") -> Table:
    """Build a table from `column type` lists, comma-separated."""

    def parse(text: str) -> dict[str, str]:
        pairs = (entry.split(maxsplit=1) for entry in text.split(",") if entry.strip())
        return dict(pairs)

    return Table(name, parse(required), parse(optional))


TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        _table(
            "crm_emails",
            "id text, sender_email text, subject text, body text, sent_at timestamptz",
            "thread_id text, message_id text, in_reply_to text, recipients text, "
            "updated_at timestamptz",
        ),
        _table("conversations", "id text, user_id text, metadata jsonb"),
        _table(
            "messages",
            "id text, conversation_id text, role text, content text, created_at timestamptz",
        ),
        _table(
            "crm_deals",
            "id text, deal_name text, stage text, amount double precision, notes text, "
            "owner_email text, created_at timestamptz",
            "updated_at timestamptz",
        ),
        _table(
            "sticky_notes",
            "id text, user_id text, title text, content text, tags text[], created_at timestamptz",
        ),
        _table(
            "feedback",
            "id text, personality text, version text, prompt text, response text, rating integer, "
            "created_at timestamptz",
            "correction text",
        ),
        _table(
            "personality_samples",
            "id text, personality text, prompt text, response text, created_at timestamptz",
            "mood text, mode text, tags text[]",
        ),
        _table(
            "device_interactions",
            "id text, user_id text, device text, event text, created_at timestamptz",
            "content text",
        ),
    )
}
