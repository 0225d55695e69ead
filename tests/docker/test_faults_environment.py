"""What the machine lacks: a daemon, an image, space, permission, a network. Each is said in words that help,
ends with the exit code of its kind, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import shutil
import socketserver
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from engine_images import image as engine_image
from fault_tools import Place, owned, says_without_listing, tree

pytestmark = pytest.mark.docker


@pytest.fixture(autouse=True)
def all_gone(place: Place, docker_daemon: Any) -> Iterator[None]:
    """Nothing in the engine."""
    yield
    assert owned(docker_daemon, place.path.parent) == {}


# --- the daemon ---


@pytest.mark.parametrize("engine", ["auto", "docker"])
def test_no_daemon(place: Place, tmp_path: Path, engine: str) -> None:
    before = place.steps("true").files()
    ended = place.run("--engine", engine, env={"DOCKER_HOST": f"unix://{tmp_path}/dead.sock"})
    ended.expect(
        4,
        "no container engine answers",
        "dead.sock",
        "there is no such socket",
        "DOCKER_HOST",
        "--engine host",
    )
    assert ended.seconds < 15
    assert place.files() == before


def test_a_socket_that_nobody_listens_on(place: Place, tmp_path: Path) -> None:
    import socket

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "dead.sock"))
    place.steps("true").run(env={"DOCKER_HOST": f"unix://{tmp_path}/dead.sock"}).expect(
        4, "no container engine answers", "Connection refused"
    )


def test_a_daemon_on_a_port_that_nobody_listens_on(place: Place) -> None:
    place.steps("true").run(env={"DOCKER_HOST": "tcp://127.0.0.1:1"}).expect(
        4, "no container engine answers", "tcp://127.0.0.1:1"
    )


def test_a_docker_host_that_is_no_address(place: Place) -> None:
    place.steps("true").run(env={"DOCKER_HOST": "nonsense"}).expect(4, "nonsense")


def test_a_docker_context_that_does_not_exist(place: Place) -> None:
    place.steps("true").run(env={"DOCKER_CONTEXT": "nowhere"}).expect(4, "docker context 'nowhere'")


class Daemon(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Answers like a daemon of our making."""

    daemon_threads = True
    answers: dict[str, Any]
    status = 200


class Handler(http.server.BaseHTTPRequestHandler):
    """One request to it."""

    server: Daemon

    def do_GET(self) -> None:
        name = self.path.rsplit("/", 1)[-1].partition("?")[0]
        known = name in self.server.answers
        body = json.dumps(self.server.answers.get(name, {"message": "page not found"})).encode()
        self.send_response(self.server.status if known else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_HEAD = do_DELETE = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def address_string(self) -> str:
        return "test"


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Starts daemons that answer what they are told; gives the address."""
    servers: list[Daemon] = []

    def start(answers: dict[str, Any], status: int = 200) -> str:
        path = tmp_path / f"d{len(servers)}.sock"
        server = Daemon(str(path), Handler)
        server.answers, server.status = answers, status
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"unix://{path}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_daemon_that_is_too_old(place: Place, daemon: Callable[..., str]) -> None:
    address = daemon(
        {"version": {"Version": "1.13.1", "ApiVersion": "1.26", "MinAPIVersion": "1.12"}, "_ping": "OK"}
    )
    ended = place.steps("true").run(env={"DOCKER_HOST": address})
    ended.expect(4, "too old", "1.26", "1.35", "Install Docker 17.12 or newer")
    assert not place.runs()


@pytest.mark.parametrize("answer", [{}, {"ApiVersion": "new"}, {"ApiVersion": None}, []], ids=str)
def test_a_daemon_that_answers_nonsense(place: Place, daemon: Callable[..., str], answer: Any) -> None:
    place.steps("true").run(env={"DOCKER_HOST": daemon({"version": answer})}).expect(4)


def test_a_daemon_that_is_ill(place: Place, daemon: Callable[..., str]) -> None:
    place.steps("true").run(env={"DOCKER_HOST": daemon({"version": {"message": "I am ill"}}, 500)}).expect(
        4, "I am ill"
    )


def test_a_daemon_that_can_do_nothing_but_say_its_version(place: Place, daemon: Callable[..., str]) -> None:
    """Every later request is refused: the job fails with its words."""
    address = daemon({"version": {"Version": "20.10", "ApiVersion": "1.41", "MinAPIVersion": "1.12"}})
    ended = place.steps("true").run(env={"DOCKER_HOST": address})
    ended.expect(1, "page not found")


# --- images ---


def test_an_image_that_is_not_there_and_may_not_be_pulled(place: Place) -> None:
    ended = place.steps("true").run("--pull", "never", image="local/nowhere:1")
    ended.expect(4, "local/nowhere:1", "is not on this machine")


def test_an_image_that_cannot_be_pulled(place: Place) -> None:
    """No registry answers under this name: it ends soon, with the daemon's words."""
    ended = place.steps("true", '- run: echo not-"this"').run("-v", image="127.0.0.1:1/nowhere:1")
    ended.expect(4, "127.0.0.1:1/nowhere:1", "connection refused")
    assert ended.seconds < 30
    assert not says_without_listing(ended.out, "not-this")


def test_the_image_of_a_container_that_cannot_be_pulled(place: Place) -> None:
    ended = place.steps("true", job="container: 127.0.0.1:1/nowhere:1").run("-v")
    ended.expect(4, "127.0.0.1:1/nowhere:1", "connection refused")


@pytest.mark.parametrize("name", ["UPPER/Case", "a b", "x:y:z", "--help", "a@sha256:1"])
def test_an_image_name_that_is_none(place: Place, name: str) -> None:
    ended = place.steps("true", job=f"container: {json.dumps(name)}").run("-v")
    ended.expect(4, name)


def test_an_image_without_tail(place: Place) -> None:
    """The runner needs it, so GitHub refuses too."""
    ended = place.steps("true", job=f"container: {engine_image('notail')}").run("-v")
    ended.expect(4, "can't host a job", "no `tail`", "coreutils or busybox")


def test_an_image_without_a_shell(place: Place) -> None:
    """It starts, as on GitHub, where each step then fails in docker's words."""
    ended = place.steps("true", job=f"container: {engine_image('nosh')}").run("-v")
    ended.expect(1, '"sh": executable file not found in $PATH')


def test_an_image_with_nothing(place: Place) -> None:
    ended = place.steps("true", job=f"container: {engine_image('empty')}").run("-v")
    ended.expect(4, "can't host a job")


@pytest.mark.parametrize("options", ["--nonsense", "--memory lots", "--user nobody-here", "--cpus -1", "'"])
def test_options_that_docker_refuses(place: Place, options: str) -> None:
    job = f"container:\n  image: actlite-standin/runner:1\n  options: {json.dumps(options)}"
    ended = place.steps("true", job=job).run("-v")
    ended.expect(1)
    assert "error" in ended.text.lower()


def test_a_volume_of_a_folder_that_is_not_there(place: Place, tmp_path: Path) -> None:
    """Docker's -v makes such a folder; whatever comes, the run ends well."""
    job = f"container:\n  image: actlite-standin/runner:1\n  volumes: ['{tmp_path}/new:/new', 'relative:/x']"
    ended = place.steps("ls -d /new", job=job).run("-v")
    ended.expect(ended.code)


# --- space ---


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Mounts small file systems; skips where that can't be done."""
    mounted: list[Path] = []

    def mount(folder: Path, size: str, inodes: int = 0) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        options = f"size={size}" + (f",nr_inodes={inodes}" if inodes else "")
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            pytest.skip(f"a small disk can't be mounted here: {done.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield mount
    for folder in reversed(mounted):
        subprocess.run(["umount", "-l", str(folder)], check=False)


NO_SPACE = "No space left on device"


def test_no_space_for_a_run(place: Place, small_disk: Callable[..., Path]) -> None:
    folder = small_disk(place.path / ".actlite", "64k")
    place.steps("true")
    with open(folder / "fill", "wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 4096):
            pass
    ended = place.run()
    ended.expect(4, "space left", str(folder))
    assert "Free some space" in ended.text or "Free" in ended.text


def test_the_disk_fills_while_the_journal_is_written(place: Place, small_disk: Callable[..., Path]) -> None:
    """A journal must never stop a run: it is said once, the run goes on, the console has everything."""
    small_disk(place.path / ".actlite", "512k")
    place.steps("seq 200000", "- run: true", 'echo last-"step"')
    ended = place.run("-v")
    assert ended.code in (0, 1, 4)
    ended.expect(ended.code, "journal of this run is not complete", NO_SPACE)
    assert "200000" in ended.out.splitlines()
    assert ended.err.count("is not complete") == 1


def test_the_disk_fills_by_a_step_before_the_next_script(
    place: Place, small_disk: Callable[..., Path]
) -> None:
    small_disk(place.path / ".actlite", "1m")
    place.steps(
        'cat /dev/zero > "$RUNNER_TEMP"/fill || true',
        "echo " + "x" * 9000,
        '- run: rm "$RUNNER_TEMP"/fill\n  if: always()',
    )
    ended = place.run("-v")
    ended.expect(4, "space left", str(place.path / ".actlite"))
    assert not (place.path / ".actlite" / "runs" / "1" / "work").exists()


def test_the_disk_fills_at_the_checkout(place: Place, small_disk: Callable[..., Path]) -> None:
    small_disk(place.path / ".actlite", "1m")
    (place.path / "big.bin").write_bytes(os.urandom(3_000_000))
    place.steps("- uses: actions/checkout@v4", "true")
    before = place.files()
    place.run("-v").expect(1, NO_SPACE)
    assert place.files() == before


def test_the_disk_fills_by_changed_files_at_the_checkout(
    place: Place, small_disk: Callable[..., Path]
) -> None:
    small_disk(place.path / ".actlite", "1m")
    place.steps("- uses: actions/checkout@v4", "true")
    (place.path / "big.bin").write_bytes(os.urandom(3_000_000))
    place.run("-v").expect(4, "space left", str(place.path / ".actlite"))


def test_no_inodes_left(place: Place, small_disk: Callable[..., Path]) -> None:
    small_disk(place.path / ".actlite", "4m", inodes=60)
    place.steps('for i in $(seq 100); do echo > "f$i" || true; done 2>/dev/null', "echo next")
    ended = place.run("-v")
    ended.expect(4, "space left")


def test_no_space_for_the_node(place: Place, tmp_path: Path, small_disk: Callable[..., Path]) -> None:
    """The cache's disk is full when a node build is put there."""
    cache = small_disk(tmp_path / "cache", "256k")
    place.steps("- uses: actions/checkout@v4")
    ended = place.run("-v", env={"ACTLITE_CACHE": str(cache)})
    ended.expect(4)
    assert (
        "no space left" in ended.text.lower() or "can't be had" in ended.text or "could not be" in ended.text
    )


def test_no_space_for_a_report(place: Place, tmp_path: Path, small_disk: Callable[..., Path]) -> None:
    """The run goes on; that the report is missing is said."""
    folder = small_disk(tmp_path / "reports", "16k")
    place.steps("seq 20000")
    for kind in ("events", "json"):
        ended = place.run("--report", f"{kind}={folder}/{kind}")
        assert ended.code in (0, 1, 4)
        ended.expect(ended.code)
        if kind == "events":
            assert "No space left" in ended.err


# --- permissions and names ---


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Callable[[Path], None]]:
    """Makes folders read-only, for root too, by a bind mount."""
    mounted: list[Path] = []

    def make(folder: Path) -> None:
        for command in (["mount", "--bind"], ["mount", "-o", "remount,ro,bind"]):
            done = subprocess.run(
                [*command, *([str(folder)] if command[1] == "--bind" else []), str(folder)],
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
            if command[1] == "--bind":
                mounted.append(folder)

    yield make
    for folder in reversed(mounted):
        subprocess.run(["umount", "-l", str(folder)], check=False)


def test_a_read_only_repository(place: Place, read_only: Callable[[Path], None]) -> None:
    before = place.steps("true").files()
    read_only(place.path)
    ended = place.run()
    ended.expect(4, "Read-only file system", ".actlite")
    assert place.files() == before


def test_an_actlite_that_is_a_file(place: Place) -> None:
    place.steps("true")
    (place.path / ".actlite").write_text("mine")
    ended = place.run()
    ended.expect(4, ".actlite")
    assert (place.path / ".actlite").read_text() == "mine"


@pytest.mark.parametrize(
    "name",
    [
        "a folder with spaces",
        "Ünïcödé-ж-漢字",
        "quote'and\"double",
        "dollar$HOME`id`",
        "semi;colon&amp",
        "comma,colon",
    ],
)
def test_odd_names_of_the_repository_folder(tmp_path: Path, place: Place, name: str) -> None:
    odd = Place(tmp_path / "sub" / name)
    odd.steps(
        "- uses: actions/checkout@v4",
        "ls -A; test -f README.md; echo a=b >> $GITHUB_OUTPUT; pwd",
        "- uses: ./own",
        job="container: actlite-standin/runner:1",
    )
    odd.write(
        "own/action.yml", "runs: {using: composite, steps: [{run: 'echo own-\"action\"', shell: sh}]}\n"
    )
    odd.commit()
    before = odd.files()
    ended = odd.run("-v").expect(0)
    assert says_without_listing(ended.out, "own-action")
    assert odd.files() == before


def test_a_colon_in_the_repository_folder(tmp_path: Path, place: Place) -> None:
    """Docker's -v can't name it, its API's mounts can."""
    odd = Place(tmp_path / "with:colon").steps('echo he"re"')
    ended = odd.run("-v")
    ended.expect(ended.code)
    assert ended.code == 0 or "colon" in ended.text


@pytest.mark.parametrize("name", ["my workflow.yml", "wörk 'flow'.yaml", "a$b.yml"])
def test_odd_names_of_workflow_files(place: Place, name: str) -> None:
    file = f".github/workflows/{name}"
    place.steps('echo "$GITHUB_WORKFLOW"; echo "$GITHUB_WORKFLOW_REF"', name=file)
    ended = place.run("-v", "-W", file).expect(0)
    assert says_without_listing(ended.out, file)


def test_a_folder_that_is_no_repository(place: Place, tmp_path: Path) -> None:
    shutil.rmtree(place.path / ".git")
    before = tree(place.path)
    place.write(
        ".github/workflows/x.yml", "on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: echo}]}}\n"
    )
    ended = place.run("-v")
    ended.expect(ended.code)
    assert ended.code in (0, 2, 4, 5)
    assert set(before) <= set(tree(place.path))


def test_a_repository_without_commits(place: Place) -> None:
    shutil.rmtree(place.path / ".git")
    place.git("init", "-q")
    place.write(
        ".github/workflows/x.yml", "on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: echo}]}}\n"
    )
    ended = place.run("-v")
    ended.expect(ended.code)
    assert ended.code in (0, 2, 4, 5)


def test_no_git(place: Place, tmp_path: Path) -> None:
    place.steps("- uses: actions/checkout@v4")
    (tmp_path / "bin").mkdir()
    ended = place.run("-v", env={"PATH": str(tmp_path / "bin")})
    ended.expect(ended.code, "git")
    assert ended.code in (1, 2, 4, 5)


# --- actions ---


def test_a_remote_action_without_a_network(place: Place, tmp_path: Path) -> None:
    place.steps("- uses: nobody/nothing@v1", "- run: true")
    ended = place.run(
        "-v",
        env={
            "ACTLITE_CACHE": str(tmp_path / "cache"),
            "https_proxy": "http://127.0.0.1:1",
            "HTTPS_PROXY": "http://127.0.0.1:1",
        },
    )
    ended.expect(4, "nobody/nothing@v1", "--action")
    assert ended.seconds < 30


def test_a_remote_action_offline(place: Place, tmp_path: Path) -> None:
    place.steps("- uses: nobody/nothing@v1")
    ended = place.run("-v", "--offline", env={"ACTLITE_CACHE": str(tmp_path / "cache")})
    ended.expect(4, "nobody/nothing@v1", "offline")


@pytest.mark.parametrize("uses", ["./nowhere", "./.github/actions/x", "./README.md"])
def test_a_local_action_that_is_not_there(place: Place, uses: str) -> None:
    place.steps("- uses: actions/checkout@v4", f"- uses: {uses}")
    place.run("-v").expect(
        1, "Can't find 'action.yml', 'action.yaml' or 'Dockerfile'", "Did you forget to run actions/checkout"
    )


def test_a_local_action_before_the_checkout(place: Place) -> None:
    place.write("own/action.yml", "runs: {using: composite, steps: []}\n")
    place.steps("- uses: ./own").run("-v").expect(1, "Did you forget to run actions/checkout")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "own"),
        ("runs: [", "own"),
        ("runs: {using: node99, main: x.js}", "node99"),
        ("runs: {using: composite, steps: [{run: echo}]}", "shell"),
        ("runs: {using: composite, stepz: []}", "stepz"),
        ("name: x", "runs"),
        ("\x00\xff", "own"),
    ],
    ids=["empty", "cut", "node99", "no-shell", "unknown-key", "no-runs", "binary"],
)
def test_a_local_action_that_is_wrong(place: Place, text: str, words: str) -> None:
    place.write("own/action.yml", text)
    place.steps("- uses: actions/checkout@v4", "- uses: ./own").run("-v").expect(1, words)


def test_an_action_that_calls_itself(place: Place) -> None:
    place.write("own/action.yml", "runs: {using: composite, steps: [{uses: ./own}]}\n")
    ended = place.steps("- uses: actions/checkout@v4", "- uses: ./own").run("-v")
    ended.expect(1, "own")
    assert ended.seconds < 30


def test_a_node_action_whose_script_is_missing(place: Place) -> None:
    place.write("own/action.yml", "runs: {using: node20, main: nowhere.js}\n")
    place.steps("- uses: actions/checkout@v4", "- uses: ./own").run("-v").expect(1, "nowhere.js")
