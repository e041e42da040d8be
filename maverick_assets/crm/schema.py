"""The CRM's tables: their columns, what a row of each is, and the DDL of the embedded CRM.

In `messages` the role `user` is the conversation's own user (`conversations.user_id`); every
other role is the other side.

`conversations.metadata` and all `tags` are marks: they say whose words a row holds, and of which
sensitivity class (`datasets/turns/marks.py`).

Four columns of a mail say who wrote it and what became of it, as the source has it: `headers`
(names in lower case, each with the list of its values; `x-parts` are the content types of its
parts), `folder` (the name of the folder or file that it lay in; one a line where copies of it lie
in several), `flags` (what its mail program keeps beside it: `seen`, `draft`, `trashed`, ...; of a
mail with copies those that all of them have, and `seen`, `replied`, `passed` and `flagged` of any)
and `direction` (`outgoing` or `incoming`, where the source itself says so).

`device_interactions` is reserved: it is extracted into `raw/`, so that memory will find it from the
first day on. Nothing reads it yet.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from maverick_assets.recipes import SourceClass

# In `conversations.metadata` of a conversation with a personality: a model is its `assistant`, and
# its `user` is the owner where `user_id` is his.
MADE_BY, MAVERICK = "made_by", "maverick"

ATTENDEE_TAG = "attendee:"  # in `tags` of an event, before the address of somebody who attends

Shape = Literal["mail", "conversation", "message", "deal", "note", "sample", "feedback"]


@dataclass(frozen=True)
class Table:
    """A table of the CRM, or one that another source fills with rows of the same columns."""

    name: str
    shape: Shape | None  # what a row is; None: it holds no text to learn from
    required: dict[str, str]  # columns that must exist, with their PostgreSQL types
    optional: dict[str, str]  # columns that are used when present
    parent: str | None = None  # table that `conversation_id` points to, for messages
    sensitivity: SourceClass | None = None  # of all its rows; None: their marks say it

    @property
    def columns(self) -> dict[str, str]:
        """Column name -> PostgreSQL type, in DDL order."""
        return self.required | self.optional


def _table(
    name: str,
    shape: Shape | None,
    required: str,
    optional: str = "",
    parent: str | None = None,
) -> Table:
    """A table from comma-separated lists of `column type`."""

    def parse(text: str) -> dict[str, str]:
        pairs = (entry.split(maxsplit=1) for entry in text.split(",") if entry.strip())
        return dict(pairs)

    return Table(name, shape, parse(required), parse(optional), parent)


# Raw tables have their columns in this order: another order would rewrite them.
TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        _table(
            "crm_emails",
            "mail",
            "id text, sender_email text, subject text, body text, sent_at timestamptz",
            "thread_id text, message_id text, in_reply_to text, recipients text, "
            "updated_at timestamptz, headers jsonb, folder text, flags text[], direction text",
        ),
        _table("conversations", "conversation", "id text, user_id text, metadata jsonb"),
        _table(
            "messages",
            "message",
            "id text, conversation_id text, role text, content text, created_at timestamptz",
            parent="conversations",
        ),
        _table(
            "crm_deals",
            "deal",
            "id text, deal_name text, stage text, amount double precision, notes text, "
            "owner_email text, created_at timestamptz",
            "updated_at timestamptz, is_closed boolean, is_won boolean, closed_at timestamptz, "
            "probability double precision",
        ),
        _table(
            "sticky_notes",
            "note",
            "id text, user_id text, title text, content text, tags text[], created_at timestamptz",
        ),
        _table(
            "feedback",
            "feedback",
            "id text, personality text, version text, prompt text, response text, rating integer, "
            "created_at timestamptz",
            "correction text, mood text, mode text",
        ),
        _table(
            "personality_samples",
            "sample",
            "id text, personality text, prompt text, response text, created_at timestamptz",
            "mood text, mode text, tags text[]",
        ),
        _table(
            "device_interactions",
            None,  # reserved
            "id text, user_id text, device text, event text, created_at timestamptz",
            "content text",
        ),
    )
}

TEXT_TABLES = tuple(table for table in TABLES.values() if table.shape)


def crm_table(shape: Shape) -> Table:
    """The CRM's own table of a shape."""
    return next(table for table in TABLES.values() if table.shape == shape)


def child_of(parent: str, tables: Iterable[Table]) -> Table | None:
    """The table among `tables` whose rows point to rows of `parent`; None without one."""
    return next((table for table in tables if table.parent == parent), None)
