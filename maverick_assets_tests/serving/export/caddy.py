"""Go's own text/template, which Caddy has as the handler `templates` of its files.

Caddy gives its own data to a file. The template is defined in it by a name, and executed with other
data, in which Ollama's fields are keys: to a template that is the same.
"""

import base64
import json
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from maverick_assets_tests.processes import wait_for

_BETWEEN = "\x1d"  # no template and no message has it


@dataclass(frozen=True)
class GoTemplates:
    """A Caddy that serves a folder."""

    folder: Path
    address: str

    def render(self, template: str, data: Sequence[Mapping[str, Any]]) -> list[str]:
        """The template with each of the data."""
        calls = [
            f'{{{{template "tested" (fromJson (b64dec "{_encoded(each)}"))}}}}' for each in data
        ]
        text = f'{{{{define "tested"}}}}{template}{{{{end}}}}' + _BETWEEN.join(calls)
        (self.folder / "page.html").write_text(text, encoding="utf-8", newline="")
        response = httpx.get(f"{self.address}/page.html", trust_env=False, timeout=60)
        assert response.status_code == 200, response.text
        return response.content.decode().split(_BETWEEN)


@contextmanager
def go_templates(folder: Path) -> Iterator[GoTemplates]:
    """Inside, Caddy runs."""
    served = folder / "served"
    served.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    state = {name: str(folder) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    log = (folder / "log").open("wb")
    caddy = subprocess.Popen(
        ["caddy", "file-server", "--root", served, "--listen", f"127.0.0.1:{port}", "--templates"],
        env=os.environ | state,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(lambda: _answers(address), 60)
        yield GoTemplates(served, address)
    finally:
        caddy.terminate()
        caddy.wait(30)
        log.close()


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, trust_env=False).status_code == 404
    except httpx.TransportError:
        return False


def _encoded(data: Mapping[str, Any]) -> str:
    return base64.b64encode(json.dumps(data).encode()).decode()
