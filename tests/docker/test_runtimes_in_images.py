"""Real node builds in old images: the loader's own words, recognised and explained."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actlite.engines.docker import DockerEngine
from actlite.events import Diagnosis
from actlite.glibc import elf
from actlite.glibc.diagnosis import NodeFacts, diagnose
from actlite.glibc.image import describe
from actlite.glibc.loader import scan
from actlite.runtimes.eras import runner_at
from actlite.runtimes.store import NodeStore

pytestmark = pytest.mark.docker
D = datetime.date


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> NodeStore:
    return NodeStore(tmp_path_factory.mktemp("nodes"))


def start(client: Any, image: str, externals: Path, program: str) -> tuple[int, str]:
    """Start a program through exec, as the runner does: exit code and output."""
    container = client.containers.create(
        image,
        ["tail", "-f", "/dev/null"],
        volumes={str(externals): {"bind": "/__e", "mode": "ro"}},
        network_mode="none",
    )
    try:
        container.start()
        done = container.exec_run([program, "--version"])
        return done.exit_code, done.output.decode()
    finally:
        container.remove(force=True, v=True)


def explain(
    client: Any,
    engine: DockerEngine,
    nodes: NodeStore,
    image: str,
    day: D,
    cache: Path,
    using: str = "node12",
) -> tuple[int, str, Diagnosis | None]:
    runner = runner_at(day)
    choice = runner.choose(using, {})
    externals = nodes.externals(runner, [choice.runtime])
    code, output = start(client, image, externals, f"/__e/{choice.runtime}/bin/node")
    failures = scan(output)
    if not failures:
        return code, output, None
    facts = NodeFacts(choice.runtime, choice.declared, choice.reasons, "actions/checkout@v2", day)
    return code, output, diagnose(failures[0], image=describe(engine.images, image, cache=cache), node=facts)


def test_node12_starts_on_2_17_in_2021(
    docker_daemon: Any, engine: DockerEngine, nodes: NodeStore, standin: Callable[[str], str], tmp_path: Path
) -> None:
    code, output, found = explain(
        docker_daemon, engine, nodes, standin("manylinux2014"), D(2021, 5, 7), tmp_path
    )
    assert (code, output.strip(), found) == (0, "v12.13.1", None)


def test_node12_dies_on_2_12_with_the_seven_lines(
    docker_daemon: Any, engine: DockerEngine, nodes: NodeStore, standin: Callable[[str], str], tmp_path: Path
) -> None:
    code, output, found = explain(
        docker_daemon, engine, nodes, standin("manylinux2010"), D(2021, 5, 7), tmp_path
    )
    assert code == 1
    assert found is not None
    assert list(found.loader_lines) == output.splitlines()
    assert len(found.loader_lines) == 7
    assert [(one.library.rpartition("/")[2], one.version) for one in found.missing] == [
        *(("libstdc++.so.6", f"GLIBCXX_3.4.{number}") for number in (14, 18)),
        *(("libstdc++.so.6", version) for version in ("CXXABI_1.3.5", "GLIBCXX_3.4.15")),
        *(("libc.so.6", f"GLIBC_2.{number}") for number in (16, 17, 14)),
    ]
    assert "it needs glibc 2.17, the image has 2.12" in found.summary
    assert any("renamed" in note for note in found.notes)


def test_node24_dies_on_2_17_today(
    docker_daemon: Any, engine: DockerEngine, nodes: NodeStore, standin: Callable[[str], str], tmp_path: Path
) -> None:
    code, _, found = explain(
        docker_daemon, engine, nodes, standin("manylinux2014"), D(2026, 11, 23), tmp_path
    )
    assert code == 1
    assert found is not None
    assert found.has == "glibc 2.17 · GLIBCXX 3.4.19 · CXXABI 1.3.7"
    assert {"GLIBC_2.28", "CXXABI_1.3.11"} <= {missing.version for missing in found.missing}
    assert found.reasons[1] == "the runner uses node24 instead of node12 since 2026-06-16"
    assert "/__e/node24" in found.fixes[0]


def test_the_file_says_beforehand_what_the_loader_says(
    docker_daemon: Any, engine: DockerEngine, nodes: NodeStore, standin: Callable[[str], str], tmp_path: Path
) -> None:
    image = standin("manylinux2014")
    runner = runner_at(D(2026, 11, 23))
    externals = nodes.externals(runner, ["node24"])
    has = describe(engine.images, image, cache=tmp_path).versions
    needs = elf.read(externals / "node24" / "bin" / "node")
    lacking = {
        (n.library, n.version) for n in needs.versions if n.library in has and n.version not in has[n.library]
    }
    _, output = start(docker_daemon, image, externals, "/__e/node24/bin/node")
    said = {(m.library.rsplit("/", 1)[-1], m.version) for f in scan(output) for m in f.missing}
    assert said == lacking
    assert said


def test_a_glibc_node_in_alpine_has_no_interpreter(
    docker_daemon: Any, engine: DockerEngine, nodes: NodeStore, standin: Callable[[str], str], tmp_path: Path
) -> None:
    code, _, found = explain(docker_daemon, engine, nodes, standin("alpine"), D(2026, 11, 23), tmp_path)
    assert code != 0
    assert found is not None
    assert found.kind == "interpreter"
    assert "the image has musl" in found.summary


def test_the_musl_build_runs_in_alpine(
    docker_daemon: Any, nodes: NodeStore, standin: Callable[[str], str]
) -> None:
    externals = nodes.externals(runner_at(D(2026, 11, 23)), ["node24_alpine"])
    code, output = start(docker_daemon, standin("alpine"), externals, "/__e/node24_alpine/bin/node")
    assert code == 0, output
    assert output.startswith("v24.")


def test_a_runtime_put_in_later_is_seen_by_a_running_container(
    docker_daemon: Any, nodes: NodeStore, standin: Callable[[str], str]
) -> None:
    runner = runner_at(D(2025, 9, 1))
    externals = nodes.externals(runner, [])
    container = docker_daemon.containers.create(
        standin("manylinux_2_28"),
        ["tail", "-f", "/dev/null"],
        volumes={str(externals): {"bind": "/__e", "mode": "ro"}},
        network_mode="none",
    )
    try:
        container.start()
        assert container.exec_run(["ls", "/__e"]).output == b"node20\nnode20_alpine\nnode24\nnode24_alpine\n"
        assert container.exec_run(["sh", "-c", "ls -A /__e/*/*"]).exit_code != 0, "they are empty"
        nodes.externals(runner, ["node20"])
        done = container.exec_run(["/__e/node20/bin/node", "--version"])
        assert (done.exit_code, done.output.strip()) == (0, f"v{runner.nodes['node20']}".encode())
        assert container.exec_run(["sh", "-c", "echo x > /__e/node20/bin/node"]).exit_code != 0
    finally:
        container.remove(force=True, v=True)
