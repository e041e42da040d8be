"""The path of a mail: its `Received` lines, of which only the upper ones can be believed.

Every server writes its line above the others. What stands below the line by which a mail entered
the receiver's own servers was written by whoever sent it, and may be invented.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from maverick_assets.datasets.authorship.headers import PRIVATE, organization

MAX_HOPS = 12
_MAX_CHARACTERS = 1_000  # of a line that is read
_FIRST_PERSON = 1_000  # user ids below it belong to programs: 33 is a web server's
_PROGRAMS = frozenset({"www-data", "apache", "nginx", "nobody", "httpd", "www", "daemon", "wwwrun"})

# "from helo.example (name.example [192.0.2.1]) by mx.acme.example (Postfix) with ESMTPS id 4B2"
_FROM = re.compile(r"\s*from\s+(\S+)\s*(\([^()]*(?:\([^()]*\)[^()]*)*\))?", re.IGNORECASE)
_BY = re.compile(r"(?:^|\s)by\s+([^\s;()]+)", re.IGNORECASE)
_WITH = re.compile(r"\swith\s+([\w-]+)", re.IGNORECASE)
_IP = re.compile(r"\[?(?:IPv6:)?((?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]*:[0-9a-f:.]+)\]?", re.IGNORECASE)
# Postfix: "(name.example [192.0.2.1])"; Google: "(name.example. [192.0.2.1])"
_VERIFIED = re.compile(r"\(\s*([\w-]+(?:\.[\w-]+)+)\.?\s+\[")
# Postfix: "(Postfix, from userid 33)"; Exim: "from www-data by x.example with local"
_USER_ID = re.compile(r"from userid (\d{1,9})", re.IGNORECASE)
# RFC 3848: the A says that the client logged in. LMTPA is a delivery within a server.
_LOGGED_IN = frozenset({"esmtpa", "esmtpsa", "utf8smtpa", "utf8smtpsa", "asmtp", "http"})
# Postfix: "(Authenticated sender: allan@x.example)"; Sendmail: "(authenticated bits=0)"
_AUTHENTICATED = re.compile(r"\(\s*authenticated\b(?: sender: ([^\s()]+))?", re.IGNORECASE)
_LOCAL_NETWORKS = tuple(
    ip_network(name)
    for name in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16"),
        *("::1/128", "fc00::/7", "fe80::/10"),
    )
)


@dataclass(frozen=True)
class Hop:
    """One line: a server took the mail from somebody."""

    by: str  # the server that wrote the line
    host: str  # the other side's name, verified by that server; empty where it is not
    ip: str  # the other side's; empty where the line has none
    login: str  # whom the client logged in as, "?" where the line does not say; empty without login
    local: str  # "person" or "program" that handed the mail over on the server itself, else empty

    @property
    def from_inside(self) -> bool:
        """Whether the other side is the same organization's, or on the server's own network."""
        if not self.ip and not self.host:
            return True
        if self.host and organization(self.host) == organization(self.by) != PRIVATE:
            return True
        return _is_local(self.ip)


def read_hops(lines: Sequence[str]) -> tuple[Hop, ...]:
    """The topmost lines, from the top. Lines that name no server are left out."""
    hops = (_read_hop(" ".join(line[:_MAX_CHARACTERS].split())) for line in lines[:MAX_HOPS])
    return tuple(hop for hop in hops if hop is not None)


def believed(hops: Sequence[Hop]) -> Sequence[Hop]:
    """The lines by the receiver's own servers: the last is the one by which the mail came in.

    A line is believed while the one above it says that it took the mail from inside.
    """
    for number, hop in enumerate(hops, start=1):
        if hop.login or hop.local or not hop.from_inside:
            return hops[:number]
    return hops


def began_at(hops: Sequence[Hop], domain: str) -> bool:
    """Whether the path shows that a mail was written on servers of `domain`.

    Either somebody logged in there, or every line that can be believed is from inside, or a
    verified host of the domain handed it over and the lines below it go on like this. A program of
    the server, such as a site's contact form, writes in anybody's name.
    """
    owner = organization(domain)
    if owner == PRIVATE:
        return False
    left = tuple(hops)
    seen = False  # a line by one of the domain's own servers
    while left:
        lines = believed(left)
        last = lines[-1]
        left = left[len(lines) :]
        seen = seen or any(organization(hop.by) == owner for hop in lines)
        if last.local == "program":
            return False
        if last.login or last.local:
            return organization(last.by) == owner
        if not last.from_inside and organization(last.host) != owner:
            return False
        seen = seen or (bool(last.host) and organization(last.host) == owner)
    return seen


def _read_hop(line: str) -> Hop | None:
    by = _BY.search(line)
    if by is None:
        return None
    start = _FROM.match(line)
    name, comment = (start[1], start[2] or "") if start else ("", "")
    protocol = _WITH.search(line)
    kind = protocol[1].lower() if protocol else ""
    authenticated = _AUTHENTICATED.search(line)
    login = ""
    if authenticated or kind in _LOGGED_IN:
        login = ((authenticated and authenticated[1]) or "?").lower()
    verified = _VERIFIED.match(comment)
    address = _IP.search(comment) or _IP.fullmatch(name)
    host = verified[1] if verified else ""
    # Exim writes the verified name first, and what the client called itself in brackets.
    if "(Exim" in line and "." in name and not name.startswith("["):
        host = name
    return Hop(
        by=by[1].strip("[]").lower(),
        host="" if host.lower() == "unknown" else host.lower(),
        ip=address[1].lower() if address else "",
        login=login,
        local=_local_user(line, name, kind),
    )


def _local_user(line: str, name: str, protocol: str) -> str:
    """Whether a person or a program handed the mail over on the server itself; empty: neither."""
    user_id = _USER_ID.search(line)
    if user_id:
        return "person" if int(user_id[1]) >= _FIRST_PERSON else "program"
    if protocol == "local":
        return "program" if name.lower() in _PROGRAMS else "person"
    return ""


def _is_local(text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return any(
        address in network for network in _LOCAL_NETWORKS if network.version == address.version
    )
