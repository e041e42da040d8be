"""The account behind a connection of this machine, from the kernel's table of connections."""

import ipaddress
import socket
from collections.abc import Collection, Iterator
from pathlib import Path

from starlette.types import Scope

_TABLES = (Path("/proc/self/net/tcp"), Path("/proc/self/net/tcp6"))
_ESTABLISHED = "01"  # of the kernel's <net/tcp_states.h>
_Endpoint = tuple[bytes, int]  # an address in 16 bytes, and a port


def comes_from(scope: Scope, accounts: Collection[int]) -> bool:
    """Whether a process of one of these user ids holds the other end of a connection.

    True as well for connections from other machines, and on systems other than Linux, where nobody
    can say. False for one that its process has closed, which then shows as root's.
    """
    client, server = scope.get("client"), scope.get("server")
    if not client or not server or not _TABLES[0].exists():
        return True
    if client[0] != server[0] and not ipaddress.ip_address(client[0]).is_loopback:
        return True
    # What is our client's end is the local end of the socket at the other side.
    wanted = (_endpoint(*client), _endpoint(*server))
    return any(
        (_row_endpoint(fields[1]), _row_endpoint(fields[2])) == wanted
        and fields[3] == _ESTABLISHED
        and int(fields[7]) in accounts
        for fields in _rows(f":{client[1]:04X} ")
    )


def _rows(mark: str) -> Iterator[list[str]]:
    """Fields of the rows with a mark in them; a busy machine has thousands without it."""
    for table in _TABLES:
        if table.exists():  # a kernel without IPv6
            lines = table.read_text(encoding="ascii").splitlines()
            yield from (line.split() for line in lines if mark in line)


def _endpoint(address: str, port: int) -> _Endpoint:
    return _as_ipv6(ipaddress.ip_address(address.partition("%")[0]).packed), port


def _row_endpoint(text: str) -> _Endpoint:
    """`0100007F:1F90`: words of 32 bits in the byte order of the machine."""
    address, port = text.split(":")
    words = [int(address[at : at + 8], 16) for at in range(0, len(address), 8)]
    return _as_ipv6(b"".join(socket.ntohl(word).to_bytes(4, "big") for word in words)), int(
        port, 16
    )


def _as_ipv6(packed: bytes) -> bytes:
    return packed if len(packed) == 16 else b"\0" * 10 + b"\xff\xff" + packed
