"""Real node builds in real images: what is told from the image's files is what the loader prints, and its exit code.

Every node is started by exec, as the runner does. The image's files come from a container that is never started
(``describe_local``), as in ``actlite check --images`` and in a run.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.long_mode import LONG

from actlite.glibc import elf
from actlite.glibc.folder import FolderSystem
from actlite.glibc.image_system import Described
from actlite.glibc.loading import Loading, load
from actlite.glibc.system import MountedSystem
from actlite.records import frozen
from actlite.runtimes.store import NodeStore
from sample_workflows.standins.__main__ import cache_folder

pytestmark = pytest.mark.docker

IMAGES = (
    *("manylinux1", "manylinux2010", "manylinux2014", "centos7", "amazonlinux2", "ubuntu1804"),
    *("manylinux_2_28", "debian11", "nostdcxx", "runner", "alpine"),
)
ARM_IMAGES = ("manylinux2014_arm64", "debian11_arm64")
ERAS = ("12.13.1", "16.20.2", "20.20.2", "24.21.0")
ALL = ("8.17.0", "10.24.1", "12.13.1", "12.22.12", "14.21.3", "16.20.2", "18.20.8", "20.20.2", "22.23.3", "24.21.0",
       "26.10.0")  # fmt: skip


@frozen
class Node:
    """A node build, and where containers have it."""

    version: str
    folder: Path
    """Mounted at ``place``."""
    place: str
    program: str


@pytest.fixture(scope="module")
def nodes() -> tuple[Node, ...]:
    """The builds, from the user's own cache: they are downloaded once."""
    store = NodeStore(cache_folder().parent / "runtimes")
    found = []
    for version in ALL if LONG else ERAS:
        place = f"/__e/node{version}"
        found.append(Node(version, store.ensure(version).path, place, f"{place}/bin/node"))
    for version in ("20.20.2", "24.21.0") if LONG else ("24.21.0",):
        # A musl build keeps libraries of its own beside its folder, and finds them by a path relative to itself.
        build = store.ensure(version, musl=True)
        place = f"/__e/{version}_alpine"
        found.append(Node(f"{version} musl", build.path.parent, place, f"{place}/node/bin/node"))
    return tuple(found)


def told(node: Node, image: Described) -> Loading:
    """What the files say, with the builds mounted as in the container."""
    inside = node.program.removeprefix(node.place)
    system = MountedSystem(image.system, {node.place: FolderSystem(node.folder, image.arch)})
    return load(elf.read(node.folder / inside.lstrip("/")), node.program, system)


def started(client: Any, image: str, nodes: tuple[Node, ...]) -> dict[str, tuple[int, str, str]]:
    """Every node started in the image: exit code, stdout, stderr."""
    volumes = {str(node.folder): {"bind": node.place, "mode": "ro"} for node in nodes}
    container = client.containers.create(
        image, ["tail", "-f", "/dev/null"], volumes=volumes, network_mode="none"
    )
    try:
        container.start()
        found = {}
        for node in nodes:
            done = container.exec_run([node.program, "--version"], demux=True)
            out, err = (part.decode() if part else "" for part in done.output)
            found[node.version] = (done.exit_code, out, err)
        return found
    finally:
        container.remove(force=True, v=True)


@pytest.mark.long
def test_told_is_what_happens(
    nodes: tuple[Node, ...],
    described: Callable[[str], Described],
    docker_daemon: Any,
    standin: Callable[[str], str],
    figure: Callable[[str, str], None],
) -> None:
    different, pairs = [], 0
    for name in IMAGES:
        image = standin(name)
        has = described(image)
        # The runner's musl is Debian 11's: what is built for a newer one loads, and crashes in its own code.
        wanted = tuple(node for node in nodes if not (name == "runner" and node.version.endswith("musl")))
        for node, (code, out, err) in zip(
            wanted, started(docker_daemon, image, wanted).values(), strict=True
        ):
            pairs += 1
            foretold = told(node, has)
            runs = out.startswith(f"v{node.version.split('.')[0]}.")
            real = (runs, code, err.rstrip("\n"))
            if (foretold.starts, foretold.exit_code, "\n".join(foretold.lines)) != real:
                different.append((name, node.version, foretold, real))
    assert not different
    figure("Node builds in images", f"{pairs} pairs of node build and image, all as foretold")


@pytest.mark.parametrize("name", ARM_IMAGES)
def test_arm64_is_read_from_any_machine(
    name: str, described: Callable[[str], Described], standin: Callable[[str], str]
) -> None:
    """Such an image can't be started here; what its libraries lack is compared with what is written in them."""
    has = described(standin(name))
    assert (has.arch, has.libc.glibc) == ("arm64", "2.17" if "2014" in name else "2.31")
    store = NodeStore(cache_folder().parent / "runtimes")
    for version in ("20.20.2", "24.21.0"):
        program = elf.read(store.ensure(version, arch="arm64").path / "bin" / "node")
        foretold = load(program, "/__e/node/bin/node", has.system)
        lacking = [
            (need.library, need.version)
            for need in program.versions
            if need.version not in has.libc.versions.get(need.library, (need.version,))
        ]
        assert [(one.library, one.version) for one in foretold.missing] == lacking
        assert bool(lacking) == (has.libc.glibc == "2.17")
        assert foretold.starts == (has.libc.glibc == "2.31")
    other = elf.read(store.ensure("20.20.2").path / "bin" / "node")
    assert load(other, "/__e/node/bin/node", has.system).kind == "format"
