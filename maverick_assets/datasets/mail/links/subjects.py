"""Subjects without what mail programs put in front of them."""

import re

from maverick_assets.datasets.mail.languages import any_of

# Outlook, German: "AW: WG: Öfen"; The Bat: "Re[2]: ovens". Chinese programs write a wide colon.
# Exchange marks mail from outside, before or behind the prefix: "[EXTERNAL] Re: ovens"
_PREFIX = (
    r"\s*(?:"
    + any_of(lambda language: (*language.subjects.reply, *language.subjects.forward))
    + r")\s*(?:\[\d+\]|\(\d+\))?\s*[:\uff1a]"
)
_MARK = r"\s*\[ext(?:ern(?:al)?)?(?: (?:email|mail|sender))?\]\s*:?"
_PREFIXES = re.compile(rf"^(?:{_PREFIX}|{_MARK})+", re.IGNORECASE)
_REPLY = re.compile(rf"^(?:{_MARK})*{_PREFIX}", re.IGNORECASE)


def normal_subject(subject: str) -> str:
    """A subject without reply and forward prefixes, for comparison; may be empty."""
    return " ".join(_PREFIXES.sub("", subject).casefold().split())


def has_reply_prefix(subject: str) -> bool:
    """Whether a subject says that its mail answers or forwards another."""
    return _REPLY.match(subject) is not None
