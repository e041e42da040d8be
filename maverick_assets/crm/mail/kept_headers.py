"""The headers of a message that a row keeps: they say who wrote it and what became of it.

They are kept as they are written, and interpreted by whoever reads them.
"""

import re
from email.message import EmailMessage

from maverick_assets.crm.mail.headers import Headers, decoded, formatted, mailboxes
from maverick_assets.crm.mail.parameters import mime_header

_ADDRESSES = (
    *("from", "sender", "reply-to", "to", "cc", "bcc", "resent-from", "resent-sender"),
    *("x-original-from", "x-original-sender"),
)
_KEPT = (
    *("return-path", "date", "references", "in-reply-to", "auto-submitted", "precedence"),
    *("x-auto-response-suppress", "x-autoreply", "list-id", "list-post", "list-unsubscribe"),
    *("list-unsubscribe-post", "feedback-id", "authentication-results"),
    *("arc-authentication-results", "received-spf", "dkim-signature", "received"),
    *("delivered-to", "x-original-to", "x-gmail-labels", "x-keywords", "status", "x-status"),
    *("x-mozilla-status", "x-mozilla-status2", "x-mozilla-draft-info", "x-spam-flag"),
    *("x-spam-status", "x-uniform-type-identifier", "x-folder", "x-origin", "x-mailer"),
    *("user-agent", "content-class", "x-ms-exchange-organization-authas"),
    *("x-ms-exchange-generated-message-source", "content-type"),
)
# What a row may cost: the longest lists of recipients are in `recipients` whole.
MAX_VALUE_CHARACTERS = 2_000
MAX_LIST_CHARACTERS = 10_000  # of a header with addresses
MAX_VALUES = 30  # of one name: as many servers hand a mail on before it is taken for a loop
MAX_PARTS = 100
# Letters in Status and X-Status, which programs for mbox files write: "RO", "A"
_FLAGS = {"R": "seen", "A": "replied", "F": "flagged", "T": "draft", "D": "trashed"}
# "d=acme.example; s=mail2025": who signed, without the signature
_SIGNER = re.compile(r"(?:^|;)\s*([ds])\s*=\s*([^;\s]{1,255})")


def kept_headers(message: EmailMessage, headers: Headers) -> dict[str, list[str]]:
    """The values of the kept headers by lower-case name, decoded, in the message's order.

    `x-parts` has the content types of the parts that hold something, for each calendar with its
    method: "text/plain", "text/calendar; method=REQUEST".
    """
    kept = {name: [_people(value) for value in headers.get(name, ())] for name in _ADDRESSES}
    kept |= {name: [_text(name, value) for value in headers.get(name, ())] for name in _KEPT}
    kept["x-parts"] = _parts(message)
    return {name: values[:MAX_VALUES] for name, values in kept.items() if any(values)}


def status_flags(headers: Headers) -> tuple[str, ...]:
    """The flags that a message of an mbox carries in headers of its own."""
    letters = "".join(value for name in ("status", "x-status") for value in headers.get(name, ()))
    return tuple(dict.fromkeys(_FLAGS[letter] for letter in letters if letter in _FLAGS))


def _people(value: str) -> str:
    """A list of addresses with decoded names, in quotes where a comma needs them."""
    written = []
    left = MAX_LIST_CHARACTERS
    for name, address in mailboxes(value):
        entry = formatted(name, address)
        left -= len(entry) + 2
        if left < 0:
            break
        written.append(entry)
    return ", ".join(written)


def _text(name: str, value: str) -> str:
    if name == "dkim-signature":
        return "; ".join(f"{tag}={text}" for tag, text in _SIGNER.findall(value))
    return " ".join(decoded(value).split())[:MAX_VALUE_CHARACTERS]


def _parts(message: EmailMessage) -> list[str]:
    leaves = [part for part in message.walk() if not part.is_multipart()]
    return [_part_type(part) for part in leaves[:MAX_PARTS]]


def _part_type(part: EmailMessage) -> str:
    kind = part.get_content_type()
    method = mime_header(part, "content-type").parameters.get("method")
    if kind == "text/calendar" and method:
        return f"{kind}; method={method[:20].upper()}"
    return kind
