"""Podman in docker's place: the demo's three acts, without a daemon, and nothing left.

Podman works in a storage of the tests' own here, and its service in namespaces of its own, so that neither
the machine's images nor its network know of it. That takes root.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from fault_tools import Ended, Place, Started, owned

from actlite.engines.docker import connect
from actlite.glibc.image_system import describe_local

pytestmark = pytest.mark.podman
ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "sample_workflows" / "release"
OLD = "quay.io/pypa/manylinux2014_x86_64"
STANDINS = (
    *("--image", f"{OLD}=actlite-standin/manylinux2014:1"),
    *("-P", "ubuntu-latest=actlite-standin/runner:1", "--keep", "never"),
)
USUAL = ("/run/docker.sock", "/run/podman/podman.sock")


@dataclass
class Podman:
    """A podman of the tests' own, and a service of it that stays."""

    folder: Path
    env: dict[str, str]
    address: str = ""
    stop: Any = None
    client: Any = field(default=None)

    def ids(self) -> set[int]:
        """The processes that were started with this storage: services and monitors."""
        mark = f"CONTAINERS_STORAGE_CONF={self.env['CONTAINERS_STORAGE_CONF']}".encode()
        found = set()
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
                if mark in (process / "environ").read_bytes() and b"system" in words:
                    found.add(int(process.name))
            except OSError:  # it has just ended
                continue
        return found


@pytest.fixture(scope="module")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Podman]:
    program = shutil.which("podman")
    if program is None:
        pytest.skip("podman is not installed (sh tests/run.sh installs it)")
    if os.geteuid() != 0 or subprocess.run(["unshare", "-nm", "true"], check=False).returncode:
        pytest.skip("a podman of the tests' own needs root and namespaces")
    folder = tmp_path_factory.mktemp("podman")
    (folder / "bin").mkdir()
    wrapper = folder / "bin" / "podman"
    spaces = subprocess.Popen(["unshare", "-nm", "sleep", "infinity"])
    wrapper.write_text(f'#!/bin/sh\nexec nsenter -t {spaces.pid} -n -m {program} "$@"\n')
    wrapper.chmod(0o755)
    (folder / "storage.conf").write_text(
        f'[storage]\ndriver = "overlay"\ngraphroot = "{folder}/storage"\nrunroot = "{folder}/run"\n'
    )
    (folder / "containers.conf").write_text(
        f'[engine]\ntmp_dir = "{folder}/libpod"\nlock_type = "file"\nexit_command_delay = 1\n'
        f'events_logger = "none"\n[network]\nnetwork_config_dir = "{folder}/networks"\n'
    )
    env = {name: value for name, value in os.environ.items() if not name.startswith(("ACTLITE_", "DOCKER_"))}
    env |= {
        "PATH": f"{wrapper.parent}:{env['PATH']}",
        "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
        "CONTAINERS_CONF": str(folder / "containers.conf"),
        "XDG_RUNTIME_DIR": str(folder),
        "DOCKER_CONFIG": str(folder / "docker"),
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "NO_COLOR": "1",
        "COLUMNS": "200",
    }
    mine = Podman(folder, env)
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ.keys() - env.keys():
            patch.delenv(name)
        for name, value in env.items():
            patch.setenv(name, value)
        try:
            _start(mine)
            yield mine
            _nothing_left(mine)
        finally:
            if mine.client is not None:
                mine.client.api.close()
            if mine.stop is not None:
                mine.stop()
            spaces.kill()
            spaces.wait()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                shutil.rmtree(folder)
                break
            except OSError:  # a monitor still writes
                time.sleep(0.2)
    assert not folder.exists()


def _start(mine: Podman) -> None:
    """A service that stays, and the images."""
    import docker

    from actlite.engines.docker.podman import service

    socket, mine.stop = service(mine.folder / "service")
    mine.address = f"unix://{socket}"
    mine.client = docker.DockerClient(base_url=mine.address, version="auto", timeout=120)
    subprocess.run(
        [sys.executable, "-m", "sample_workflows.standins", "build", "manylinux2014", "runner"],
        cwd=ROOT,
        env={**mine.env, "DOCKER_HOST": mine.address},
        check=True,
        capture_output=True,
    )


def _nothing_left(mine: Podman) -> None:
    assert mine.client.api.containers(all=True) == []
    assert [n["Name"] for n in mine.client.api.networks()] == ["bridge"], "not only Podman's own"
    assert not mine.client.api.volumes().get("Volumes")
    assert len(mine.ids()) == 1, "the service of a run is still there"


@pytest.fixture
def sample(podman: Podman, tmp_path: Path) -> Place:
    """The sample project, for `actlite run` with the tests' podman."""
    place = Place(tmp_path / "tally")
    shutil.copytree(SAMPLE, place.path, dirs_exist_ok=True)
    (place.path / "release.fixed.yml").unlink()
    place.commit()
    place.git("tag", "v0.1.0")
    place.env = dict(podman.env)
    return place


def act(
    place: Place, *arguments: str, env: Mapping[str, str] | None = None, before: tuple[str, ...] = ()
) -> tuple[Ended, dict[str, Any]]:
    """Run the release workflow; the end and the JSON report."""
    report = place.path.parent / "report.json"
    argv = [*before, sys.executable, "-m", "actlite", "run", "--tag", "v0.1.0", *arguments, *STANDINS]
    argv += ["-W", ".github/workflows/release.yml", "--report", f"json={report}"]
    ended = Started(argv, place.path, {**place.env, **(env or {})}).end()
    return ended, json.loads(report.read_text()) if report.exists() else {}


def test_an_image_is_read_from_a_container_that_is_never_started(podman: Podman, tmp_path: Path) -> None:
    engine = connect(podman.address)
    try:
        for name, glibc in (("manylinux2014", "2.17"), ("runner", "2.31")):
            found = describe_local(engine.images, f"actlite-standin/{name}:1", cache=tmp_path)
            assert found is not None
            assert (found.libc.glibc, found.arch) == (glibc, "x64")
            assert str(found.libc).count("GLIBCXX") == 1
            loader = found.system.file("/lib64/ld-linux-x86-64.so.2")
            assert loader is not None
            assert "GLIBC_2.3" in loader.definitions
            assert not found.system.exists("/etc/none")
            assert not found.system.exists("/etc/os-release/x")
    finally:
        engine.close()
    _nothing_left(podman)


def test_act_1_is_green_in_2021(podman: Podman, sample: Place) -> None:
    ended, report = act(sample, "--engine", "podman", "--as-of", "2021-05-07")
    ended.expect(0, "ldd (GNU libc) 2.17", "with node v12.", "tally 0.1.0 is ready")
    (archive,) = sample.path.rglob("artifacts/**/tally-v0.1.0-linux-x64.tar.gz")
    assert archive.stat().st_size > 1000
    assert {job["result"] for job in report["runs"][0]["jobs"]} == {"success"}
    _nothing_left(podman)


def test_act_2_is_red_today_by_docker_host(podman: Podman, sample: Place) -> None:
    ended, _ = act(sample, env={"DOCKER_HOST": podman.address})
    ended.expect(1, "The runner's node24 cannot start in this container")
    lines = set(re.findall(r"/__e/node24/bin/node: .*: version `(\S+)' not found", ended.out))
    assert lines == {
        *("CXXABI_1.3.8", "CXXABI_1.3.9", "CXXABI_1.3.11"),
        *("GLIBCXX_3.4.20", "GLIBCXX_3.4.21"),
        *("GLIBC_2.25", "GLIBC_2.27", "GLIBC_2.28"),
    }
    _nothing_left(podman)


def test_act_3_is_green_by_a_docker_context(podman: Podman, sample: Place) -> None:
    config = podman.folder / "docker"
    meta = config / "contexts" / "meta" / sha256(b"pod").hexdigest()
    meta.mkdir(parents=True)
    (config / "config.json").write_text('{"currentContext": "pod"}')
    described = {"Name": "pod", "Endpoints": {"docker": {"Host": podman.address}}}
    (meta / "meta.json").write_text(json.dumps(described))
    shutil.copy(SAMPLE / "release.fixed.yml", sample.path / ".github/workflows/release.yml")
    try:
        ended, _ = act(sample)
    finally:
        shutil.rmtree(config)
    ended.expect(0, "tally 0.1.0 is ready")
    assert f"docker://{OLD}" in ended.out
    _nothing_left(podman)


def hidden(*command: str) -> tuple[str, ...]:
    """A command that sees no socket at the usual places."""
    hide = "".join(f"[ ! -e {s} ] || mount --bind /dev/null {s}; " for s in USUAL)
    return ("unshare", "-m", "sh", "-c", f'{hide}exec "$@"', "sh", *command)


def test_auto_takes_podman_where_no_daemon_answers(podman: Podman, sample: Place) -> None:
    sample.steps("grep -q . /run/.containerenv || test -e /run/.containerenv; echo in podman")
    argv = sample.argv("--engine", "auto")
    Started(hidden(*argv), sample.path, sample.env).end().expect(0, "in podman")
    _nothing_left(podman)


@pytest.mark.parametrize(
    ("engine", "words"), [("auto", "no container engine answers"), ("podman", "podman is not installed")]
)
def test_neither_docker_nor_podman(
    podman: Podman, sample: Place, tmp_path: Path, engine: str, words: str
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("git", "sh", "unshare", "mount"):
        (programs / name).symlink_to(str(shutil.which(name)))
    ended, _ = act(sample, "--engine", engine, env={"PATH": str(programs)}, before=hidden())
    ended.expect(4, words, "podman")
    assert "apt-get install" in ended.err


@pytest.mark.rule("containers/podman")
def test_a_container_is_as_docker_would_make_it(podman: Podman, sample: Place) -> None:
    sample.steps(
        '- run: |\n    echo "term=[$TERM]"; echo "emptied=[$SHOULD_NOT_LEAK]"\n'
        '    grep CapEff /proc/self/status\n    getent hosts web; echo "pids=$(cat /sys/fs/cgroup/pids/pids.max '
        '2>/dev/null || cat /sys/fs/cgroup/pids.max)"',
        job="container: {image: actlite-standin/runner:1, env: {SHOULD_NOT_LEAK: ''}}\n"
        "services:\n  web: {image: actlite-standin/manylinux2014:1, options: -t}",
    )
    ended = sample.run("--engine", "podman", env={"SHOULD_NOT_LEAK": "secret of the host"})
    ended.expect(0, "term=[]", "emptied=[]", "CapEff: 00000000a80425fb", "pids=max")
    assert re.search(r"^\d+\.\d+\.\d+\.\d+ +web$", ended.out, re.MULTILINE)
    _nothing_left(podman)


def test_a_kept_run_is_found_again(podman: Podman, sample: Place) -> None:
    sample.steps("false")
    ended = sample.run("--engine", "podman", "--keep", "failed").expect(1, "podman exec -it ")
    kept = owned(podman.client, sample.path)["container"]
    assert len(kept) == 1
    assert f"podman exec -it {kept[0][:12]}" in ended.out
    clean = [sys.executable, "-m", "actlite", "clean"]
    # (Docker answers here, and is the usual engine.)
    assert "Nothing is left over" in Started(clean, sample.path, sample.env).end().out
    assert owned(podman.client, sample.path)["container"] == kept
    assert "Removed 1 run." in Started([*clean, "1"], sample.path, sample.env).end().out
    _nothing_left(podman)


def test_a_killed_run_takes_its_service_along(podman: Podman, sample: Place) -> None:
    sample.steps("echo begun; sleep 60")
    run = sample.start("--engine", "podman")
    run.until_said("Run echo begun")
    assert len(podman.ids()) == 2
    os.kill(run.process.pid, signal.SIGKILL)
    run.process.wait()
    deadline = time.monotonic() + 10
    while len(podman.ids()) > 1 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(podman.ids()) == 1
    assert owned(podman.client, sample.path)["container"]
    sample.steps("true")
    sample.run("--engine", "podman").expect(0)
    _nothing_left(podman)
