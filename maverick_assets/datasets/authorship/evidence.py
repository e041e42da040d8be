"""What one mail says of who wrote it, whoever the owner is: a small part of its headers.

It is kept with the cleaned mail, so that a change of what the mailbox says of its own servers, or
of who the owner is, judges mails again without cleaning them.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from maverick_assets.datasets.authorship.folder_names import Place
from maverick_assets.datasets.authorship.headers import (
    PRIVATE,
    Headers,
    domain_of,
    first,
    organization,
    people,
)
from maverick_assets.datasets.authorship.places import places_of
from maverick_assets.datasets.authorship.results import (
    Results,
    passing_domains,
    read_results,
    verdict,
)
from maverick_assets.datasets.authorship.route import began_at, believed, read_hops

_MAX_RESULTS = 12  # headers of results that are read
_MAX_AUTHORS = 20
_YEAR = re.compile(r"\b((?:19|20)\d\d)\b")
_MAX_SERVERS = 3  # the topmost lines of the path
# Any of these was written by a server that took the mail.
_RECEIVED = ("received", "return-path", "delivered-to", "received-spf", "authentication-results")
# "envelope-from=dana@x.example;", in Received-SPF (RFC 7208)
_ENVELOPE = re.compile(r"envelope-from=\"?<?([^\s;>\"]{1,300})", re.IGNORECASE)


@dataclass(frozen=True)
class Found:
    """The results of one server, about the organization in From."""

    server: str  # organization of its authserv-id; empty where it names none
    verdict: str  # pass, fail, none
    asked_policy: bool  # whether DMARC was asked
    passing: tuple[str, ...] = ()  # organizations whose signature or envelope passed
    sealed: bool = False  # whether a chain of forwarders (ARC) held


@dataclass(frozen=True)
class Evidence:
    """What a mail says of who wrote it."""

    authors: tuple[str, ...]  # of From, in lower case
    restored: bool  # a list put itself into From; the row's author is whom it names elsewhere
    from_headers: int
    sender: str  # of Sender; empty without one
    answers_to: tuple[str, ...]  # of Reply-To
    places: tuple[Place, ...]  # one for each copy
    incoming: bool  # the source itself says so
    received: bool  # some server took it
    servers: tuple[str, ...]  # organizations of the receiver's servers on the path
    year: int  # in which it was received; 0 where no server says it
    found: tuple[Found, ...]  # from the top
    spf: str  # verdict of the topmost Received-SPF; empty without one
    internal: str  # X-MS-Exchange-Organization-AuthAs, in lower case
    entry: str  # host that handed it over to the receiver's servers
    from_outside: bool  # the path shows where it came in
    by_program: bool  # a program of some server wrote it, such as a site's form
    began_at_author: bool  # the path begins at the author's domain
    listed: bool  # a mailing list sent it on
    original_passed: bool  # the first forwarder found that the author's checks passed
    content: str  # digest of the row's words, by which a release is bound to them


def mail_evidence(row: Mapping[str, Any], headers: Headers | None, author: str) -> Evidence | None:
    """The evidence in a raw row of mails; None for a plain row of a CRM, which speaks for itself.

    `headers` are the row's, `author` is whom the mail says that it is by.
    """
    if headers is None and not any(row.get(name) for name in ("folder", "flags", "direction")):
        return None
    headers = headers or {}
    authors = people(headers, "from")[:_MAX_AUTHORS] or [author]
    hops = read_hops(headers.get("received", ()))
    lines = believed(hops)
    texts = headers.get("authentication-results", ())
    results = [read_results(text) for text in texts[:_MAX_RESULTS]]
    return Evidence(
        authors=tuple(authors),
        restored=author not in authors and "@" in author and _is_listed(headers),
        from_headers=len(headers.get("from", ())) or 1,
        sender=next(iter(people(headers, "sender")), ""),
        answers_to=tuple(people(headers, "reply-to")[:_MAX_AUTHORS]),
        places=places_of(row, headers),
        incoming=row.get("direction") == "incoming",
        received=any(name in headers for name in _RECEIVED),
        servers=tuple(dict.fromkeys(_server(hop.by) for hop in lines[:_MAX_SERVERS])),
        year=_year(first(headers, "received")),
        found=tuple(_found(result, domain_of(authors[0])) for result in results),
        spf=_received_spf(first(headers, "received-spf"), domain_of(authors[0])),
        internal=",".join(headers.get("x-ms-exchange-organization-authas", ())).lower(),
        entry=(lines[-1].host or lines[-1].ip) if lines else "",
        from_outside=bool(lines) and not lines[-1].from_inside and not lines[-1].login,
        by_program=bool(hops) and hops[-1].local == "program",
        began_at_author=began_at(hops, domain_of(author)),
        listed=_is_listed(headers),
        original_passed=_original_passed(headers, domain_of(author)),
        content=_digest(row),
    )


def stored(evidence: Evidence | None) -> str | None:
    """Evidence as a cell of a table."""
    if evidence is None:
        return None
    return json.dumps(asdict(evidence), ensure_ascii=False, separators=(",", ":"))


def loaded(cell: str) -> Evidence:
    """What `stored` wrote."""
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in json.loads(cell).items()
    }
    found = (Found(**entry | {"passing": tuple(entry["passing"])}) for entry in values["found"])
    return Evidence(**values | {"found": tuple(found)})


def _is_listed(headers: Headers) -> bool:
    return "list-id" in headers or "list-post" in headers


def _server(host: str) -> str:
    """The organization of a server; hosts without one by what they are called like."""
    name = organization(host)
    if name != PRIVATE:
        return name
    if host.replace(".", "").isdigit():  # Yahoo: "by 10.197.36.7"
        return f"{PRIVATE} ip4"
    if ":" in host:  # Gmail: "by 2002:a05:6214:..."
        return f"{PRIVATE} ip6"
    return f"{PRIVATE} {host.rpartition('.')[2] if '.' in host else 'host'}"


def _year(line: str) -> int:
    """The year in a line of the path: "by mx.x.example with ESMTPS; Tue, 3 Jun 2025 09:00:11"."""
    match = _YEAR.search(line.rpartition(";")[2])
    return int(match[1]) if match else 0


def _found(results: Results, domain: str) -> Found:
    found = list(results.found)
    return Found(
        server=organization(results.server) if results.server else "",
        verdict=verdict(found, domain),
        asked_policy=any(result.method == "dmarc" for result in found),
        passing=tuple(sorted(passing_domains(found))),
        sealed=any(result.method == "arc" and result.outcome == "pass" for result in found),
    )


def _received_spf(text: str, domain: str) -> str:
    """`pass` for an envelope of the author's organization, else `none`; empty without a header.

    "Pass (mailfrom) identity=mailfrom; client-ip=192.0.2.1; envelope-from=dana@x.example; ..."
    """
    outcome = text.strip().split(" ", 1)[0].lower()
    if outcome != "pass":
        return "none" if outcome else ""
    envelopes = {organization(domain_of(found)) for found in _ENVELOPE.findall(text)}
    return "pass" if envelopes == {organization(domain)} - {PRIVATE} else "none"


def _original_passed(headers: Headers, domain: str) -> bool:
    """Whether the first forwarder of a sealed chain found that the author's checks passed."""
    chain = [
        text.partition(";")[2]
        for text in headers.get("arc-authentication-results", ())
        if text.replace(" ", "").startswith("i=1;")
    ]
    return len(chain) == 1 and verdict(list(read_results(chain[0]).found), domain) == "pass"


def _digest(row: Mapping[str, Any]) -> str:
    words = [
        str(row.get(name) or "") for name in ("id", "sender_email", "subject", "body", "sent_at")
    ]
    return hashlib.sha256("\0".join(words).encode("utf-8", "surrogatepass")).hexdigest()[:32]
