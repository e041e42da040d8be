"""Whose process holds the other end of a connection."""

import os
import socket

import pytest

from maverick_assets.ui.peer import comes_from


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


def test_of_a_connection_from_another_machine_nobody_can_say() -> None:
    scope = {"client": ("192.0.2.7", 4000), "server": ("192.0.2.1", 3000)}
    assert comes_from(scope, set())
