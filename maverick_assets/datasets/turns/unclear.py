"""Rows that say too little of themselves: what is not guessed about them is counted and named."""

from collections.abc import Sequence
from pathlib import Path

from maverick_assets.crm.raw_table import LIVE, live_rows
from maverick_assets.crm.schema import TABLES, Table
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.turns.chat_roles import ChatRoles, chat_roles
from maverick_assets.datasets.turns.deal_outcome import deal_end
from maverick_assets.datasets.turns.marks import is_made_by_maverick
from maverick_assets.lake.delta import read_table
from maverick_assets.lake.paths import raw_path


def roles_of_tables(lake: Path, tables: Sequence[Table], owner: Owner) -> dict[str, ChatRoles]:
    """The owner's roles by table of messages. Tables that sources fill call him `user`."""
    roles = {}
    for table in tables:
        if not table.parent or table.name not in TABLES:
            continue
        columns = ["id", "user_id", "metadata"]
        conversations = read_table(raw_path(lake, table.parent), columns=columns, where=LIVE)
        columns = ["conversation_id", "role"]
        messages = read_table(raw_path(lake, table.name), columns=columns, where=LIVE)
        if conversations is None or messages is None:
            continue
        # In ours a model has a role, and what the user is called says nothing of other chats.
        rows = conversations.to_pylist()
        ours = {row["id"] for row in rows if is_made_by_maverick(row["metadata"])}
        owners_of = {row["id"]: row["user_id"] for row in rows if row["id"] not in ours}
        said = zip(*messages.to_pydict().values(), strict=True)
        pairs = {pair for pair in said if pair[0] not in ours}
        roles[table.name] = chat_roles(owners_of, pairs, owner)
    return roles


def unclear_rows(lake: Path, tables: Sequence[Table], owner: Owner) -> dict[str, list[str]]:
    """What is not known, and of which rows, each as `table:id`; of chats the table alone."""
    unclear = {
        f"which role of {', '.join(roles.names)} is the owner's: its messages are not learnt; put "
        "the role into MAVERICK_OWNER_USER_ID": [name]
        for name, roles in roles_of_tables(lake, tables, owner).items()
        if roles.is_unclear
    }
    deals = [
        f"{table.name}:{deal['id']}"
        for table in tables
        if table.shape == "deal"
        for deal in live_rows(raw_path(lake, table.name))
        if deal_end(deal).is_unclear
    ]
    if deals:
        unclear["how a deal ended: it is learnt without its outcome and its stage"] = deals
    return unclear
