"""Signs that the owner in the settings is not the person who wrote."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from maverick_assets.crm.schema import TABLES
from maverick_assets.datasets.mail.clean_mail import CleanMail
from maverick_assets.datasets.mail.table import MAIL_SCHEMA, mail_rows
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.quality.swapped_roles import signed_by, swapped_roles
from maverick_assets.datasets.turns.turn import TURN_SCHEMA, turn_rows
from maverick_assets.lake.delta import arrow_table, sync_table
from maverick_assets.lake.paths import mails_path, turns_path
from maverick_assets.recipes import load_recipes
from maverick_assets_tests.datasets.turn_builders import builder_for

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ALLAN, DANA = "allan.reyes@testpilot.example", "dana@acme.example"


def lake_of(folder: Path, owner: Owner, signed: bool = True) -> Path:
    """A lake of ten mails, five in each direction, and a chat."""
    mails = []
    for at in range(10):
        sender, recipient = (ALLAN, DANA) if at % 2 else (DANA, ALLAN)
        name = "Allan" if sender == ALLAN else "Dana"
        mails.append(
            CleanMail(
                id=f"crm_emails:{at}",
                message_id=None,
                in_reply_to=None,
                thread_id=f"{at // 2}",
                sender=sender,
                recipients=(recipient,),
                subject="Price",
                sent_at=START + timedelta(hours=at),
                text=f"Words number {at}." + (f"\n\nOnward,\n{name}" if signed else ""),
                quoted=None,
            )
        )
    talk = [{"id": "c", "user_id": "allan"}]
    line = {"id": "1", "conversation_id": "c", "role": "user", "content": "Yes, please."}
    builder = builder_for(owner)
    turns = [
        *builder.mail_turns(mails),
        *builder.chat_turns(TABLES["messages"], talk, [line | {"created_at": START}]),
    ]
    rows = arrow_table(turn_rows(turns), TURN_SCHEMA)
    sync_table(turns_path(folder), rows, "turn_id")
    more = arrow_table(mail_rows(mails), MAIL_SCHEMA)
    sync_table(mails_path(folder), more, "id")
    return folder


def test_the_owner_who_wrote_has_no_problem(tmp_path: Path) -> None:
    owner = Owner((ALLAN,), ("allan",))
    recipe = load_recipes()["allan-maverick"]
    assert swapped_roles(lake_of(tmp_path, owner), recipe, owner) == []


def test_an_owner_who_wrote_nothing_is_named(tmp_path: Path) -> None:
    owner = Owner(("someone@else.example",), ("someone",))
    lake = lake_of(tmp_path, owner)
    assert swapped_roles(lake, load_recipes()["allan-maverick"], owner) == [
        "no mail is by the owner; is MAVERICK_OWNER_EMAIL right?",
        "no chat message is by the owner; is MAVERICK_OWNER_USER_ID right?",
    ]
    assert swapped_roles(lake, load_recipes()["gatekeeper"], owner) == []


def test_mails_of_the_owner_that_others_sign_look_reversed(tmp_path: Path) -> None:
    """Sender and recipient are swapped, as a wrong importer would."""
    owner = Owner((DANA,), ("allan",))
    folder = lake_of(tmp_path, owner)
    swapped = [
        CleanMail(
            id=f"crm_emails:{at}",
            message_id=None,
            in_reply_to=None,
            thread_id=None,
            sender=DANA,
            recipients=(ALLAN,),
            subject="",
            sent_at=START,
            text="Fine by me.\n\nOnward,\nAllan",
            quoted=None,
        )
        for at in range(10)
    ]
    sync_table(mails_path(folder), arrow_table(mail_rows(swapped), MAIL_SCHEMA), "id")
    [problem] = swapped_roles(folder, load_recipes()["allan-maverick"], owner)
    assert problem.startswith("roles look reversed: 10 mails of the owner are signed by those")


@pytest.mark.parametrize(
    ("text", "signed"),
    [
        ("Yes.\n\nOnward,\nAllan\n", True),
        ("Yes.\n--Allan Reyes", True),
        ("Yes, let us do that as you say, Allan", False),
        ("Thanks, Allan", False),
        ("Dana", False),
        ("", False),
    ],
)
def test_a_signature_is_a_last_line_with_a_name_alone(text: str, signed: bool) -> None:
    assert signed_by(text, ALLAN) == signed
