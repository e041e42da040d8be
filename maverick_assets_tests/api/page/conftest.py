"""A headless Chromium, and `maverick serve` behind a wire that tests slow down or cut."""

import os
import pty
import re
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

from maverick_assets.api.tokens import Scope, TokenBook
from maverick_assets_tests.command import Maverick
from maverick_assets_tests.decisions.own_cases import SOURCES
from maverick_assets_tests.processes import wait_for
from maverick_assets_tests.serving.conftest import MakeHome
from maverick_assets_tests.serving.released_homes import ReleasedHome

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
MARKUP = "<img src=x onerror=\"document.title='run'\"><b>bold</b>"


class Wire:
    """A TCP proxy in front of the server: a network that is slow, breaks or is gone."""

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._open: set[socket.socket] = set()
        self.slow = False
        self.down = False
        self.breaks_after: bytes | None = None  # the connection on which the server says this
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break all connections."""
        for each in list(self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listening.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client = self._listening.accept()[0]
            except OSError:
                return
            if self.down:
                client.close()
                continue
            server = socket.create_connection(self._target)
            self._open |= {client, server}
            for pair in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(48 if self.slow else 1 << 16):
                if self.breaks_after and self.breaks_after in data:
                    target.sendall(data[: data.index(self.breaks_after) + len(self.breaks_after)])
                    break
                target.sendall(data)
                if self.slow:
                    time.sleep(0.05)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            self._open.discard(each)


@dataclass(frozen=True)
class Served:
    """A server that runs, the wire to it, and the address that opens its page."""

    home: ReleasedHome
    port: int
    wire: Wire
    printed: str  # address with a code

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.wire.port}"

    @property
    def tokens(self) -> TokenBook:
        return TokenBook(self.home.settings.home / "keys")

    @property
    def secret(self) -> str:
        """The token of the first start."""
        return (self.home.settings.home / "keys" / "api-token-first").read_text().strip()

    def client(self) -> httpx.Client:
        """A program of the owner on another device."""
        shown = {"Authorization": f"Bearer {self.secret}"}
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}", headers=shown, timeout=60, trust_env=False
        )

    def add_token(self, name: str, *scopes: Scope) -> str:
        return self.tokens.add(name, scopes).read_text().strip()


@pytest.fixture(scope="package")
def served(
    make_released_home: MakeHome, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    home = make_released_home(tmp_path_factory.mktemp("page"))
    home.release(
        "persona",
        "v1.0",
        "adapter-0",
        title="Persona",
        description="Answers briefly.",
        sources=[*SOURCES, {"table": "crm_emails", "examples": "reply"}],
    )
    home.release(
        "robbie",
        "v1.2",
        "adapter-1",
        title=MARKUP,
        description=MARKUP,
        moods={"joy": "glad", "anger": "cross"},
        modes={"intimate": "close"},
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        "MAVERICK_BASE_MODEL": str(home.settings.base_model),
        # One place to answer, one to wait; a context in which one answer may take minutes.
        "MAVERICK_SERVING_CONTEXT": str(1 << 16),
        "MAVERICK_SERVING_SLOTS": "1",
        "MAVERICK_SERVING_QUEUE": "1",
        "COLUMNS": "200",
    }
    maverick = Maverick(home.settings.home, environment)
    terminal, end = pty.openpty()
    process = subprocess.Popen(
        maverick.command("serve", "--port", str(port)),
        cwd=maverick.project,
        env=maverick.full_environment,
        stdout=end,
        stderr=subprocess.STDOUT,
    )
    os.close(end)
    lines = Lines(terminal)
    wire = Wire(port)
    try:
        pattern = r"The page: (http://\S+#login=\S+)"
        wait_for(lambda: process.poll() is not None or lines.find(pattern), 120)
        printed = lines.find(pattern)
        assert printed, lines.text
        wait_for(lambda: answers(port), 60)
        yield Served(home, port, wire, printed)
    finally:
        wire.close()
        process.terminate()
        process.wait(60)
        lines.reading.join(10)
        os.close(terminal)
    assert "Traceback" not in lines.text


@dataclass
class Lines:
    """What a process writes into its terminal."""

    terminal: int
    text: str = ""
    reading: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.reading = threading.Thread(target=self._read, daemon=True)
        self.reading.start()

    def find(self, pattern: str) -> str | None:
        found = re.search(pattern, self.text)
        return found[1] if found else None

    def _read(self) -> None:
        with suppress(OSError):  # the process has closed it
            while data := os.read(self.terminal, 4096):
                self.text += data.decode(errors="replace")


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(scope="package")
def browser(served: Served) -> Iterator["Browser"]:
    if not CHROMIUM.is_file():
        pytest.skip(f"no browser at {CHROMIUM}: install Debian's chromium, or set CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Tab:
    """A tab of a browser, and what it must not have done."""

    served: Served
    page: "Page"
    offences: list[str] = field(default_factory=list)

    @property
    def context(self) -> "BrowserContext":
        return self.page.context

    def watch(self) -> None:
        """Note requests of other hosts, breaches of the policy, and errors of scripts."""
        self.page.on("request", self._request)
        self.page.on("pageerror", lambda error: self.offences.append(f"error: {error}"))
        self.page.on("console", self._console)

    def _request(self, request: object) -> None:
        url = getattr(request, "url", "")
        if urlsplit(url).netloc != urlsplit(self.served.address).netloc:
            self.offences.append(f"asks {url}")

    def _console(self, message: object) -> None:
        text = getattr(message, "text", "")
        if "Content Security Policy" in text or "Trusted" in text:
            self.offences.append(text)

    def log_in(self, secret: str | None = None) -> None:
        """With the cookie, as a browser that has logged in before."""
        port = urlsplit(self.served.address).port
        cookie = {"name": f"maverick-{port}", "value": secret or self.served.secret}
        self.context.add_cookies(
            [{**cookie, "url": self.served.address, "httpOnly": True, "sameSite": "Strict"}]  # type: ignore[list-item]
        )

    def open(self, path: str = "/") -> "Page":
        """The page of a browser that has logged in, once it can be written in."""
        self.log_in()
        self.page.goto(self.served.address + path)
        self.page.locator("#empty h2, article").first.wait_for()
        return self.page

    def say(self, text: str) -> None:
        """Write a message and send it."""
        self.page.get_by_label("Message", exact=True).fill(text)
        self.page.get_by_role("button", name="Send", exact=True).click()

    def ask(self, text: str) -> None:
        """Send a message, and wait for the whole answer."""
        self.say(text)
        self.page.get_by_role("button", name="Stop", exact=True).wait_for(state="hidden")
        self.page.locator("article.answer").last.get_by_role("button", name="Rate").wait_for()


@pytest.fixture
def tab(served: Served, browser: "Browser", request: pytest.FixtureRequest) -> Iterator[Tab]:
    """A new browser, so to say: without cookies. Parametrized indirectly by a context's options."""
    context = browser.new_context(**getattr(request, "param", {}))
    context.set_default_timeout(60_000)
    tab = Tab(served, context.new_page())
    tab.watch()
    yield tab
    served.wire.slow = served.wire.down = False
    served.wire.breaks_after = None
    context.close()
    assert tab.offences == []
    with served.client() as client:
        for session in client.get("/api/sessions").raise_for_status().json()["sessions"]:
            client.delete(f"/api/sessions/{session['id']}")
