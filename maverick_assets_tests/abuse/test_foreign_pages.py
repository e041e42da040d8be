"""Pages of other sites, and other accounts of the machine, against Dagster's page.

The owner's browser is a real one, and has the cookie of the page.
"""

import http.server
import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import pytest

from maverick_assets_tests.command import Maverick
from maverick_assets_tests.end_to_end.dagster_ui import DagsterUI, ask, start_ui
from maverick_assets_tests.processes import eventually

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
NOBODY = 65534
# Two sites whose names mean this machine here, as an attacker's DNS server may have it.
FOREIGN, REBOUND = "foreign.example", "rebound.example"
LAUNCH = """mutation { launchPipelineExecution(executionParams: { selector: {
  repositoryName: "__repository__", repositoryLocationName: "maverick", pipelineName: "__ASSET_JOB",
  assetSelection: [{ path: ["base_model"] }] } }) {
  __typename ... on LaunchRunSuccess { run { runId } } } }"""
RUNS = "{ runsOrError { ... on Runs { results { runId } } } }"
ASSETS = "{ assetNodes { assetKey { path } } }"


class ForeignPage(http.server.BaseHTTPRequestHandler):
    """A page with nothing on it; what a test has it do comes from the test."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>foreign</title>")

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DagsterUI]:
    started = start_ui(Maverick(tmp_path_factory.mktemp("foreign") / "home"))
    try:
        eventually(lambda: assets(started), 60)
        yield started
    finally:
        started.process.send_signal(signal.SIGTERM)
        started.process.wait(60)


def assets(ui: DagsterUI) -> list[object]:
    """What the code server serves; raises until it does."""
    nodes = ask(ui, ASSETS)["assetNodes"]
    assert nodes
    return list(nodes)


@pytest.fixture(scope="module")
def foreign_port() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), ForeignPage) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture(scope="module")
def browser_page(ui: DagsterUI) -> Iterator["Page"]:
    """A tab of the owner's browser, in which Dagster's page was open."""
    if not CHROMIUM.is_file():
        pytest.skip(f"no browser at {CHROMIUM}: install Debian's chromium, or set CHROMIUM")
    from playwright.sync_api import sync_playwright

    names = f"MAP {FOREIGN} 127.0.0.1, MAP {REBOUND} 127.0.0.1"
    flags = ["--no-sandbox", f"--host-resolver-rules={names}"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        page = browser.new_context().new_page()
        page.goto(ui.opening_address, wait_until="domcontentloaded")
        page.get_by_text("Overview").first.wait_for(timeout=60_000)
        assert "token" not in page.url
        yield page
        browser.close()


# A page of another site, and one of another server of this machine, which has the cookie as well.
@pytest.fixture(scope="module", params=[FOREIGN, "127.0.0.1"])
def foreign(
    request: pytest.FixtureRequest, browser_page: "Page", foreign_port: int
) -> Iterator["Page"]:
    page = browser_page.context.new_page()
    page.goto(f"http://{request.param}:{foreign_port}/")
    yield page
    page.close()


def launch_url(ui: DagsterUI) -> str:
    return f"{ui.url}/graphql?{urlencode({'query': LAUNCH})}"


def runs(ui: DagsterUI) -> int:
    return len(ask(ui, RUNS)["runsOrError"]["results"])


def test_a_post_of_a_foreign_page_starts_no_run(ui: DagsterUI, foreign: "Page") -> None:
    before = runs(ui)
    foreign.evaluate(
        """url => fetch(url, {method: 'POST', mode: 'no-cors', credentials: 'include'})
          .catch(() => null).then(() => null)""",
        launch_url(ui),
    )
    assert runs(ui) == before


def test_a_form_of_a_foreign_page_starts_no_run(ui: DagsterUI, foreign: "Page") -> None:
    before, address = runs(ui), foreign.url
    with foreign.expect_navigation():
        foreign.evaluate(
            """url => { const form = document.createElement('form');
              Object.assign(form, {method: 'post', action: url});
              document.body.append(form); form.submit(); }""",
            launch_url(ui),
        )
    assert "LaunchRunSuccess" not in foreign.content()
    foreign.goto(address)
    assert runs(ui) == before


def test_a_picture_of_a_foreign_page_starts_no_run(ui: DagsterUI, foreign: "Page") -> None:
    before = runs(ui)
    foreign.evaluate(
        """url => new Promise(done => { const image = new Image();
          image.onload = image.onerror = done; image.src = url; }).then(() => null)""",
        launch_url(ui),
    )
    assert runs(ui) == before


def test_a_websocket_of_a_foreign_page_is_not_opened(ui: DagsterUI, foreign: "Page") -> None:
    opened = foreign.evaluate(
        """url => new Promise(done => { const socket = new WebSocket(url, 'graphql-ws');
          socket.onopen = () => done(true); socket.onerror = () => done(false); })""",
        f"ws://{urlsplit(ui.url).netloc}/graphql",
    )
    assert opened is False


def test_a_foreign_page_frames_nothing(ui: DagsterUI, foreign: "Page") -> None:
    foreign.evaluate(
        """url => new Promise(done => { const frame = document.createElement('iframe');
          frame.onload = done; frame.src = url; document.body.append(frame); }).then(() => null)""",
        ui.url,
    )
    [framed] = foreign.main_frame.child_frames
    assert "dagster" not in framed.content().lower()


def test_a_name_that_was_made_to_mean_this_machine_reads_nothing(
    ui: DagsterUI, browser_page: "Page"
) -> None:
    page = browser_page.context.new_page()
    page.goto(f"http://{REBOUND}:{urlsplit(ui.url).port}/")
    read = page.evaluate(
        """query => fetch('/graphql', {method: 'POST', body: JSON.stringify({query}),
          headers: {'Content-Type': 'application/json'}}).then(answer => answer.text())""",
        ASSETS,
    )
    page.close()
    assert "assetNodes" not in read


def test_the_page_itself_reads_and_opens_its_websocket(ui: DagsterUI, browser_page: "Page") -> None:
    read = browser_page.evaluate(
        """query => fetch('/graphql', {method: 'POST', body: JSON.stringify({query}),
          headers: {'Content-Type': 'application/json'}}).then(answer => answer.text())""",
        ASSETS,
    )
    assert "assetNodes" in read
    opened = browser_page.evaluate(
        """() => new Promise(done => {
          const socket = new WebSocket(`ws://${location.host}/graphql`, 'graphql-ws');
          socket.onopen = () => done(true); socket.onerror = () => done(false); })"""
    )
    assert opened is True


def answer_to(ui: DagsterUI, account: int, cookie: str = "") -> str:
    """What the page answers to a process of an account, which asks for the names of all assets.

    The process is bash, because Python may lie where other accounts cannot read.
    """
    if os.geteuid() != 0:
        pytest.skip("only root can start a process of another account")
    host, _, port = urlsplit(ui.url).netloc.partition(":")
    body = json.dumps({"query": ASSETS})
    lines = (
        "POST /graphql HTTP/1.1",
        f"Host: {host}:{port}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *([f"Cookie: {cookie}"] if cookie else []),
        "Connection: close",
        "",
        body,
    )
    script = f'exec 3<>/dev/tcp/{host}/{port}; printf %s "$0" >&3; cat <&3'
    return subprocess.run(
        ["/bin/bash", "-c", script, "\r\n".join(lines)],
        user=account,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,  # a refusal may come before the server has read all, which resets the rest
    ).stdout


@pytest.mark.parametrize("cookie", [False, True])
def test_another_account_of_the_machine_gets_nothing(ui: DagsterUI, cookie: bool) -> None:
    answer = answer_to(ui, NOBODY, ui.cookie if cookie else "")
    assert answer.startswith("HTTP/1.1 403 ")
    assert "assetNodes" not in answer


def test_without_the_token_the_page_is_closed_with_one_sentence(ui: DagsterUI) -> None:
    answer = answer_to(ui, os.geteuid())
    assert answer.startswith("HTTP/1.1 403 ")
    sentence = "This page opens with the address that `maverick ui` printed in its terminal.\n"
    assert answer.endswith(f"\n\n{sentence}")
    assert "assetNodes" in answer_to(ui, os.geteuid(), ui.cookie)
