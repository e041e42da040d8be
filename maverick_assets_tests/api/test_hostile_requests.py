"""What strangers and hostile programs send breaks nothing, and opens nothing."""

import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from maverick_assets_tests.api.conftest import Server, answers
from maverick_assets_tests.api.hostile_requests import MARK, TOKEN, Hostile, hostile_requests

SECONDS = 60
OPEN = {b"/healthz", b"/readyz", b"/"}  # the page holds nobody's data


@pytest.fixture(scope="module")
def attacks(server: Server) -> list[Hostile]:
    (server.home.settings.home.parent / f"{MARK}.txt").write_text("planted beside the run home")
    with server.client() as client:
        return list(hostile_requests(client.get("/openapi.json").json()))


@pytest.fixture(scope="module")
def owner_token(server: Server) -> bytes:
    return (server.home.settings.home / "keys" / "api-token-first").read_bytes().strip()


def send(server: Server, attack: Hostile, token: bytes) -> bytes:
    """What the server answers to it, until it closes the connection or is silent."""
    parts = urlsplit(server.address)
    received = b""
    with socket.create_connection((parts.hostname, parts.port), SECONDS) as connection:
        with suppress(OSError):  # the server may close before all is sent
            connection.sendall(attack.content.replace(TOKEN, token))
            if attack.half_closed:
                connection.shutdown(socket.SHUT_WR)
        with suppress(OSError):
            while part := connection.recv(1 << 16):
                received += part
    return received


def statuses(received: bytes) -> Iterator[int]:
    """The status of each answer on a connection."""
    return (int(match[1]) for match in re.finditer(rb"HTTP/1\.1 (\d{3})", received))


def test_no_hostile_request_is_an_error_of_the_server(
    server: Server, attacks: list[Hostile], owner_token: bytes
) -> None:
    assert len(attacks) >= 500
    for attack in attacks:
        received = send(server, attack, owner_token)
        assert not any(status >= 500 for status in statuses(received)), (attack.name, received)
        assert b"root:x:" not in received, attack.name
        assert b"planted beside" not in received, attack.name
        assert owner_token not in received, attack.name
        assert b"Traceback" not in received, attack.name
    assert answers(server)


@pytest.mark.parametrize("token", [b"", b"stranger"])
def test_none_is_answered_without_a_token(
    server: Server, attacks: list[Hostile], token: bytes
) -> None:
    for attack in attacks:
        received = send(server, attack, token)
        path = attack.content.partition(b" ")[2].partition(b" ")[0].partition(b"?")[0]
        if re.sub(rb"^\w+://[^/]*", b"", path) not in OPEN:  # `GET http://169.254.169.254/`
            assert all(status >= 400 for status in statuses(received)), (attack.name, received)
