"""Builds turns from the rows of tables of every shape."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from maverick_assets.crm.schema import Table
from maverick_assets.datasets.authorship.judgement import NOBODYS, TO_HIMSELF
from maverick_assets.datasets.characters import visible
from maverick_assets.datasets.mail.clean_mail import CleanMail
from maverick_assets.datasets.mail.links.keys import common_keys, link_keys
from maverick_assets.datasets.mail.threads import link_threads
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.pseudonyms.name_index import words_added
from maverick_assets.datasets.pseudonyms.third_parties import ThirdParties
from maverick_assets.datasets.turns.chat_roles import ChatRoles
from maverick_assets.datasets.turns.fields import (
    ROW_FIELDS,
    USER_ALONE,
    RawRow,
    created_at,
    mail_fields,
    message_fields,
    name_of_address,
)
from maverick_assets.datasets.turns.marks import KnownPersonalities, joined_classes
from maverick_assets.datasets.turns.turn import Turn
from maverick_assets.recipes import SourceClass

SESSION_GAP = timedelta(hours=12)  # a longer silence starts another session of a chat
_FREE_TEXT = ("title", "text", "context", "rejected")  # fields of a turn that may name people


@dataclass(frozen=True)
class TurnBuilder:
    """Builds turns: says which are the owner's, and replaces everybody else."""

    owner: Owner
    third_parties: ThirdParties  # everybody else, with surrogates
    known: KnownPersonalities  # by whose names and moods marks are read
    # Tables whose rows are all of one class. Marks may add one, but to `business` none.
    table_classes: Mapping[str, SourceClass] = field(default_factory=dict)
    chat_roles: Mapping[str, ChatRoles] = field(default_factory=dict)  # by table of messages

    def mail_turns(
        self,
        mails: Sequence[CleanMail],
        facts: Mapping[str, str] | None = None,
        common: Collection[str] | None = None,
    ) -> list[Turn]:
        """Turns of cleaned mails; `mails` must hold every mail that is linked with one of them.

        Machine mail gives no turn, though a turn may answer it. What is nobody's words neither
        gives one nor is answered, and what the owner wrote to himself answers nobody. `facts`: what
        the owner knew of the recipient, by the id of the owner's mail. `common`: see
        `link_threads`.
        """
        if common is None:  # of all mails, as where only some are linked again
            common = common_keys(link_keys(mail) for mail in mails)
        mails = [mail for mail in mails if mail.authorship not in NOBODYS]
        links = link_threads(mails, self.owner, common)
        correspondents: defaultdict[str, set[str]] = defaultdict(set)
        for mail in mails:
            correspondents[links[mail.id].thread_id].update((mail.sender, *mail.recipients))
        turns = []
        for mail in mails:
            if self._is_machine_mail(mail):
                continue
            link = links[mail.id]
            others = sorted(
                address
                for address in correspondents[link.thread_id]
                if not self.owner.has_email(address)
            )
            fields = mail_fields(mail, self.owner) | {
                "reply_to": link.parent_id,
                "link": link.kind,
                "recipient": self._recipient(mail, others),
                "facts": (facts or {}).get(mail.id),
            }
            if mail.authorship == TO_HIMSELF:
                fields |= {"reply_to": None, "link": None, "context": None}
            turns.append(self._turn(mail.id, f"mail:{link.thread_id}", fields, others))
        return turns

    def chat_turns(
        self,
        table: Table,
        conversations: Sequence[RawRow],
        messages: Sequence[RawRow],
        gap: timedelta = SESSION_GAP,
    ) -> list[Turn]:
        """Turns of whole conversations; a silence longer than `gap` starts another thread.

        `table` holds the messages.
        """
        by_id = {row["id"]: row for row in conversations}
        roles = self.chat_roles.get(table.name, USER_ALONE)
        previous: dict[str, Turn] = {}  # last turn of each conversation so far
        turns = []
        for message in sorted(messages, key=lambda row: (created_at(row), row["id"])):
            conversation = message["conversation_id"]
            before = previous.get(conversation)
            if before and created_at(message) - before.occurred_at > gap:
                before = None
            thread = before.thread_id if before else f"chat:{conversation}:{message['id']}"
            fields = message_fields(message, by_id.get(conversation), self.owner, self.known, roles)
            fields["reply_to"] = before.turn_id if before else None
            turn = self._turn(f"{table.name}:{message['id']}", thread, fields)
            previous[conversation] = turn
            turns.append(turn)
        return turns

    def row_turn(self, table: Table, row: RawRow) -> Turn:
        """The turn of a row that stands alone; `table` is of a shape in `ROW_FIELDS`."""
        assert table.shape is not None
        fields = ROW_FIELDS[table.shape](row, self.owner, self.known)
        return self._turn(f"{table.name}:{row['id']}", f"{table.shape}:{row['id']}", fields)

    def _turn(
        self,
        turn_id: str,
        thread_id: str,
        fields: Mapping[str, Any],
        participants: Sequence[str] = (),
    ) -> Turn:
        """The turn with these fields, and surrogates for third parties in its free text.

        Here every text of every table becomes one of a turn, so here hidden characters go.
        """
        source, _, row_id = turn_id.partition(":")
        fields = {
            name: visible(value) if isinstance(value, str) else value
            for name, value in fields.items()
        }
        protected = {
            name: self.third_parties.protect(fields[name], participants)
            for name in _FREE_TEXT
            if fields.get(name) is not None
        }
        replaced = {name: fields[name] or "" for name in protected} | {"recipient": ""}
        shown = protected | {"recipient": fields.get("recipient") or ""}
        words = {
            word
            for name, before in replaced.items()
            for word in words_added(before, shown[name])
            if word.isalpha()
        }
        table_class = self.table_classes.get(source)
        marked = joined_classes(fields.get("sensitivity"), table_class)
        sensitivity = None if table_class == "business" else marked
        return Turn(
            turn_id=turn_id,
            source=source,
            source_ids=[row_id],
            thread_id=thread_id,
            **{**fields, **protected, "sensitivity": sensitivity},
            surrogate_words=sorted(words),
        )

    def _recipient(self, mail: CleanMail, others: Sequence[str]) -> str | None:
        """The surrogate of the name of a mail's first recipient.

        None where the address spells no name, or a name that surrogates do not replace.
        """
        name = name_of_address(self.owner.first_recipient(mail.recipients))
        if name is None:
            return None
        surrogate = self.third_parties.protect(name, others)
        return None if surrogate == name else surrogate

    def _is_machine_mail(self, mail: CleanMail) -> bool:
        """Whether a program wrote a mail.

        A mail to nobody ("entry") belongs to a calendar or a list of tasks if it is the owner's.
        Another's reached the owner as a blind copy.
        """
        if mail.automatic == "entry":
            return self.owner.has_email(mail.sender)
        return bool(mail.automatic)
