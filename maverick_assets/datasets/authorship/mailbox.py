"""What a whole mailbox says: which servers are its owner's, and which of them check mails.

A forger can write any header into his mail. He cannot write into the mail of everybody else, so
what most of that has in common is the work of the owner's own servers. The mail that says it is the
owner's has no voice here.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import NamedTuple

from maverick_assets.datasets.authorship.evidence import Evidence, Found
from maverick_assets.datasets.authorship.headers import domain_of, organization

_MOST = 0.5  # share of a server's mails that have what it always writes
_NEARLY_ALL = 0.9
_SEVERAL = 3  # mails, and two organizations that wrote them, are no accident
_MANY = 10  # mails of a year that speak for themselves
_NO_PATH = "no path"  # server of mails whose path was not kept
_KNOWN_FORWARDER = 3  # organizations whose mails a forwarder sealed and sent on


@dataclass(frozen=True)
class OwnServer:
    """One of the servers that the owner's mail arrives at."""

    checkers: frozenset[str]  # organizations of the servers whose results it writes
    headers: int  # of results that it writes on each mail, at least
    writes_spf: bool  # writes Received-SPF on nearly every mail
    is_exchange: bool  # says of each mail whether an account of its own sent it
    sees_outside: bool  # its lines show which mails came from outside


# Providers that write results above each mail and take out those that a mail brings under their
# name. They are believed in mailboxes that hold no other mail, too.
_PROVIDERS = {
    name: OwnServer(frozenset({checker}), headers, False, name == "outlook.com", True)
    for name, checker, headers in (
        *(("google.com", "google.com", 1), ("outlook.com", "", 1), ("gmx.net", "gmx.net", 1)),
        *(("messagingengine.com", "messagingengine.com", 1), ("zohomail.com", "zohomail.com", 1)),
        *(("icloud.com", "icloud.com", 4), ("protonmail.ch", "protonmail.ch", 3)),
    )
}


@dataclass(frozen=True)
class Mailbox:
    """What the mail of others says of the mailbox that it lies in."""

    # By organization of the topmost lines of the path, and year; year 0 stands for all together
    own_servers: dict[tuple[str, int], OwnServer]
    forwarders: frozenset[str]  # organizations that many people's mail came through, sealed
    others_hosts: frozenset[str]  # hosts that handed over mail of other organizations

    def checked(self, mail: Evidence) -> Found | None:
        """What an own server found of a mail; None where no own server checked it."""
        for server in self._servers(mail):
            own = _leading(mail.found[: server.headers], server.checkers)
            if own:
                return _joined(own)
        return None

    def spf(self, mail: Evidence) -> str:
        """The verdict of Received-SPF, where an own server writes it; else empty."""
        written = any(server.writes_spf for server in self._servers(mail))
        return mail.spf if written and not mail.found else ""

    def is_internal(self, mail: Evidence) -> bool:
        """Whether the owner's Exchange says that an account of its own sent a mail."""
        is_exchange = any(server.is_exchange for server in self._servers(mail))
        return is_exchange and mail.internal == "internal"

    def believes_path(self, mail: Evidence) -> bool:
        """Whether the lines here tell mail from outside from mail that was written inside."""
        return all(server.sees_outside for server in self._servers(mail))

    def _servers(self, mail: Evidence) -> list[OwnServer]:
        servers = []
        for name in mail.servers or (_NO_PATH,):
            server = (
                _PROVIDERS.get(name)
                or self.own_servers.get((name, mail.year))
                or self.own_servers.get((name, 0))
            )
            servers += [server] if server else []
        return servers


class _Voice(NamedTuple):
    """The part of somebody else's mail that speaks for the mailbox: small, as all are held."""

    organization: str  # of From
    year: int
    refuted: bool  # results speak against it, which no forger writes himself
    checkers: tuple[str, ...]  # servers of the results, from the top
    has_spf: bool
    has_internal: bool
    from_outside: bool


def read_mailbox(
    mails: Iterable[Evidence], is_owner: Callable[[str], bool], own_organizations: Collection[str]
) -> Mailbox:
    """What the mails of others among `mails` have in common.

    `own_organizations` are those of the owner's addresses.
    """
    voices: defaultdict[str, list[_Voice]] = defaultdict(list)
    own_voices: defaultdict[str, list[_Voice]] = defaultdict(list)
    sealed_from: defaultdict[str, set[str]] = defaultdict(set)
    hosts: set[str] = set()
    for mail in mails:
        if not mail.received:
            continue
        author = organization(domain_of(mail.authors[0]))
        voice = _Voice(
            author,
            mail.year,
            bool(mail.found) and mail.found[0].verdict == "fail",
            tuple(found.server for found in mail.found),
            bool(mail.spf),
            bool(mail.internal),
            mail.from_outside,
        )
        is_own = any(map(is_owner, mail.authors))
        for name in mail.servers or (_NO_PATH,):
            (own_voices if is_own else voices)[name].append(voice)
        if is_own:
            continue
        if mail.entry and author not in own_organizations:
            hosts.add(mail.entry)
        if mail.original_passed and any(found.sealed for found in mail.found):
            for name in {name for found in mail.found for name in found.passing} - {author}:
                sealed_from[name].add(author)
    servers = {
        (name, year): _own_server(name, said)
        for name, all_years in voices.items()
        for year, said in _by_year(all_years).items()
    }
    # A mailbox with too little mail of others: what was refuted shows that a server checks.
    for name, said in own_voices.items():
        server = servers.get((name, 0))
        if (server is None or not server.checkers) and any(voice.refuted for voice in said):
            checks = _own_server(name, [*voices.get(name, ()), *said], _NEARLY_ALL)
            # What the owner writes on the server itself never comes from outside.
            sees_outside = server is None or server.sees_outside
            servers[name, 0] = replace(checks, sees_outside=sees_outside)
    forwarders = {name for name, authors in sealed_from.items() if len(authors) >= _KNOWN_FORWARDER}
    return Mailbox(servers, frozenset(forwarders), frozenset(hosts))


def _by_year(voices: list[_Voice]) -> dict[int, list[_Voice]]:
    """All voices under 0, and those of each year with enough of them: servers learn to check."""
    years: defaultdict[int, list[_Voice]] = defaultdict(list)
    for voice in voices:
        years[voice.year].append(voice)
    return {0: voices} | {year: said for year, said in years.items() if year and len(said) >= _MANY}


def _own_server(name: str, voices: list[_Voice], most: float = _MOST) -> OwnServer:
    """`most`: share of the voices that must agree."""
    total = len(voices)
    organizations = {voice.organization for voice in voices}
    several = total >= _SEVERAL and (len(organizations) > 1 or any(v.refuted for v in voices))
    tops = Counter(voice.checkers[0] for voice in voices if voice.checkers)
    # Few mails are enough where results and path name the same organization.
    own_tops = {
        top for top, count in tops.items() if count >= most * total and (several or top == name)
    }
    checked = [
        voice.checkers for voice in voices if voice.checkers[:1] and voice.checkers[0] in own_tops
    ]
    headers = min(map(len, checked), default=0)
    counts = Counter(server for checkers in checked for server in set(checkers[:headers]))
    often = {server for server, count in counts.items() if count >= _MOST * len(checked)}
    outside = sum(voice.from_outside for voice in voices)
    return OwnServer(
        checkers=frozenset(own_tops | often),
        headers=headers,
        writes_spf=several and sum(voice.has_spf for voice in voices) >= _NEARLY_ALL * total,
        is_exchange=several and sum(voice.has_internal for voice in voices) >= most * total,
        sees_outside=outside >= _NEARLY_ALL * total,
    )


def _leading(headers: tuple[Found, ...], checkers: Collection[str]) -> tuple[Found, ...]:
    """The topmost headers, as far down as `checkers` wrote them."""
    return tuple(takewhile(lambda found: found.server in checkers, headers))


def _joined(headers: tuple[Found, ...]) -> Found:
    """The results of an own server's headers as those of one; what speaks against a mail wins.

    They end with the one that tells DMARC's result. Where none does, the topmost stands alone, so
    that a forger's own header below it has no voice.
    """
    policy = next((number for number, found in enumerate(headers) if found.asked_policy), 0)
    read = headers[: policy + 1]
    verdicts = [found.verdict for found in read]
    return Found(
        server=read[0].server,
        verdict=next((name for name in ("fail", "pass") if name in verdicts), "none"),
        asked_policy=read[-1].asked_policy,
        passing=tuple(sorted({name for found in headers for name in found.passing})),
        sealed=any(found.sealed for found in read),
    )
