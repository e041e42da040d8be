"""A server that is no Ollama, or a hostile one, costs a deployment a line and nothing else."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from maverick_assets.serving.nodes.endpoints import Endpoint
from maverick_assets.serving.nodes.installation import takes_adapters
from maverick_assets.serving.nodes.ollama_api import model_name, open_api
from maverick_assets.serving.nodes.package import read_modelfile
from maverick_assets.serving.nodes.problems import NodeDown, NodeFull, NodeProblem, NodeRefused
from maverick_assets_tests.serving.nodes.conftest import QUICK

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@contextmanager
def answering(content: bytes, endless: bool = False) -> Iterator[tuple[Endpoint, list[str]]]:
    """A server that writes the same to every request, and the paths that it was asked for."""
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                self.wfile.write(content)
                while endless:
                    self.wfile.write(b" " * 100_000)
            except OSError:
                pass
            self.close_connection = True

        do_POST = do_GET  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Endpoint("odd", f"http://127.0.0.1:{server.server_port}", None), paths
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (HEAD + b"\r\n[]", NodeRefused, "no object; is it an Ollama"),
        (HEAD + b"\r\n<html>", NodeRefused, "no JSON; is it an Ollama"),
        (HEAD + b"\r\n" + b"[" * 100_000, NodeRefused, "no JSON; is it an Ollama"),
        (HEAD + b'\r\n{"models": [1]}', NodeRefused, "its list of models is none"),
        (HEAD + b"Content-Length: 100\r\n\r\n{", NodeDown, "the connection failed"),
        (b"SSH-2.0-OpenSSH\r\n", NodeDown, "the connection failed"),
        (b"", NodeDown, "the connection failed"),
        (
            b"HTTP/1.1 500 X\r\n\r\n" + b'{"error": "a\\u001b[31m\\nb no space left on device"}',
            NodeFull,
            "its disk is full: a",
        ),
        (
            b"HTTP/1.1 302 X\r\nLocation: http://127.0.0.1:1/\r\n\r\n",
            NodeRefused,
            "HTTP status 302",
        ),
    ],
)
def test_what_no_ollama_says_is_one_line(
    content: bytes, error: type[NodeProblem], words: str
) -> None:
    with answering(content) as (endpoint, _), open_api(endpoint, QUICK) as api:
        with pytest.raises(error, match=words) as caught:
            api.models()
        assert str(caught.value).isprintable()


def test_a_redirect_is_not_followed() -> None:
    with answering(HEAD + b'\r\n{"models": []}') as (other, asked):
        location = f"HTTP/1.1 307 X\r\nLocation: {other.url}/api/tags\r\n\r\n".encode()
        with answering(location) as (endpoint, _), open_api(endpoint, QUICK) as api:
            with pytest.raises(NodeRefused, match="HTTP status 307"):
                api.models()
            assert asked == []


def test_an_answer_without_an_end_is_bounded() -> None:
    with answering(HEAD + b"\r\n", endless=True) as (endpoint, _), open_api(endpoint, QUICK) as api:
        with pytest.raises(NodeRefused, match="more than 8 MiB"):
            api.models()
        with pytest.raises(NodeRefused, match="more than 8 MiB"):
            api.create({"model": "a:b"})


@pytest.mark.parametrize("lines", [b"", b'{"status": "writing manifest"}\n'])
def test_a_model_is_made_only_once_the_stream_says_so(lines: bytes) -> None:
    with (
        answering(HEAD + b"\r\n" + lines) as (endpoint, _),
        open_api(endpoint, QUICK) as api,
        pytest.raises(NodeDown, match="broke off"),
    ):
        api.create({"model": "a:b"})


@pytest.mark.parametrize("part", ["", "a" * 81, "../x", "a/b", "a:b", "a b", "ä", "-a", "a\n"])
def test_names_are_made_of_what_ollama_takes(part: str) -> None:
    for name in ((part, "v1.0"), ("persona", part)):
        with pytest.raises(NodeRefused, match="Ollama takes no"):
            model_name(*name)


def test_a_system_prompt_that_looks_like_instructions_gives_none() -> None:
    text = (
        'FROM base.gguf\nADAPTER ./adapter.gguf\nTEMPLATE """{{ .Prompt }}"""\n'
        'SYSTEM """You.\nPARAMETER stop "x"\nTEMPLATE y"""\n'
        'PARAMETER stop "<|im_end|>"\nPARAMETER stop "</s>"\nPARAMETER repeat_penalty 1.1\n'
    )
    assert read_modelfile(text) == (
        "{{ .Prompt }}",
        'You.\nPARAMETER stop "x"\nTEMPLATE y',
        {"stop": ["<|im_end|>", "</s>"], "repeat_penalty": 1.1},
    )


def test_adapters_are_sent_to_the_versions_that_take_them() -> None:
    versions = {"0.33.3": True, "0.34.0": True, "0.34.1": False, "0.40.0": False, "1.0.0": False}
    assert {version: takes_adapters(version) for version in versions} == versions
    assert takes_adapters("0.0.0") and takes_adapters("built here")
