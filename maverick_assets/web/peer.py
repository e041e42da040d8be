"""The account behind a connection of this machine, from the kernel's table of connections."""

import ipaddress
import socket
from collections.abc import Collection, Iterator
from pathlib import Path

import psutil
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
    if not _is_loopback(server[0]) and not _is_ours(client[0]):
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


def _is_ours(address: str) -> bool:
    """Whether this machine has the address: then any of its accounts may have bound a socket to it.

    The two ends of such a connection may have different addresses.
    """
    return _is_loopback(address) or any(
        _packed(entry.address) == _packed(address)
        for entries in psutil.net_if_addrs().values()
        for entry in entries
        if entry.family in (socket.AF_INET, socket.AF_INET6)
    )


def _is_loopback(address: str) -> bool:
    inner = ipaddress.IPv6Address(_packed(address))
    return (inner.ipv4_mapped or inner).is_loopback


def _packed(address: str) -> bytes:
    """`fe80::1%eth0`, `192.0.2.1`, `::ffff:192.0.2.1`"""
    return _as_ipv6(ipaddress.ip_address(address.partition("%")[0]).packed)


def _endpoint(address: str, port: int) -> _Endpoint:
    return _packed(address), port


def _row_endpoint(text: str) -> _Endpoint:
    """`0100007F:1F90`: words of 32 bits in the byte order of the machine."""
    address, port = text.split(":")
    words = [int(address[at : at + 8], 16) for at in range(0, len(address), 8)]
    return _as_ipv6(b"".join(socket.ntohl(word).to_bytes(4, "big") for word in words)), int(
        port, 16
    )


def _as_ipv6(packed: bytes) -> bytes:
    return packed if len(packed) == 16 else b"\0" * 10 + b"\xff\xff" + packed
