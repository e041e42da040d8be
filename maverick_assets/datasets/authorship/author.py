"""Whom a mail says that it is by."""

import re
from collections.abc import Mapping
from typing import Any

from maverick_assets.datasets.authorship.headers import Headers, lower_ascii, people

# Lists that write in their own name: "Dana Cole via Ovens <ovens@lists.example>"
_VIA = re.compile(r"\b(?:via|através de|über|przez|genom|tramite)\b", re.IGNORECASE)


def named_author(row: Mapping[str, Any], headers: Headers | None) -> str:
    """The author that a raw row of mails names, in lower case.

    Usually its sender. Where that is no address, as in exports of Exchange, the name in From. Where
    a list put itself into From, the author whom it names elsewhere.
    """
    sender = lower_ascii((row["sender_email"] or "").strip())
    if not headers:
        return sender
    authors = people(headers, "from")
    if "@" not in sender:
        return next(iter(authors), sender)
    if "list-id" not in headers and "list-post" not in headers:
        return sender
    originals = people(headers, "x-original-from") or people(headers, "x-original-sender")
    if not originals and any(map(_VIA.search, headers.get("from", ()))):
        own = {*authors, *people(headers, "to")}
        originals = [address for address in people(headers, "reply-to") if address not in own]
    addresses = [address for address in originals if "@" in address]
    return addresses[0] if len(addresses) == 1 else sender
