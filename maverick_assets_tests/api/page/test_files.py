"""The files of the page: cached by content, and bound to this server by their policy."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from maverick_assets.api.page.files import page_files
from maverick_assets.api.page.routes import page_router

FILES = page_files()


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    app = FastAPI()
    app.include_router(page_router(FILES))
    with TestClient(app) as client:
        yield client


def test_the_page_names_only_files_that_are_served(client: TestClient) -> None:
    named = set(re.findall(r'(?:href|src)="(/[^"]*)"', FILES["/"].content.decode()))
    assert named - {"/api/reports/"} < FILES.keys()  # which asks for a token
    scripts = [path for path in FILES if path.endswith(".js")]
    for path in scripts:
        folder = path.rpartition("/")[0]
        for name in re.findall(r'from "\./([^"]+)"', FILES[path].content.decode()):
            assert f"{folder}/{name}" in FILES
    assert len(scripts) > 5
    assert client.get("/").headers["content-type"] == "text/html; charset=utf-8"


def test_nothing_in_the_page_is_inline_or_of_another_host() -> None:
    for path, file in FILES.items():
        text = file.content.decode()
        hosts = set(re.findall(r"https?://[\w.]+", text)) - {"http://www.w3.org"}
        assert not {host for host in hosts if not host.endswith(".example")}, path
        assert not re.search(r"innerHTML|insertAdjacentHTML|outerHTML|document\.write|eval\(", text)
    page = FILES["/"].content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page)


def test_a_browser_keeps_all_but_the_page_itself(client: TestClient) -> None:
    for path, file in FILES.items():
        answer = client.get(path)
        assert answer.content == file.content
        caching = answer.headers["cache-control"]
        assert caching == "no-cache" if path == "/" else "immutable" in caching
        for known in (file.etag, f'"x", W/{file.etag}'):
            again = client.get(path, headers={"If-None-Match": known})
            assert (again.status_code, again.content) == (304, b"")
        assert client.get(path, headers={"If-None-Match": '"x"'}).status_code == 200
        assert client.head(path).headers["etag"] == file.etag


def test_another_content_has_another_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from maverick_assets.api.page import files

    folder = tmp_path / "static"
    folder.mkdir()
    (folder / "index.html").write_text("{{digest}}")
    (folder / "app.js").write_text("1")
    monkeypatch.setattr(files, "files", lambda _package: tmp_path)
    before = files.page_files()
    (folder / "app.js").write_text("2")
    (folder / "notes.txt").write_text("not of the page")
    after = files.page_files()
    assert len(before.keys() | after.keys()) == 3
    assert before["/"].content != after["/"].content


def test_the_policy_allows_this_server_alone(client: TestClient) -> None:
    policy = client.get("/").headers["content-security-policy"]
    for part in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"):
        assert part in policy.split("; ")
    assert "unsafe" not in policy
    assert "http" not in policy
