"""What the rows of a table are, and which table they belong to."""

from typing import get_args

import psycopg
import pytest

from maverick_assets.crm.connection import create_tables, present_columns
from maverick_assets.crm.forgotten import Forgotten
from maverick_assets.crm.schema import TABLES, TEXT_TABLES, Shape, Table, child_of, crm_table
from maverick_assets.crm.sources.source import SourceTable


def test_every_shape_has_one_table_of_the_crm() -> None:
    shapes = get_args(Shape)
    assert sorted(shapes) == sorted(str(table.shape) for table in TEXT_TABLES)
    assert [crm_table(shape).shape for shape in shapes] == list(shapes)


def test_messages_belong_to_conversations_and_no_other_table_has_children() -> None:
    tables = TABLES.values()
    children = {table.name: child_of(table.name, tables) for table in tables}
    assert children.pop("conversations") is TABLES["messages"]
    assert set(children.values()) == {None}


@pytest.mark.parametrize(
    "messages", [TABLES["messages"], SourceTable("hub_talk", "message", "conversations").table]
)
def test_a_message_is_forgotten_with_its_conversation(messages: Table) -> None:
    forgotten = Forgotten(rows={"conversations": frozenset(["c1"])})
    assert forgotten.covers(messages, {"id": "m1", "conversation_id": "c1"})
    assert not forgotten.covers(messages, {"id": "m2", "conversation_id": "c2"})


def test_tables_of_an_earlier_release_get_the_columns_that_came_since(
    crm: psycopg.Connection,
) -> None:
    crm.execute("alter table feedback drop column mood, drop column mode")
    crm.execute("insert into feedback (id, rating) values ('1', 9)")
    create_tables(crm)
    assert present_columns(crm, TABLES["feedback"]) == list(TABLES["feedback"].columns)
    assert crm.execute("select rating, mood, mode from feedback").fetchall() == [(9, None, None)]
