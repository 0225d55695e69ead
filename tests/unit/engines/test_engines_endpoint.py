"""Which daemon is meant: variables, contexts, sockets."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from actlite.engines import select
from actlite.engines.docker.client import connect
from actlite.engines.docker.endpoint import endpoints
from actlite.errors import EngineUnavailable, UsageError


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "docker-config"
    folder.mkdir()
    return folder


def add_context(config: Path, name: str, host: str, tls: bool = False) -> None:
    digest = hashlib.sha256(name.encode()).hexdigest()
    meta = config / "contexts/meta" / digest
    meta.mkdir(parents=True)
    (meta / "meta.json").write_text(
        json.dumps({"Name": name, "Endpoints": {"docker": {"Host": host, "SkipTLSVerify": tls}}})
    )
    if tls:
        folder = config / "contexts/tls" / digest / "docker"
        folder.mkdir(parents=True)
        for file in ("ca.pem", "cert.pem", "key.pem"):
            (folder / file).write_text("x")


def test_without_settings_the_usual_sockets_are_tried(config: Path) -> None:
    found = endpoints(None, {"DOCKER_CONFIG": str(config), "XDG_RUNTIME_DIR": "/run/user/7"})
    assert [e.host for e in found] == [
        "unix:///var/run/docker.sock",
        "unix:///run/user/7/docker.sock",
        "unix:///run/user/7/podman/podman.sock",
        "unix:///run/podman/podman.sock",
    ]


def test_order_of_docker_s_settings(config: Path) -> None:
    add_context(config, "far", "ssh://far")
    add_context(config, "near", "unix:///near.sock")
    (config / "config.json").write_text(json.dumps({"currentContext": "near"}))
    base = {"DOCKER_CONFIG": str(config)}
    assert [e.host for e in endpoints(None, base)] == ["unix:///near.sock"]
    assert [e.host for e in endpoints(None, {**base, "DOCKER_CONTEXT": "far"})] == ["ssh://far"]
    assert [
        e.host for e in endpoints(None, {**base, "DOCKER_CONTEXT": "far", "DOCKER_HOST": "tcp://h:1"})
    ] == ["tcp://h:1"]
    assert [e.host for e in endpoints("unix:///given", {**base, "DOCKER_HOST": "tcp://h:1"})] == [
        "unix:///given"
    ]
    assert len(endpoints(None, {**base, "DOCKER_CONTEXT": "default"})) == 4


def test_tls_of_variables_and_contexts(config: Path) -> None:
    certificates = config / "certs"
    certificates.mkdir()
    (certificates / "ca.pem").write_text("x")
    environ = {"DOCKER_HOST": "tcp://h:2376", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(certificates)}
    [found] = endpoints(None, environ)
    assert (found.tls, found.verify, found.ca, found.cert) == (True, True, str(certificates / "ca.pem"), "")
    assert not endpoints(None, {"DOCKER_HOST": "unix:///s", "DOCKER_TLS_VERIFY": "1"})[0].tls
    add_context(config, "secure", "tcp://h:2376", tls=True)
    [found] = endpoints(None, {"DOCKER_CONFIG": str(config), "DOCKER_CONTEXT": "secure"})
    assert (found.tls, found.verify) == (True, False)
    assert found.key.endswith("key.pem")


@pytest.mark.parametrize("content", ["{", "[1]", '{"currentContext": "gone"}', '{"currentContext": 5}'])
def test_broken_settings(config: Path, content: str) -> None:
    (config / "config.json").write_text(content)
    environ = {"DOCKER_CONFIG": str(config)}
    if content in ("[1]", '{"currentContext": 5}'):
        assert len(endpoints(None, environ)) == 4
        return
    with pytest.raises(EngineUnavailable) as error:
        endpoints(None, environ)
    assert "DOCKER_HOST" in error.value.do


def test_nobody_answers(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable) as error:
        connect(None, {"DOCKER_HOST": f"unix://{tmp_path}/none.sock"})
    assert "there is no such socket" in error.value.why
    assert "docker.io" in error.value.do
    dead = tmp_path / "dead.sock"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(dead))
    listener.close()
    with pytest.raises(EngineUnavailable) as error:
        connect(f"unix://{dead}", {})
    assert "Connection refused" in error.value.why
    with pytest.raises(EngineUnavailable):
        connect("nonsense://x", {})


@pytest.fixture
def daemon() -> Iterator[tuple[str, dict[str, object]]]:
    """A daemon that knows only its version."""
    answer: dict[str, object] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"tcp://127.0.0.1:{server.server_port}", answer
    server.shutdown()
    server.server_close()


def test_daemon_too_old(daemon: tuple[str, dict[str, object]]) -> None:
    host, answer = daemon
    answer.update(ApiVersion="1.30", Version="17.06")
    with pytest.raises(EngineUnavailable, match=r"too old: its API is 1\.30, at least 1\.35"):
        connect(host, {})


def test_newer_and_podman_daemons(daemon: tuple[str, dict[str, object]]) -> None:
    host, answer = daemon
    answer.update(ApiVersion="1.99", Components=[{"Name": "Podman Engine"}])
    connection = connect(host, {})
    assert connection.podman
    assert not connection.local
    assert connection.api.api_version == "1.47"
    connection.api.close()


def test_something_else_listens(daemon: tuple[str, dict[str, object]]) -> None:
    host, answer = daemon
    answer.update(hello="world")
    with pytest.raises(EngineUnavailable):
        connect(host, {})


def test_unknown_kind_of_engine() -> None:
    with pytest.raises(UsageError, match="no engine 'lxc'"):
        select.select("lxc")
    assert select.select("host").name == "host"


def test_podman_that_is_missing_or_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineUnavailable, match="not installed"):
        select.select("podman")
    program = tmp_path / "podman"
    program.write_text("#!/bin/sh\necho broken storage >&2; exit 125\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(EngineUnavailable, match="does not start") as error:
        select.select("podman", folder=tmp_path / "run")
    assert "broken storage" in error.value.why
