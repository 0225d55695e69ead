"""Podman made like docker, and its service, which ends with the program that started it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import docker.errors
import pytest

from actlite.engines import select
from actlite.engines.docker import containers
from actlite.engines.docker.create import CreateRequest
from actlite.engines.docker.likeness import like_docker, name_services
from actlite.engines.docker.podman import service
from actlite.errors import EngineUnavailable

STANDS_IN = '#!/bin/sh\nsocket=${4#unix://}\necho $$ >"${0%/*}/pid"\n: >"$socket"\nexec sleep 60\n'


def made(env: tuple[str, ...] = (), image: dict[str, str] | None = None, **host: Any) -> CreateRequest:
    request = CreateRequest("image", "name", host=dict(host))
    for item in env:
        request.env(item)
    like_docker(request, image or {})
    return request


def test_what_docker_gives_unasked() -> None:
    request = made()
    assert set(request.host["CapAdd"]) == {"AUDIT_WRITE", "MKNOD", "NET_RAW"}
    assert request.host["PidsLimit"] == -1
    assert request.config["Env"] == ["TERM="]


def test_options_of_the_workflow_stand() -> None:
    assert made(CapDrop=["CAP_NET_RAW"]).host["CapAdd"] == ["AUDIT_WRITE", "MKNOD"]
    assert "CapAdd" not in made(CapDrop=["all"]).host
    assert "CapAdd" not in made(Privileged=True).host
    request = made(CapAdd=["SYS_ADMIN"], PidsLimit=9)
    assert "SYS_ADMIN" in request.host["CapAdd"]
    assert request.host["PidsLimit"] == 9


def test_a_bare_name_never_takes_the_value_of_podmans_own_process() -> None:
    request = made(("A=1", "SECRET", "OF_IMAGE", "TERM"), {"OF_IMAGE": "x"})
    assert request.config["Env"] == ["TERM=", "A=1", "OF_IMAGE="]


def test_a_term_that_somebody_sets_stays() -> None:
    assert made(("TERM=dumb",)).config["Env"] == ["TERM=dumb"]
    assert made((), {"TERM": "linux"}).config["Env"] == []


class Api:
    """An engine without an init program, with two containers on a network."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[Any] = []
        self.folder = folder

    def create_container_from_config(self, body: dict[str, Any], name: str, platform: str | None) -> Any:
        init = body["HostConfig"].get("Init")
        self.asked.append(init)
        if init:
            raise docker.errors.APIError("500", explanation="container-init binary not found on the host")
        return {"Id": "c"}

    def inspect_network(self, name: str) -> Any:
        return {"Containers": {"job": {}, "db": {}}}

    def inspect_container(self, id: str) -> Any:
        address = {"job": "10.0.0.2", "db": "10.0.0.3"}[id]
        return {
            "HostsPath": str(self.folder / id),
            "NetworkSettings": {"Networks": {"net": {"IPAddress": address}}},
        }


def test_an_engine_without_init_is_asked_once(tmp_path: Path) -> None:
    api: Any = Api(tmp_path)
    for _ in range(2):
        assert containers.create(api, CreateRequest("image", "name", host={"Init": True})) == "c"
    assert api.asked == [True, False, False]


def test_several_containers_that_are_refused_limits_at_once(tmp_path: Path) -> None:
    class Narrow(Api):
        def start(self, id: str) -> None:
            self.asked.append(id)
            limits = self.body["HostConfig"].get("Ulimits") or ()
            if {"nofile", "nproc"} - {limit["Name"] for limit in limits}:
                raise docker.errors.APIError("500", explanation="error setting rlimit type 7")

        def create_container_from_config(self, body: dict[str, Any], name: str, platform: str | None) -> Any:
            self.body = body
            return {"Id": name}

        def remove_container(self, id: str, v: bool, force: bool) -> None:
            pass

    api: Any = Narrow(tmp_path)
    own = {"Name": "nofile", "Soft": 5, "Hard": 5}
    first, second = CreateRequest("image", "first"), CreateRequest("image", "second", host={"Ulimits": [own]})
    late = CreateRequest("image", "late")
    containers.create(api, late)  # before the first one has failed
    assert containers.create_and_start(api, first) == "first"
    assert containers.create_and_start(api, second) == "second"
    assert api.body["HostConfig"]["Ulimits"][0] == own
    assert containers.create_and_start(api, late) == "late"
    assert api.asked == ["first", "first", "second", "late"]


def test_services_get_names_where_the_file_of_a_container_is_here(tmp_path: Path) -> None:
    (tmp_path / "job").write_text("127.0.0.1 localhost\n")
    api: Any = Api(tmp_path)
    name_services(api, "net", {"postgres": "db", "gone": "x"})
    assert (tmp_path / "job").read_text() == "127.0.0.1 localhost\n10.0.0.3\tpostgres\n"
    assert not (tmp_path / "db").exists()


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Something that listens nowhere in podman's place."""
    found = tmp_path / "podman"
    found.write_text(STANDS_IN)
    found.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


def test_the_service_is_stopped(program: Path, tmp_path: Path) -> None:
    socket, stop = service(tmp_path / "run")
    pid = int((tmp_path / "pid").read_text())
    assert alive(pid)
    stop()
    assert not alive(pid)
    assert not socket.exists()


def test_the_service_ends_with_a_killed_program(program: Path, tmp_path: Path) -> None:
    script = "import os; from actlite.engines.docker.podman import service; print(service(None)[0], flush=True); os.kill(os.getpid(), 9)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    socket = Path(done.stdout.strip())
    assert socket.name == "podman.sock", done.stderr
    deadline = time.monotonic() + 10
    pid = int((tmp_path / "pid").read_text())
    while (socket.parent.exists() or alive(pid)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not socket.parent.exists()
    assert not alive(pid)


def test_a_docker_host_that_does_not_answer_is_no_podman(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none")
    with pytest.raises(EngineUnavailable, match="no container engine answers"):
        select.select("podman", folder=tmp_path / "run")
    assert not (tmp_path / "run" / "podman.sock").exists()
    assert not alive(int((tmp_path / "pid").read_text()))
