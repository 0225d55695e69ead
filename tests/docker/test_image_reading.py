"""Reading local images: what it costs, that nothing is left of it, and images that no loader could use."""

from __future__ import annotations

import io
import statistics
import tarfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from main_tools import built

from actlite.engines.base import LABEL_ROLE
from actlite.engines.docker import DockerEngine, connect, image_reader, layer_folders
from actlite.engines.docker.image_reader import LABEL_READER, DockerImageReader, this_reader
from actlite.engines.docker.layer_folders import _sees_marks
from actlite.errors import ImageUnavailable
from actlite.glibc.elf import ElfFile
from actlite.glibc.image_system import Described, describe_local
from actlite.glibc.loading import load

pytestmark = pytest.mark.docker
LOADER = "/lib64/ld-linux-x86-64.so.2"
PROGRAM = ElfFile("x64", "program", LOADER, libraries=("libm.so.6", "libc.so.6"))


class Nowhere(dict[str, tuple[Path, ...]]):
    """Stays empty."""

    def __setitem__(self, key: str, value: tuple[Path, ...]) -> None:
        pass


@pytest.fixture
def engine(docker_daemon: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[DockerEngine]:
    """An engine whose layers can't be read from here: it reads through containers."""
    found = connect()
    monkeypatch.setattr(found.images, "_folders", Nowhere())
    yield found
    found.close()


@pytest.fixture
def near(docker_daemon: Any) -> Iterator[DockerEngine]:
    """An engine whose layers can be read from here."""
    if not _sees_marks():
        pytest.fail("These tests read the daemon's own folders, which takes root.", pytrace=False)
    found = connect()
    yield found
    found.close()


def local(engine: DockerEngine, image: str, cache: Path | None = None) -> Described:
    found = describe_local(engine.images, image, cache=cache)
    assert found is not None
    return found


def probes(client: Any) -> set[str]:
    """The containers that this process reads from."""
    found = client.api.containers(all=True, filters={"label": [f"{LABEL_READER}={this_reader()}"]})
    return {one["Id"] for one in found}


@pytest.fixture
def made(docker_daemon: Any) -> Iterator[Callable[[Mapping[str, bytes | str]], str]]:
    """Makes images of files (bytes) and symbolic links (text)."""
    names: list[str] = []

    def make(files: Mapping[str, bytes | str]) -> str:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as archive:
            for path, content in files.items():
                member = tarfile.TarInfo(path)
                member.mode = 0o755
                if isinstance(content, str):
                    member.type, member.linkname = tarfile.SYMTYPE, content
                    archive.addfile(member)
                else:
                    member.size = len(content)
                    archive.addfile(member, io.BytesIO(content))
        name = f"local/actlite-reading-{uuid.uuid4().hex[:8]}:1"
        docker_daemon.api.import_image_from_data(out.getvalue(), name.partition(":")[0], tag="1")
        names.append(name)
        return name

    yield make
    for name in names:
        docker_daemon.api.remove_image(name, force=True)


def library(engine: DockerEngine, image: str, path: str) -> bytes:
    content = engine.images.read(image, [path])[path]
    assert content is not None
    return content


@pytest.mark.long
def test_a_cold_image_takes_half_a_second_at_most(
    engine: DockerEngine,
    near: DockerEngine,
    standin: Callable[[str], str],
    tmp_path: Path,
    figure: Callable[[str, str], None],
) -> None:
    image = standin("debian11")
    local(engine, image)  # what is imported once
    local(near, image)
    times = {}
    for way, by in (("containers", engine), ("layers", near)):
        cold, warm = [], []
        for number in range(9):
            started = time.perf_counter()
            local(by, image, tmp_path / f"{way}{number}")
            middle = time.perf_counter()
            local(by, image, tmp_path / f"{way}{number}")
            cold.append(middle - started)
            warm.append(time.perf_counter() - middle)
        times[way] = min(cold)
        assert min(warm) < 0.02
        figure(
            "Node builds in images",
            f"a local image that was not read before takes {statistics.median(cold) * 1000:.0f} ms through {way}"
            f" (median of 9), one that was {statistics.median(warm) * 1000:.1f} ms",
        )
    assert times["layers"] < 0.1
    assert times["containers"] < 1.5, "half a second on an idle machine; others may use this one"


def test_both_ways_give_the_same(
    engine: DockerEngine, near: DockerEngine, docker_daemon: Any, standin: Callable[[str], str]
) -> None:
    lib = "/usr/lib/x86_64-linux-gnu"
    lines = [
        f"FROM {standin('debian11')}",
        f"RUN mkdir -p /opt/a /opt/b && cp {lib}/libm.so.6 /opt/a && cp {lib}/libm.so.6 /opt/b && ln -s ../a /opt/b/up",
        f"RUN rm {lib}/libstdc++.so.6 && rm -r /opt/a && mkdir /opt/a && cp {lib}/libdl.so.2 /opt/a/",
        "RUN rm -r /opt/b && ln -s a /opt/b && ln -s loop /opt/loop && ln -s /../../opt/a/libdl.so.2 /opt/out",
        "RUN rm /etc/ld.so.cache && mkdir /etc/ld.so.cache && mkfifo /opt/pipe && : > /opt/empty",
    ]
    paths = [
        *(f"{lib}/libstdc++.so.6", f"{lib}/libm.so.6", f"{lib}/../../../lib64/ld-linux-x86-64.so.2"),
        *(
            "/opt/a/libm.so.6",
            "/opt/a/libdl.so.2",
            "/opt/b/libdl.so.2",
            "/opt/b/libm.so.6",
            "/opt/b/up/libm.so.6",
        ),
        *(
            "/opt/loop",
            "/opt/out",
            "/etc/ld.so.cache",
            "/etc/ld.so.cache/x",
            "/opt/pipe",
            "/opt/empty",
            "/etc/os-release",
        ),
        *(
            "/etc/os-release/",
            "/etc/os-release/x",
            "/",
            "",
            "/../etc/passwd",
            "//etc//./passwd",
            "/nothing/at/all",
        ),
    ]
    with built(docker_daemon, "local/actlite-both-ways:1", lines) as image:
        far = engine.images.read(image, paths)
        assert near.images.read(image, paths) == far
    assert far["/opt/a/libdl.so.2"] == far["/opt/b/libdl.so.2"] == far["/opt/out"] is not None
    assert far[f"{lib}/libstdc++.so.6"] is far["/opt/a/libm.so.6"] is None
    for name in ("manylinux1", "nostdcxx", "alpine", "manylinux2014_arm64"):
        one, other = local(engine, standin(name)), local(near, standin(name))
        assert (one.libc, one.system.directories) == (other.libc, other.system.directories)


def test_near_layers_need_no_container(
    near: DockerEngine, standin: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_reader, "create_container", lambda *_: pytest.fail("a container was made"))
    assert local(near, standin("centos7")).libc.glibc == "2.17"


def test_layers_that_only_the_kernel_can_read_are_left_to_containers(
    near: DockerEngine, standin: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layer_folders, "_OTHERS", ("trusted.overlay.opaque",))
    monkeypatch.setattr(layer_folders, "_mark", lambda path, name: b"/elsewhere")
    fetched = []
    fetch = DockerImageReader._fetch

    def noting(reader: DockerImageReader, container: str, path: str) -> bytes | None:
        fetched.append(path)
        return fetch(reader, container, path)

    monkeypatch.setattr(DockerImageReader, "_fetch", noting)
    assert local(near, standin("centos7")).libc.glibc == "2.17"
    assert fetched


def test_files_are_fetched_once_and_only_those_that_a_node_needs(
    engine: DockerEngine, standin: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fetched: list[str] = []
    fetch = DockerImageReader._fetch

    def noting(reader: DockerImageReader, container: str, path: str) -> bytes | None:
        fetched.append(path)
        return fetch(reader, container, path)

    monkeypatch.setattr(DockerImageReader, "_fetch", noting)
    image = standin("debian11")
    local(engine, image, tmp_path)
    assert len(fetched) == len(set(fetched)) == 9, fetched
    local(engine, image, tmp_path)
    assert len(fetched) == 9


def test_nothing_is_left(
    engine: DockerEngine, docker_daemon: Any, standin: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    image = standin("centos7")
    local(engine, image)
    assert probes(docker_daemon) == set()

    def broken(reader: DockerImageReader, container: str, path: str) -> bytes | None:
        assert container in probes(docker_daemon)
        raise KeyboardInterrupt

    monkeypatch.setattr(DockerImageReader, "_fetch", broken)
    with pytest.raises(KeyboardInterrupt):
        local(engine, image)
    assert probes(docker_daemon) == set()


def test_the_probes_of_a_reader_that_was_killed_are_removed(
    engine: DockerEngine, docker_daemon: Any, standin: Callable[[str], str]
) -> None:
    machine = this_reader().rpartition(":")[0]
    labels = {LABEL_ROLE: "probe", LABEL_READER: f"{machine}:999999999"}
    left = docker_daemon.api.create_container(standin("alpine"), ["/nothing"], labels=labels)["Id"]
    local(engine, standin("alpine"))
    assert not docker_daemon.api.containers(all=True, filters={"id": left})


def test_a_container_that_is_removed_meanwhile(
    engine: DockerEngine,
    docker_daemon: Any,
    standin: Callable[[str], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fetch = DockerImageReader._fetch

    def removing(reader: DockerImageReader, container: str, path: str) -> bytes | None:
        data = fetch(reader, container, path)
        docker_daemon.api.remove_container(container, force=True)
        return data

    monkeypatch.setattr(image_reader, "_CONTAINERS", 1)
    monkeypatch.setattr(DockerImageReader, "_fetch", removing)
    with pytest.raises(ImageUnavailable, match="was removed meanwhile"):
        local(engine, standin("centos7"), tmp_path)
    assert not list(tmp_path.rglob("*.json")), "what is not certain is not kept"


def test_an_image_that_goes_away_between_two_questions(
    engine: DockerEngine, docker_daemon: Any, made: Callable[[Mapping[str, bytes | str]], str]
) -> None:
    image = made({"etc/os-release": b"ID=x\n"})
    found = local(engine, image)
    docker_daemon.api.remove_image(image, force=True)
    assert found.libc.kind == "none"
    with pytest.raises(ImageUnavailable, match="is not on this machine"):
        found.system.exists("/opt/x")
    made({"x": b""})  # so that there is something to remove
    docker_daemon.api.tag(docker_daemon.api.images()[0]["Id"], *image.rsplit(":", 1))


def test_images_that_no_loader_could_use(
    engine: DockerEngine,
    near: DockerEngine,
    standin: Callable[[str], str],
    made: Callable[[Mapping[str, bytes | str]], str],
) -> None:
    place = "/lib/x86_64-linux-gnu"
    debian = standin("debian11")
    libc, libm = (library(engine, debian, f"{place}/{name}") for name in ("libc.so.6", "libm.so.6"))
    loader = library(engine, debian, LOADER)
    arm = library(engine, standin("debian11_arm64"), "/lib/aarch64-linux-gnu/libm.so.6")
    good: Mapping[str, bytes | str] = {
        LOADER.lstrip("/"): loader,
        f"{place[1:]}/libc.so.6": libc,
        f"{place[1:]}/libm.so.6": libm,
    }
    path = f"{place[1:]}/libm.so.6"
    cases: tuple[tuple[Mapping[str, bytes | str], str, str], ...] = (
        ({}, "", ""),
        ({path: b"/* GNU ld script */\n"}, "library", "libm.so.6"),
        ({path: libm[:5000]}, "library", "libm.so.6"),
        ({path: b""}, "library", "libm.so.6"),
        ({path: arm}, "library", "cannot open shared object file: No such file or directory"),
        ({path: "libm.so.6"}, "library", "libm.so.6"),
        ({path: "a", f"{place[1:]}/a": "b", f"{place[1:]}/b": "a"}, "library", "libm.so.6"),
        ({path: "/etc/passwd"}, "library", "libm.so.6"),
        ({path: "../../../../../../../../srv/m", "srv/m": libm}, "", ""),
        ({path: "/srv/m", "srv": "opt", "opt/m": libm}, "", ""),
        ({LOADER[1:]: "/nothing"}, "interpreter", "no such file or directory"),
        ({LOADER[1:]: b"no loader"}, "library", "libm.so.6"),
        ({"etc/ld.so.cache": b"garbage"}, "", ""),
        ({"etc/ld.so.cache": b"glibc-ld.so.cache1.1" + b"\xff" * 200}, "", ""),
        ({"etc/os-release": "/dev/zero"}, "", ""),
    )
    for changes, kind, says in cases:
        image = made({**good, **changes})
        for by in (engine, near):
            told = load(PROGRAM, "/w/program", local(by, image).system)
            assert (told.kind, told.starts) == (kind, not kind), (changes.keys(), told)
            assert says in " ".join(told.lines)


def test_an_image_without_anything(
    engine: DockerEngine, made: Callable[[Mapping[str, bytes | str]], str]
) -> None:
    found = local(engine, made({"program": b"x"}))
    assert str(found.libc) == "no C library"
    assert load(PROGRAM, "/w/program", found.system).kind == "interpreter"
