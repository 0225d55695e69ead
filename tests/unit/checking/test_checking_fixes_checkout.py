"""The script in the place of actions/checkout, run by a shell: what it fetches, and to whom the token goes."""

from __future__ import annotations

import base64
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from actlite.checking.fixes.checkout_step import Settings, script

TOKEN = "token-of-the-test"


class Handler(BaseHTTPRequestHandler):
    """git's own program for serving repositories; ``private`` ones ask for the token."""

    root: Path
    seen: list[str]

    def do_GET(self) -> None:
        self.serve(b"")

    def do_POST(self) -> None:
        self.serve(self.rfile.read(int(self.headers["Content-Length"])))

    def serve(self, body: bytes) -> None:
        given = self.headers.get("Authorization", "")
        self.seen.append(f"{self.path.split('/')[1]} {given}")
        wanted = "Basic " + base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
        if self.path.startswith("/private/") and given != wanted:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="test"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        env = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
        }
        done = subprocess.run(["git", "http-backend"], input=body, env=env, capture_output=True, check=True)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Nothing is logged."""


@pytest.fixture
def site(tmp_path: Path, git_repository: Callable[..., Any]) -> Iterator[tuple[str, list[str], str]]:
    """A server with the repositories open/project and private/project: address, requests, commit of the tag v1."""
    source = git_repository({"README.md": "one\n"})
    commit = source.commit({"README.md": "two\n"}, tag="v1")
    source.commit({"README.md": "three\n"})
    for owner in ("open", "private"):
        folder = tmp_path / "site" / owner / "project"
        folder.parent.mkdir(parents=True)
        source.git("clone", "-q", "--bare", ".", str(folder))
    handler = type("Own", (Handler,), {"root": tmp_path / "site", "seen": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", handler.__dict__["seen"], commit
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def checkout(
    tmp_path: Path,
    site: str,
    sha: str,
    wanted: Settings,
    repository: str,
    ref: str = "refs/heads/main",
    **more: str,
) -> subprocess.CompletedProcess[str]:
    workspace = tmp_path / "workspace"
    workspace.mkdir(exist_ok=True)
    (tmp_path / "home").mkdir(exist_ok=True)
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "home"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GITHUB_WORKSPACE": str(workspace),
        "GITHUB_SERVER_URL": site,
        "GITHUB_REPOSITORY": repository,
        "GITHUB_SHA": sha,
        "GITHUB_REF": ref,
        **more,
    }
    return subprocess.run(
        ["sh", "-e", "-c", script(wanted)], env=env, cwd="/", capture_output=True, text=True, check=False
    )


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_private_repository_gets_the_token(tmp_path: Path, site: tuple[str, list[str], str]) -> None:
    address, seen, commit = site
    done = checkout(tmp_path, address, commit, Settings(), "private/project", "refs/tags/v1", TOKEN=TOKEN)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "workspace/README.md").read_text() == "two\n"
    assert git(tmp_path / "workspace", "tag", "--points-at", "HEAD") == "v1"
    assert git(tmp_path / "workspace", "rev-list", "--count", "HEAD") == "1"
    assert any(line.startswith("private Basic ") for line in seen)
    assert TOKEN not in done.stdout + done.stderr
    left = [path for path in (tmp_path / "workspace/.git").rglob("*") if path.is_file()]
    assert all(TOKEN.encode() not in path.read_bytes() for path in left)


def test_an_open_one_is_never_sent_it(tmp_path: Path, site: tuple[str, list[str], str]) -> None:
    address, seen, commit = site
    done = checkout(tmp_path, address, commit, Settings(depth=0), "open/project", TOKEN=TOKEN)
    assert done.returncode == 0, done.stderr
    assert git(tmp_path / "workspace", "rev-list", "--count", "HEAD") == "2"
    assert git(tmp_path / "workspace", "rev-parse", "origin/main")
    assert seen
    assert all(line == "open " for line in seen)


def test_a_wrong_token_fails(tmp_path: Path, site: tuple[str, list[str], str]) -> None:
    address, _, commit = site
    done = checkout(tmp_path, address, commit, Settings(), "private/project", TOKEN="wrong")
    assert done.returncode != 0
    assert "Authentication failed" in done.stderr


def test_another_repository_ref_and_folder(tmp_path: Path, site: tuple[str, list[str], str]) -> None:
    address, _, _ = site
    wanted = Settings({"repository": "open/project", "ref": "v1", "path": "sub"})
    more = {"TOKEN": TOKEN, "REPOSITORY": "open/project", "REF": "v1", "FOLDER": "sub"}
    done = checkout(tmp_path, address, "0" * 40, wanted, "some/other", **more)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "workspace/sub/README.md").read_text() == "two\n"


def test_an_empty_ref_is_the_commit_of_the_event(tmp_path: Path, site: tuple[str, list[str], str]) -> None:
    address, _, commit = site
    wanted = Settings({"ref": "${{ github.event.inputs.sha }}"})
    done = checkout(tmp_path, address, commit, wanted, "open/project", "refs/tags/v1", TOKEN=TOKEN, REF="")
    assert done.returncode == 0, done.stderr
    assert git(tmp_path / "workspace", "rev-parse", "HEAD") == commit
    assert git(tmp_path / "workspace", "tag") == "v1"
