"""Whose process holds the other end of a connection."""

import os
import socket
from itertools import product

import psutil
import pytest

from maverick_assets.web.peer import comes_from


@pytest.mark.parametrize(
    ("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
)
def test_a_connection_is_of_the_account_that_opened_it(
    family: socket.AddressFamily, host: str
) -> None:
    try:
        server = socket.create_server((host, 0), family=family)
    except OSError:
        pytest.skip(f"no {host} on this machine")
    with server, socket.create_connection(server.getsockname()[:2]) as client:
        scope = {"client": client.getsockname()[:2], "server": server.getsockname()[:2]}
        assert comes_from(scope, {os.geteuid()})
        assert not comes_from(scope, {os.geteuid() + 1})
    assert not comes_from(scope, {os.geteuid()})  # it is closed


def own_addresses() -> list[str]:
    """Addresses that every account can give its end of a connection: one without a name, and LAN's.

    Of those on networks the first alone: other tests add networks, and remove them.
    """
    addresses = [
        address.address
        for interface in psutil.net_if_addrs().values()
        for address in interface
        if address.family == socket.AF_INET and not address.address.startswith("127.")
    ]
    return ["127.0.0.1", "127.0.0.2", *addresses[:1]]


@pytest.mark.parametrize("listens", ["127.0.0.1", "0.0.0.0", "::"])
def test_an_address_of_this_machine_is_not_taken_for_another_machine(listens: str) -> None:
    """Any account chooses the address that its connection seems to come from."""
    family = socket.AF_INET6 if listens == "::" else socket.AF_INET
    try:
        server = socket.create_server((listens, 0), family=family, dualstack_ipv6=listens == "::")
    except (OSError, ValueError):
        pytest.skip(f"no {listens} on this machine")
    targets = ["127.0.0.1"] if listens == "127.0.0.1" else own_addresses()
    with server:
        for source, target in product(own_addresses(), targets):
            address = (target, server.getsockname()[1])
            with socket.create_connection(address, source_address=(source, 0)) as client:
                connection, peer = server.accept()
                scope = {"client": peer[:2], "server": connection.getsockname()[:2]}
                assert comes_from(scope, {os.geteuid()}), (source, target)
                assert not comes_from(scope, {os.geteuid() + 1}), (source, target)
                assert client.getpeername()[0] == target
            connection.close()


def test_of_a_connection_from_another_machine_nobody_can_say() -> None:
    scope = {"client": ("192.0.2.7", 4000), "server": ("192.0.2.1", 3000)}
    assert comes_from(scope, set())
