"""scripts/docker.sh and scripts/setup.sh with made-up commands: what they do on machines that are not this one."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[3] / "scripts"
REAL = ("sh", "cat", "cksum", "chmod", "dirname", "env", "find", "grep", "id", "mkdir", "nohup", "rm", "setsid", "sleep", "tail", "touch")  # fmt: skip

DOCKER = 'test -e "$STATE/answers"'
"""The client: the daemon answers when this file is there."""

APT_INSTALLS_DOCKER = """
echo "apt-get $*" >>"$STATE/calls"
case "$*" in
    *install*docker.io*) mv "$STATE/dockerd" "$BIN/dockerd"; mv "$STATE/docker" "$BIN/docker" ;;
esac
"""


class Machine:
    """A folder with the only commands that a script finds."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "checkout"
        self.state = folder / "state"
        self.bin = folder / "bin"
        for path in (self.root / "scripts", self.state, self.bin, folder / "tmp", folder / "run"):
            path.mkdir(parents=True)
        for script in SCRIPTS.glob("*.sh"):
            shutil.copy(script, self.root / "scripts")
        for name in REAL:
            found = shutil.which(name)
            assert found is not None, name
            (self.bin / name).symlink_to(found)
        self.has("id", 'if [ "$1" = -un ]; then echo somebody; else echo ${FAKE_UID:-0}; fi')
        self.has("mount", "true")
        self.has("mv", 'exec /bin/mv "$@"')
        self.environment = {
            "PATH": str(self.bin),
            "BIN": str(self.bin),
            "STATE": str(self.state),
            "TMPDIR": str(folder / "tmp"),
            "HOME": str(folder),
            "ACTLITE_SBIN": "",
            "ACTLITE_RUN_FOLDER": str(folder / "run"),
            "ACTLITE_DOCKER_FOLDER": str(folder / "lib"),
            "ACTLITE_INIT_FOLDER": str(folder / "init"),
        }

    def has(self, name: str, script: str, *, folder: Path | None = None) -> None:
        path = (folder or self.bin) / name
        if path.is_symlink():
            path.unlink()
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def run(self, script: str, *arguments: str, **environment: str) -> tuple[int, str]:
        done = subprocess.run(
            ["/bin/sh", self.root / "scripts" / script, *arguments],
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.returncode, done.stdout + done.stderr

    def calls(self) -> list[str]:
        path = self.state / "calls"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


class TestEngine:
    def test_a_daemon_that_answers_is_used_as_it_is(self, machine: Machine) -> None:
        machine.has("docker", "exit 0")
        machine.has("apt-get", 'echo called >>"$STATE/calls"')
        machine.has("dockerd", 'echo called >>"$STATE/calls"')
        assert machine.run("docker.sh") == (0, "")
        assert machine.calls() == []

    def test_docker_host_is_never_replaced(self, machine: Machine) -> None:
        machine.has("docker", "exit 1")
        machine.has("apt-get", 'echo called >>"$STATE/calls"')
        code, text = machine.run("docker.sh", DOCKER_HOST="tcp://far:2375")
        assert code == 4
        assert "tcp://far:2375" in text
        assert machine.calls() == []

    def test_podman_is_left_to_actlite(self, machine: Machine) -> None:
        machine.has("podman", "exit 0")
        code, text = machine.run("docker.sh")
        assert code == 0
        assert "podman is installed" in text

    def test_podman_does_not_do_where_docker_is_asked_for(self, machine: Machine) -> None:
        machine.has("podman", "exit 0")
        machine.has("docker", DOCKER)
        machine.has("dockerd", 'echo dockerd >>"$STATE/calls"; touch "$STATE/answers"')
        code, text = machine.run("docker.sh", "docker")
        assert code == 0, text
        assert machine.calls() == ["dockerd"]

    def test_a_number_that_another_process_has_by_now(self, machine: Machine) -> None:
        run = Path(machine.environment["ACTLITE_RUN_FOLDER"])
        containerd = run / "docker" / "containerd" / "containerd.pid"
        containerd.parent.mkdir(parents=True)
        for path in (run / "docker.pid", containerd):
            path.write_text(str(os.getpid()))
        machine.has("docker", DOCKER)
        machine.has("dockerd", f'cd {run}; ls -R >>"$STATE/calls"; touch "$STATE/answers"')
        machine.has("ls", 'exec /bin/ls "$@"')
        code, text = machine.run("docker.sh")
        assert code == 0, text
        assert machine.calls()
        assert not [line for line in machine.calls() if line.endswith(".pid")]

    def test_no_apt_and_no_engine(self, machine: Machine) -> None:
        code, text = machine.run("docker.sh")
        assert code == 4
        assert "Install Docker or podman" in text

    def test_neither_root_nor_sudo(self, machine: Machine) -> None:
        machine.has("apt-get", 'echo called >>"$STATE/calls"')
        code, text = machine.run("docker.sh", FAKE_UID="1000")
        assert code == 4
        assert "without root" in text
        assert machine.calls() == []

    def test_installed_and_started(self, machine: Machine) -> None:
        machine.has("apt-get", APT_INSTALLS_DOCKER)
        machine.has("dpkg-query", "exit 1")
        machine.has("systemctl", 'touch "$STATE/answers"')
        machine.has("docker", DOCKER, folder=machine.state)
        machine.has(
            "dockerd", 'echo "dockerd $*" >>"$STATE/calls"; touch "$STATE/answers"', folder=machine.state
        )
        code, text = machine.run("docker.sh")
        assert code == 0, text
        assert "installing docker.io" in text
        calls = machine.calls()
        assert calls[0] == "apt-get -q update"
        assert "docker.io" in calls[1]

    def test_where_an_init_system_starts_daemons(self, machine: Machine) -> None:
        Path(machine.environment["ACTLITE_INIT_FOLDER"]).mkdir()
        machine.has("docker", DOCKER)
        machine.has("dockerd", 'echo dockerd >>"$STATE/calls"')
        machine.has("systemctl", 'echo "systemctl $*" >>"$STATE/calls"; touch "$STATE/answers"')
        code, text = machine.run("docker.sh")
        assert code == 0, text
        assert machine.calls() == ["systemctl start docker"]

    def test_a_daemon_that_panics_at_its_networks(self, machine: Machine) -> None:
        networks = Path(machine.environment["ACTLITE_DOCKER_FOLDER"]) / "network" / "files" / "local-kv.db"
        networks.parent.mkdir(parents=True)
        networks.write_text("half a network")
        machine.has("docker", DOCKER)
        machine.has(
            "dockerd",
            f"""
            echo "dockerd $*" >>"$STATE/calls"
            if [ -e {networks} ]; then
                echo 'level=info msg="loading plugin io.containerd.snapshotter.v1.overlayfs"'
                echo 'github.com/docker/libnetwork.(*controller).reservePools(0x5592)'
                exit 2
            fi
            touch "$STATE/answers"
            """,
        )
        code, text = machine.run("docker.sh")
        assert code == 0, text
        assert machine.calls() == ["dockerd ", "dockerd "]
        assert networks.with_name("local-kv.db.broken").read_text() == "half a network"
        assert "put aside" in text

    def test_without_overlay_the_slow_way(self, machine: Machine) -> None:
        machine.has("docker", DOCKER)
        machine.has(
            "dockerd",
            """
            echo "dockerd $*" >>"$STATE/calls"
            case "$*" in
                *vfs*) touch "$STATE/answers" ;;
                *) echo 'failed to start daemon: error initializing graphdriver: overlay2: not supported'; exit 1 ;;
            esac
            """,
        )
        code, text = machine.run("docker.sh")
        assert code == 0, text
        assert machine.calls() == ["dockerd ", "dockerd --storage-driver vfs"]

    def test_a_daemon_that_dies_says_why(self, machine: Machine) -> None:
        machine.has("docker", DOCKER)
        machine.has("dockerd", "echo 'iptables: Permission denied'; exit 1")
        code, text = machine.run("docker.sh")
        assert code == 4
        assert "iptables: Permission denied" in text
        assert "Point DOCKER_HOST" in text


class TestSetup:
    PYTHON = """
    case "$*" in
        *ensurepip*) test -z "$NO_VENV" || test -e "$STATE/venv-installed" ;;
        *version_info\\ \\<*) exit 0 ;;
        *'python%d'*) echo python3.12-venv ;;
        -V) echo Python 3.12.3 ;;
        '-m venv '*) mkdir -p "$3/bin"; cp_to="$3/bin/python"; cat "$0" >"$cp_to"; chmod 755 "$cp_to" ;;
        *pip*) echo "pip $*" >>"$STATE/calls" ;;
    esac
    """

    @pytest.fixture(autouse=True)
    def project(self, machine: Machine) -> None:
        (machine.root / "pyproject.toml").write_text("[project]\n")
        machine.has("git", "exit 0")

    def test_an_environment_is_made_once(self, machine: Machine) -> None:
        machine.has("python3", self.PYTHON)
        code, text = machine.run("setup.sh")
        assert code == 0, text
        assert (machine.root / ".venv" / "bin" / "python").exists()
        assert any("-e" in call and "[fast]" in call for call in machine.calls())
        before = machine.calls()
        assert machine.run("setup.sh") == (0, "")
        assert machine.calls() == before

    def test_a_changed_project_is_installed_anew(self, machine: Machine) -> None:
        machine.has("python3", self.PYTHON)
        machine.run("setup.sh")
        (machine.root / "pyproject.toml").write_text("[project]\nname = 'x'\n")
        before = len(machine.calls())
        assert machine.run("setup.sh")[0] == 0
        assert len(machine.calls()) > before

    def test_the_environment_for_tests_does_for_all(self, machine: Machine) -> None:
        machine.has("python3", self.PYTHON)
        machine.has("zstd", "exit 0")
        machine.has("g++", "exit 0")
        assert machine.run("setup.sh", "test")[0] == 0
        assert machine.run("setup.sh") == (0, "")
        assert machine.run("setup.sh", "fast") == (0, "")

    def test_a_failure_shows_the_log(self, machine: Machine) -> None:
        failing = "*pip\\ install*) echo 'no such version'; exit 1 ;;\n        *pip*)"
        machine.has("python3", self.PYTHON.replace("*pip*)", failing))
        code, text = machine.run("setup.sh")
        assert code == 4
        assert "no such version" in text
        assert not (machine.root / ".venv" / "actlite-stamp").exists()
