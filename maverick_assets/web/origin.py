"""Whether a request comes from the owner's own program or page, by its `Host` and `Origin`."""

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
OTHER_SITE = "This request comes from a page of another site.\n"
NO_PAGE = "A cookie counts for the page of this server alone, in a browser of 2023 or later.\n"
OTHER_NAME = "This page has another address.\n"
# `none`: the person entered the address, or followed a link outside of a page.
_OWN_SITES = frozenset({"same-origin", "none"})
HEADERS = {
    "X-Frame-Options": "DENY",  # for browsers that do not know `frame-ancestors`
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Refused(Exception):
    """A request that does not pass, with the sentence for its sender. `status` is of HTTP."""

    def __init__(self, reason: str, status: int = 403) -> None:
        super().__init__(reason)
        self.status = status


def check_host(connection: HTTPConnection, names: Collection[str]) -> None:
    """Raise `Refused` unless the request was sent to one of these names, without ports.

    A name of another site may be made to mean this machine: DNS rebinding.
    """
    if host_name(connection.headers.get("host", "").lower()) not in names:
        raise Refused(OTHER_NAME, 421)


def check_site(connection: HTTPConnection, *, https: bool) -> None:
    """Raise `Refused` for a request of a page that this server did not serve.

    Programs other than browsers send neither `Origin` nor `Sec-Fetch-Site`. With `https`, browsers
    come by TLS, which ends here or in a proxy in front.
    """
    headers = connection.headers
    own = f"{'https' if https else 'http'}://{headers.get('host', '').lower()}"
    if any(origin.lower() != own for origin in headers.getlist("origin")):
        raise Refused(OTHER_SITE)
    if not _OWN_SITES.issuperset(headers.getlist("sec-fetch-site")):
        raise Refused(OTHER_SITE)


def check_own_page(connection: HTTPConnection) -> None:
    """Raise `Refused` unless a page of this server sent a request that passed `check_site`.

    What reads says so in `Sec-Fetch-Site`, what changes something in `Origin`; no page can set or
    remove either.
    """
    reads = connection.scope["method"] in ("GET", "HEAD")
    if ("sec-fetch-site" if reads else "origin") not in connection.headers:
        raise Refused(NO_PAGE)


def host_name(host: str) -> str:
    """The name in a `Host` header, without its port; an address of IPv6 in brackets."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
    return in_url(name)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches that address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def in_url(host: str) -> str:
    """`::1` -> `[::1]`, as it stands in a URL."""
    return f"[{host}]" if ":" in host else host
