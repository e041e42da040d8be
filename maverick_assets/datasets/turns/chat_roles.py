"""Which role of a chat is the owner's, where a CRM does not call it `user`.

Evidence comes before words: a role that is one of the owner's ids, addresses or names; then
`conversations.user_id` with the role `user`; then the one role that takes part in all of the
owner's conversations while the others change; then words that say which side a role is on. Where
none decides, nobody's words are the owner's.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from maverick_assets.crm.people.folding import fold
from maverick_assets.datasets.owner import Owner

USER = "user"
# The person himself, as chat programs call him: "me", "ich", "moi", "human" beside an assistant.
_SELF = frozenset(
    [
        "me",
        "owner",
        "self",
        "myself",
        "ich",
        "moi",
        "yo",
        "io",
        "eu",
        "ik",
        "jeg",
        "jag",
        "ja",
        "human",
    ]
)
# Whoever answers for a business; in the owner's own conversations that is he.
_STAFF = frozenset(
    ["agent", "operator", "staff", "support", "rep", "seller", "advisor", "employee", "mitarbeiter"]
)
_OTHERS_TEXT = """
visitor customer client guest lead contact prospect buyer them other besucher kunde visiteur cliente
visitante ospite klant bezoeker gaest besogende kund besokare klient gosc
"""
_OTHERS = frozenset(_OTHERS_TEXT.split())
_PROGRAMS_TEXT = "assistant ai bot chatbot system model tool function"
_PROGRAMS = frozenset(_PROGRAMS_TEXT.split())
_MIN_CHANGING = 3  # other roles, before the one that stays is taken for the owner


@dataclass(frozen=True)
class ChatRoles:
    """Roles of one table of messages, as `fold` has them."""

    direct: frozenset[str] = frozenset()  # the owner in any conversation
    in_own: frozenset[str] = frozenset({USER})  # the owner in conversations that are his
    is_unclear: bool = False  # he has conversations, and no role of them is his
    names: tuple[str, ...] = ()  # of all roles in his conversations, the most of them

    def is_owner(self, role: str | None, is_own_conversation: bool) -> bool:
        """Whether a message of this role is the owner's."""
        name = fold((role or "").strip())
        return name in self.direct or (is_own_conversation and name in self.in_own)


def chat_roles(
    owners_of: Mapping[str, str | None], roles: Iterable[tuple[str, str | None]], owner: Owner
) -> ChatRoles:
    """The owner's roles in a table of the CRM.

    `owners_of`: user id by conversation. `roles`: the conversation and the role of each message.
    """
    by_conversation: defaultdict[str, set[str]] = defaultdict(set)
    for conversation, role in roles:
        by_conversation[conversation].add(fold((role or "").strip()))
    names = {name for found in by_conversation.values() for name in found}
    direct = frozenset(name for name in names if _is_owners_name(name, owner))
    own = [found for key, found in by_conversation.items() if owners_of.get(key) in owner.user_ids]
    in_own = _roles_of_own(own) if own and not direct else frozenset({USER} & names)
    seen = sorted({name for found in own for name in found})
    is_unclear = bool(own) and not direct and not in_own
    return ChatRoles(direct, in_own, is_unclear, tuple(seen[:10]))


def _is_owners_name(role: str, owner: Owner) -> bool:
    """Whether a role is an id of the owner, an address, or the name that his address spells."""
    if not role or role in {USER} | _OTHERS | _PROGRAMS:
        return role in {fold(user) for user in owner.user_ids} and role != USER
    locals_ = {fold(pattern.split("@")[0]) for pattern in owner.emails if "@" in pattern}
    spelled = {
        " ".join(local.replace("_", ".").split(".")) for local in locals_ if "*" not in local
    }
    return (
        role in {fold(user) for user in owner.user_ids}
        or ("@" in role and owner.has_email(role))
        or role.replace(".", " ").replace("_", " ") in spelled
    )


def _roles_of_own(conversations: list[set[str]]) -> frozenset[str]:
    """The role that the owner has in his conversations; empty where nothing decides."""
    names = {name for found in conversations for name in found}
    if USER in names:
        return frozenset({USER})
    if names & _SELF:
        return frozenset(names & _SELF) if len(names & _SELF) == 1 else frozenset()
    people = names - _PROGRAMS
    constant = {name for name in people if all(name in found for found in conversations)}
    if len(constant) == 1 and len(people - constant) >= _MIN_CHANGING and not constant & _OTHERS:
        return frozenset(constant)
    staff = people & _STAFF
    if len(staff) == 1 and people - staff and people - staff <= _OTHERS:
        return frozenset(staff)
    return frozenset()
