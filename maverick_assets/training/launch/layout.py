"""How the ranks of one training are spread over hosts (no torch)."""

import socket
from pathlib import Path

from pydantic import Field

from maverick_assets.errors import BadInput
from maverick_assets.strict_model import StrictModel

PORT = 29500  # of the first host, where several meet


class RankLayout(StrictModel):
    """The ranks as one of the hosts sees them."""

    local_ranks: int = Field(ge=1, description="ranks on this host")
    hosts: int = Field(1, ge=1, description="hosts that train together")
    host_rank: int = Field(0, ge=0, description="index of this host; 0 has the main process")
    rendezvous: str = Field("localhost:0", description="address and port at which the hosts meet")


def read_hosts(path: Path, name: str | None = None) -> RankLayout:
    """The layout as this host sees it, or the host `name`, from lines of `NAME slots=GPUS`.

    Raises `BadInput` when the file cannot be read, or lacks this host.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        rows = [line.split() for line in lines if line.strip() and not line.startswith("#")]
        slots = {host: int(count.removeprefix("slots=")) for host, count in rows}
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise BadInput(f"{path}: each line must be NAME slots=GPUS: {error}") from error
    own_names = [name] if name else [socket.gethostname(), socket.getfqdn()]
    own = next((own for own in own_names if own in slots), None)
    if own is None:
        raise BadInput(f"{path} has no host {own_names[0]}; it has: {', '.join(slots) or 'none'}")
    hosts = list(slots)
    return RankLayout(
        local_ranks=slots[own],
        hosts=len(hosts),
        host_rank=hosts.index(own),
        rendezvous=f"{hosts[0]}:{PORT}",
    )
