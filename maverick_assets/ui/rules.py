"""Where the page may be served, and by which address: what settings and flags say of the door."""

import os
import secrets
import ssl
from pathlib import Path
from urllib.parse import urlsplit

from maverick_assets.errors import BadInput, first_line
from maverick_assets.settings import Settings
from maverick_assets.strict_model import StrictModel
from maverick_assets.web.origin import LOOPBACK_NAMES, host_name, in_url, is_loopback

TOKEN = "token"  # in the query of the address that opens the page
_ROOT = 0  # reads everything anyway


class DoorRules(StrictModel):
    """Who may come in, and by which address."""

    token: str  # secret
    cookie: str  # name of the cookie that holds it
    names: frozenset[str]  # host names, lower case, by which browsers may call the server
    https: bool  # browsers come by TLS, which ends here or in a proxy in front
    accounts: frozenset[int] | None  # user ids that may connect on this machine; None: all


class Page(StrictModel):
    """A page to serve."""

    host: str
    port: int
    workspace: Path  # file that says where the code server is
    rules: DoorRules
    certificate: Path | None  # PEM file; None: no TLS here
    key: Path | None


def door_rules(settings: Settings, host: str, port: int) -> DoorRules:
    """The rules of a page at an address, with a new token.

    Raises `BadInput` when other machines reach the address and no setting says that browsers come
    to it by https, and for a certificate that cannot be used.
    """
    certificate, origin = settings.ui_certificate, settings.ui_origin
    if (certificate is None) != (settings.ui_key is None):
        raise BadInput("MAVERICK_UI_CERTIFICATE and MAVERICK_UI_KEY belong together; set both")
    if certificate and settings.ui_key:
        _check_certificate(certificate, settings.ui_key)
    if origin is None and not is_loopback(host):
        raise BadInput(
            f"--host {host}: other machines reach that address, and the page is served to them by "
            "https alone; set MAVERICK_UI_ORIGIN, see docs/operations.md"
        )
    names = (urlsplit(origin).netloc,) if origin else (*LOOPBACK_NAMES, in_url(host))
    return DoorRules(
        token=secrets.token_urlsafe(32),
        cookie=f"maverick-ui-{port}",  # all ports of a host share their cookies
        names=frozenset(map(host_name, names)),
        https=certificate is not None or origin is not None,
        # A proxy on this machine runs as an account of its own.
        accounts=None if origin else frozenset({os.geteuid(), _ROOT}),
    )


def opening_address(settings: Settings, page: Page) -> str:
    """The address that opens the page to whoever enters it; holds the token."""
    scheme = "https" if page.rules.https else "http"
    origin = settings.ui_origin or f"{scheme}://{in_url(page.host)}:{page.port}"
    return f"{origin}/?{TOKEN}={page.rules.token}"


def _check_certificate(certificate: Path, key: Path) -> None:
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)
    except OSError as error:  # SSLError is one, too
        raise BadInput(
            f"MAVERICK_UI_CERTIFICATE {certificate} and MAVERICK_UI_KEY {key} cannot be used: "
            f"{first_line(error)}"
        ) from error
